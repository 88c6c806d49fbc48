"""Progress by hand, by occasions and by spans, what is due, and triggers that fail."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import (
    Instant,
    Malformed,
    NoSettings,
    PurchaseFact,
    Refused,
    Sale,
    Shop,
    hookimpl,
    now,
    plugins_on,
    printed,
)
from regulars_core.testing import OpenShop
from regulars_rewards.plugin import HistoryTrigger, Occasion, PurchaseTrigger, Span
from regulars_rewards.progress.by_hand import grant
from regulars_rewards.progress.due import give_due
from regulars_rewards.progress.failures import failures, try_again
from regulars_rewards.progress.occasions import earn_occasions, undo_occasions
from regulars_rewards.systems.changes import SystemDraft, update_system
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data

BIRTHDAY = Occasion("birthday:2026", date(2026, 5, 10))


def key(id_: str) -> str:
    """The key of an id for the API."""
    return id_.partition("_")[2]


async def granted(club: Club, customer: str, progress: int, why: str = "Sorry") -> str:
    """Give progress by hand; the entry."""

    async def work() -> str:
        return (await grant(club.shop, key(customer), club.system, progress, why))[1]

    return await club.shop.database.transaction(work)


async def changes(club: Club, **data: Any) -> None:
    """Change the system."""
    await update_system(
        club.shop, club.system, lambda one: SystemDraft(one.name, one.data.model_copy(update=data), one.is_shadow)
    )


async def test_by_hand(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("MANUAL"), target=10)
    await granted(club, ana, 9)
    assert await club.has(ana) == (9, 0)
    await granted(club, ana, 12)
    assert await club.has(ana) == (1, 2)
    assert await club.entries(ana) == [("GRANT", 9, 9), ("GRANT", 12, 21), ("ISSUE", -10, 11), ("ISSUE", -10, 1)]
    rows = await club.shop.database.rows("SELECT reason FROM rewards_grant_reason")
    assert [row[0] for row in rows] == ["Sorry", "Sorry"]


async def test_by_hand_is_refused(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("MANUAL"))
    for progress in (0, 1_000_001):
        with pytest.raises(Malformed) as malformed:
            await granted(club, ana, progress)
        assert malformed.value.problems[0].code == "OUT_OF_RANGE"
    with pytest.raises(Refused) as refused:
        await granted(club, "customer_" + "0" * 32, 1)
    assert [(one.code, one.path) for one in refused.value.problems] == [("NOT_FOUND", ("customerId",))]
    await changes(club, is_enabled=False)
    with pytest.raises(Refused) as refused:
        await granted(club, ana, 1)
    assert refused.value.problems[0].code == "SYSTEM_DISABLED"
    club.system = "0" * 32
    with pytest.raises(Refused) as refused:
        await granted(club, ana, 1)
    assert refused.value.problems[0].code == "NOT_FOUND"


async def test_what_was_given_by_hand_settles_what_is_owed(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(target=40, bands=bands((0, None, 40)))
    sale = await club.buys(ana, "10.00")
    [(code, _)] = await club.coupons(ana)
    redeem = {"couponCode": code, "customerId": ana, "idempotencyKey": "U1"}
    await club.till.office.done("couponRedeem", "use { id }", redeem)
    await club.gives_back(sale)
    assert await club.has(ana) == (-40, 1)
    await granted(club, ana, 45)
    assert await club.has(ana) == (5, 1)
    assert await club.wrong() == []


async def test_an_occasion_brings_one_however_often_it_is_told(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1)
    assert await earn_occasions(club.shop, club.system, [(key(ana), BIRTHDAY), (key(ana), BIRTHDAY)]) == 1
    assert await earn_occasions(club.shop, club.system, [(key(ana), BIRTHDAY)]) == 0
    assert await club.has(ana) == (0, 1)
    assert await club.entries(ana) == [("OCCASION", 1, 1), ("ISSUE", -1, 0)]
    assert await earn_occasions(club.shop, club.system, [(key(ana), Occasion("birthday:2027", date(2027, 5, 10)))]) == 1
    assert await club.has(ana) == (0, 2)


async def test_a_birthday_is_never_taken_back(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1)
    await earn_occasions(club.shop, club.system, [(key(ana), BIRTHDAY)])
    assert await undo_occasions(club.shop, club.system, [(key(ana), BIRTHDAY.key)]) == 0
    assert await club.states(ana) == ["ISSUED"]


@pytest.mark.parametrize("is_used", [False, True])
async def test_a_tier_that_is_gone_takes_what_it_gave(club: Club, is_used: bool) -> None:
    """A used coupon is only marked: nothing is owed."""
    ana = await club.till.customer()
    await club.opens(trigger=rule_data("TIER_CHANGE", tier="GOLD"), target=1, starts_at=1)
    await earn_occasions(club.shop, club.system, [(key(ana), Occasion("tier:1", date(2026, 5, 10)))])
    [(code, _)] = await club.coupons(ana)
    if is_used:
        redeem = {"couponCode": code, "customerId": ana, "idempotencyKey": "U1"}
        await club.till.office.done("couponRedeem", "use { id }", redeem)
    assert await undo_occasions(club.shop, club.system, [(key(ana), "tier:1")]) == 1
    assert await undo_occasions(club.shop, club.system, [(key(ana), "tier:1")]) == 0
    assert await club.has(ana) == (0, 0)
    assert await club.states(ana) == (["REDEEMED"] if is_used else ["REVOKED"])
    assert await club.wrong() == []


async def test_only_those_for_whom_it_is_have_occasions(club: Club) -> None:
    ana, ben = await club.till.customer(), await club.till.customer("Ben")
    await club.buys(ana, "10.00")
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1, audience={"purchaseCount": {"gte": 1}})
    later = Occasion("birthday:2099", date(2099, 5, 10))
    assert await earn_occasions(club.shop, club.system, [(key(ana), later), (key(ben), later)]) == 1
    assert (await club.has(ana), await club.has(ben)) == ((0, 1), (0, 0))


async def test_a_lower_target_gives_what_is_due_once(club: Club) -> None:
    ana = await club.till.customer()
    await club.opens(bands=bands((0, None, 40)))
    await club.buys(ana, "10.00")
    await changes(club, target=15)
    assert await club.has(ana) == (40, 0)
    assert await give_due(club.shop) == 1
    assert await give_due(club.shop) == 0
    assert await club.has(ana) == (10, 2)
    assert await club.wrong() == []


class _Moody:
    """A plugin whose triggers can be made to fail."""

    fails = False

    @classmethod
    def give(cls, _: NoSettings, sale: Sale) -> int:
        """Three for each sale."""
        if cls.fails:
            raise ZeroDivisionError
        return 3

    @classmethod
    def total(cls, _: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        """One for each two purchases of a month that stand."""
        if cls.fails:
            raise ZeroDivisionError
        return sum(fact.counted for fact in facts) // 2

    @hookimpl
    def regulars_rules(self) -> Sequence[Any]:
        """Its two kinds."""
        return [
            PurchaseTrigger("MOODY", NoSettings, "Three", self.give),
            HistoryTrigger("PAIRS", NoSettings, "Pairs of a month", self.total, span=Span.MONTH),
            HistoryTrigger("EVER", NoSettings, "Pairs of all times", self.total, span=Span.EVER),
        ]


@pytest.fixture
async def moody(open_shop: OpenShop) -> Club:
    """A shop with a plugin whose triggers can be made to fail."""
    _Moody.fails = False
    return Club(Till(await open_shop(plugins=plugins_on({"rewards": regulars_rewards, "moody": _Moody()}))))


async def doctor(shop: Shop) -> list[str]:
    return [one async for one in failures(shop)]


async def test_a_span_is_found_anew(moody: Club) -> None:
    ana = await moody.till.customer()
    await moody.opens(trigger=rule_data("PAIRS"), target=2)
    sales = [await moody.buys(ana, "5.00") for _ in range(3)]
    assert await moody.has(ana) == (1, 0)
    sales.append(await moody.buys(ana, "5.00"))
    assert await moody.has(ana) == (0, 1)
    await moody.gives_back(sales[0])
    assert await moody.has(ana) == (1, 0)
    assert await moody.states(ana) == ["REVOKED"]
    ben = await moody.till.customer("Ben")
    await moody.moves(ben, sales[1], sales[2])
    assert (await moody.has(ana), await moody.has(ben)) == ((0, 0), (1, 0))
    await moody.buys(ana, "5.00", purchasedAt="2026-01-05T10:00:00Z")
    assert await moody.has(ana) == (0, 0)
    assert await moody.wrong() == []


async def test_what_was_recorded_before_a_system_was_made_brings_nothing_when_it_moves(moody: Club) -> None:
    """It starts in the past, for what is told late: neither a purchase nor a month of purchases that was there before counts."""
    ana, ben = await moody.till.customer(), await moody.till.customer("Ben")
    then = Instant(now() - 86_400_000 * 3)
    given = {"purchasedAt": printed(Instant(then + 1))}
    bens = [await moody.buys(ben, "5.00", **given) for _ in range(2)]
    anas = [await moody.buys(ana, "5.00", **given) for _ in range(4)]
    sales = await moody.opens(trigger=rule_data("MOODY"), starts_at=then)
    spans = await moody.opens(name="Months", trigger=rule_data("PAIRS"), starts_at=then)
    await moody.moves(ben, anas[0])
    await moody.gives_back(anas[1], "1.00")
    for who in (ana, ben):
        assert (await moody.has(who, sales), await moody.has(who, spans)) == ((0, 0), (0, 0))
    asked = "query($id: ID!) { purchase(id: $id) { rewardOutcomes { name given reason } } }"
    found = (await moody.till.office.data(asked, id=anas[0]["id"]))["purchase"]["rewardOutcomes"]
    assert found == [{"name": "Club", "given": "0", "reason": "NOT_IN_FORCE"}]
    await moody.buys(ben, "5.00", **given)  # told late: it counts, and so does the whole month
    assert (await moody.has(ben, sales), await moody.has(ben, spans)) == ((3, 0), (2, 0))
    await moody.moves(ana, *bens)
    assert (await moody.has(ben, sales), await moody.has(ben, spans)) == ((3, 0), (1, 0))
    assert (await moody.has(ana, sales), await moody.has(ana, spans)) == ((0, 0), (0, 0))
    assert await moody.wrong() == []


@pytest.mark.parametrize(("kind", "left"), [("MOODY", 6), ("PAIRS", 1)])
async def test_a_trigger_that_fails_is_tried_again(moody: Club, kind: str, left: int) -> None:
    ana = await moody.till.customer()
    await moody.opens(trigger=rule_data(kind))
    _Moody.fails = True
    await moody.buys(ana, "5.00")
    await moody.buys(ana, "5.00")
    gone = await moody.buys(ana, "5.00")
    assert await moody.has(ana) == (0, 0)
    assert await try_again(moody.shop) > 0
    assert len(await doctor(moody.shop)) == 1
    _Moody.fails = False
    await moody.gives_back(gone)
    assert await try_again(moody.shop) == 0
    assert await moody.has(ana) == (left, 0)
    assert await doctor(moody.shop) == []
    assert await moody.wrong() == []


@pytest.mark.parametrize("is_moved", [False, True])
async def test_a_span_is_found_anew_where_the_purchase_is_gone_at_which_it_failed(moody: Club, is_moved: bool) -> None:
    ana, ben = await moody.till.customer(), await moody.till.customer("Ben")
    await moody.opens(trigger=rule_data("PAIRS"))
    first, _ = [await moody.buys(ana, "5.00") for _ in range(2)]
    assert await moody.has(ana) == (1, 0)
    _Moody.fails = True
    last = await moody.buys(ana, "5.00")
    await moody.voids(first)
    await (moody.moves(ben, last) if is_moved else moody.voids(last))
    _Moody.fails = False
    assert await try_again(moody.shop) == 0
    assert (await moody.has(ana), await moody.has(ben)) == ((0, 0), (0, 0))
    assert await moody.wrong() == []


async def test_what_failed_waits_for_its_plugin(moody: Club, open_rewards: OpenRewards) -> None:
    ana = await moody.till.customer()
    await moody.opens(trigger=rule_data("MOODY"))
    _Moody.fails = True
    await moody.buys(ana, "5.00")
    _Moody.fails = False
    assert await try_again(await open_rewards()) == 1
    assert await moody.has(ana) == (0, 0)
    assert await try_again(moody.shop) == 0
    assert await moody.has(ana) == (3, 0)


async def test_a_purchase_counts_in_the_spans_of_its_own_version_alone(moody: Club) -> None:
    ana = await moody.till.customer()
    await moody.opens(trigger=rule_data("PAIRS"))
    sales = [await moody.buys(ana, "5.00") for _ in range(3)]
    assert await moody.has(ana) == (1, 0)
    await changes(moody, trigger=rule_data("EVER"))
    for expected in (1, 2, 2):
        await moody.buys(ana, "5.00")
        assert await moody.has(ana) == (expected, 0)
    await moody.voids(sales[0])
    assert await moody.has(ana) == (2, 0)
    await moody.voids(sales[1])
    assert await moody.has(ana) == (1, 0)
    assert await moody.wrong() == []


async def test_what_is_given_by_a_kind_that_is_off_collects(moody: Club) -> None:
    ana = await moody.till.customer()
    await moody.opens(trigger=rule_data("MOODY"), reward=rule_data("STAMPS"), target=3)
    await moody.buys(ana, "5.00")
    await moody.buys(ana, "5.00")
    assert await moody.has(ana) == (6, 0)
    assert await give_due(moody.shop) == 0
    assert len(await doctor(moody.shop)) == 1


async def test_many_have_their_birthday(club: Club) -> None:
    """As many statements for many as for few, and what they are given is theirs."""
    customers = [await club.till.customer(f"Guest {n}") for n in range(130)]
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1)
    counts = []
    for some in (customers[:60], customers[60:]):
        with club.shop.database.counting() as counted:
            assert await earn_occasions(club.shop, club.system, [(key(one), BIRTHDAY) for one in some]) == len(some)
        counts.append(len([one for one in map(str, counted) if not one.startswith(("BEGIN", "COMMIT"))]))
    assert abs(counts[0] - counts[1]) <= 1  # coupons are written so many at a time
    for one in (customers[0], customers[59], customers[129]):
        assert await club.has(one) == (0, 1)
        assert await club.states(one) == ["ISSUED"]
    assert await club.wrong() == []
