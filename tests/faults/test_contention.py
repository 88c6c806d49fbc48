"""Several servers sell to the same few customers at once: everybody is answered, nothing is lost, doubled or counted wrongly.

Tiers are on, so each purchase decides by what was bought before, and whoever was overtaken by another server begins again.
"""

import asyncio
import os
import statistics
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

import regulars_tiers
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.events.replay import begin_cursor
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import opened_shop
from regulars_schema.testing import Api
from tests.support.keys import make_key
from tests.support.recounts import Ladder, assert_counted, assert_written_once
from tests.support.rush import rush_hour
from tests.support.servers import COMMAND, Server, environment

PURCHASES = int(os.environ.get("PURCHASES", "20"))
"""Of each server."""
SERVERS = 8 if "PURCHASES" in os.environ else 2
CUSTOMERS = 10
DEADLINE = 10.0
"""Seconds that a request may take: the default."""
LADDER = Ladder({"C": 0, **{f"B{n}": 25_000 * 2**n for n in range(10)}})


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"tiers": regulars_tiers})


async def _prepared(shop: Shop) -> tuple[str, list[str]]:
    """A key, and the customers' ids. The journal is kept for a plugin that is off, so that nothing of it is forgotten."""
    await shop.database.transaction(lambda: begin_cursor(shop, "recount"))
    await shop.database.transaction(
        lambda: shop.database.run("UPDATE journal_cursor SET position = -1 WHERE plugin = 'recount'")
    )
    given = {"policy": LADDER.policy, "effectiveAt": "2020-01-01T00:00:00Z"}
    await Api.of(shop).done("tierPolicyUpdate", "tierPolicy { number }", given)
    shop.keeps_journal = False  # those who are there before are not told of
    people = [checked(shop.settings, NewCustomer("Ana", f"Of All {n}")) for n in range(CUSTOMERS)]
    ids = [(await find_or_register(shop, person, ())).id for person in people]
    return await make_key(shop.database, "tills"), [f"customer_{id_}" for id_ in ids]


async def _deadlocks(shop: Shop) -> int:
    """How many PostgreSQL has seen in this database."""
    if shop.database.engine == "sqlite":
        return 0
    [row] = await shop.database.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(row[0])


async def test_servers_that_sell_to_the_same_customers(
    database_url: str, engine: str, plugins: Plugins, tmp_path: Path, no_settings_from_outside: None
) -> None:
    async with opened_shop(database_url, plugins) as shop:
        key, customers = await _prepared(shop)
    with ExitStack() as running:
        servers = [Server(database_url, tmp_path, plugins="tiers", database_pool="4") for _ in range(SERVERS)]
        for server in servers:
            running.callback(lambda server=server: server.stop() if hasattr(server, "process") else None)
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
        rush = await rush_hour([server.address for server in servers], key, customers, PURCHASES)
    logs = "\n".join(server.log.read_text() for server in servers)
    verified = await asyncio.to_thread(
        subprocess.run,
        [*COMMAND, "verify"],
        env=environment(database_url, plugins="tiers"),
        capture_output=True,
        text=True,
    )
    async with opened_shop(database_url, plugins) as shop:
        moves = await assert_counted(shop, LADDER)
        await assert_written_once(shop, rush)
        deadlocks = await _deadlocks(shop)
    slowest, middle = max(rush.seconds), statistics.median(rush.seconds)
    print(
        f"\n{engine}: {SERVERS} servers, {len(rush.purchases)} purchases, {len(rush.refunds)} refunds, {len(rush.voids)} voids"
        f" of {CUSTOMERS} customers, {moves} moves between tiers, {len(rush.seconds)} answers, all whole,"
        f" {deadlocks} deadlocks; median {middle * 1_000:.0f} ms, slowest {slowest * 1_000:.0f} ms; sent {dict(rush.sent)}"
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert len(rush.purchases) == SERVERS * PURCHASES
    assert slowest < DEADLINE
    assert '"level": "error"' not in logs, logs
