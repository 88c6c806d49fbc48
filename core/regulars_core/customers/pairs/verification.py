"""That keys and pairs are what they are to be."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from regulars_core.customers.pairs.blocks import stored_keys
from regulars_core.customers.pairs.keys import keys_of
from regulars_core.customers.pairs.pairs import Pair, pairs_of
from regulars_core.customers.pairs.records import people_of
from regulars_core.database import Database

_LOOKED_AT = 500


async def differences(database: Database) -> AsyncIterator[str]:
    """A sentence for every record whose keys, and every pair that, computed anew, are not as they are stored. Whoever is due to
    be compared anew is passed over, and some hundreds are looked at together."""
    last = "0" * 32
    some = f"SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT {_LOOKED_AT}"
    while rows := await database.rows(some, last):
        ids = [row[0] for row in rows]
        async for one in _differences(database, ids):
            yield one
        last = ids[-1]


async def _differences(database: Database, ids: Sequence[str]) -> AsyncIterator[str]:
    found = await people_of(database, ids)
    records = {one.id: one for each in found.values() for one in each if one.id in set(ids)}
    due, keys = await _due(database, ids), await stored_keys(database, ids)
    for id_ in ids:
        wanted_keys = keys_of(records[id_].traits) if id_ in records else None
        if id_ not in due and keys.get(id_) != wanted_keys:
            yield f"customer_{id_}: looked for by something else than what is known of the customer"
    columns = "id, customer_id, other_id, score, reasons, traits, dismissed_at, is_dismissed"
    among = " OR ".join(database.dialect.among(column, 1) for column in ("customer_id", "other_id"))
    rows = await database.rows(f"SELECT {columns} FROM duplicate_pair WHERE {among}", ids)
    stored = {row[0]: row for row in rows}
    wanted = await pairs_of(database, {id_: each for id_, each in found.items() if id_ in set(ids)})
    both = {id_: (row[1], row[2]) for id_, row in stored.items()}
    both |= {id_: (pair.customer_id, pair.other_id) for id_, pair in wanted.items()}
    sides = await people_of(database, {id_ for each in both.values() for id_ in each})
    due |= await _due(database, sorted({one.id for each in sides.values() for one in each}))
    waiting = {id_ for id_, each in sides.items() if any(one.id in due for one in each)} | due
    for id_ in sorted(both):
        if waiting.isdisjoint(both[id_]) and not _is_stored(stored.get(id_), wanted.get(id_)):
            yield f"duplicate_{id_}: not what the two have in common"


async def _due(database: Database, ids: Sequence[str]) -> set[str]:
    among = database.dialect.among("customer_id", 1)
    return {row[0] for row in await database.rows(f"SELECT customer_id FROM duplicate_due WHERE {among}", ids)}


def _is_stored(row: Sequence[Any] | None, pair: Pair | None) -> bool:
    if row is None or pair is None:
        return row is None and pair is None
    told = (pair.id, pair.customer_id, pair.other_id, pair.score, pair.reasons, pair.traits, pair.dismissed_at)
    return (*told, pair.dismissed_at is not None) == tuple(row)
