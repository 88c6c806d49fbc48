"""What is personal about merges, apart from everything else, so that an erasure can remove it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from regulars_core.customers.merge.facts import MergeEffect
from regulars_core.customers.merge.plan import MergeField
from regulars_core.customers.rules import Address
from regulars_core.database import Database
from regulars_core.database.seals import Opaque, Sealed, is_sealed
from regulars_core.queries.inserts import insert

PLACE = ("customer_merge_snapshot", "body")
"""Where snapshots stand."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was told of a merge, and what it takes to undo it: of the survivor the columns, addresses and attributes that it
    changed, with (before, since), and the tags that it added, folded; and the status of each record that it absorbed. What is
    sensitive is as it is shown, since a snapshot is sealed as a whole."""

    fields: Sequence[MergeField]
    effects: Sequence[MergeEffect]
    columns: Mapping[str, tuple[Any, Any]]
    addresses: Mapping[str, tuple[Address, Address]]
    tags: Sequence[str]
    statuses: Mapping[str, str]
    attributes: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)


async def keep(database: Database, merge_id: str, snapshot: Snapshot) -> None:
    """Keep the snapshot of a new merge."""
    await insert(
        database, "customer_merge_snapshot", ("merge_id", "body"), [(merge_id, _kept(database, merge_id, snapshot))]
    )


async def rewrite(database: Database, merge_id: str, snapshot: Snapshot) -> None:
    """Keep another snapshot of a merge."""
    sql = "UPDATE customer_merge_snapshot SET body = $2 WHERE merge_id = $1"
    await database.run(sql, merge_id, _kept(database, merge_id, snapshot))


async def remove(database: Database, merge_id: str) -> None:
    """Keep nothing of a merge that is undone: what it told of one is somebody else's since."""
    await database.run("DELETE FROM customer_merge_snapshot WHERE merge_id = $1", merge_id)


async def snapshots_of(database: Database, merge_ids: Collection[str]) -> Mapping[str, Snapshot]:
    """The snapshots of merges; those that were undone, or that an erasure has removed, are missing."""
    if not merge_ids:
        return {}
    among = database.dialect.among("merge_id", 1)
    rows = await database.rows(f"SELECT merge_id, body FROM customer_merge_snapshot WHERE {among}", sorted(merge_ids))
    found = {}
    for row in rows:
        with suppress(Sealed):  # it is told by the doctor, and undone when the key is back
            found[row[0]] = _read(database.seals.opened(row[1], *PLACE, row[0]) or "")
    return found


def _kept(database: Database, merge_id: str, snapshot: Snapshot) -> str | None:
    """The snapshot as it is written: whole, since values of all that is sensitive stand in it."""
    return database.seals.sealed(_written(snapshot), *PLACE, merge_id)


def _written(snapshot: Snapshot) -> str:
    return orjson.dumps(asdict(snapshot)).decode()


def _read(body: str) -> Snapshot:
    known = orjson.loads(body)
    return Snapshot(
        [
            MergeField(one["field"], one["kept_from"], [tuple(each) for each in one["values"]])
            for one in known["fields"]
        ],
        [MergeEffect(**one) for one in known["effects"]],
        {name: (_opaque(before), _opaque(since)) for name, (before, since) in known["columns"].items()},
        {kind: (Address(**before), Address(**since)) for kind, (before, since) in known["addresses"].items()},
        known["tags"],
        known["statuses"],
        {name: (_opaque(before), _opaque(since)) for name, (before, since) in known.get("attributes", {}).items()},
    )


def _opaque(value: Any) -> Any:
    """A value that could not be opened when the merge was made."""
    return Opaque(value) if isinstance(value, str) and is_sealed(value) else value
