"""kill -9 of servers while points and credit are earned, spent and taken back by many tills at once: whatever was acknowledged is
there once, and the ledger holds to the last entry.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

import regulars_loyalty
import regulars_tiers
from regulars_core.plugin import Plugins, RuleData, Shop, insert, new_id, now, plugins_on
from regulars_core.testing import opened_shop
from regulars_loyalty.ledger.book import POINTS, Cause, Terms
from regulars_loyalty.ledger.storage import customer_ledger, write_ledger
from regulars_loyalty.points.program import EarningData, ProgramData, RateData
from tests.support.servers import Server
from tests.support.tills import Sent, Till, balance, tills

LEDGER_KILLS = int(os.environ.get("LEDGER_KILLS", "1"))
"""Of each server."""
LEDGER_PAYMENTS = int(os.environ.get("LEDGER_PAYMENTS", "0"))
"""So many payments by points at least."""
SERVERS = 2
PROGRAM = ProgramData(
    rules=(
        EarningData(
            code="BASE", name="Base", rule=RuleData(kind="PER_AMOUNT", settings=(("points", "3"), ("per", "7.00")))
        ),
        EarningData(code="HALF", name="Half more", rule=RuleData(kind="MULTIPLIER", settings=(("factor", "1.5"),))),
    ),
    rate=RateData(points=10, amount=Decimal(1)),
)


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty})


@dataclass
class LoyalTill(Till):
    """A till at which credit and points pay what there is of them, and refunds go where the money came from."""

    def purchase(self, buyer: str) -> Sent:
        """A purchase, half of the time paid by points, credit or both as far as they go."""
        sent = super().purchase(buyer)
        ways = self._random.choice(((), (), ("POINTS",), ("STORE_CREDIT",), ("POINTS", "STORE_CREDIT")))
        total = int(Decimal(sent.input["lines"][0]["total"]))
        parts = [{"method": way, "amount": f"{total // 3}.00", "atMost": True} for way in ways]
        rest = total - len(parts) * (total // 3)
        payments = [*parts, {"method": "card", "amount": f"{rest}.00"}] if parts else []
        return Sent(sent.mutation, {**sent.input, "payments": payments})

    def _refund(self, purchase: object) -> Sent:
        sent = super()._refund(purchase)  # type: ignore[arg-type]
        return Sent(sent.mutation, {**sent.input, "amount": f"2.{self._random.randrange(10, 30)}"})


async def _prepare(shop: Shop, customers: list[str]) -> None:
    async def begin() -> None:
        columns = ("starts_at", "body", "author", "created_at")
        await insert(shop.database, "loyalty_program", columns, [(0, PROGRAM.model_dump_json(), "test", now())])

    await shop.database.transaction(begin)
    for customer in customers:

        async def give(customer: str = customer) -> None:
            ledger = await customer_ledger(shop, customer)
            for unit, amount in ((POINTS, 5_000), (shop.currency, 20_000)):
                cause = Cause(new_id(), "FUNDING", now())
                ledger.account(customer, unit).give("FUNDING", amount, cause, Terms(now()))
            await write_ledger(ledger)

        await shop.database.transaction(give)


@asynccontextmanager
async def _running(url: str, folder: Path) -> AsyncIterator[list[Server]]:
    servers = [Server(url, folder, plugins="tiers,loyalty", database_pool="4") for _ in range(SERVERS)]
    await asyncio.gather(*(asyncio.to_thread(one.start) for one in servers))
    try:
        yield servers
    finally:
        for one in servers:
            one.stop()


async def test_killed_while_points_move(
    database_url: str, engine: str, plugins: Plugins, tmp_path: Path, no_settings_from_outside: None
) -> None:
    async with _running(database_url, tmp_path) as servers:
        plain = await tills(database_url, servers[0].address, breaks=True)
        async with opened_shop(database_url, plugins) as shop:
            await _prepare(shop, sorted({till.own for till in plain} | {plain[0].shared}))
        clients = [
            LoyalTill(one.name, servers[n % SERVERS].address, one.key, one.own, one.shared, breaks=True)
            for n, one in enumerate(plain)
        ]
        done = asyncio.Event()
        work = [asyncio.create_task(till.work(done)) for till in clients]
        for _ in range(LEDGER_KILLS):
            for server in servers:
                await asyncio.sleep(random.uniform(0.3, 1.2))
                server.kill()
                await asyncio.to_thread(server.start)
        await asyncio.sleep(0.5)
        async with opened_shop(database_url, plugins) as shop:
            while await _payments(shop) < LEDGER_PAYMENTS and not any(one.done() for one in work):  # noqa: ASYNC110
                await asyncio.sleep(1)
        done.set()
        await asyncio.gather(*work)
        found = await balance(database_url, clients)
    assert (found.lost, found.doubled) == (0, 0)
    async with opened_shop(database_url, plugins) as shop:
        by_points = await _payments(shop)
        wrong = [f"{name}: {one}" async for name, one in _differences(shop)]
        [[paid, earned, back]] = await shop.database.rows(
            "SELECT count(CASE WHEN kind = 'PAYMENT' THEN 1 END), count(CASE WHEN kind IN ('EARN', 'BONUS') THEN 1 END),"
            " count(CASE WHEN kind IN ('REVERSE', 'RESTORE') THEN 1 END) FROM loyalty_transfer"
        )
        unearned = await shop.database.rows(
            "SELECT p.id FROM purchase p WHERE p.total >= 2100 AND NOT EXISTS (SELECT 1 FROM loyalty_transfer t"
            " WHERE t.purchase_id = p.id AND t.kind IN ('EARN', 'PAYMENT'))"
        )
    print(
        f"\n{engine}: {SERVERS * LEDGER_KILLS} kills, {found.acknowledged} acknowledged, {paid} payments, {by_points} by points,"
        f" {earned} earnings, {back} given or taken back; nothing lost, nothing doubled"
    )
    assert (wrong, unearned) == ([], [])
    assert found.acknowledged > LEDGER_KILLS
    assert min(paid, earned, back) > 0
    assert by_points >= LEDGER_PAYMENTS


async def _payments(shop: Shop) -> int:
    """How many payments by points there are."""
    sql = "SELECT count(*) FROM loyalty_transfer WHERE kind = 'PAYMENT' AND unit = $1"
    return int((await shop.database.rows(sql, POINTS))[0][0])


async def _differences(shop: Shop) -> AsyncIterator[tuple[str, str]]:
    """What `regulars verify` would print of tiers and of the ledger."""
    for plugin in (regulars_tiers, regulars_loyalty):
        for one in plugin.regulars_verifications():
            async for difference in one.differences(shop):
                yield one.name, difference
