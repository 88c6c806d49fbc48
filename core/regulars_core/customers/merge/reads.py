"""Reading merges: as they are shown, and as plugins are told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import orjson

from regulars_core.customers.aliases import MERGED
from regulars_core.customers.erasure.reads import scheduled_erasures
from regulars_core.customers.merge.facts import Merge, MergeEffect, Moved, StandingMerge
from regulars_core.customers.merge.plan import MergeField
from regulars_core.customers.merge.rows import PURCHASE, noted
from regulars_core.customers.merge.snapshots import Snapshot, snapshots_of
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.database import Database
from regulars_core.events.journal import JournalEntry
from regulars_core.primitives.clock import DAY_MS, Instant, now
from regulars_core.primitives.errors import Problem
from regulars_core.shop.shop import Shop

_MERGE = "m.id, m.survivor_id, m.merged_at, m.merged_by, m.fingerprint, m.moved, m.undone_at, c.merged_into_id"


@dataclass(slots=True)
class MergeRow:
    """What a merge does, or has done; `id` is None before it is done. `obstacles` are everybody's before it is done, and core's
    own since; see `obstacles.obstacles_of`."""

    id: str | None
    survivor_id: str
    absorbed_ids: Sequence[str]
    fingerprint: str
    fields: Sequence[MergeField]
    effects: Sequence[MergeEffect]
    moved: Mapping[str, Moved]
    obstacles: Sequence[Problem]
    merged_at: Instant | None = None
    merged_by: str | None = None
    undoable_until: Instant | None = None
    undone_at: Instant | None = None

    @property
    def audited(self) -> Sequence[tuple[str, str]]:
        """What the audit says that it was about, as (kind, key)."""
        return [("customer", id_) for id_ in (self.survivor_id, *self.absorbed_ids)]


async def merges_by_ids(shop: Shop, ids: Sequence[str]) -> Mapping[str, MergeRow]:
    """Merges by id, as they are shown."""
    return {row.id: row for row in await _shown(shop, "m.id", ids) if row.id}


async def merges_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, Sequence[MergeRow]]:
    """What was merged into each customer, the latest first."""
    found: dict[str, list[MergeRow]] = {id_: [] for id_ in customer_ids}
    for row in await _shown(shop, "m.survivor_id", list(found)):
        found[row.survivor_id].append(row)
    return found


async def _shown(shop: Shop, column: str, keys: Sequence[str]) -> Sequence[MergeRow]:
    database = shop.database
    if not keys:
        return []
    rows = await database.rows(
        f"SELECT {_MERGE} FROM customer_merge m JOIN customer c ON c.id = m.survivor_id"
        f" WHERE {database.dialect.among(column, 1)} ORDER BY m.merged_at DESC, m.id DESC",
        list(dict.fromkeys(keys)),
    )
    ids = [row[0] for row in rows]
    absorbed, snapshots = await absorbed_by(database, ids), await snapshots_of(database, ids)
    people = {row[0]: {row[1], *absorbed.get(row[0], ())} for row in rows}
    pending = await scheduled_erasures(database, set().union(*people.values())) if rows else {}
    shown = []
    for id_, survivor, at, by, fingerprint, moved, undone, merged_into in rows:
        snapshot = snapshots.get(id_)
        going = not people[id_].isdisjoint(pending)
        obstacles = against_undo(shop, at, undone, merged_into, snapshot, is_pending=going)
        until = None if undone is not None else undoable_until(shop, at)
        told = (snapshot.fields, snapshot.effects) if snapshot else ([], [])
        row = MergeRow(id_, survivor, absorbed.get(id_, []), fingerprint, *told, _moved(moved), obstacles)
        row.merged_at, row.merged_by, row.undoable_until, row.undone_at = at, by, until, undone
        shown.append(row)
    return shown


def _moved(kept: str) -> Mapping[str, Moved]:
    """What went over with a merge. Of what was kept before it was kept who may see it, who sees purchases may see it."""
    told = {kind: one if isinstance(one, list) else [one, "purchases.view"] for kind, one in orjson.loads(kept).items()}
    return {kind: Moved(*one) for kind, one in told.items()}


def undoable_until(shop: Shop, merged_at: Instant) -> Instant:
    """Until when a merge can be undone."""
    return Instant(merged_at + shop.settings.merge_undo_days * DAY_MS)


def against_undo(
    shop: Shop,
    merged_at: Instant,
    undone_at: Instant | None,
    merged_into: str | None,
    snapshot: Snapshot | None,
    *,
    is_pending: bool,
) -> Sequence[Problem]:
    """Why a merge cannot be undone, as far as core knows; `merged_into` is the survivor's own, and `is_pending` says whether one
    of them is going to be erased: who asked for it may be any of these, and it is written down for the survivor."""
    if undone_at is not None:
        return [Problem("ALREADY_UNDONE", "This merge was undone before.", ("mergeId",))]
    if snapshot is None:
        return [Problem("CUSTOMER_ERASED", "One of these customers was erased.", ("mergeId",))]
    if now() > undoable_until(shop, merged_at):
        days = shop.settings.merge_undo_days
        return [Problem("UNDO_EXPIRED", f"A merge can be undone for {days} days.", ("mergeId",))]
    if merged_into is not None:
        message = "The survivor was merged into another customer since; undo that first."
        return [Problem("ALREADY_MERGED", message, ("mergeId",))]
    if is_pending:
        message = "One of these customers is going to be erased, and what was merged with them; cancel that first."
        return [Problem("ERASURE_PENDING", message, ("mergeId",))]
    return []


async def absorbed_by(database: Database, merge_ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The records that each merge made aliases of, in the order in which they were named."""
    found: dict[str, list[str]] = {}
    if merge_ids:
        for merge_id, customer_id in await database.rows(
            "SELECT merge_id, customer_id FROM customer_merge_absorbed"
            f" WHERE {database.dialect.among('merge_id', 1)} ORDER BY merge_id, position",
            list(merge_ids),
        ):
            found.setdefault(merge_id, []).append(customer_id)
    return found


async def standing_merges(database: Database, ids: Sequence[str]) -> Mapping[str, StandingMerge]:
    """Merges as plugins are asked about them, by id; what went over with each is left out, as it may be much."""
    if not ids:
        return {}
    rows = await database.rows(
        f"SELECT id, survivor_id, merged_at FROM customer_merge WHERE {database.dialect.among('id', 1)} ORDER BY id",
        list(dict.fromkeys(ids)),
    )
    absorbed = await absorbed_by(database, [row[0] for row in rows])
    people = [survivor for _, survivor, _ in rows] + [one for each in absorbed.values() for one in each]
    customers = await customers_by_ids(database, people)
    return {
        id_: StandingMerge(id_, customers[survivor], [customers[one] for one in absorbed.get(id_, [])], at)
        for id_, survivor, at in rows
    }


async def told_merges(database: Database, ids: Sequence[str], *, undone: bool = False) -> Mapping[str, Merge]:
    """Merges as plugins are told that they are done, or `undone`."""
    found = await standing_merges(database, ids)
    purchases = await noted(database, list(found), PURCHASE, returned=undone)
    return {id_: Merge(id_, one.survivor, one.absorbed, one.merged_at, purchases[id_]) for id_, one in found.items()}


async def merges_done(database: Database, ids: Sequence[str]) -> Mapping[str, Merge]:
    """Merges that are done, by id."""
    return await told_merges(database, ids)


async def merges_undone(database: Database, ids: Sequence[str]) -> Mapping[str, Merge]:
    """Merges that are undone, by id."""
    return await told_merges(database, ids, undone=True)


async def _then(database: Database, entries: Sequence[JournalEntry], *, undone: bool) -> Sequence[Mapping[str, Merge]]:
    ids = [id_ for entry in entries for id_ in entry.ids]
    found = {
        id_: _as_then(one, undone=undone) for id_, one in (await told_merges(database, ids, undone=undone)).items()
    }
    return [{id_: found[id_] for id_ in entry.ids if id_ in found} for entry in entries]


def _as_then(merge: Merge, *, undone: bool) -> Merge:
    """The merge with its customers leading to whom they led after it, whatever has become of them."""
    into = None if undone else merge.survivor.id
    absorbed = [replace(one, merged_into_id=into, status=_status(one, into)) for one in merge.absorbed]
    survivor = replace(merge.survivor, merged_into_id=None, status=_status(merge.survivor, None))
    return replace(merge, survivor=survivor, absorbed=absorbed)


def _status(customer: CustomerRow, merged_into: str | None) -> str:
    if merged_into is not None:
        return MERGED
    return "ACTIVE" if customer.status == MERGED else customer.status


done_then, undone_then = partial(_then, undone=False), partial(_then, undone=True)
"""The merges that each of these entries of the journal did, or undid; the customers are as they are by now, but lead to
whom they led then."""
