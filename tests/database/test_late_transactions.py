"""Transactions that begin late: what may be written later, and what is looked up before, on both engines the same truth."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from tortoise.exceptions import IntegrityError

from regulars_core.database import Database, OutcomeUnknown, Unavailable, Write
from regulars_core.database.dialect import grouped
from regulars_core.testing import PostgresServer
from tests.database.apps.shop.models import Customer

INSERT = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
RENAME = "UPDATE customer SET name = $2 WHERE code = $1"
CODES = "SELECT code FROM customer ORDER BY code"
on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


def new(code: str) -> Write:
    """The insertion of a customer."""
    return INSERT, (uuid4().hex, code)


async def codes(database: Database) -> list[str]:
    return [row[0] for row in await database.read(CODES)]


async def xid(database: Database) -> str:
    """The number of the transaction at hand, or of one for this statement alone."""
    row = await database.read("SELECT CAST(txid_current() AS TEXT)")
    return str(row[0][0])


async def test_what_is_written_later_is_seen_by_whoever_looks(shop: Database) -> None:
    async def work() -> None:
        await shop.defer([new("a")])
        assert await codes(shop) == ["a"]
        await shop.defer([new("b")])
        assert [row[0] for row in await shop.rows(CODES)] == ["a", "b"]
        await shop.defer([new("c"), (RENAME, ("a", "y"))])
        with shop.bound():
            assert await Customer.filter(name="y").count() == 1
        await shop.defer([new("d")])
        assert await shop.run("UPDATE customer SET name = 'z'") == 4

    await shop.transaction(work)
    assert await codes(shop) == ["a", "b", "c", "d"]


async def test_what_comes_later_is_undone_with_everything_else(shop: Database) -> None:
    async def work() -> None:
        await shop.defer([new("a")])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await shop.transaction(work)
    assert await codes(shop) == []
    with pytest.raises(RuntimeError, match="inside"):
        await shop.defer([new("a")])


@on_postgres
async def test_one_statement_is_the_whole_transaction(shop: Database) -> None:
    async def work() -> None:
        assert await codes(shop) == []
        assert await xid(shop) != await xid(shop)  # nothing has begun
        await shop.defer([new("a")])
        await shop.defer([new("b")])

    with shop.counting() as counted:
        await shop.transaction(work)
    assert len([sql for sql in counted if "INSERT" in sql]) == 1
    assert await codes(shop) == ["a", "b"]


@on_postgres
async def test_it_begins_with_the_first_statement_that_may_do_something(shop: Database) -> None:
    async def work() -> None:
        await shop.rows("SELECT 1 FROM customer FOR UPDATE")
        assert await xid(shop) == await xid(shop)

    await shop.transaction(work)


async def test_the_order_of_what_touches_one_table_is_kept(shop: Database) -> None:
    async def work() -> None:
        await shop.defer([new("a"), (RENAME, ("a", "first"))])
        await shop.defer([(RENAME, ("a", "second"))])

    await shop.transaction(work)
    row = await shop.row("SELECT name FROM customer")
    assert row is not None
    assert row[0] == "second"


def test_only_insertions_share_a_table_in_one_statement() -> None:
    upsert = "INSERT INTO b (n) VALUES ($1) ON CONFLICT (n) DO NOTHING"
    given: list[Write] = [("INSERT INTO a VALUES ($1)", (1,)), ("INSERT INTO a VALUES ($1)", (2,)), (upsert, (1,)),
                          ("UPDATE c SET n = $1", (1,)), (upsert, (2,)), ("DELETE FROM a", ())]  # fmt: skip
    assert [len(group) for group in grouped(given)] == [4, 2]
    assert [len(group) for group in grouped([("INSERT INTO a VALUES ($1)", range(20_000))] * 3)] == [1, 1, 1]
    with pytest.raises(ValueError, match="no plain"):
        grouped([("WITH a AS (SELECT 1) DELETE FROM b", ())])


async def test_a_savepoint_catches_what_is_written_later_in_it(shop: Database) -> None:
    async def undone() -> None:
        async with shop.savepoint():
            await shop.defer([new("undone")])
            raise ValueError("no")

    async def twice() -> None:
        async with shop.savepoint():
            await shop.defer([new("kept")])

    async def work() -> None:
        await shop.defer([new("kept")])
        with pytest.raises(ValueError, match="no"):
            await undone()
        with pytest.raises(IntegrityError):
            await twice()
        async with shop.savepoint():
            await shop.defer([new("kept too")])

    await shop.transaction(work)
    assert await codes(shop) == ["kept", "kept too"]


async def test_whoever_swallows_the_error_of_a_write_that_waited_cannot_commit(shop: Database) -> None:
    async def work() -> None:
        await shop.defer([new("a"), (INSERT, ("no id", "b"))])
        await shop.defer([new("a")])
        with suppress(Exception):
            await codes(shop)

    with pytest.raises(Exception, match=r"no id|UNIQUE"):
        await shop.transaction(work)
    assert await codes(shop) == []


async def test_a_unique_row_that_comes_later_cannot_be_caught(shop: Database) -> None:
    """Where it fails at once it stays failed, so that a plugin which tries to catch it is found out on either engine."""
    await shop.transaction(lambda: shop.defer([new("taken")]))

    async def work() -> None:
        with suppress(IntegrityError):
            await shop.defer([new("taken")])
        await shop.defer([new("other")])

    async def by_run() -> None:
        with pytest.raises(IntegrityError):
            async with shop.savepoint():
                await shop.run(INSERT, uuid4().hex, "taken")
        await shop.defer([new("other")])

    with pytest.raises(IntegrityError):
        await shop.transaction(work, attempts=2)
    assert await codes(shop) == ["taken"]
    await shop.transaction(by_run)
    assert await codes(shop) == ["other", "taken"]


async def test_only_plain_writes_come_later(shop: Database) -> None:
    with pytest.raises(ValueError, match="no plain"):
        await shop.transaction(lambda: shop.defer([("SELECT 1", ())]))


async def test_who_was_quicker_is_seen_by_the_next_try(shop: Database) -> None:
    found: list[bool] = []

    async def work() -> None:
        found.append("a" in await codes(shop))
        if not found[-1]:
            if shop.engine == "postgres":  # where nothing has begun yet, and nobody waits
                await asyncio.create_task(other())
            await shop.defer([new("a"), new("b")])

    async def other() -> None:
        await rival.transaction(lambda: rival.defer([new("a")]))

    rival = await Database.open(shop.url, shop.apps)
    try:
        await shop.transaction(work)
    finally:
        await rival.close()
    assert found == ([False, True] if shop.engine == "postgres" else [False])
    assert await codes(shop) == (["a"] if shop.engine == "postgres" else ["a", "b"])


@on_postgres
async def test_a_connection_that_breaks_in_the_only_statement_leaves_the_outcome_unknown(
    shop: Database, postgres: PostgresServer
) -> None:
    async def work() -> None:
        row = await shop.read("SELECT pg_backend_pid()")
        await shop.defer([new("a")])
        postgres.execute(f"SELECT pg_terminate_backend({row[0][0]})")

    with pytest.raises(OutcomeUnknown):
        await shop.transaction(work)
    assert await codes(shop) == []


@on_postgres
async def test_one_that_breaks_before_the_commit_has_changed_nothing(shop: Database, postgres: PostgresServer) -> None:
    async def work() -> None:
        row = await shop.row("SELECT pg_backend_pid()")
        assert row is not None
        await shop.defer([new("a")])
        postgres.execute(f"SELECT pg_terminate_backend({row[0]})")

    with pytest.raises(Unavailable) as raised:
        await shop.transaction(work)
    assert not isinstance(raised.value, OutcomeUnknown)
    assert await codes(shop) == []


@on_postgres
async def test_whoever_is_stopped_in_the_only_statement_has_not_written_afterwards(shop: Database) -> None:
    await shop.transaction(lambda: shop.defer([new("a")]))
    locked, stop = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await shop.rows("SELECT 1 FROM customer FOR UPDATE")
        locked.set()
        await stop.wait()

    holding = asyncio.create_task(shop.transaction(hold))
    await locked.wait()
    renaming = asyncio.create_task(shop.transaction(lambda: shop.defer([(RENAME, ("a", "late"))])))
    while not await shop.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    renaming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await renaming
    stop.set()
    await holding
    assert await shop.rows("SELECT 1 FROM customer WHERE name = 'late'") == []


async def test_what_is_asked_ahead_is_answered_once(shop: Database) -> None:
    await shop.transaction(lambda: shop.defer([new("a")]))
    by_code = "SELECT name, code FROM customer WHERE code = $1"

    async def work() -> None:
        await shop.prefetch([(CODES, ()), (by_code, ("a",)), (by_code, ("b",))])
        with shop.counting() as counted:
            assert await codes(shop) == ["a"]
            assert [tuple(row) for row in await shop.read(by_code, "a")] == [("x", "a")]
            assert list(await shop.read(by_code, "b")) == []
        assert len(counted) == (0 if shop.engine == "postgres" else 3)
        await shop.defer([new("b")])
        assert len(await shop.read(by_code, "b")) == 1
        assert await codes(shop) == ["a", "b"]

    await shop.transaction(work)
    with pytest.raises(RuntimeError):
        await shop.prefetch([(CODES, ())])


async def test_several_lookups_in_one_round(shop: Database) -> None:
    await shop.transaction(lambda: shop.defer([new("b"), new("a")]))
    with shop.counting() as counted:
        found = await shop.read_together([(CODES, ()), ("SELECT name FROM customer WHERE code = $1", ("z",))])
    assert [[tuple(row) for row in rows] for rows in found] == [[("a",), ("b",)], []]
    assert len(counted) == (1 if shop.engine == "postgres" else 2)
