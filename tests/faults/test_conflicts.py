"""Writers in each other's way: no client sees a deadlock, a serialization failure, a lock or a busy file.

Within reason everything succeeds: who met somebody else tries up to twenty times, who waits for a lock three times, two
seconds each on PostgreSQL and five for another process on SQLite. Beyond that the client is told UNAVAILABLE, and may try
again itself.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from regulars_core.testing import PostgresServer
from tests.support.servers import Server
from tests.support.tills import HUNG, Till, balance, tills

DEADLOCKS = int(os.environ.get("DEADLOCKS", "2"))
SECONDS = float(os.environ.get("CONFLICT_SECONDS", "2"))
on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def _work_for_a_while(url: str, clients: list[Till], what: str) -> None:
    """Let the tills work, and print the figures."""
    done = asyncio.Event()
    work = [asyncio.create_task(till.work(done)) for till in clients]
    await asyncio.sleep(SECONDS)
    done.set()
    await asyncio.gather(*work)
    await _assert_all_there(url, clients, what)


async def _assert_all_there(url: str, clients: list[Till], what: str) -> None:
    found = await balance(url, clients)
    unavailable = sum(till.unavailable for till in clients)
    print(
        f"\n{what}: {found.acknowledged} acknowledged writes, {found.lost} lost, {found.doubled} doubled;"
        f" {unavailable} answers UNAVAILABLE, 0 others"
    )
    assert (found.lost, found.doubled) == (0, 0)


@asynccontextmanager
async def _rival(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that leaves it to others to notice a deadlock, and so to be its victim."""
    connection = await asyncpg.connect(url, server_settings={"deadlock_timeout": "60s"})
    try:
        yield connection
    finally:
        await connection.close()


@on_postgres
async def test_deadlocks(server: Server, database_url: str, postgres: PostgresServer) -> None:
    clients = await tills(database_url, server.address)
    shared = clients[0].shared
    async with _rival(database_url) as connection:
        for _ in range(DEADLOCKS):
            async with connection.transaction():
                # A purchase changes the statistics and then refers to the customer. It comes alone: who writes together with
                # others gives a lock up before PostgreSQL looks for deadlocks. The others come meanwhile.
                await connection.execute("SELECT 1 FROM customer WHERE id = $1 FOR UPDATE", shared)
                work = [asyncio.create_task(clients[0].one(clients[0].purchase(shared)))]
                await _waiting(connection)
                work += [asyncio.create_task(till.one(till.purchase(till.own))) for till in clients[1:]]
                await connection.execute("SELECT 1 FROM customer_stats WHERE customer_id = $1 FOR UPDATE", shared)
            await asyncio.gather(*work)
    await _assert_all_there(database_url, clients, f"postgres, {DEADLOCKS} deadlocks")
    await _seen(postgres, database_url, "deadlocks", DEADLOCKS)


async def _waiting(connection: asyncpg.Connection) -> None:
    """Wait until somebody waits for a lock."""
    async with asyncio.timeout(HUNG):
        while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _seen(postgres: PostgresServer, url: str, what: str, least: int) -> None:
    """Wait until the figures of a database, which are late, say that there were so many."""
    name = url.rpartition("/")[2]
    async with asyncio.timeout(HUNG):
        while int(postgres.execute(f"SELECT {what} FROM pg_stat_database WHERE datname = '{name}'")) < least:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@on_postgres
async def test_serialization_failures(database_url: str, tmp_path: Path, postgres: PostgresServer) -> None:
    name = database_url.rpartition("/")[2]
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    with Server(database_url, tmp_path) as server:
        await _serialization_failures(database_url, server, postgres)


async def _serialization_failures(database_url: str, server: Server, postgres: PostgresServer) -> None:
    clients = await tills(database_url, server.address)
    await _work_for_a_while(database_url, clients, f"postgres, serialization failures for {SECONDS:.0f} s")
    await _seen(postgres, database_url, "xact_rollback", 1)
    assert sum(till.unavailable for till in clients) == 0


@on_postgres
@pytest.mark.parametrize("within_reason", [True, False])
async def test_a_lock_is_waited_for(server: Server, database_url: str, within_reason: bool) -> None:
    [till] = await tills(database_url, server.address, 1)
    async with _rival(database_url) as connection:
        holding = connection.transaction()
        await holding.start()
        await connection.execute("LOCK TABLE idempotency_key IN ACCESS EXCLUSIVE MODE")
        asking = asyncio.create_task(till.one())
        if within_reason:
            await _waiting(connection)
        else:
            async with asyncio.timeout(HUNG):
                while not till.unavailable:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        await holding.rollback()
    await asking
    assert bool(till.unavailable) is not within_reason
    found = await balance(database_url, [till])
    assert (found.acknowledged, found.lost, found.doubled) == (1, 0, 0)


@pytest.fixture
def second_server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """Another process on the same database."""
    with Server(database_url, tmp_path) as one:
        yield one


@on_sqlite
async def test_two_processes_on_one_file(server: Server, second_server: Server, database_url: str) -> None:
    clients = await tills(database_url, server.address)
    for till in clients[::2]:
        till.address = second_server.address
    await _work_for_a_while(database_url, clients, f"sqlite, two processes on one file for {SECONDS:.0f} s")
    assert sum(till.unavailable for till in clients) == 0
