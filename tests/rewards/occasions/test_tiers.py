"""Coming to a tier: one unit for each time, taken back where a refund, a void or a move takes the tier, kept where time does."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

import regulars_rewards
import regulars_tiers
from regulars_core.plugin import NoSettings, Plugins, hookimpl, plugins_on
from regulars_rewards.occasions.entered import ShownChange, unearned
from regulars_rewards.plugin import CustomerDates, Occasion, OccasionTrigger
from regulars_rewards.progress.failures import failures
from regulars_tiers.reassessment import work_off
from tests.rewards.occasions.conftest import Club, OpenClub, job, opens, sources

NONE: tuple[int, int] = (0, 0)
ONE = (0, 1)


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of tiers, too. By their seed 200.00 in 30 days are B, and 500.00 A; 90 days of grace."""
    return plugins_on({"tiers": regulars_tiers, "rewards": regulars_rewards})


@pytest.fixture
async def club(open_club: OpenClub) -> Club:
    return await open_club({"tiers": regulars_tiers})


async def days_pass(club: Club) -> None:
    """The periodic work of both."""
    async for _ in work_off(club.shop):
        pass
    await job(club.shop)


async def last_change(club: Club) -> str:
    """The id of the change of a tier that came last."""
    rows = await club.shop.database.rows("SELECT id FROM tier_change ORDER BY at DESC, id DESC LIMIT 1")
    return str(rows[0][0])


async def test_rising_gives_one_at_once(club: Club) -> None:
    ana = await club.till.customer()
    await opens(club, "TIER_CHANGE", tier="B")
    await club.buys(ana, "150.00")
    assert await club.has(ana) == NONE
    await club.buys(ana, "50.00")
    assert (await club.has(ana), await club.states(ana)) == (ONE, ["ISSUED"])
    assert await club.entries(ana) == [("OCCASION", 1, 1), ("ISSUE", -1, 0)]
    await club.buys(ana, "400.00")  # to A
    assert await club.has(ana) == ONE
    await days_pass(club)
    assert await club.has(ana) == ONE
    assert await club.wrong() == []


@pytest.mark.parametrize(
    ("use", "after", "issued"),
    [(None, "REVOKED", 0), ("couponReserve", "REVOKED", 0), ("couponRedeem", "REDEEMED", 0)],
)
async def test_p_p40_a_refund_that_takes_the_tier_takes_its_reward(
    club: Club, use: str | None, after: str, issued: int
) -> None:
    """P-P40: ISSUED is revoked; RESERVED is released, then revoked; REDEEMED stays, and is marked as taken back."""
    ana = await club.till.customer()
    await opens(club, "TIER_CHANGE", tier="B")
    sale = await club.buys(ana, "200.00")
    [(code, _)] = await club.coupons(ana)
    if use:
        given = {"couponCode": code, "customerId": ana, "idempotencyKey": "U1"}
        await club.till.office.done(use, "use { id }", {**given, **({"basket": "B1"} if "Reserve" in use else {})})
    await club.gives_back(sale, "1.00")
    assert (await club.has(ana), await club.states(ana)) == ((0, issued), [after])
    assert [row[0] for row in await club.shop.database.rows("SELECT why FROM rewards_given")] == ["OCCASION"]
    await days_pass(club)
    assert await club.has(ana) == (0, issued)
    await club.buys(ana, "1.00")  # B again: another time
    assert (await club.has(ana), await club.states(ana)) == ((0, 1), [after, "ISSUED"])
    assert await club.wrong() == []


async def test_voids_and_moves_take_it_too(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await opens(club, "TIER_CHANGE", tier="B")
    sale = await club.buys(ana, "200.00")
    await club.moves(bo, sale)
    assert (await club.states(ana), await club.states(bo)) == (["REVOKED"], ["ISSUED"])
    await club.voids(sale)
    assert (await club.states(ana), await club.states(bo)) == (["REVOKED"], ["REVOKED"])
    assert (await club.has(ana), await club.has(bo)) == (NONE, NONE)


async def test_time_takes_the_tier_and_leaves_the_reward(club: Club, calendar: Any) -> None:
    with calendar("2026-01-10"):
        ana = await club.till.customer()
        await opens(club, "TIER_CHANGE", tier="B")
        first = await club.buys(ana, "200.00")
    with calendar("2026-06-20"):
        await days_pass(club)
        assert await club.has(ana) == ONE
        await club.gives_back(first)  # the tier was lost before
        assert await club.has(ana) == ONE
        second = await club.buys(ana, "200.00")
        assert await club.has(ana) == (0, 2)
        await club.gives_back(second)
        assert (await club.has(ana), await club.states(ana)) == (ONE, ["ISSUED", "REVOKED"])


async def test_falling_counts_where_it_is_asked_for(club: Club, calendar: Any) -> None:
    with calendar("2026-01-10"):
        ana = await club.till.customer()
        up = await opens(club, "TIER_CHANGE", tier="B")
        both = await opens(club, "TIER_CHANGE", {"name": "Both"}, tier="B", upOnly="false")
        await club.buys(ana, "520.00")  # to A at once
    with calendar("2026-02-20"):
        await club.buys(ana, "220.00")
        assert (await club.has(ana, up), await club.has(ana, both)) == (NONE, NONE)
    with calendar("2026-05-15"):
        await days_pass(club)  # to B on 10 May
    assert (await club.has(ana, up), await club.has(ana, both)) == (NONE, ONE)
    assert await sources(club) == [("2026-05-10", f"tier:{await last_change(club)}")]


async def test_a_merge_gives_it_once(club: Club) -> None:
    """Who had the tier brings its reward along; who comes to it only together has it for that, until they are two again."""
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    cy, di = await club.till.customer("Cy"), await club.till.customer("Di")
    await opens(club, "TIER_CHANGE", tier="B")
    await club.buys(bo, "200.00")
    await club.buys(cy, "100.00")
    await club.buys(di, "100.00")
    office = club.till.office
    await office.done("customersMerge", "customersMerge { mergeId }", {"survivorId": ana, "absorbedIds": [bo]})
    given = {"survivorId": cy, "absorbedIds": [di]}
    merge = (await office.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]["mergeId"]
    live = await club.shop.database.rows("SELECT count(*) FROM rewards_given WHERE taken_back_at IS NULL")
    assert live[0][0] == 2
    assert await club.states(ana) == ["ISSUED"]
    assert await club.states(cy) == ["ISSUED"]
    await office.done("customersUnmerge", "customers { id }", {"mergeId": merge})
    assert await club.states(cy) == ["REVOKED"]


async def test_whom_it_is_for_is_asked_of_that_instant(club: Club) -> None:
    ana, bo = await club.till.customer(), await club.till.customer("Bo")
    await opens(club, "TIER_CHANGE", {"audience": {"purchaseCount": {"gte": 2}}}, tier="B")
    await club.buys(ana, "200.00")
    for amount in ("10.00", "10.00", "180.00"):
        await club.buys(bo, amount)
    assert (await club.has(ana), await club.has(bo)) == (NONE, ONE)


async def test_days_wait_until_it_can_be_told_for_whom(club: Club, open_club: OpenClub, calendar: Any) -> None:
    with calendar("2026-05-09"):
        ana = await club.till.customer(birthDate="1990-05-10")
        await opens(club, "BIRTHDAY", {"audience": {"tier": {"in": ["A", "B", "C"]}}})
        await job(club.shop)
    without = await open_club()
    with calendar("2026-05-10"):
        assert [await job(without.shop) for _ in range(2)] == [0, 0]
        told = [one async for one in failures(without.shop)]
        assert len(told) == 1
        assert "failed" in told[0]
    with calendar("2026-05-12"):
        assert [await job(club.shop) for _ in range(2)] == [1, 0]
    assert await club.has(ana) == ONE
    assert [one async for one in failures(club.shop)] == []
    assert await sources(club) == [("2026-05-10", "birthday:2026")]


def shown(*steps: tuple[int, int, str]) -> list[ShownChange]:
    """Changes from position to position, by a cause."""
    return [
        ShownChange(str(n), "c", n, str(low), str(high), low, high, cause)  # type: ignore[arg-type]
        for n, (low, high, cause) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "gone"),
    [
        ([(0, 1, "PURCHASE"), (1, 0, "REFUND")], {"0"}),
        ([(0, 1, "PURCHASE"), (1, 0, "TIME")], set()),
        ([(0, 1, "PURCHASE"), (1, 0, "ASSIGNMENT")], set()),
        ([(0, 1, "PURCHASE"), (1, 2, "PURCHASE"), (2, 1, "VOID")], {"1"}),
        ([(0, 1, "PURCHASE"), (1, 2, "PURCHASE"), (2, 0, "REASSIGNMENT")], {"0", "1"}),
        ([(0, 2, "PURCHASE"), (2, 1, "REFUND"), (1, 0, "REFUND")], {"0", "1"}),
        ([(0, 1, "PURCHASE"), (1, 0, "TIME"), (0, 1, "PURCHASE"), (1, 0, "REFUND")], {"2"}),
        ([(0, 1, "MERGE"), (1, 0, "UNMERGE")], {"0"}),
    ],
)
def test_which_were_not_earned_after_all(steps: Any, gone: set[str]) -> None:
    assert unearned(shown(*steps)) == gone


class Moody:
    """A plugin with a trigger by tiers that raises at first."""

    def __init__(self) -> None:
        self.raises = True

    def occasions(self, _: Any, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
        if self.raises:
            raise KeyError("moody")
        return [Occasion(f"moody:{one.id}", one.on) for one in customer.tier_changes if since <= one.on < until]

    @hookimpl
    def regulars_rules(self) -> Sequence[OccasionTrigger]:
        return [OccasionTrigger("MOODY", NoSettings, "Moody", self.occasions, of=("tier",))]


async def test_a_trigger_that_raises_stops_no_sale_and_is_tried_again(open_club: OpenClub) -> None:
    moody = Moody()
    club = await open_club({"tiers": regulars_tiers, "moody": moody})
    ana = await club.till.customer()
    await opens(club, "MOODY")
    await club.buys(ana, "200.00")
    await job(club.shop)
    assert await club.has(ana) == NONE
    rows = await club.shop.database.rows("SELECT source FROM rewards_failed")
    assert [row[0] for row in rows] == [f"tier:{await last_change(club)}"]
    moody.raises = False
    await job(club.shop)
    assert await club.has(ana) == ONE
    assert list(await club.shop.database.rows("SELECT 1 FROM rewards_failed")) == []
    await job(club.shop)
    assert await club.has(ana) == ONE
