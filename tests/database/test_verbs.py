"""The table of `Database`'s verbs: where each may be used, and how many rounds to PostgreSQL it takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from regulars_core.database import Database, Write
from tests.database.conftest import SHOP
from tests.support.rounds import Rounds

INSERT = "INSERT INTO customer (id, name, code, created_at) VALUES ($1, 'x', $2, 1)"
RENAME = "UPDATE customer SET name = $1"
ORDERS = "DELETE FROM shop_order WHERE number = $1"
NAMES = "SELECT name FROM customer WHERE code = $1"
COLUMNS = ("id", "code", "name", "created_at")
LOCKED = "SELECT name FROM customer WHERE code = $1 FOR UPDATE"
on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)

Use = Callable[[Database], Awaitable[object]]


def new() -> Write:
    """The insertion of a customer."""
    return INSERT, (uuid4().hex, uuid4().hex[:20])


@asynccontextmanager
async def counted(shop: Database) -> AsyncIterator[tuple[Database, Rounds]]:
    """The same database with one connection, and the rounds that it takes."""
    rounds = Rounds.to(shop.url)
    async with rounds.before(shop.url) as url:
        database = await Database.open(url, [SHOP], pool_size=1)
        try:
            yield database, rounds
        finally:
            await database.close()


def one(database: Database) -> Awaitable[object]:
    """Reads one row."""
    return database.read(NAMES, "a")


async def two_looked_up(database: Database) -> None:
    await database.prefetch([(NAMES, ("a",)), (NAMES, ("b",))])
    await database.read(NAMES, "a")
    await database.read(NAMES, "b")


async def looked_up_too_late(database: Database) -> None:
    await database.rows(LOCKED, "a")
    await database.prefetch([(NAMES, ("a",))])


async def read_after_deferred(database: Database) -> None:
    await database.defer([new()])
    await database.read(NAMES, "a")


async def within_savepoint(database: Database) -> None:
    async with database.savepoint():
        pass


BEGIN, COMMIT = 1, 1
OUTSIDE: dict[str, tuple[Use, int]] = {
    "rows": (lambda db: db.rows(NAMES, "a"), 1),
    "row": (lambda db: db.row(NAMES, "a"), 1),
    "read": (one, 1),
    "read_together": (lambda db: db.read_together([(NAMES, ("a",)), (NAMES, ("b",))]), 1),
}
INSIDE: dict[str, tuple[Use, int]] = {
    "nothing": (lambda db: asyncio.sleep(0), 0),
    "rows": (lambda db: db.rows(LOCKED, "a"), BEGIN + 1 + COMMIT),
    "read": (one, 1),
    "read_together": (lambda db: db.read_together([(NAMES, ("a",)), (NAMES, ("b",))]), 1),
    "prefetch, and twice read": (two_looked_up, 1),
    "prefetch after rows": (looked_up_too_late, BEGIN + 1 + COMMIT),
    "run": (lambda db: db.run(RENAME, "y"), BEGIN + 1 + COMMIT),
    "run_many": (lambda db: db.run_many(INSERT, [new()[1] for _ in range(3)]), BEGIN + 1 + COMMIT),
    "run_together": (lambda db: db.run_together([new(), (ORDERS, (1,))]), BEGIN + 1 + COMMIT),
    "run_together nothing": (lambda db: db.run_together([]), 0),
    "defer what makes one": (lambda db: db.defer([new(), new(), (ORDERS, (1,))]), 1),
    "defer what makes two": (lambda db: db.defer([new(), (RENAME, ("y",))]), BEGIN + 2 + COMMIT),
    "defer, then read": (read_after_deferred, BEGIN + 2 + COMMIT),
    "copy": (lambda db: db.copy("customer", COLUMNS, [(*new()[1], "x", 1) for _ in range(3)]), BEGIN + 1 + COMMIT),
    "savepoint": (within_savepoint, BEGIN + 2 + COMMIT),
    "allow": (lambda db: db.allow(9), BEGIN + 1 + COMMIT),
}


@on_postgres
@pytest.mark.parametrize("name", OUTSIDE)
async def test_rounds_outside_a_transaction(shop: Database, name: str) -> None:
    use, expected = OUTSIDE[name]
    async with counted(shop) as (database, rounds):
        await use(database)  # PostgreSQL prepares what it sees for the first time, which takes a round more
        rounds.count = 0
        await use(database)
        assert rounds.count == expected


@on_postgres
@pytest.mark.parametrize("name", INSIDE)
async def test_rounds_of_a_whole_transaction(shop: Database, name: str) -> None:
    use, expected = INSIDE[name]
    async with counted(shop) as (database, rounds):
        await database.transaction(lambda: use(database))
        rounds.count = 0
        await database.transaction(lambda: use(database))
        assert rounds.count == expected


@pytest.mark.parametrize("name", ["prefetch", "run", "run_many", "run_together", "defer", "copy", "savepoint", "allow"])
async def test_what_belongs_into_a_transaction(shop: Database, name: str) -> None:
    uses: dict[str, Use] = {
        "prefetch": lambda db: db.prefetch([(NAMES, ("a",))]),
        "run": lambda db: db.run(RENAME, "y"),
        "run_many": lambda db: db.run_many(RENAME, [("y",)]),
        "run_together": lambda db: db.run_together([]),
        "defer": lambda db: db.defer([]),
        "copy": lambda db: db.copy("customer", ("id",), []),
        "savepoint": within_savepoint,
        "allow": lambda db: db.allow(9),
    }
    with pytest.raises(RuntimeError, match=r"Database\.transaction"):
        await uses[name](shop)
