import asyncio
import contextvars
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import asyncpg  # type: ignore[import-untyped]
import pytest
from tortoise.exceptions import IntegrityError

from regulars_core.database import Database, OutcomeUnknown, Unavailable, migrations
from regulars_core.testing import PostgresServer
from tests.database.apps.shop.models import Customer
from tests.database.conftest import SHOP

INSERT = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def codes(database: Database) -> list[str]:
    return [code for (code,) in await database.rows("SELECT code FROM customer ORDER BY code")]


async def test_all_or_nothing_and_nested_calls_join(shop: Database) -> None:
    async def inner() -> None:
        await shop.run(INSERT, uuid4().hex, "inner")

    async def outer() -> str:
        await shop.run(INSERT, uuid4().hex, "outer")
        await shop.transaction(inner)
        assert shop.in_transaction
        assert await codes(shop) == ["inner", "outer"]
        return "done"

    async def failing() -> None:
        await outer()
        raise ValueError("no")

    assert not shop.in_transaction
    with pytest.raises(ValueError, match="no"):
        await shop.transaction(failing)
    assert await codes(shop) == []
    assert await shop.transaction(outer) == "done"
    assert await codes(shop) == ["inner", "outer"]


async def test_a_savepoint_undoes_its_inside_only(shop: Database) -> None:
    async def undone() -> None:
        async with shop.savepoint():
            await Customer.create(id=uuid4().hex, name="x", code="undone", created_at=1)
            raise ValueError("no")

    async def work() -> None:
        await shop.run(INSERT, uuid4().hex, "kept")
        with pytest.raises(ValueError, match="no"):
            await undone()
        async with shop.savepoint():
            await shop.run(INSERT, uuid4().hex, "kept too")

    await shop.transaction(work)
    assert await codes(shop) == ["kept", "kept too"]
    with pytest.raises(RuntimeError, match="inside"):
        async with shop.savepoint():
            pass


async def test_readers_see_no_unfinished_transaction_and_do_not_wait_for_it(shop: Database) -> None:
    written, read = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await shop.run(INSERT, uuid4().hex, "a")
        written.set()
        await read.wait()

    writing = asyncio.create_task(shop.transaction(work))
    await written.wait()
    async with asyncio.timeout(2):
        assert await codes(shop) == []
    read.set()
    await writing
    assert await codes(shop) == ["a"]


async def test_a_task_that_outlives_its_transaction_is_outside(shop: Database) -> None:
    over = asyncio.Event()

    async def later() -> bool:
        await over.wait()
        await shop.transaction(lambda: shop.run(INSERT, uuid4().hex, "later"))
        with shop.bound():
            assert await Customer.all().count() == 1
        return shop.in_transaction

    async def work() -> asyncio.Task[bool]:
        return asyncio.create_task(later())

    task = await shop.transaction(work)
    over.set()
    assert await task is False
    assert await codes(shop) == ["later"]


async def test_writers_take_turns_and_none_is_lost(shop: Database) -> None:
    await shop.transaction(lambda: shop.run(INSERT, "a" * 32, "a"))
    increase = "UPDATE customer SET balance = balance + 1 WHERE code = 'a'"
    await asyncio.gather(*(shop.transaction(lambda: shop.run(increase), attempts=10) for _ in range(50)))
    assert tuple(await shop.row("SELECT balance FROM customer") or ()) == (50,)


@on_postgres
async def test_a_deadlock_is_tried_again(shop: Database) -> None:
    for code in "ab":
        await shop.transaction(lambda code=code: shop.run(INSERT, uuid4().hex, code))  # type: ignore[misc]
    both = asyncio.Barrier(2)
    tries = 0

    def transfer(first: str, second: str) -> Callable[[], Awaitable[None]]:
        met = False

        async def work() -> None:
            nonlocal met, tries
            tries += 1
            await shop.run("UPDATE customer SET balance = balance + 1 WHERE code = $1", first)
            if not met:
                met = True
                await both.wait()
            await shop.run("UPDATE customer SET balance = balance + 1 WHERE code = $1", second)

        return work

    await asyncio.gather(shop.transaction(transfer("a", "b")), shop.transaction(transfer("b", "a")))
    assert tries == 3
    assert [balance for (balance,) in await shop.rows("SELECT balance FROM customer")] == [2, 2]


@on_postgres
async def test_a_serialization_failure_is_tried_again_and_then_given_up(shop: Database) -> None:
    await shop.transaction(lambda: shop.run(INSERT, uuid4().hex, "a"))
    tries = 0

    async def work(fail: int) -> None:
        nonlocal tries
        tries += 1
        await shop.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await codes(shop)
        if tries <= fail:
            await rival.execute("UPDATE customer SET balance = balance + 10")
        await shop.run("UPDATE customer SET balance = balance + 1")

    rival = await asyncpg.connect(shop.url)
    await shop.transaction(lambda: work(1))
    assert tries == 2
    assert tuple(await shop.row("SELECT balance FROM customer") or ()) == (11,)
    tries = 0
    with pytest.raises(Unavailable, match="20 tries"):
        await shop.transaction(lambda: work(99))
    assert tries == 20
    await rival.close()


@on_postgres
async def test_who_has_met_others_five_times_goes_alone(shop: Database) -> None:
    tries, done = 0, list[str]()

    async def lucky() -> None:
        done.append("lucky")

    async def unlucky() -> None:
        nonlocal tries
        tries += 1
        others.append(asyncio.create_task(shop.transaction(lucky), context=outside))
        if tries <= 5:
            await others[-1]
            raise asyncpg.SerializationError
        await asyncio.sleep(0.05)  # in which the last of the others does not begin
        done.append("unlucky")

    others: list[asyncio.Task[None]] = []
    outside = contextvars.copy_context()
    await shop.transaction(unlucky)
    await asyncio.gather(*others)
    assert done == ["lucky"] * 5 + ["unlucky", "lucky"]


@on_postgres
async def test_a_lock_that_is_not_granted_in_time_is_too_busy(shop: Database) -> None:
    await shop.transaction(lambda: shop.run(INSERT, uuid4().hex, "a"))
    held, release = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await shop.run("UPDATE customer SET balance = 1")
        held.set()
        await release.wait()

    holding = asyncio.create_task(shop.transaction(hold))
    await held.wait()
    with pytest.raises(Unavailable, match="lock timeout"):
        await shop.transaction(lambda: shop.run("UPDATE customer SET balance = 2"), attempts=1)
    release.set()
    await holding


@on_postgres
async def test_a_statement_that_takes_too_long_is_unavailable(shop: Database) -> None:
    async def work() -> None:
        await shop.run("SET LOCAL statement_timeout = 50")
        await shop.rows("SELECT pg_sleep(5)")

    with pytest.raises(Unavailable, match="statement timeout"):
        await shop.transaction(work)


@on_postgres
async def test_a_lost_connection_is_not_tried_again(shop: Database, postgres: PostgresServer) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        row = await shop.row("SELECT pg_backend_pid()")
        assert row is not None
        postgres.execute(f"SELECT pg_terminate_backend({row[0]})")
        await shop.rows("SELECT 1")

    with pytest.raises(Unavailable):
        await shop.transaction(work)
    assert tries == 1
    assert await codes(shop) == []  # the pool has replaced it


@on_postgres
async def test_a_connection_lost_in_commit_leaves_the_outcome_unknown(shop: Database, postgres: PostgresServer) -> None:
    async def work() -> None:
        await shop.run(INSERT, uuid4().hex, "a")
        row = await shop.row("SELECT pg_backend_pid()")
        assert row is not None
        postgres.execute(f"SELECT pg_terminate_backend({row[0]})")

    with pytest.raises(OutcomeUnknown):
        await shop.transaction(work)
    assert await codes(shop) == []


@on_postgres
async def test_a_refusal_in_commit_is_what_it_says(shop: Database) -> None:
    async def work() -> None:
        await shop.run("CREATE TABLE lazy (n INT UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        await shop.run("INSERT INTO lazy VALUES (1), (1)")

    with pytest.raises(IntegrityError):
        await shop.transaction(work)


@on_postgres
async def test_a_server_that_is_gone_is_unavailable_until_it_is_back(tmp_path: Path, engine: str) -> None:
    with PostgresServer(fsync=True) as own:
        database = await Database.open(own.create_database(), [SHOP])
        await migrations.migrate(database)
        await database.transaction(lambda: database.run(INSERT, uuid4().hex, "a"))
        own.crash()
        with pytest.raises(Unavailable):
            await codes(database)
        with pytest.raises(Unavailable):
            await database.transaction(lambda: database.run(INSERT, uuid4().hex, "b"))
        own.start()
        assert await codes(database) == ["a"]
        await database.close()


@on_postgres
async def test_too_many_connections_are_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars_core.database.postgres.pool.CONNECT_SECONDS", 0.2)
    database = await Database.open(url, [SHOP], pool_size=1)
    release = asyncio.Event()

    async def hold() -> None:
        await database.rows("SELECT 1")
        await release.wait()

    holding = asyncio.create_task(database.transaction(hold))
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable, match="busy"):
        await database.rows("SELECT 1")
    with pytest.raises(Unavailable, match="busy") as raised:
        await database.transaction(lambda: database.defer([(INSERT, (uuid4().hex, "a"))]))
    assert not isinstance(raised.value, OutcomeUnknown)  # nothing was asked
    release.set()
    await holding
    await database.close()


HOLD = """
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
c.execute("COMMIT")
"""


@on_sqlite
async def test_another_process_that_writes_is_waited_for_and_then_reported(
    shop: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regulars_core.database.sqlite.client.BUSY_TIMEOUT_SECONDS", 0.3)
    path = shop.url.removeprefix("sqlite://")
    with subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Unavailable, match="2 tries: database is locked"):
            await shop.transaction(lambda: shop.run(INSERT, uuid4().hex, "a"), attempts=2)
        assert not shop._root.writing.locked()
        writing = asyncio.create_task(shop.transaction(lambda: shop.run(INSERT, uuid4().hex, "a"), attempts=20))
        await asyncio.sleep(0.5)
        other.stdin.write("\n")
        other.stdin.flush()
        assert await writing == 1
    assert await codes(shop) == ["a"]


@on_sqlite
async def test_the_pragmas(shop: Database) -> None:
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "secure_delete": 1,
        "temp_store": 2,
    }
    for pragma, value in expected.items():
        found = await shop._root.writer.run(lambda c, p=pragma: c.execute(f"PRAGMA {p}").fetchone()[0])
        assert found == value, pragma


@on_postgres
async def test_the_settings(shop: Database) -> None:
    expected = {
        "lock_timeout": "2s",
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "15s",
        "application_name": "regulars",
        "jit": "off",
    }
    for setting, value in expected.items():
        row = await shop.row("SELECT current_setting($1)", setting)
        assert row is not None
        assert row[0] == value
