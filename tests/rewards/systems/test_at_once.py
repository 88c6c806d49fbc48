"""What happens at the same time in several processes: changes of a system and sales, its removal and a sale, a refund and the use
of the coupon that it takes back."""

import asyncio
from functools import partial
from typing import Any

from regulars_core.plugin import Refused
from regulars_rewards.systems.changes import SystemDraft, delete_system, update_system
from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands


async def clubs(open_rewards: OpenRewards, number: int) -> list[Club]:
    """So many shops on the same database, which know nothing of each other, as processes do."""
    first, *others = [Club(Till(await open_rewards())) for _ in range(number)]
    for other in others:
        other.till.numbers = first.till.numbers
    return [first, *others]


def with_target(target: int, draft: SystemDraft) -> SystemDraft:
    """The same system with another target."""
    return SystemDraft(draft.name, draft.data.model_copy(update={"target": target}))


async def test_changes_and_sales(open_rewards: OpenRewards) -> None:
    """Each sale brings one, whatever is changed meanwhile; and what is due by then is at most what the highest target leaves."""
    all_clubs = await clubs(open_rewards, 3)
    club, customers = all_clubs[0], [await all_clubs[0].till.customer(name) for name in ("Ana", "Bo", "Cy")]
    await club.opens(target=5, bands=bands((0, None, 1)))

    async def sells(one: Club, customer: str) -> list[Any]:
        return [await one.buys(customer, "5.00") for _ in range(6)]

    async def changes() -> None:
        for target in (3, 6, 2, 4):
            await update_system(club.shop, club.system, partial(with_target, target))

    pairs = zip(all_clubs * 2, customers * 2, strict=True)
    await asyncio.gather(*(sells(one, customer) for one, customer in pairs), changes())
    for customer in customers:
        entries = await club.entries(customer)
        assert sum(delta for cause, delta, _ in entries if cause == "PURCHASE") == 12
    assert await club.wrong() == []


async def test_one_is_removed_or_collects_never_both(open_rewards: OpenRewards) -> None:
    one, other = await clubs(open_rewards, 2)
    ana = await one.till.customer()
    for n in range(4):
        system = await one.opens(name=f"Club {n}", bands=bands((0, None, 1)))

        async def removes(id_: str = system) -> bool:
            try:
                await delete_system(other.shop, id_)
            except Refused:
                return False
            return True

        is_removed, _ = await asyncio.gather(removes(), one.buys(ana, "5.00"))
        rows = await one.shop.database.rows("SELECT 1 FROM rewards_progress WHERE system_id = $1", system)
        assert bool(rows) is not is_removed


async def test_a_coupon_is_used_or_taken_back(open_rewards: OpenRewards) -> None:
    one, other = await clubs(open_rewards, 2)
    await one.opens(target=10, bands=bands((0, None, 10)))
    for n in range(4):
        ana = await one.till.customer(f"Ana {n}")
        sale = await one.buys(ana, "10.00")
        [(code, _)] = await one.coupons(ana)
        redeem = {"couponCode": code, "customerId": ana, "idempotencyKey": f"U{n}"}
        await asyncio.gather(one.gives_back(sale), other.till.office.do("couponRedeem", "use { id }", redeem))
        assert (await one.states(ana), await one.has(ana)) in [(["REDEEMED"], (-10, 1)), (["REVOKED"], (0, 0))]
    assert await one.wrong() == []
