"""Connections to PostgreSQL are lent again as they are, and only where that is safe."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from regulars_core.database import Database, Unavailable
from regulars_core.database.postgres import pool
from regulars_core.testing import PostgresServer
from tests.database.conftest import SHOP

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


@pytest.fixture
async def narrow(url: str) -> AsyncIterator[Database]:
    """A database with two connections."""
    database = await Database.open(url, [SHOP], pool_size=2)
    yield database
    await database.close()


async def backend(database: Database) -> int:
    row = await database.row("SELECT pg_backend_pid()")
    assert row is not None
    return int(row[0])


async def test_the_connection_that_was_used_last_is_lent_first(narrow: Database) -> None:
    await asyncio.gather(*(narrow.rows("SELECT pg_sleep(0.02)") for _ in range(2)))
    assert len({await backend(narrow) for _ in range(5)}) == 1


async def test_who_waits_gets_the_next_one(narrow: Database) -> None:
    """Also while others go on and on."""

    async def busy() -> None:
        for _ in range(50):
            await backend(narrow)

    async with asyncio.timeout(10):
        await asyncio.gather(*(busy() for _ in range(10)))
        assert len({await backend(narrow) for _ in range(5)}) == 1


async def test_one_that_was_lost_while_nobody_used_it_is_not_lent(narrow: Database, postgres: PostgresServer) -> None:
    lost = await backend(narrow)
    postgres.execute(f"SELECT pg_terminate_backend({lost})")
    await asyncio.sleep(0.05)
    assert await backend(narrow) != lost


async def test_one_that_has_been_idle_for_long_is_not_lent(narrow: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await backend(narrow)
    assert await backend(narrow) == before
    monkeypatch.setattr(pool, "MAX_IDLE_SECONDS", 0.0)
    assert await backend(narrow) != before


async def test_one_whose_statement_failed_or_was_cancelled_goes_through_the_pool(narrow: Database) -> None:
    for _ in range(5):
        with pytest.raises(Exception, match="division by zero"):
            await narrow.rows("SELECT 1 / 0")
        sleeping = asyncio.create_task(narrow.rows("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.02)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
    async with asyncio.timeout(5):
        assert len(await asyncio.gather(*(backend(narrow) for _ in range(10)))) == 10


async def test_connections_that_have_expired_are_not_lent(narrow: Database) -> None:
    before = await backend(narrow)
    await narrow._root._expire_connections()
    assert await backend(narrow) != before


async def test_who_has_waited_too_long_or_gives_up_keeps_nobody_from_his_turn(
    narrow: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [await narrow._root._pool.acquire() for _ in range(2)]
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 0.1)
    with pytest.raises(Unavailable, match="all are busy"):
        await backend(narrow)
    monkeypatch.setattr(pool, "CONNECT_SECONDS", 60.0)
    impatient = [asyncio.create_task(backend(narrow)) for _ in range(5)]
    patient = [asyncio.create_task(backend(narrow)) for _ in range(5)]
    await asyncio.sleep(0.02)
    for task in impatient:
        task.cancel()
    for connection in held:
        await narrow._root._pool.release(connection, well=True)
    async with asyncio.timeout(30):
        await asyncio.gather(*patient)
    assert narrow._root._pool.lent == 0


async def test_who_gives_up_in_the_moment_of_his_turn_hands_it_on(narrow: Database) -> None:
    pool = narrow._root._pool
    held = [await pool.acquire() for _ in range(2)]
    first, second = asyncio.create_task(pool.acquire()), asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    await pool.release(held[0], well=True)
    first.cancel()
    async with asyncio.timeout(1):
        assert await second is held[0]
    with pytest.raises(asyncio.CancelledError):
        await first
    for connection in held:
        await pool.release(connection, well=True)
    assert pool.lent == 0


async def test_one_that_is_given_up_makes_room_for_who_waits(narrow: Database) -> None:
    pool = narrow._root._pool
    held = [await pool.acquire() for _ in range(2)]
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)
    held[0].terminate()
    await pool.release(held[0])
    async with asyncio.timeout(5):
        new = await waiting
    assert new.get_server_pid() != held[1].get_server_pid()
    for connection in (new, held[1]):
        await pool.release(connection, well=True)
    assert pool.lent == 0


async def test_the_place_of_one_that_is_given_up_is_not_for_who_comes_now(narrow: Database) -> None:
    pool = narrow._root._pool
    held = [await pool.acquire() for _ in range(2)]
    waiting = asyncio.create_task(pool.acquire())
    await asyncio.sleep(0)

    async def hasten() -> Any:
        await pool.release(held[0])
        return await pool.acquire()

    hasty = asyncio.create_task(hasten())
    async with asyncio.timeout(4):
        first = await waiting
    assert not hasty.done()
    await pool.release(first, well=True)
    for connection in (await hasty, held[1]):
        await pool.release(connection, well=True)
    assert pool.lent == 0
