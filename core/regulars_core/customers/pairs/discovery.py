"""Keeping the pairs true: whoever has changed is compared anew, by a job, some at a time.

The database notes who has changed (`duplicate_due`), and at first everybody. Each batch is one transaction, with the removal of
the notes: whoever is killed is followed by another process, which goes on there. What is in memory does not depend on how many
customers there are.
"""

from collections.abc import Mapping, Sequence, Set
from functools import partial

from regulars_core.customers.pairs.blocks import rewrite_keys
from regulars_core.customers.pairs.pairs import Pair, pairs_of
from regulars_core.customers.pairs.records import people_of
from regulars_core.database import Database
from regulars_core.primitives.clock import now
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock, lock_where
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import Shop

MOST_AT_ONCE = 500
_STATEMENT_SECONDS = 60
_COLUMNS = (
    "id", "customer_id", "other_id", "score", "reasons", "traits", "found_at", "is_dismissed", "dismissed_at",
)  # fmt: skip
_DUE = "SELECT number, customer_id FROM duplicate_due ORDER BY number LIMIT $1"


async def find_duplicates(shop: Shop) -> None:
    """Compare everybody who is due with who may be the same, and keep the pairs."""
    pace = Pace(shop.database, MOST_AT_ONCE, first=100)
    while await shop.database.row(_DUE, 1):
        await pace.step(partial(_look_at_some, shop.database, pace))


async def _look_at_some(database: Database, pace: Pace) -> None:
    await database.allow(_STATEMENT_SECONDS)
    numbers = [row[0] for row in await database.rows(_DUE, pace.size)]
    rows = await lock(database, "duplicate_due", numbers, ("number", "customer_id"), key="number", type="bigint")
    if not rows:
        return
    await look_at(database, {row[1] for row in rows})
    among = database.dialect.among("number", 1, "bigint")
    await database.run(f"DELETE FROM duplicate_due WHERE {among}", [row[0] for row in rows])


async def look_at(database: Database, due: Set[str]) -> None:
    """Let the keys of these records, and the pairs of the customers to whom they lead, be what they are to be, in the caller's
    transaction. Others who have to be looked at because of it are due from now on."""
    people = await people_of(database, due)
    later = await rewrite_keys(database, due, [one for records in people.values() for one in records])
    await insert(database, "duplicate_due", ("customer_id",), [(id_,) for id_ in sorted(later)])
    about = sorted(due | people.keys())
    conditions = " OR ".join(database.dialect.among(column, 1) for column in ("customer_id", "other_id"))
    stored = {row[0]: row for row in await lock_where(database, "duplicate_pair", conditions, [about], _COLUMNS)}
    # Whoever dismisses a pair locks it first: what was said until now is seen.
    await _write(database, stored, await pairs_of(database, people))


async def _write(database: Database, stored: Mapping[str, Sequence[object]], wanted: Mapping[str, Pair]) -> None:
    at = now()
    rows = {
        id_: (
            id_, one.customer_id, one.other_id, one.score, one.reasons, one.traits, stored[id_][6] if id_ in stored else at,
            one.dismissed_at is not None, one.dismissed_at,
        )
        for id_, one in wanted.items()
    }  # fmt: skip
    if gone := sorted(stored.keys() - rows.keys()):
        await database.run(f"DELETE FROM duplicate_pair WHERE {database.dialect.among('id', 1)}", gone)
    await insert(database, "duplicate_pair", _COLUMNS, [row for id_, row in sorted(rows.items()) if id_ not in stored])
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_COLUMNS[1:], 2))
    changed = [row for id_, row in sorted(rows.items()) if id_ in stored and tuple(stored[id_]) != row]
    await database.run_many(f"UPDATE duplicate_pair SET {sets} WHERE id = $1", changed)
