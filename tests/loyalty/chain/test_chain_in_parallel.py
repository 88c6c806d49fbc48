"""Chaining while others post, by several at once, interrupted: places without holes all the same."""

import asyncio
import random

from regulars_core.plugin import Shop
from regulars_core.testing import OpenShop
from regulars_loyalty.chain import seals
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.due import post_due
from regulars_loyalty.chain.verification import Verification
from tests.loyalty.chain.conftest import Clerk


async def wrong(shop: Shop) -> list[str]:
    return [str(one) async for one in Verification(shop).differences()]


async def test_two_chain_while_others_post(open_shop: OpenShop) -> None:
    shop, twin = await open_shop(), await open_shop()
    clerk, done = Clerk(shop), False
    people = [await clerk.customer() for _ in range(6)]

    async def post(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(15):
            await clerk.gives(chosen.choice(people), 10)
            await clerk.spends(chosen.choice(people), 5, debt=True)

    async def keep(one: Shop) -> None:
        while not done:
            await chain(one)
            await post_due(one)
            await seals.seal(one)
            assert await wrong(one) == []  # while it goes on
            await asyncio.sleep(0)

    jobs = [asyncio.create_task(keep(shop)), asyncio.create_task(keep(twin))]
    await asyncio.gather(*(post(seed) for seed in range(3)))
    done = True
    await asyncio.gather(*jobs)
    await chain(shop)
    rows = await shop.database.rows("SELECT position FROM loyalty_link ORDER BY position")
    [(posted,)] = await shop.database.rows("SELECT count(*) FROM loyalty_transfer")
    assert [row[0] for row in rows] == list(range(1, posted + 1))
    assert await wrong(shop) == []


async def test_whoever_is_interrupted_is_followed_by_another(shop: Shop, clerk: Clerk) -> None:
    people = [await clerk.customer() for _ in range(3)]
    for turn in range(12):
        for one in people:
            await clerk.gives(one, 10)
        job = asyncio.create_task(chain(shop))
        for _ in range(turn):
            await asyncio.sleep(0)
        job.cancel()
        await asyncio.gather(job, return_exceptions=True)
        assert await wrong(shop) == []
    await chain(shop)
    [(chained,)] = await shop.database.rows("SELECT max(position) FROM loyalty_link")
    assert chained == 36
    assert await wrong(shop) == []
