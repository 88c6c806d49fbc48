"""Purchases of one basket that come and go at the same time: the use that they share is counted once as long as one stands."""

import asyncio
from typing import Any

from tests.rewards.conftest import OpenRewards
from tests.rewards.sales.conftest import Till
from tests.rewards.sales.test_told_over_limits import TEA, miscounted

BASKETS = 8


async def tills(open_rewards: OpenRewards) -> tuple[Till, Till]:
    """Two tills of shops on the same database, which know nothing of each other, as processes do."""
    one, other = Till(await open_rewards()), Till(await open_rewards())
    other.numbers = one.numbers
    return one, other


async def voided(till: Till, purchase: dict[str, Any]) -> None:
    given = {"purchaseId": purchase["id"], "idempotencyKey": f"V{next(till.numbers)}"}
    await till.office.done("purchaseVoid", "purchase { id }", given)


async def test_all_are_voided(open_rewards: OpenRewards) -> None:
    one, other = await tills(open_rewards)
    await one.promotion("Ten", totalLimit=99)
    sold = [(await one.sells([TEA], basket=f"B{n}"), await one.sells([TEA], basket=f"B{n}")) for n in range(BASKETS)]
    for first, second in sold:
        await asyncio.gather(voided(one, first), voided(other, second))
    assert await miscounted(one) == []


async def test_one_comes_as_the_other_goes(open_rewards: OpenRewards) -> None:
    one, other = await tills(open_rewards)
    await one.promotion("Ten", totalLimit=99)
    sold = [await one.sells([TEA], basket=f"B{n}") for n in range(BASKETS)]
    for n, first in enumerate(sold):
        quote = await one.quote([TEA], basket=f"B{n}")
        await asyncio.gather(voided(one, first), other.sold(**other.told([TEA], quote, basket=f"B{n}")))
    assert await miscounted(one) == []
