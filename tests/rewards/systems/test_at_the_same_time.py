"""Whatever happens to a customer at the same time, progress and rewards are what one after the other gives."""

import asyncio
from collections.abc import Awaitable, Callable

from regulars_rewards.progress.due import give_due
from regulars_rewards.progress.failures import try_again
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands
from tests.rewards.systems.test_other_sources import changes, granted


async def test_sales_refunds_grants_changes_and_jobs(open_rewards: OpenRewards) -> None:
    """Each sale brings 3 and each grant 4; half of the sales come back, and the target is lowered from 12 to 5 meanwhile."""
    clubs = [Club(Till(await open_rewards())) for _ in range(4)]
    for other in clubs[1:]:
        other.till.numbers = clubs[0].till.numbers
    club, *_ = clubs
    ana = await club.till.customer()
    system = await club.opens(target=12, bands=bands((0, None, 3)))
    for other in clubs:
        other.system = system
    sales = [await club.buys(ana, "5.00") for _ in range(6)]

    async def sells(one: Club) -> None:
        for _ in range(6):
            await one.buys(ana, "5.00")

    async def returns(one: Club) -> None:
        for sale in sales:
            await one.gives_back(sale)

    async def grants(one: Club) -> None:
        for _ in range(5):
            await granted(one, ana, 4)

    async def turns(one: Club) -> None:
        for target in (11, 8, 5):
            await changes(one, target=target)
            await asyncio.gather(give_due(one.shop), give_due(clubs[0].shop))
            await try_again(one.shop)

    todo: list[Callable[[Club], Awaitable[None]]] = [sells, returns, grants, turns]
    await asyncio.gather(*(what(one) for what, one in zip(todo, clubs, strict=True)))
    await give_due(club.shop)
    progress, issued = await club.has(ana)
    costs = await club.shop.database.rows("SELECT cost FROM rewards_given WHERE taken_back_at IS NULL")
    assert 0 <= progress < 5
    assert progress + sum(row[0] for row in costs) == 6 * 3 + 5 * 4
    assert (await club.states(ana)).count("ISSUED") == issued == len(costs)
    assert await club.wrong() == []
