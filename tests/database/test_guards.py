"""Who has decided by what was changed meanwhile is overtaken: nothing is written, and it runs again."""

import asyncio
from contextlib import suppress

import pytest

from regulars_core.database import Database, Guarded, Precondition, Unavailable
from regulars_core.database.errors import Overtaken
from regulars_core.primitives.ids import new_id

TAKE = "UPDATE thing SET number = number + 1 WHERE name = $1 AND number = $2"


@pytest.fixture
async def things(shop: Database) -> Database:
    async def work() -> None:
        await shop.run("CREATE TABLE thing (id CHAR(32) PRIMARY KEY, name VARCHAR(40), number BIGINT)")
        await shop.run("CREATE TABLE note (id CHAR(32) PRIMARY KEY, name VARCHAR(40))")
        await shop.run("INSERT INTO thing VALUES ($1, 'counter', 0)", new_id())

    await shop.transaction(work)
    return shop


async def number(database: Database) -> int:
    row = await database.row("SELECT number FROM thing WHERE name = 'counter'")
    assert row is not None
    return int(row[0])


async def count_up(database: Database, seen: list[tuple[bool, int]], together: asyncio.Barrier | None = None) -> None:
    async def work() -> None:
        sql = "SELECT number FROM thing WHERE name = $1"
        [(known,)] = await database.read(sql, "counter")
        seen.append((database.overtaken, known))
        if together is not None and not database.overtaken:
            await together.wait()
        note = ("INSERT INTO note VALUES ($1, $2)", [new_id(), f"after {known}"])
        await database.defer([note, Guarded(TAKE, ["counter", known])])

    await database.transaction(work)


async def test_of_two_who_have_decided_by_the_same_one_runs_again(things: Database) -> None:
    seen: list[tuple[bool, int]] = []
    together = asyncio.Barrier(2) if things.engine == "postgres" else None  # SQLite has one writer: nobody overtakes
    await asyncio.gather(count_up(things, seen, together), count_up(things, seen, together))
    assert await number(things) == 2
    again = [(True, 1)] if things.engine == "postgres" else []
    assert sorted(seen) == sorted([(False, 0), *(again or [(False, 1)]), *([(False, 0)] if again else [])])
    notes = await things.rows("SELECT name FROM note ORDER BY name")
    assert [row[0] for row in notes] == ["after 0", "after 1"]  # what the overtaken one wrote first is undone with it


async def test_it_is_one_statement(things: Database) -> None:
    with things.counting() as counted:
        await count_up(things, [])
    assert len(counted) == (2 if things.engine == "postgres" else 3)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_condition_that_does_not_hold_undoes_everything_and_asks_again(things: Database, begun: bool) -> None:
    tries: list[bool] = []

    async def work() -> None:
        tries.append(things.overtaken)
        if begun:
            await things.run("UPDATE thing SET number = number + 10 WHERE name = 'counter'")
        known = 7 if not things.overtaken else 10 * begun
        await things.defer(
            [
                Precondition("(SELECT max(number) FROM thing) = $1", [known]),
                ("INSERT INTO note VALUES ($1, 'new')", [new_id()]),
            ]
        )

    await things.transaction(work)
    assert tries == [False, True]
    assert await number(things) == 10 * begun
    assert [row[0] for row in await things.rows("SELECT name FROM note")] == ["new"]


async def test_dividing_by_zero_oneself_is_not_being_overtaken(things: Database) -> None:
    async def work() -> None:
        await things.rows("SELECT 1 / number FROM thing")

    if things.engine == "postgres":
        with pytest.raises(Exception, match="division by zero"):
            await things.transaction(work)


@pytest.mark.parametrize("by", ["itself", "a trigger"])
async def test_a_division_by_zero_beside_a_guard_is_told_as_what_it_is(things: Database, by: str) -> None:
    """It is a mistake of whoever wrote it: it is not tried again, and nobody is told that the database is busy."""
    if things.engine == "sqlite":
        pytest.skip("SQLite answers null")
    if by == "a trigger":

        async def make() -> None:
            await things.run(
                "CREATE FUNCTION divide() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " PERFORM 1 / (length(NEW.name) - length(NEW.name)); RETURN NEW; END $$"
            )
            await things.run("CREATE TRIGGER divide BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION divide()")

        await things.transaction(make)
    divides = "CAST(1 / CAST($2 AS INTEGER) AS TEXT)" if by == "itself" else "CAST($2 AS TEXT)"
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        note = (f"INSERT INTO note VALUES ($1, {divides})", [new_id(), 0 if by == "itself" else "0"])
        await things.defer([note, Guarded(TAKE, ["counter", 0])])

    with pytest.raises(Exception, match="division by zero") as raised:
        await things.transaction(work)
    assert not isinstance(raised.value, Unavailable)
    assert tries == 1
    assert await number(things) == 0


@pytest.mark.parametrize(
    "where", ["at once", "before a savepoint", "in a savepoint", "in a savepoint, swallowed inside"]
)
async def test_whoever_swallows_it_is_overtaken_all_the_same(things: Database, where: str) -> None:
    """Unless the savepoint around it is undone: then there is nothing left to have been overtaken in."""
    tries = []

    async def work() -> None:
        tries.append(things.overtaken)
        known = number_seen if things.overtaken else number_seen - 7
        guarded = Guarded(TAKE, ["counter", known])
        note = ("INSERT INTO note VALUES ($1, 'new')", [new_id()])
        match where:
            case "at once":
                with suppress(Overtaken):
                    await things.defer([note, guarded])
                    await things.rows("SELECT 1")
            case "before a savepoint":
                with suppress(Overtaken):
                    await things.defer([note, guarded])
                    async with things.savepoint():
                        await things.rows("SELECT 1")
            case "in a savepoint":
                with suppress(Overtaken):
                    async with things.savepoint():
                        await things.defer([note, guarded])
            case _:
                async with things.savepoint():
                    with suppress(Overtaken):
                        await things.defer([note, guarded])
                        await things.rows("SELECT 1")

    number_seen = await number(things)
    await things.transaction(work)
    undone = where == "in a savepoint"
    assert tries == ([False] if undone else [False, True])
    assert await number(things) == (0 if undone else 1)
    assert len(await things.rows("SELECT 1 FROM note")) == (0 if undone else 1)


async def test_who_is_always_overtaken_is_told_so_in_the_end(things: Database) -> None:
    tries: list[bool] = []

    async def work() -> None:
        tries.append(things.overtaken)
        await things.defer([("INSERT INTO note VALUES ($1, 'new')", [new_id()]), Guarded(TAKE, ["counter", 7])])

    with pytest.raises(Unavailable, match="Too busy, 20 tries"):
        await things.transaction(work)
    assert tries == [False, *[True] * 19]
    assert not things.overtaken
    assert list(await things.rows("SELECT 1 FROM note")) == []
    await count_up(things, [])  # nobody is kept waiting by it
    assert await number(things) == 1


async def test_outside_and_afterwards_nobody_is_overtaken(things: Database) -> None:
    assert not things.overtaken
    await count_up(things, [])
    assert not things.overtaken


@pytest.mark.parametrize(("wanted", "expected"), [(2, 3), (3, 1)])
async def test_a_statement_may_have_to_change_several_rows(things: Database, wanted: int, expected: int) -> None:
    async def work() -> None:
        await things.run("INSERT INTO thing VALUES ($1, 'other', 0)", new_id())
        note = ("INSERT INTO note VALUES ($1, $2)", [new_id(), "both"])
        both = Guarded("UPDATE thing SET number = number + $1 WHERE name IN ('counter', 'other')", [1], rows=wanted)
        await things.defer([note, both])

    async def after() -> int:
        return len(await things.rows("SELECT 1 FROM thing")) + len(await things.rows("SELECT 1 FROM note"))

    if wanted == 2:
        await things.transaction(work)
    else:
        with pytest.raises(Unavailable):
            await things.transaction(work, attempts=2)
    assert await after() == expected
