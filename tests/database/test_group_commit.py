"""Who looks up or writes alike at the same time does it together, and each is told what became of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from tortoise.exceptions import IntegrityError

from regulars_core.database import Database, Guarded, OutcomeUnknown, Precondition, Unavailable, Write
from regulars_core.primitives.ids import new_id
from regulars_core.testing import PostgresServer
from tests.database.conftest import SHOP
from tests.support.rounds import Rounds

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)

NOTE = "INSERT INTO note (id, name, number, is_new) VALUES ($1, $2, $3, $4)"
COUNTED = (
    "UPDATE thing SET number = number + 1, seen = seen || $3::bigint[]"
    " WHERE name = $1 AND number = $2 AND name <> (SELECT '(')"
)
ALLOWED = Precondition("(SELECT count(*) < CAST($1 AS BIGINT) FROM note)", [1_000])
NUMBER = "SELECT number, CAST($2 AS TEXT) AS told FROM thing WHERE name = $1"
NAMES = [f"thing {n}" for n in range(8)]


@pytest.fixture
async def things(shop: Database) -> Database:
    async def work() -> None:
        columns = "name VARCHAR(40) UNIQUE, number BIGINT, is_new BOOL, seen BIGINT[]"
        await shop.run(f"CREATE TABLE thing (id UUID PRIMARY KEY, {columns})")
        await shop.run(f"CREATE TABLE note (id UUID PRIMARY KEY, {columns})")
        await shop.run_many("INSERT INTO thing VALUES ($1, $2, 0, false, '{}')", [(new_id(), name) for name in NAMES])

    await shop.transaction(work)
    return shop


def note(name: str | None, number: int | None = 0, is_new: bool | None = True) -> Write:
    """The insertion of a note, of which there is one of each name."""
    return NOTE, (new_id(), name, number, is_new)


async def count(database: Database, name: str, *more: Write, told: str | None = None) -> None:
    """One more for a thing, and a note that tells it."""

    async def work() -> None:
        known = 0
        lookup = (NUMBER, (name, "told"))
        if database.overtaken:
            [(known, _)] = await database.rows("SELECT number, name FROM thing WHERE name = $1 FOR UPDATE", name)
        else:
            await database.prefetch([lookup, ("SELECT number FROM thing WHERE name = ANY($1::text[])", [NAMES])])
            [(known, answered)] = await database.read(*lookup[:1], *lookup[1])
            assert answered == "told"
        moved = Guarded(COUNTED, [name, known, [known]])
        await database.defer([moved, note(told or f"{name} was {known}"), ALLOWED, *more])

    await database.transaction(work)


async def numbers(database: Database) -> dict[str, int]:
    return {row[0]: row[1] for row in await database.rows("SELECT name, number FROM thing")}


async def notes(database: Database) -> list[str]:
    return [row[0] for row in await database.rows("SELECT name FROM note ORDER BY name")]


@asynccontextmanager
async def held(database: Database, name: str) -> AsyncIterator[None]:
    """Somebody else has locked a thing."""
    locked, stop = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        await database.rows("SELECT 1 FROM thing WHERE name = $1 FOR UPDATE", name)
        locked.set()
        await stop.wait()

    holding = asyncio.create_task(database.transaction(hold))
    await locked.wait()
    try:
        yield
    finally:
        stop.set()
        await holding


async def blocked(database: Database, number: int = 1) -> None:
    """Wait until so many statements wait for a lock."""
    while len(await database.rows("SELECT 1 FROM pg_locks WHERE NOT granted")) < number:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_all_take_two_rounds_and_whoever_is_alone_takes_them_too(things: Database) -> None:
    rounds = Rounds.to(things.url)
    async with rounds.before(things.url) as url:
        database = await Database.open(url, [SHOP], pool_size=1)
        for _ in range(2):  # what PostgreSQL sees for the first time takes more
            await asyncio.gather(*[count(database, name) for name in NAMES])
            await count(database, NAMES[0])
        rounds.count = 0
        await asyncio.gather(*[count(database, name) for name in NAMES])
        assert rounds.count == 2
        with database.counting() as counted:
            await count(database, NAMES[0])
        assert (rounds.count, len(counted)) == (4, 2)
        await database.close()
    assert await numbers(things) == dict.fromkeys(NAMES, 3) | {NAMES[0]: 6}
    assert len(await notes(things)) == 3 * len(NAMES) + 3
    [(seen,)] = await things.rows("SELECT seen FROM thing WHERE name = $1", NAMES[1])
    assert list(seen) == [0, 1, 2]


async def test_one_who_is_refused_is_refused_alone(things: Database) -> None:
    await things.transaction(lambda: things.defer([note("taken")]))
    every = [count(things, name, told="taken" if name == NAMES[3] else None) for name in NAMES]
    told = await asyncio.gather(*every, return_exceptions=True)
    assert [type(one) for one in told if one is not None] == [IntegrityError]
    assert isinstance(told[3], IntegrityError)
    assert await numbers(things) == dict.fromkeys(NAMES, 1) | {NAMES[3]: 0}


async def test_of_those_who_move_the_same_each_moves_it_once(things: Database) -> None:
    """Guards count what all of them have changed: one row for two of them is one too few."""
    await asyncio.gather(*[count(things, name) for name in (NAMES[0], NAMES[0], *NAMES)])
    assert await numbers(things) == dict.fromkeys(NAMES, 1) | {NAMES[0]: 3}
    assert [one for one in await notes(things) if NAMES[0] in one] == [f"{NAMES[0]} was {n}" for n in range(3)]


async def test_two_rows_of_one_do_not_stand_for_none_of_another(things: Database) -> None:
    """Together they come to as many as were meant."""
    kinds = [NAMES[2], *NAMES[:2]]  # the first goes alone, before anybody else is there
    every = [things.transaction(partial(move_all, things, kind), attempts=1) for kind in kinds]
    told = await asyncio.gather(*every, return_exceptions=True)
    assert [type(one) for one in told] == [Unavailable] * 3
    assert await numbers(things) == dict.fromkeys(NAMES, 0)


async def move_all(database: Database, kind: str) -> None:
    """One more for the only thing of a kind: of the first there are two, of the second none."""
    kinds = f"CASE WHEN name IN ('{NAMES[4]}', '{NAMES[5]}') THEN '{NAMES[0]}' END"
    await database.defer([Guarded(f"UPDATE thing SET number = number + 1 WHERE $1 = ({kinds})", [kind])])


async def test_nobody_waits_for_the_lock_of_another(things: Database) -> None:
    async with held(things, NAMES[2]):
        every = [asyncio.create_task(count(things, name)) for name in NAMES]
        await asyncio.wait([one for one in every if one is not every[2]], timeout=1.5)
        assert [one.done() for one in every] == [n != 2 for n in range(len(NAMES))]
    await asyncio.gather(*every)
    assert await numbers(things) == dict.fromkeys(NAMES, 1)


async def test_who_is_cancelled_writes_nothing_afterwards_and_others_do(things: Database) -> None:
    async with held(things, NAMES[2]):
        every = [asyncio.create_task(count(things, name)) for name in NAMES]
        await blocked(things)
        every[2].cancel()
        every[5].cancel()
        told = await asyncio.gather(*every, return_exceptions=True)
        ended = await numbers(things)
    assert [type(one) for one in told if one is not None] == [asyncio.CancelledError] * 2
    assert ended == await numbers(things) == dict.fromkeys(NAMES, 1) | {NAMES[2]: 0, NAMES[5]: 0}


async def test_what_all_have_left_is_cancelled_and_the_next_come_through(things: Database) -> None:
    every = [asyncio.create_task(slow(things, name, 4)) for name in NAMES]
    await asyncio.sleep(0.3)
    late = asyncio.create_task(slow(things, NAMES[0], 0))  # waits for them, and then for the row
    for one in every:
        one.cancel()
    begun = asyncio.get_running_loop().time()
    told = await asyncio.gather(*every, return_exceptions=True)
    await late
    assert asyncio.get_running_loop().time() - begun < 2
    assert {type(one) for one in told} == {asyncio.CancelledError}
    assert await numbers(things) == dict.fromkeys(NAMES, 0) | {NAMES[0]: 1}


async def slow(database: Database, name: str, seconds: int) -> None:
    moved = Guarded("UPDATE thing SET number = number + $2 + length(CAST(pg_sleep($2) AS TEXT)) * 0 + 1 - $2 WHERE name = $1",
                    [name, seconds])  # fmt: skip
    await database.transaction(lambda: database.defer([moved]))


async def test_a_connection_that_breaks_leaves_the_outcome_unknown_to_all(
    things: Database, postgres: PostgresServer
) -> None:
    every = [asyncio.create_task(slow(things, name, 4)) for name in NAMES[:3]]
    await asyncio.sleep(0.3)
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
                     " AND pid <> pg_backend_pid()")  # fmt: skip
    told = await asyncio.gather(*every, return_exceptions=True)
    assert [type(one) for one in told] == [OutcomeUnknown] * 3
    assert await numbers(things) == dict.fromkeys(NAMES, 0)


async def test_all_fit_into_a_pool_of_one(things: Database) -> None:
    """Before it begins nobody holds a connection that the batch would have to wait for."""
    database = await Database.open(things.url, [SHOP], pool_size=1)
    async with asyncio.timeout(5):
        await asyncio.gather(*[count(database, name) for name in NAMES])
        await asyncio.gather(*[slow(database, name, 0) for name in NAMES], count(database, NAMES[0]))
    await database.close()
    assert await numbers(things) == dict.fromkeys(NAMES, 2) | {NAMES[0]: 3}


STRANGE = ["", "'", '"', "\\", "{}", "null", "\u2028", "é\U0001f600", "a\tb\nc", "$1", "%", "NULL", "\x7f"]


async def test_values_are_the_same_as_alone(things: Database) -> None:
    given = [
        note(text, n - 2**63 if n % 2 else 2**63 - 1 - n, None if n % 3 else bool(n % 2))
        for n, text in enumerate(STRANGE)
    ]
    given += [note(None, None, None), note(None)]
    await asyncio.gather(*[things.transaction(lambda one=one: things.defer([one])) for one in given])  # type: ignore[misc]
    rows = await things.rows("SELECT id, name, number, is_new FROM note")
    assert {tuple(row) for row in rows} == {tuple(one[1]) for one in given}


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "x" * 41], ids=["NUL", "half", "long"])
async def test_a_value_that_no_database_takes_is_told_to_whom_it_belongs(things: Database, bad: str) -> None:
    given = [note("first"), note(bad), note("last")]
    told = await asyncio.gather(
        *[things.transaction(lambda one=one: things.defer([one])) for one in given],  # type: ignore[misc]
        return_exceptions=True,
    )
    assert [one is None for one in told] == [True, False, True]
    assert isinstance(told[1], Exception)
    with pytest.raises(type(told[1])):
        await things.transaction(lambda: things.defer([given[1]]))
    assert await notes(things) == ["first", "last"]
