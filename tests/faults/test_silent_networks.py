"""D1: the network to PostgreSQL falls silent in the middle of transactions, without an end that anybody is told of."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from regulars_core.testing import PostgresServer
from tests.support.servers import Server
from tests.support.silent import Silence
from tests.support.tills import balance, tills

TIMES = int(os.environ.get("SILENT_TIMES", "1"))
POOL = 4
DEADLINE = 2.0
"""Seconds that a request may take."""
RETRIED = frozenset({"UNAVAILABLE", "TIMEOUT"})


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.parametrize(("asked", "after"), [(b"BEGIN", True), (b"COMMIT", False)], ids=["begun", "committing"])
async def test_d1_a_pool_that_is_silent_in_transactions_recovers(
    database_url: str, engine: str, postgres: PostgresServer, tmp_path: Path, asked: bytes, after: bool
) -> None:
    """Once a transaction has begun, what is asked and the ROLLBACK after it are not answered; at its end, the COMMIT is not."""
    silence = Silence.to(database_url)
    options = {"database_pool": str(POOL), "request_seconds": str(DEADLINE), "jobs": "false"}
    async with silence.before(database_url) as far:
        server = Server(far, tmp_path, **options)
        await asyncio.to_thread(server.start)
        try:
            await _fall_silent_again_and_again(
                postgres, database_url, server, lambda: silence.fall_at(asked, POOL, after=after)
            )
        finally:
            await asyncio.to_thread(server.stop)


async def _fall_silent_again_and_again(
    postgres: PostgresServer, url: str, server: Server, fall: Callable[[], asyncio.Event]
) -> None:
    *clients, probe = everybody = await tills(url, server.address, POOL + 1)
    for till in everybody:
        till.retried = RETRIED
    slowest = 0.0
    for _ in range(TIMES):
        await asyncio.gather(*(till.one(till.purchase(till.own)) for till in clients))
        fallen = fall()
        refunds = [till.refund() for till in clients]
        tried = asyncio.gather(*(till.try_once(refund) for till, refund in zip(clients, refunds, strict=True)))
        await fallen.wait()
        since = time.monotonic()
        await probe.one(probe.purchase(probe.own))
        async with httpx2.AsyncClient(base_url=server.address) as client:
            assert (await client.get("/ready")).status_code == 200
        slowest = max(slowest, time.monotonic() - since)
        await tried
        # The other end has not heard anything either: it goes on holding its rows until it has waited long enough.
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        await asyncio.to_thread(postgres.execute, ended)
        await asyncio.gather(*(till.one(refund) for till, refund in zip(clients, refunds, strict=True)))
    found = await balance(url, everybody)
    print(
        f"\npostgres: {POOL} of {POOL} connections silent in transactions, {TIMES} times: {found.acknowledged} acknowledged"
        f" writes, {found.lost} lost, {found.doubled} doubled; answered again {slowest:.1f} s later at the latest"
    )
    assert (found.lost, found.doubled) == (0, 0)
    assert sum(till.unavailable for till in clients) >= POOL * TIMES
    assert slowest < 2 * DEADLINE
