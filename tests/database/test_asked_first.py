"""What no row decides is asked before SQLite walks through rows. It tests `EXISTS (SELECT …)` that hangs on no row inside the
loop, beside what hangs on each: where the answer is no, it has walked through all of them for nothing. PostgreSQL asks first."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Shop, plugins_on
from regulars_core.testing import little_of_everything, opened_shop

FEW, MANY = 60, 10_000
"""Customers who have the same; more than 50 are not compared, and no more than these are looked at."""
VALUE = "INSERT INTO customer_attribute (id, customer_id, definition_id, value, value_key, given_at)"
PAIR = "INSERT INTO duplicate_pair (id, customer_id, other_id, score, reasons, traits, found_at, is_dismissed)"
NUMBERS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < ?)"
WRITES = {
    "one more": f"{VALUE} VALUES ('more', 'more', 'size', 'M', 'm', 1)",
    "one else": "UPDATE customer_attribute SET value_key = 'l' WHERE id = 'v5'",
    "one again": "UPDATE customer_attribute SET value_key = 'm' WHERE id = 'v5'",
    "one less": "DELETE FROM customer_attribute WHERE id = 'v7'",
}
"""In this order, of what many have."""


def steps(connection: sqlite3.Connection, sql: str) -> int:
    """How many instructions of its virtual machine SQLite needs, with those of triggers."""
    counted = [0]

    def one() -> None:
        counted[0] += 1

    connection.set_progress_handler(one, 1)
    connection.execute(sql)
    connection.set_progress_handler(None, 1)
    return counted[0]


def needed(file: Path, sharing: int, is_unique: bool) -> dict[str, int]:
    """The instructions of each write where so many have the value, and as many pairs of others are alike."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "INSERT INTO customer_attribute_definition"
            " (id, name, label, type, choices, is_sensitive, is_unique, is_required)"
            " VALUES ('size', 'size', 'Size', 'TEXT', '[]', 0, 0, 0)"
        )
        connection.execute(f"{NUMBERS} {VALUE} SELECT 'v' || n, 'c' || n, 'size', 'M', 'm', 1 FROM t", [sharing])
        pair = "SELECT 'p' || n, 'a' || n, 'b' || n, 50, '[\"ATTRIBUTE\"]', '[]', 1, 0 FROM t"
        connection.execute(f"{NUMBERS} {PAIR} {pair}", [sharing])
        connection.execute("UPDATE customer_attribute_definition SET is_unique = ?", [is_unique])
        return {name: steps(connection, sql) for name, sql in WRITES.items()}  # undone with the connection


@pytest.mark.parametrize("is_unique", [False, True])
async def test_a_value_that_many_have_costs_no_more(tmp_path: Path, is_unique: bool) -> None:
    async with opened_shop(f"sqlite://{tmp_path}/shop.db", plugins_on()):
        pass
    few, many = (needed(tmp_path / "shop.db", sharing, is_unique) for sharing in (FEW, MANY))
    assert few == many


LOOPS = ("Next", "Prev", "VNext")


def walked_for_nothing(program: Sequence[tuple[int, str, int, int]]) -> bool:
    """Whether a query that hangs on no row is answered and tested within a loop. Of the program there are the addresses, the
    operations and their first two operands."""
    loops = [(to, at) for at, operation, _, to in program if operation in LOOPS]
    for begins, operation, _, ends in program:
        around = [to for to, at in loops if to <= begins <= at]
        if operation != "Once" or not around:
            continue
        answers = {to for _, each, _, to in program[begins:ends] if each == "Integer"}
        tested = (each for each in program[ends : ends + 3] if each[1] in ("If", "IfNot"))
        if any(register in answers for _, _, register, _ in tested):
            return True
    return False


async def program_of(shop: Shop, sql: str) -> list[tuple[int, str, int, int]]:
    places = max((int(n) for n in re.findall(r"[$?](\d+)", sql)), default=len(re.findall(r"\?", sql)))
    # What follows the statement's own program are those of its triggers, which are looked at by themselves.
    rows = [tuple(row[:4]) for row in await shop.database.rows(f"EXPLAIN {sql}", *[None] * places)]
    own = next((n for n, row in enumerate(rows) if n and row[0] == 0), len(rows))
    return rows[:own]


async def statements_of_triggers(shop: Shop) -> dict[str, str]:
    """Each statement, as if it were run by itself, by the trigger's name."""
    found = {}
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    for name, sql in await shop.database.rows(triggers):
        body = re.sub(r"\b(?:NEW|OLD)\.\w+", "$1", sql[sql.index("BEGIN") + 5 : sql.rindex("END")], flags=re.IGNORECASE)
        for part in body.split("; "):
            if part.strip(" ;") and "RAISE(" not in part:
                found[part.strip(" ;")] = f"trigger {name}"
    return found


async def test_no_query_is_answered_while_walking(tmp_path: Path) -> None:
    on = plugins_on({"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards})
    async with opened_shop(f"sqlite://{tmp_path}/shop.db", on) as shop:
        with shop.database.counting() as counted:
            await little_of_everything(shop)
        asked = {sql: sql for sql in counted if sql.split()[0] in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")}
        triggers = await statements_of_triggers(shop)
        assert len(asked) > 100
        assert len(triggers) > 20
        wrong = {where for sql, where in (asked | triggers).items() if walked_for_nothing(await program_of(shop, sql))}
        assert wrong == set()
        is_there = "EXISTS (SELECT 1 FROM customer_attribute_definition d WHERE d.id = $1 AND d.is_unique)"
        shirts = f"SELECT o.customer_id FROM customer_attribute o WHERE o.value_key = $1 AND {is_there}"
        assert walked_for_nothing(await program_of(shop, shirts))
