"""Undoing a merge: each gets back what was theirs, and what came since stays with the survivor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.audit import changed
from regulars_core.customers.aliases import hold
from regulars_core.customers.changes import replace_addresses
from regulars_core.customers.columns import NAMES
from regulars_core.customers.merge.reads import absorbed_by, against_undo, merges_undone
from regulars_core.customers.merge.rows import ALIAS, NOTE, give_back
from regulars_core.customers.merge.service import rewrite_texts, set_columns
from regulars_core.customers.merge.snapshots import Snapshot, rewrite, snapshots_of
from regulars_core.customers.rules import Address
from regulars_core.database import Database
from regulars_core.events.ahead import UNMERGED_EVENT
from regulars_core.events.events import announce
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.text import camel
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.shop import Shop


async def unmerge(shop: Shop, merge_id: str) -> Sequence[str]:
    """Undo a merge, and answer the ids of the customers, the survivor's first.

    What the merge has changed of the survivor is as before, unless somebody has changed it since. Raises Refused: NOT_FOUND,
    ALREADY_UNDONE, UNDO_EXPIRED, CUSTOMER_ERASED, ALREADY_MERGED where the survivor has been merged since, and what plugins have
    against it.
    """

    async def work() -> Sequence[str]:
        database = shop.database
        rows = await lock(database, "customer_merge", [merge_id], ("survivor_id", "merged_at", "undone_at"))
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no merge with this id.", ("mergeId",)))
        survivor, merged_at, undone_at = rows[0]
        absorbed = (await absorbed_by(database, [merge_id])).get(merge_id, [])
        ids = [survivor, *absorbed]
        customers = {row[0]: row for row in await lock(database, "customer", ids, ("id", "merged_into_id", "status"))}
        snapshot = (await snapshots_of(database, [merge_id])).get(merge_id)
        problems = against_undo(shop, merged_at, undone_at, customers[survivor][1], snapshot)
        if not problems and any(row[2] == "ERASED" for row in customers.values()):
            problems = [Problem("CUSTOMER_ERASED", "One of these customers was erased.", ("mergeId",))]
        if problems:
            raise Refused(*problems)
        assert snapshot is not None
        await _undo(shop, merge_id, survivor, absorbed, snapshot)
        return ids

    return await shop.database.transaction(work)


async def _undo(shop: Shop, merge_id: str, survivor: str, absorbed: Sequence[str], snapshot: Snapshot) -> None:
    database, ids, at = shop.database, [survivor, *absorbed], now()
    moved = (
        "customer_id = $1 AND id IN (SELECT row_id FROM customer_merge_row WHERE merge_id = $2 AND kind = 'PURCHASE')"
    )
    await lock_where(database, "purchase", moved, [survivor, merge_id])
    await hold(database, ids)
    await _let_be_themselves(database, merge_id, survivor, snapshot.statuses, at)
    await give_back(database, merge_id, NOTE, "customer_note", "customer_id", survivor)
    restored = await _restore(shop, merge_id, survivor, snapshot, at)
    await database.run("UPDATE customer_merge SET undone_at = $2 WHERE id = $1", merge_id, at)
    changed({"absorbedIds": (" ".join(absorbed), None)})
    changed({camel(name): None for name in snapshot.columns})
    undone = await merges_undone(database, [merge_id])
    facts = {"shop": shop, "merges": list(undone.values()), "moments": [at]}
    await shop.plugins.announce(UNMERGED_EVENT, facts, only=[CORE])
    await rewrite_texts(shop, [survivor])
    if restored:
        await announce(shop, "customers_changed", [survivor])
    undone = await merges_undone(database, [merge_id])
    await announce(shop, UNMERGED_EVENT, [merge_id], rows=undone, others=ids)


async def _let_be_themselves(
    database: Database, merge_id: str, survivor: str, statuses: Mapping[str, str], at: Instant
) -> None:
    """The records are customers again, and those who led to them lead to them."""
    for id_, status in sorted(statuses.items()):
        await database.run(
            "UPDATE customer SET status = $2, merged_into_id = NULL, version = version + 1, updated_at = $3 WHERE id = $1",
            id_,
            status,
            at,
        )
    await give_back(database, merge_id, ALIAS, "customer", "merged_into_id", survivor)
    ids = list(statuses)
    among = database.dialect.among("customer_id", 1)
    await database.run(f"UPDATE customer_stats SET merged_into_id = NULL WHERE {among}", ids)
    back = "SELECT r.row_id FROM customer_merge_row r WHERE r.merge_id = $1 AND r.kind = 'ALIAS' AND r.is_returned"
    owner = "SELECT c.merged_into_id FROM customer c WHERE c.id = customer_stats.customer_id"
    await database.run(f"UPDATE customer_stats SET merged_into_id = ({owner}) WHERE customer_id IN ({back})", merge_id)


async def _restore(shop: Shop, merge_id: str, survivor: str, snapshot: Snapshot, at: Instant) -> bool:
    """Put back what the merge has changed of the survivor's details, as far as it still is so; whether anything was."""
    database = shop.database
    columns = (*NAMES, "group_id", "status", "created_at")
    row = await database.row(f"SELECT {', '.join(columns)} FROM customer WHERE id = $1", survivor)
    assert row is not None
    current = dict(zip(columns, row, strict=True))
    back = {name: before for name, (before, since) in snapshot.columns.items() if current[name] == since}
    if "group_id" in back and not await _is_open_group(database, back["group_id"]):
        del back["group_id"]
    await set_columns(database, survivor, back, at)
    left = {name: change for name, change in snapshot.columns.items() if name not in back}
    later = await _later(database, merge_id, survivor) if left or snapshot.tags else {}
    kept = await _tags_of_later_ones(database, later, snapshot.tags)
    for id_, one in _mended(later, left, kept).items():
        await rewrite(database, id_, one)
    addresses = {}
    for kind, (before, since) in snapshot.addresses.items():
        parts = "recipient, line1, line2, city, region, postal_code, country"
        sql = f"SELECT {parts} FROM customer_address WHERE customer_id = $1 AND kind = $2"
        now_there = await database.row(sql, survivor, kind)
        if (Address(*now_there) if now_there else Address()) == since:
            addresses[kind] = before
    await replace_addresses(shop, survivor, addresses)
    removed = 0
    if gone := [tag for tag in snapshot.tags if tag not in kept]:
        among = database.dialect.among("tag_key", 2, "text")
        sql = f"DELETE FROM customer_tag WHERE customer_id = $1 AND {among}"
        removed = await database.run(sql, survivor, gone)
    return bool(back or addresses or removed)


async def _is_open_group(database: Database, group_id: str) -> bool:
    sql = "SELECT 1 FROM customer_group WHERE id = $1 AND emptying_into IS NULL"
    return await database.row(sql, group_id) is not None


async def _later(database: Database, merge_id: str, survivor: str) -> Mapping[str, Snapshot]:
    """The snapshots of the merges into the same survivor that came later and stand, in their order."""
    rows = await database.rows(
        "SELECT id FROM customer_merge WHERE survivor_id = $1 AND undone_at IS NULL AND id > $2 ORDER BY id",
        survivor,
        merge_id,
    )
    return dict(sorted((await snapshots_of(database, [row[0] for row in rows])).items()))


async def _tags_of_later_ones(
    database: Database, later: Mapping[str, Snapshot], tags: Sequence[str]
) -> Mapping[str, str]:
    """Of these tags those that the survivor would have had from a later merge, by the first of them."""
    if not (later and tags):
        return {}
    among = database.dialect.among
    rows = await database.rows(
        "SELECT b.merge_id, t.tag_key FROM customer_merge_absorbed b JOIN customer_tag t ON t.customer_id = b.customer_id"
        f" WHERE {among('b.merge_id', 1)} AND {among('t.tag_key', 2, 'text')} ORDER BY b.merge_id",
        list(later),
        list(tags),
    )
    kept: dict[str, str] = {}
    for merge_id, tag in rows:
        kept.setdefault(tag, merge_id)
    return kept


def _mended(
    later: Mapping[str, Snapshot], left: Mapping[str, tuple[Any, Any]], tags: Mapping[str, str]
) -> Mapping[str, Snapshot]:
    """What a later merge has changed once more, or would have added by itself, is its to put back: to what was before both."""
    mended: dict[str, Snapshot] = {}
    for id_, one in later.items():
        columns = {
            name: (left[name][0], since)
            for name, (before, since) in one.columns.items()
            if name in left and before == left[name][1]
        }
        added = [tag for tag, merge_id in tags.items() if merge_id == id_]
        if columns or added:
            mended[id_] = replace(one, columns={**one.columns, **columns}, tags=[*one.tags, *added])
            left = {name: change for name, change in left.items() if name not in columns}
    return mended
