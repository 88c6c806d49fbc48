"""Several servers redeem one coupon at once, and are killed meanwhile: exactly as many uses as there may be, whoever asks again
under the same key is told the same, and no counter is other than what the uses give."""

import asyncio
import os
import random
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

import regulars_rewards
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import opened_shop
from regulars_rewards.verification import differences
from tests.rewards.coupons.shop_owner import Owner
from tests.support.keys import make_key
from tests.support.servers import Server

ATTEMPTS = int(os.environ.get("COUPON_ATTEMPTS", "80"))
SERVERS = 8 if "COUPON_ATTEMPTS" in os.environ else 2
LIMIT = 100 if "COUPON_ATTEMPTS" in os.environ else 40
"""Uses that there may be."""
_REDEEMS = "mutation($input: CouponRedeemInput!) { couponRedeem(input: $input) { use { id } userErrors { code } } }"
_AT_ONCE = 16
_TRIES = 200


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


@dataclass
class Told:
    """What was answered under each key: the use, or the code with which it was refused."""

    by_key: dict[str, str] = field(default_factory=dict)
    repeated: int = 0

    def note(self, key: str, answer: str) -> None:
        """The same is told under the same key."""
        assert self.by_key.setdefault(key, answer) == answer


async def _redeem(clients: list[httpx2.AsyncClient], key: str, told: Told, chance: random.Random) -> None:
    """Ask until somebody answers; servers that are killed meanwhile are asked again under the same key."""
    given = {"couponCode": "SUMMER10", "idempotencyKey": key}
    for _ in range(_TRIES):
        try:
            answer = await chance.choice(clients).post(
                "/graphql", json={"query": _REDEEMS, "variables": {"input": given}}
            )
        except httpx2.TransportError:
            told.repeated += 1
            await asyncio.sleep(0.05)
            continue
        body: dict[str, Any] = answer.json()
        if answer.status_code != 200 or body.get("errors"):
            codes = {error["extensions"]["code"] for error in body["errors"]}
            assert codes <= {"UNAVAILABLE", "TIMEOUT"}, body
            told.repeated += 1
            await asyncio.sleep(0.05)
            continue
        payload = body["data"]["couponRedeem"]
        told.note(key, payload["use"]["id"] if payload["use"] else payload["userErrors"][0]["code"])
        return
    raise AssertionError(f"nobody has answered {key}")


async def _prepared(shop: Shop) -> str:
    owner = Owner(shop)
    offer = await owner.promotion(totalLimit=LIMIT)
    await owner.code(offer, "SUMMER10", usageLimit=LIMIT)
    return await make_key(shop.database, "tills")


async def _all_redeem(servers: list[Server], key: str) -> Told:
    told, chance = Told(), random.Random(7)
    headers = {"authorization": f"Bearer {key}"}
    clients = [httpx2.AsyncClient(base_url=one.address, headers=headers, timeout=60) for one in servers]
    waiting = [f"K{n % (ATTEMPTS * 9 // 10)}" for n in range(ATTEMPTS)]  # a tenth of them is sent twice
    chance.shuffle(waiting)

    async def till() -> None:
        while waiting:
            await _redeem(clients, waiting.pop(), told, chance)

    async def killer() -> None:
        for server in servers[:2]:
            await asyncio.sleep(chance.uniform(0.2, 0.8))
            server.kill()
            await asyncio.to_thread(server.start)

    await asyncio.gather(killer(), *(till() for _ in range(_AT_ONCE)))
    for client in clients:
        await client.aclose()
    return told


async def test_one_coupon_many_servers(
    database_url: str, engine: str, plugins: Plugins, tmp_path: Path, no_settings_from_outside: None
) -> None:
    async with opened_shop(database_url, plugins) as shop:
        key = await _prepared(shop)
    with ExitStack() as running:
        servers = [
            Server(database_url, tmp_path, plugins="rewards", database_pool="4", rate_capacity="10000000")
            for _ in range(SERVERS)
        ]
        for server in servers:
            running.callback(lambda server=server: server.stop() if hasattr(server, "process") else None)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        told = await _all_redeem(servers, key)
    outcomes = Counter("use" if one.startswith("offeruse_") else one for one in told.by_key.values())
    print(
        f"\n{engine}: {SERVERS} servers, {ATTEMPTS} attempts, {dict(outcomes)}, {told.repeated} sent again after kills"
    )
    assert outcomes["use"] == LIMIT
    assert set(outcomes) == {"use", "COUPON_EXHAUSTED"}
    async with opened_shop(database_url, plugins) as shop:
        rows = await shop.database.rows("SELECT id FROM rewards_use")
        kept = {f"offeruse_{row[0]}" for row in rows}
        assert kept == {one for one in told.by_key.values() if one.startswith("offeruse_")}
        [(redeemed, used)] = await shop.database.rows(
            "SELECT redeemed, (SELECT used FROM rewards_limit) FROM rewards_coupon"
        )
        assert (redeemed, used) == (LIMIT, LIMIT)
        assert [one async for one in differences(shop)] == []
