"""PostgreSQL goes and comes back under load: clients are told UNAVAILABLE or what was done, and the server finds back alone."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from regulars_core.testing import PostgresServer
from tests.faults.conftest import migrated
from tests.support.servers import Server
from tests.support.tills import HUNG, balance, tills

CRASHES = int(os.environ.get("CRASHES", "2"))
FOUND_BACK = 5.0 if "CRASHES" in os.environ else HUNG
"""Seconds after which the server must work again once PostgreSQL does."""


def _power_cut(database: PostgresServer) -> None:
    database.crash()


def _immediate_shutdown(database: PostgresServer) -> None:
    database.crash(signal.SIGQUIT)


def _fast_shutdown(database: PostgresServer) -> None:
    database.crash(signal.SIGINT)


WAYS: tuple[Callable[[PostgresServer], None], ...] = (
    _power_cut, _immediate_shutdown, _fast_shutdown, PostgresServer.lose_session
)  # fmt: skip


async def test_postgres_crashes_under_load(durable: PostgresServer, tmp_path: Path) -> None:
    url = await asyncio.to_thread(lambda: migrated(durable.create_database()))
    with Server(url, tmp_path) as server:
        await _crash_under_load(durable, url, server)


async def _crash_under_load(durable: PostgresServer, url: str, server: Server) -> None:
    *clients, probe = await tills(url, server.address, 9)
    slowest = 0.0
    for number in range(CRASHES):
        done = asyncio.Event()
        work = [asyncio.create_task(till.work(done)) for till in clients]
        await asyncio.sleep(random.uniform(0.2, 0.8))
        end = WAYS[number % len(WAYS)]
        await asyncio.to_thread(end, durable)
        await asyncio.sleep(random.uniform(0, 0.8))
        await asyncio.to_thread(durable.wait if end is PostgresServer.lose_session else durable.start)
        back = time.monotonic()
        await probe.one()
        slowest = max(slowest, time.monotonic() - back)
        done.set()
        await asyncio.gather(*work)
        found = await balance(url, [*clients, probe])
        assert (found.lost, found.doubled) == (0, 0)
    unavailable = sum(till.unavailable for till in (*clients, probe))
    print(
        f"\npostgres: {CRASHES} crashes under load, {found.acknowledged} acknowledged writes, {found.lost} lost,"
        f" {found.doubled} doubled; {unavailable} answers UNAVAILABLE, 0 others; worked again {slowest:.1f} s after the"
        " database at the latest"
    )
    assert slowest < FOUND_BACK
