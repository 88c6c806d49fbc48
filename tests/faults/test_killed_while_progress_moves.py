"""kill -9 of servers while progress is collected, rewards are given and taken back by many tills at once: whatever was
acknowledged is there once, and progress is what brought it.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

import regulars_rewards
from regulars_core.plugin import LATEST, Plugins, RuleData, plugins_on
from regulars_core.testing import opened_shop
from regulars_rewards.offers.promotion import PromotionData
from regulars_rewards.progress.verification import differences
from regulars_rewards.promotions.changes import PromotionDraft, create_promotion
from regulars_rewards.systems.changes import SystemDraft, create_system
from regulars_rewards.systems.system import BandData, SystemData
from tests.support.servers import Server
from tests.support.tills import balance, tills

KILLS = int(os.environ.get("REWARD_KILLS", "1"))
"""Of each server."""
SERVERS = 2


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


async def test_killed_while_progress_moves(
    database_url: str, engine: str, plugins: Plugins, tmp_path: Path, no_settings_from_outside: None
) -> None:
    servers = [Server(database_url, tmp_path, plugins="rewards", database_pool="4") for _ in range(SERVERS)]
    await asyncio.gather(*(asyncio.to_thread(one.start) for one in servers))
    try:
        clients = await tills(database_url, servers[0].address, breaks=True)
        for n, till in enumerate(clients):
            till.address = servers[n % SERVERS].address
        async with opened_shop(database_url, plugins) as shop:
            ten = PromotionData(discount=RuleData(kind="PERCENT", settings=(("percent", "10"),)))
            promotion = await create_promotion(shop, PromotionDraft("Reward", 0, True, None, LATEST, ten))
            reward = RuleData(kind="COUPON", settings=(("promotion", f"promotion_{promotion}"),))
            bands = (BandData(since=0, until=2_000, progress=3), BandData(since=2_000, progress=7))
            data = SystemData(trigger=RuleData(kind="PURCHASE"), reward=reward, target=10, bands=bands)
            system = await create_system(shop, SystemDraft("Club", data))
        done = asyncio.Event()
        work = [asyncio.create_task(till.work(done)) for till in clients]
        for _ in range(KILLS):
            for server in servers:
                await asyncio.sleep(random.uniform(0.3, 1.2))
                server.kill()
                await asyncio.to_thread(server.start)
        await asyncio.sleep(0.5)
        done.set()
        await asyncio.gather(*work)
        found = await balance(database_url, clients)
    finally:
        for one in servers:
            one.stop()
    assert (found.lost, found.doubled) == (0, 0)
    async with opened_shop(database_url, plugins) as shop:
        wrong = [one async for one in differences(shop)]
        unearned = await shop.database.rows(
            "SELECT p.id FROM purchase p WHERE p.total > 0 AND p.customer_id IS NOT NULL AND p.recorded_at >="
            " (SELECT created_at FROM rewards_system) AND NOT EXISTS"
            " (SELECT 1 FROM rewards_earning e WHERE e.purchase_id = p.id)"
        )
        full = await shop.database.rows(
            "SELECT 1 FROM rewards_progress WHERE progress >= 10 OR system_id <> $1", system
        )
        [[given, coupons]] = await shop.database.rows(
            "SELECT (SELECT count(*) FROM rewards_given), (SELECT count(*) FROM rewards_coupon)"
        )
    print(
        f"\n{engine}: {SERVERS * KILLS} kills, {found.acknowledged} acknowledged, {given} rewards; nothing lost or doubled"
    )
    assert (wrong, unearned, full) == ([], [], [])
    assert given == coupons > 0
