"""Progress goes over with a merge, targets are looked at anew, and with its undoing each has what is theirs."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import regulars_loyalty
import regulars_rewards
from regulars_core.plugin import NoSettings, Plugins, PurchaseFact, Shop, hookimpl, plugins_on
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_core.testing.off_and_on import tables_of
from regulars_loyalty.chain.verification import differences as ledger_differences
from regulars_rewards.plugin import HistoryTrigger, Occasion, Span
from regulars_rewards.progress import moving
from regulars_rewards.progress.occasions import earn_occasions
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.rewards.systems.test_other_sources import granted, key

NTH = {"trigger": rule_data("NTH_PURCHASE", n=10), "target": 1}
Figures = dict[str, tuple[int, int]]


async def merged(club: Club, survivor: str, *absorbed: str) -> Any:
    """Make them one; the merge as it is told."""
    sent = {"survivorId": survivor, "absorbedIds": list(absorbed)}
    payload = "customersMerge { mergeId moved { kind count } effects { kind message } }"
    return (await club.till.office.done("customersMerge", payload, sent))["customersMerge"]


async def undone(club: Club, merge: Any) -> None:
    """Undo it."""
    await club.till.office.done("customersUnmerge", "customers { id }", {"mergeId": merge["mergeId"]})


async def redeemed(club: Club, customer: str) -> None:
    """Use the first coupon of a customer that can be."""
    code = next(code for code, state in await club.coupons(customer) if state == "ISSUED")
    sent = {"couponCode": code, "customerId": customer, "idempotencyKey": f"U{next(club.till.numbers)}"}
    await club.till.office.done("couponRedeem", "use { id }", sent)


async def six_and_seven(club: Club, **data: Any) -> tuple[str, str]:
    """Ana has 6 of 10 purchases, Bo has 7."""
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(**{**NTH, **data})
    for customer, times in ((ana, 6), (bo, 7)):
        for _ in range(times):
            await club.buys(customer, "5.00")
    return ana, bo


@pytest.mark.parametrize("part", [moving.PART, 2])
async def test_six_and_seven_of_ten(club: Club, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "PART", part)
    ana, bo = await six_and_seven(club)
    told = await merged(club, ana, bo)
    assert await club.states(ana) == ["ISSUED"]
    assert (await club.has(ana), await units(club, ana)) == ((0, 1), "13/10")
    assert ("REWARDS", "With 1 of 1 in Club, 1 reward is given.") in [
        (one["kind"], one["message"]) for one in told["effects"]
    ]
    assert await club.entries(ana) == [("MERGE", 1, 1), ("ISSUE", -1, 0)]
    for _ in range(7):
        await club.buys(bo, "5.00")  # the alias leads to Ana
    assert await club.has(ana) == (0, 2)
    assert await club.wrong() == []
    await undone(club, told)
    assert (await units(club, ana), await units(club, bo)) == ("13/10", "7/10")
    assert (await club.has(ana), await club.has(bo)) == ((0, 1), (0, 0))
    assert await club.wrong() == []


async def units(club: Club, customer: str) -> str:
    """The units that a customer has."""
    [row] = await club.shop.database.rows(
        "SELECT units FROM rewards_progress WHERE customer_id = $1 AND system_id = $2", key(customer), club.system
    )
    return str(row[0])


async def test_undone_it_is_as_before(club: Club) -> None:
    ana, bo = await six_and_seven(club)
    await undone(club, await merged(club, ana, bo))
    assert (await club.has(ana), await club.has(bo)) == ((0, 0), (0, 0))
    assert (await units(club, ana), await units(club, bo)) == ("3/5", "7/10")
    assert await club.states(ana) == ["REVOKED"]
    assert await club.shop.database.rows("SELECT id FROM rewards_merged") == []
    for _ in range(4):
        await club.buys(ana, "5.00")
    assert await club.has(ana) == (0, 1)
    assert await club.wrong() == []


async def test_progress_of_amounts_and_by_hand_adds(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(bands=bands((0, None, 60)))
    await club.buys(ana, "10.00")
    await club.buys(bo, "10.00")
    await granted(club, bo, 7)
    told = await merged(club, ana, bo)
    assert [one["message"] for one in told["effects"] if one["kind"] == "REWARDS"] == [
        "67 of progress of CUST-00002 in Club go over to CUST-00001.",
        "With 127 of 100 in Club, 1 reward is given.",
    ]
    assert await club.has(ana) == (27, 1)
    # Entries stay with the records on which they were made, and are read together.
    assert await club.entries(ana) == [
        ("PURCHASE", 60, 60), ("PURCHASE", 60, 60), ("GRANT", 7, 67), ("MERGE", 67, 127), ("MERGE", -67, 0), ("ISSUE", -100, 27),
    ]  # fmt: skip
    await granted(club, bo, 5)
    assert await club.has(ana) == (32, 1)
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((65, 0), (67, 0))
    assert await club.wrong() == []


async def test_what_is_given_back_meanwhile_is_gone(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(bands=bands((0, None, 60)))
    await club.buys(ana, "10.00")
    sale = await club.buys(bo, "10.00")
    told = await merged(club, ana, bo)
    assert await club.has(ana) == (20, 1)
    await club.gives_back(sale)
    assert await club.has(ana) == (60, 0)
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((60, 0), (0, 0))
    assert await club.wrong() == []


async def test_a_used_reward_is_in_the_way_of_the_undoing(club: Club) -> None:
    ana, bo = await six_and_seven(club)
    told = await merged(club, ana, bo)
    await redeemed(club, ana)
    refused = await club.till.office.refused("customersUnmerge", {"mergeId": told["mergeId"]})
    assert refused == ["REWARD_USED"]


async def test_rewards_from_before_go_over_and_back_used_or_not(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(target=50, bands=bands((0, None, 60)))
    for customer in (ana, bo, bo):
        await club.buys(customer, "10.00")
    assert (await club.has(ana), await club.has(bo)) == ((10, 1), (20, 2))
    told = await merged(club, ana, bo)
    assert {"coupons": 2, "rewards": 2}.items() <= {one["kind"]: one["count"] for one in told["moved"]}.items()
    assert await club.has(ana) == (30, 3)
    await redeemed(club, ana)
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((10, 1), (20, 2))
    assert await club.wrong() == []


@pytest.mark.parametrize("is_used", [False, True])
async def test_a_birthday_that_both_had_counts_once(club: Club, is_used: bool) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1)
    birthday = Occasion("birthday:2026", date(2026, 5, 10))
    await earn_occasions(club.shop, club.system, [(key(ana), birthday), (key(bo), birthday)])
    if is_used:
        await redeemed(club, ana)
        await redeemed(club, bo)
    told = await merged(club, ana, bo)
    assert [one["message"] for one in told["effects"] if one["kind"] == "REWARDS"] == [
        "What birthday:2026 brought in Club counts once, and 1 time less than before.",
        "With -1 in Club, rewards that nobody has used are taken back.",
    ]
    assert await club.has(ana) == ((-1, 2) if is_used else (0, 1))
    assert await earn_occasions(club.shop, club.system, [(key(ana), birthday)]) == 0
    assert await club.wrong() == []
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((0, 1), (0, 1))
    assert [await earn_occasions(club.shop, club.system, [(key(one), birthday)]) for one in (ana, bo)] == [0, 0]
    assert await club.wrong() == []


async def test_a_birthday_of_two_who_were_merged_one_after_the_other(club: Club) -> None:
    """Whichever merge is undone first, the other one's birthday counts for the survivor."""
    ana, bo, cy = [await club.till.customer(name) for name in ("Ana", "Bo", "Cy")]
    await club.opens(trigger=rule_data("BIRTHDAY"), target=1, starts_at=1)
    birthday = Occasion("birthday:2026", date(2026, 5, 10))
    await earn_occasions(club.shop, club.system, [(key(bo), birthday), (key(cy), birthday)])
    first, second = await merged(club, ana, bo), await merged(club, ana, cy)
    assert await club.has(ana) == (0, 1)
    await undone(club, first)
    assert (await club.has(ana), await club.has(bo)) == ((0, 1), (0, 1))
    assert await earn_occasions(club.shop, club.system, [(key(ana), birthday)]) == 0
    await undone(club, second)
    assert [await club.has(one) for one in (ana, bo, cy)] == [(0, 0), (0, 1), (0, 1)]
    assert await club.wrong() == []


class _Pairs:
    """A plugin with a trigger that looks at spans."""

    @staticmethod
    def total(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
        """One for each two purchases of a month that stand."""
        return sum(fact.counted for fact in facts) // 2

    @hookimpl
    def regulars_rules(self) -> Sequence[Any]:
        """Its kind."""
        return [HistoryTrigger("PAIRS", NoSettings, "Pairs of a month", self.total, span=Span.MONTH)]


ALL: dict[str, object] = {"loyalty": regulars_loyalty, "pairs": _Pairs()}


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards, "loyalty": regulars_loyalty})


@pytest.fixture
async def everything(open_rewards: OpenRewards) -> Club:
    return Club(Till(await open_rewards(ALL)))


async def test_spans_are_found_anew(everything: Club) -> None:
    """Three and three in January are three pairs, one and one in February one, and one in March none."""
    club = everything
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await club.opens(trigger=rule_data("PAIRS"), target=10, starts_at=1)
    for customer, days in (
        (ana, ("01-02", "01-03", "01-04", "02-02")),
        (bo, ("01-05", "01-06", "01-07", "02-03", "03-04")),
    ):
        for day in days:
            await club.buys(customer, "5.00", purchasedAt=f"2026-{day}T10:00:00Z")
    assert (await club.has(ana), await club.has(bo)) == ((1, 0), (1, 0))
    told = await merged(club, ana, bo)
    assert "What Club gives is found anew from the purchases of all of them." in [
        one["message"] for one in told["effects"]
    ]
    assert await club.has(ana) == (4, 0)
    await club.buys(ana, "5.00", purchasedAt="2026-03-05T10:00:00Z")
    assert await club.has(ana) == (5, 0)
    assert await club.wrong() == []
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((1, 0), (1, 0))
    assert await club.wrong() == []


@pytest.mark.parametrize("reward", [rule_data("CREDIT", amount="5.00"), rule_data("POINTS", points=50)])
async def test_credit_and_points_that_a_merge_gives(everything: Club, reward: Any) -> None:
    club = everything
    ana, bo = await six_and_seven(club, reward=reward)
    told = await merged(club, ana, bo)
    assert await club.has(ana) == (0, 1)
    [row] = await club.shop.database.rows("SELECT amount FROM loyalty_account")
    assert row[0] == (500 if reward.kind == "CREDIT" else 50)
    await undone(club, told)
    assert (await club.has(ana), await club.has(bo)) == ((0, 0), (0, 0))
    [row] = await club.shop.database.rows("SELECT amount FROM loyalty_account")
    assert row[0] == 0
    told = await merged(club, ana, bo)
    if reward.kind == "CREDIT":
        sent = {"customerId": ana, "amount": {"amount": "1.00", "currencyCode": "USD"}, "reason": "OTHER"}
        await club.till.office.done("creditDeduct", "entry { id }", sent)
        assert await club.till.office.refused("customersUnmerge", {"mergeId": told["mergeId"]}) == ["REWARD_USED"]
    assert await club.wrong() == []


class Life:
    """What happens to customers in several reward systems at once, by dice."""

    def __init__(self, club: Club, dice: Random) -> None:
        self.club, self.dice = club, dice
        self.systems: dict[str, str] = {}
        self.sales: list[tuple[str, dict[str, Any]]] = []

    async def opens(self) -> None:
        """Systems of all kinds; with targets that are reached now and then."""
        nth = rule_data("NTH_PURCHASE", n=3)
        self.systems["bands"] = await self.club.opens(
            target=10, bands=bands((0, 20_00, 4), (20_00, None, 7)), name="Bands"
        )
        self.systems["nth"] = await self.club.opens(trigger=nth, target=1, name="Third")
        self.systems["pairs"] = await self.club.opens(
            trigger=rule_data("PAIRS"), reward=rule_data("POINTS", points=50), target=2, starts_at=1, name="Pairs"
        )
        self.systems["hand"] = await self.club.opens(
            trigger=rule_data("MANUAL"), reward=rule_data("CREDIT", amount="5.00"), target=5, name="Hand"
        )
        self.systems["birthday"] = await self.club.opens(
            trigger=rule_data("BIRTHDAY"), target=1, starts_at=1, name="Born"
        )

    def step(self) -> tuple[str, Any]:
        """Something that may happen to anybody."""
        what = self.dice.choice(["buy", "buy", "buy", "refund", "hand", "birthday"])
        how = {
            "buy": self.dice.choice(["10.00", "30.00"]),
            "hand": self.dice.randint(1, 7),
            "birthday": self.dice.choice([2026, 2027]),
        }
        return what, how.get(what, self.dice.random())

    async def happens(self, customer: str, what: str, how: Any) -> None:
        """Let it happen to a customer."""
        club, own = self.club, [sale for one, sale in self.sales if one == customer]
        if what == "buy":
            day = f"2026-{self.dice.choice(['01', '02'])}-05T10:00:00Z"
            self.sales.append((customer, await club.buys(customer, how, purchasedAt=day)))
        elif what == "refund" and own:
            sale = own[int(how * len(own))]
            self.sales.remove((customer, sale))
            await club.gives_back(sale)
        elif what == "hand":
            club.system = self.systems["hand"]
            await granted(club, customer, how)
        elif what == "birthday":
            day = Occasion(f"birthday:{how}", date(how, 5, 10))
            await earn_occasions(club.shop, self.systems["birthday"], [(key(customer), day)])

    async def figures(self, customer: str) -> Figures:
        """How far a customer is in each system, and how many rewards live; of those that the ledger gives all is there."""
        found = {name: await self.club.has(customer, id_) for name, id_ in self.systems.items()}
        rows = await self.club.shop.database.rows(
            "SELECT unit, amount - debt FROM loyalty_account WHERE customer_id = $1", key(customer)
        )
        kept = {row[0]: row[1] for row in rows if row[1]}
        given = {"USD": 500 * found["hand"][1], "PTS": 50 * found["pairs"][1]}
        assert kept == {unit: amount for unit, amount in given.items() if amount}
        return found

    async def wrong(self) -> Sequence[str]:
        """What of progress and of the ledger is not as it must be."""
        return [*await self.club.wrong(), *[str(one) async for one in ledger_differences(self.club.shop)]]


@given(st.integers(0, 2**32))
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_any_two_lives(everything: Club, seed: int) -> None:
    """Merged they are one who has done all of it, but for a birthday that both had; undone each is as before."""
    club, dice = everything, Random(seed)
    life = Life(club, dice)
    ana, bo, both = [
        await club.till.customer(one, lastName=f"L{next(club.till.numbers)}") for one in ("Ana", "Bo", "Cy")
    ]
    await _opened_once(life)
    for _ in range(dice.randint(2, 8)):
        customer, (what, how) = dice.choice((ana, bo)), life.step()
        state = dice.getstate()
        if what == "refund":
            continue  # which one it would be of both, dice cannot say
        await life.happens(customer, what, how)
        dice.setstate(state)
        await life.happens(both, what, how)
    before = [await life.figures(one) for one in (ana, bo)]
    told = await merged(club, ana, bo)
    assert await life.figures(ana) == await life.figures(both), seed
    assert await life.wrong() == []
    await undone(club, told)
    assert [await life.figures(one) for one in (ana, bo)] == before, seed
    assert await life.wrong() == []


@given(st.integers(0, 2**32))
@settings(
    max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_undone_is_as_before_whatever_was_used(everything: Club, seed: int) -> None:
    club, dice = everything, Random(seed)
    life = Life(club, dice)
    people = [await club.till.customer(one, lastName=f"L{next(club.till.numbers)}") for one in ("Ana", "Bo", "Cy")]
    await _opened_once(life)
    for _ in range(dice.randint(4, 10)):
        customer = dice.choice(people)
        await life.happens(customer, *life.step())
        if dice.random() < 0.3 and "ISSUED" in await club.states(customer):
            await redeemed(club, customer)
    before = [await life.figures(one) for one in people]
    first = await merged(club, *people)
    assert await life.wrong() == []
    await undone(club, first)
    assert [await life.figures(one) for one in people] == before, seed
    inner = await merged(club, people[1], people[2])
    between = [await life.figures(one) for one in people[:2]]
    outer = await merged(club, people[0], people[1])
    await undone(club, outer)
    assert [await life.figures(one) for one in people[:2]] == between, seed
    await undone(club, inner)
    assert [await life.figures(one) for one in people] == before, seed
    both = [await merged(club, people[0], one) for one in people[1:]]
    for one in dice.sample(both, 2):
        await undone(club, one)
    assert [await life.figures(one) for one in people] == before, seed
    assert await life.wrong() == []


async def _opened_once(life: Life) -> None:
    """The systems of the shop; made for the first life."""
    rows = await life.club.shop.database.rows("SELECT name, id FROM rewards_system")
    names = {"Bands": "bands", "Third": "nth", "Pairs": "pairs", "Hand": "hand", "Born": "birthday"}
    if rows:
        life.systems = {names[row[0]]: row[1] for row in rows}
    else:
        await life.opens()


async def _told(databases: Databases, engine: Engine, plugins: Plugins, what: str, *, is_off: bool) -> Any:
    """The plugin's tables in the end, with what is amiss, where it was on or off while something happened."""
    url = await databases.migrated(engine, plugins.apps)
    try:
        with time_machine.travel(1_772_000_000, tick=False):
            async with opened_shop(url, plugins) as shop:
                club = Club(Till(shop))
                ana, bo = await six_and_seven(club)
            async with opened_shop(url, plugins.without("rewards") if is_off else plugins) as shop:
                other = Club(Till(shop))
                other.till.numbers = club.till.numbers
                told = await merged(other, ana, bo)
                if what == "undone":
                    await undone(other, told)
            async with opened_shop(url, plugins) as shop:
                tables = await tables_of(shop, "rewards", {"code", "key", "actor"})  # made by chance, or not kept
                return tables, [one async for one in _differences(shop)]
    finally:
        databases.drop(url)


async def _differences(shop: Shop) -> AsyncIterator[str]:
    for verification in regulars_rewards.regulars_verifications():
        async for one in verification.differences(shop):
            yield one


@pytest.mark.parametrize("what", ["merged", "undone"])
async def test_a_merge_while_it_was_off_is_caught_up(
    databases: Databases, engine: Engine, plugins: Plugins, what: str
) -> None:
    live, late = [await _told(databases, engine, plugins, what, is_off=is_off) for is_off in (False, True)]
    assert [one for one in live[0] if live[0][one] != late[0][one]] == []
    assert (live[1], late[1]) == ([], [])
