"""Whoever is cancelled leaves nothing behind: no running query, no lock, no open transaction, no lost connection."""

import asyncio
import time
from uuid import uuid4

import pytest
from tortoise.exceptions import TransactionManagementError

from regulars_core.database import Database, migrations
from tests.database.conftest import SHOP

INSERT = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgres": "SELECT pg_sleep(60)",
}


async def count(database: Database) -> int:
    row = await database.row("SELECT count(*) FROM customer")
    assert row is not None
    return int(row[0])


async def write(database: Database) -> int:
    return await database.transaction(lambda: database.run(INSERT, uuid4().hex, uuid4().hex[:20]))


async def cancel_after(seconds: float, task: "asyncio.Task[object]") -> float:
    """Seconds until the task had really ended."""
    await asyncio.sleep(seconds)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - began


async def test_a_cancelled_read_stops_and_its_connection_is_free(shop: Database) -> None:
    for _ in range(12):  # more often than there are connections
        reading = asyncio.create_task(shop.rows(SLOW[shop.engine]))
        assert await cancel_after(0.02, reading) < 1
    async with asyncio.timeout(2):
        assert await asyncio.gather(*(count(shop) for _ in range(20))) == [0] * 20


async def test_many_reads_cancelled_at_once(shop: Database) -> None:
    reading = [asyncio.create_task(shop.rows(SLOW[shop.engine])) for _ in range(30)]
    await asyncio.sleep(0.05)
    for task in reading:
        task.cancel()
    async with asyncio.timeout(5):
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*reading, return_exceptions=True)
        )
        assert await count(shop) == 0


async def test_a_cancelled_transaction_is_undone_and_lets_the_next_write(shop: Database) -> None:
    async def work() -> None:
        await write(shop)
        await shop.rows(SLOW[shop.engine])

    for _ in range(12):
        assert await cancel_after(0.02, asyncio.create_task(shop.transaction(work))) < 1
    async with asyncio.timeout(2):
        assert await write(shop) == 1
    assert await count(shop) == 1


async def test_a_cancelled_write_undoes_its_transaction_even_if_somebody_swallows_it(shop: Database) -> None:
    slow = {
        "sqlite": "INSERT INTO customer (id, name, code, created_at) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i, i, 1 FROM n",
        "postgres": "INSERT INTO customer (id, name, code, created_at) "
        "SELECT gen_random_uuid(), i, i, 1 FROM generate_series(1, 100000000) AS n(i)",
    }

    async def work() -> None:
        await write(shop)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await shop.run(slow[shop.engine])
        await write(shop)

    async def work_and_stop() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await shop.run(slow[shop.engine])

    with pytest.raises(Exception, match=r"rolled back|aborted"):
        await shop.transaction(work)
    with pytest.raises(TransactionManagementError, match="rolled back"):
        await shop.transaction(work_and_stop)  # not told that all is well
    assert await count(shop) == 0
    assert await write(shop) == 1


async def test_cancelled_at_any_moment(shop: Database) -> None:
    async def work() -> None:
        await write(shop)
        await shop.rows("SELECT * FROM customer")

    for step in range(60):
        task = asyncio.create_task(shop.transaction(work))
        await asyncio.sleep(step / 20000)
        task.cancel()
        [end] = await asyncio.gather(task, return_exceptions=True)
        assert end is None or isinstance(end, asyncio.CancelledError)
    async with asyncio.timeout(5):
        before = await count(shop)
        await asyncio.gather(*(write(shop) for _ in range(20)))
        assert await count(shop) == before + 20
    if shop.engine == "sqlite":
        assert not shop._root.writing.locked()
    else:
        assert shop._root._pool.lent == 0


async def test_who_waits_for_the_writer_can_be_cancelled_and_the_others_keep_their_turn(shop: Database) -> None:
    order: list[int] = []
    release = asyncio.Event()

    async def hold() -> None:
        await shop.run("UPDATE customer SET balance = 1")
        await release.wait()

    async def turn(number: int) -> None:
        await shop.run("UPDATE customer SET balance = 1")
        order.append(number)

    await write(shop)
    holding = asyncio.create_task(shop.transaction(hold))
    await asyncio.sleep(0.05)
    waiting = []
    for number in range(5):
        waiting.append(asyncio.create_task(shop.transaction(lambda number=number: turn(number))))  # type: ignore[misc]
        await asyncio.sleep(0.02)
    assert await cancel_after(0, waiting.pop(2)) < 1
    release.set()
    await asyncio.gather(holding, *waiting)
    assert sorted(order) == [0, 1, 3, 4]
    if shop.engine == "sqlite":
        assert order == [0, 1, 3, 4]  # first come, first served


async def test_a_cancelled_wait_for_another_process_leaves_the_writer_free(url: str) -> None:
    if not url.startswith("sqlite"):
        pytest.skip("PostgreSQL has many writers")
    first, second = await Database.open(url, [SHOP]), await Database.open(url, [SHOP])
    await migrations.migrate(first)
    release = asyncio.Event()

    async def hold() -> None:
        await write(first)
        await release.wait()

    holding = asyncio.create_task(first.transaction(hold))
    await asyncio.sleep(0.05)
    assert await cancel_after(0.1, asyncio.create_task(write(second))) < 0.5
    release.set()
    await holding
    assert await write(second) == 1
    await first.close()
    await second.close()
