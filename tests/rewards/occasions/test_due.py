"""What is due by time: by a lower target, once for each, also where two processes look at the same time and one is stopped."""

import asyncio
from typing import Any

import pytest

from regulars_core.plugin import Plugins
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_rewards.progress import due
from regulars_rewards.progress.due import give_due
from regulars_rewards.triggers.bands import RewardMode
from tests.rewards.occasions.conftest import Club, OpenClub
from tests.rewards.occasions.test_days import changes
from tests.rewards.occasions.test_walk import Stopping
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import bands

PEOPLE = 25
MODES = [(RewardMode.STANDARD, (0, 3)), (RewardMode.NEXOPOS, (40, 1))]


async def sixty(club: Club, mode: RewardMode) -> list[str]:
    """Customers who have 60 of 100, in a system whose target is 20 then."""
    customers = [await club.till.customer(f"N{n}", force=True) for n in range(PEOPLE)]
    await club.opens(mode=mode, bands=bands((0, None, 60)))
    for one in customers:
        await club.buys(one, "5.00")
    await changes(club, target=20)
    return customers


@pytest.mark.parametrize(("mode", "has"), MODES)
async def test_a_lower_target_gives_once_by_two_at_the_same_time(
    databases: Databases,
    engine: Engine,
    plugins: Plugins,
    monkeypatch: pytest.MonkeyPatch,
    mode: RewardMode,
    has: tuple[int, int],
) -> None:
    monkeypatch.setattr(due, "BATCH", 5)
    url = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(url, plugins) as one, opened_shop(url, plugins) as other:
            club = Club(Till(one))
            customers = await sixty(club, mode)
            await asyncio.gather(give_due(one), give_due(other))
            assert [await club.has(customer) for customer in customers] == [has] * PEOPLE
            assert await give_due(one) == 0 or mode is RewardMode.STANDARD
            assert await club.has(customers[0]) == has
            assert await club.wrong() == []
    finally:
        databases.drop(url)


@pytest.mark.parametrize(("mode", "has"), MODES)
async def test_who_is_stopped_goes_on(
    open_club: OpenClub, monkeypatch: pytest.MonkeyPatch, mode: RewardMode, has: Any
) -> None:
    monkeypatch.setattr(due, "BATCH", 5)
    stopping = Stopping()
    club = await open_club({"stopping": stopping})
    customers = await sixty(club, mode)
    for _ in range(3):
        await asyncio.gather(asyncio.create_task(give_due(club.shop)), return_exceptions=True)
    stopping.is_on = False
    await give_due(club.shop)
    assert [await club.has(customer) for customer in customers] == [has] * PEOPLE
    assert await club.wrong() == []
