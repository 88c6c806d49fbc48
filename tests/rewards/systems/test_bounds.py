"""However much comes at once, one event gives so many rewards at most; what is left is given by time."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from regulars_core.plugin import NEVER, Instant
from regulars_rewards.progress import book
from regulars_rewards.progress.due import give_due
from regulars_rewards.simulations.giving import Change, gifts
from regulars_rewards.systems.changes import update_system
from regulars_rewards.systems.known import version_of
from regulars_rewards.systems.system import RewardSystem, SystemData
from tests.rewards.systems.conftest import Club, bands, rule_data
from tests.rewards.systems.office import Office


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rewards are given at once."""
    monkeypatch.setattr(book, "MAX_AT_ONCE", 3)


@pytest.mark.parametrize("is_shadow", [False, True])
@pytest.mark.usefixtures("three")
async def test_a_sale_gives_so_many_at_most_and_time_gives_the_rest(club: Club, is_shadow: bool) -> None:
    ana = await club.till.customer()
    system = await club.opens(target=1, bands=bands((0, None, 8)), is_shadow=is_shadow)
    await club.buys(ana, "5.00")

    async def stands() -> tuple[int, int]:
        sql = "SELECT progress, issued FROM rewards_progress WHERE system_id = $1"
        [row] = await club.shop.database.rows(sql, system)
        return row[0], row[1]

    assert await stands() == (5, 3)
    for left in ((2, 6), (0, 8), (0, 8)):
        await give_due(club.shop)
        assert await stands() == left
    assert len(await club.coupons(ana)) == (0 if is_shadow else 8)
    assert await club.wrong() == []


@pytest.mark.usefixtures("three")
async def test_what_is_disabled_gives_no_more_by_time(club: Club) -> None:
    ana = await club.till.customer()
    system = await club.opens(target=1, bands=bands((0, None, 8)))
    await club.buys(ana, "5.00")

    async def enables(value: bool) -> None:
        def change(before: Any) -> Any:
            return replace(before, data=before.data.model_copy(update={"is_enabled": value}))

        await update_system(club.shop, system, change)

    await enables(False)
    await give_due(club.shop)
    assert await club.has(ana) == (5, 3)
    await enables(True)
    await give_due(club.shop)
    assert await club.has(ana) == (2, 6)


async def test_by_hand_so_many_at_most(club: Club) -> None:
    """A slip of whoever types it makes no million coupons."""
    office = Office(club.shop)
    made, ana = await office.makes(target=2), await office.customer()
    most = 2 * book.MAX_AT_ONCE + 1
    assert await office.refuses_grant(ana, made["id"], progress=1_000_000) == [("OUT_OF_RANGE", "input.progress")]
    assert await office.refuses_grant(ana, made["id"], progress=most + 1) == [("OUT_OF_RANGE", "input.progress")]
    await office.grants(ana, made["id"], most)
    assert (await office.rewards(ana, "progress issuedCount")) == [{"progress": 1, "issuedCount": book.MAX_AT_ONCE}]


async def test_trying_counts_what_it_would_give(club: Club) -> None:
    """Ten thousand purchases that would give a million rewards each are counted, none made."""
    data = SystemData(trigger=rule_data("PURCHASE"), reward=rule_data("COUPON", promotion="promotion_1"), target=1)
    system = RewardSystem("1", "Tried", False, (version_of(club.shop, "1", 1, NEVER, data),))
    many = [Change(Instant(n), str(n), Fraction(1_000_000)) for n in range(10_000)]
    back = [Change(Instant(20_000), "back", Fraction(-1_500_001))]
    assert gifts(system, [*many, *back]).count == 10_000 * 1_000_000 - 1_500_001
