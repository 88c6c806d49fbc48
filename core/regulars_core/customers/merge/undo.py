"""Undoing a merge: each gets back what was theirs, and what came since stays with the survivor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.audit import changed
from regulars_core.customers.aliases import hold
from regulars_core.customers.attributes.definitions import held_attributes
from regulars_core.customers.attributes.rules import Declared
from regulars_core.customers.changes import replace_addresses
from regulars_core.customers.columns import NAMES
from regulars_core.customers.duplicates import Traits, alike, not_unique
from regulars_core.customers.erasure.reads import scheduled_erasures
from regulars_core.customers.likeness.unique_values import unique_keys
from regulars_core.customers.merge.attributes import kept_attributes, keys_put_back, put_back_attributes, worded
from regulars_core.customers.merge.obstacles import refuse_undo
from regulars_core.customers.merge.reads import absorbed_by, against_undo, merges_undone
from regulars_core.customers.merge.restoration import Later, put_back, reworded
from regulars_core.customers.merge.rows import ALIAS, NOTE, give_back
from regulars_core.customers.merge.service import rewrite_texts, set_columns
from regulars_core.customers.merge.snapshots import Snapshot, remove, rewrite, snapshots_of
from regulars_core.customers.registration import lock_values
from regulars_core.customers.rules import ADDRESSES, Address
from regulars_core.customers.sealed import opened_columns
from regulars_core.database import Database, Overtaken
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

    What the merge has changed of the survivor is as before, unless somebody has changed it since, or another one has by now what
    the shop allows once. Raises Refused: NOT_FOUND, ALREADY_UNDONE, UNDO_EXPIRED, CUSTOMER_ERASED, ERASURE_PENDING,
    ALREADY_MERGED where the survivor has been merged since, and what plugins have against it. Raises CatchingUp where one of
    these is behind.
    """

    async def work() -> Sequence[str]:
        database = shop.database
        kept_apart = await _kept_apart(shop, merge_id)
        await lock_values(shop, sorted(kept_apart))
        rows = await lock(database, "customer_merge", [merge_id], ("survivor_id", "merged_at", "undone_at"))
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no merge with this id.", ("mergeId",)))
        survivor, merged_at, undone_at = rows[0]
        absorbed = (await absorbed_by(database, [merge_id])).get(merge_id, [])
        ids = [survivor, *absorbed]
        customers = {row[0]: row for row in await lock(database, "customer", ids, ("id", "merged_into_id", "status"))}
        snapshot = (await snapshots_of(database, [merge_id])).get(merge_id)
        pending = await scheduled_erasures(database, ids)
        problems = against_undo(shop, merged_at, undone_at, customers[survivor][1], snapshot, is_pending=bool(pending))
        if not problems and any(row[2] == "ERASED" for row in customers.values()):
            problems = [Problem("CUSTOMER_ERASED", "One of these customers was erased.", ("mergeId",))]
        if problems:
            raise Refused(*problems)
        assert snapshot is not None
        if not await _kept_apart(shop, merge_id) <= kept_apart:
            raise Overtaken("An earlier merge was undone meanwhile.")
        await _undo(shop, merge_id, survivor, absorbed, snapshot, merged_at)
        return ids

    return await shop.database.transaction(work)


async def _kept_apart(shop: Shop, merge_id: str) -> set[tuple[str, str]]:
    """The values that the shop keeps apart and this undo may put back."""
    snapshot = (await snapshots_of(shop.database, [merge_id])).get(merge_id)
    if snapshot is None:
        return set()
    before = {name: change[0] for name, change in snapshot.columns.items()}
    return {*unique_keys(shop.settings, before), *await keys_put_back(shop, snapshot.attributes)}


async def _undo(
    shop: Shop, merge_id: str, survivor: str, absorbed: Sequence[str], snapshot: Snapshot, merged_at: Instant
) -> None:
    database, ids, at = shop.database, [survivor, *absorbed], now()
    await lock_where(database, "purchase", "customer_id = $1", [survivor])  # those that go back among them
    await hold(database, ids)
    await refuse_undo(shop, merge_id)
    await _let_be_themselves(database, merge_id, survivor, snapshot.statuses, at)
    await give_back(database, merge_id, NOTE, "customer_note", "customer_id", survivor)
    restored = await _restore(shop, merge_id, survivor, absorbed, snapshot, merged_at, at)
    await remove(database, merge_id)
    await database.run("UPDATE customer_merge SET undone_at = $2 WHERE id = $1", merge_id, at)
    changed({"absorbedIds": (" ".join(absorbed), None)})
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


async def _restore(
    shop: Shop,
    merge_id: str,
    survivor: str,
    absorbed: Sequence[str],
    snapshot: Snapshot,
    merged_at: Instant,
    at: Instant,
) -> bool:
    """Put back what the merge has changed of the survivor's details, as far as it still is so; whether anything was."""
    database = shop.database
    declared = await held_attributes(database)
    snapshot, later = reworded(snapshot, declared), await _later(database, merge_id, survivor, declared)
    has, lives_at = await _as_it_is(database, survivor)
    kept = (await kept_attributes(database, [survivor]))[survivor]
    described = {field: worded(declared, field, one.value) for field, one in kept.items()}
    put = put_back(snapshot, has, lives_at, described, later)
    back = await _allowed(shop, [survivor, *absorbed], snapshot, has, put.columns)
    given_back = await put_back_attributes(shop, declared, [survivor, *absorbed], put.attributes, merged_at, at)
    changed({camel(name): None for name in back} | dict.fromkeys(given_back))
    await set_columns(database, survivor, back, at)
    moved = await replace_addresses(shop, survivor, put.addresses)
    tagged = await _tags_of_later_ones(database, later, snapshot.tags)
    mended = dict(put.mended)
    for tag, id_ in tagged.items():
        one = mended.get(id_, later[id_].snapshot)
        mended[id_] = replace(one, tags=[*one.tags, tag])
    for id_, one in mended.items():
        await rewrite(database, id_, one)
    removed = 0
    if gone := [tag for tag in snapshot.tags if tag not in tagged]:
        among = database.dialect.among("tag_key", 2, "text")
        sql = f"DELETE FROM customer_tag WHERE customer_id = $1 AND {among}"
        removed = await database.run(sql, survivor, gone)
    return bool(back or moved or removed or given_back)


_COLUMNS = (*NAMES, "contact_checked_at", "is_company", "group_id", "status", "created_at")


async def _as_it_is(database: Database, survivor: str) -> tuple[Mapping[str, Any], Mapping[str, Address]]:
    """The columns of the survivor, and the addresses by kind, an empty one for none."""
    row = await database.row(f"SELECT {', '.join(_COLUMNS)} FROM customer WHERE id = $1", survivor)
    assert row is not None
    parts = "kind, recipient, line1, line2, city, region, postal_code, country"
    rows = await database.rows(f"SELECT {parts} FROM customer_address WHERE customer_id = $1", survivor)
    lives_at = dict.fromkeys(ADDRESSES, Address()) | {kind: Address(*address) for kind, *address in rows}
    return opened_columns(database.seals, survivor, dict(zip(_COLUMNS, row, strict=True))), lives_at


async def _allowed(
    shop: Shop, ids: Sequence[str], snapshot: Snapshot, has: Mapping[str, Any], back: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What is put back, but no group that is not there any more. Of what the shop keeps apart it is None if a stranger has it by
    now, and also if the survivor was since given what is the other's again."""
    allowed, (survivor, *absorbed) = dict(back), ids
    if "group_id" in back and not await _is_open_group(shop.database, back["group_id"]):
        del allowed["group_id"]
    own = {one.field: one.values[0][1] for one in snapshot.fields}
    since = {name: has[name] for name in NAMES if name not in back and has[name] != own.get(camel(name), has[name])}
    kept_apart: dict[str, Any] = dict(unique_keys(shop.settings, {**since, **back}))
    if kept_apart:
        traits = Traits(**kept_apart)
        others = [one for one in await alike(shop, None, traits) if one.id != survivor]
        for name in kept_apart:
            rivals = [one for one in others if (one.id in absorbed) == (name in since)]
            if not_unique([name], traits, rivals):
                allowed[name] = None
    return allowed


async def _is_open_group(database: Database, group_id: str) -> bool:
    sql = "SELECT 1 FROM customer_group WHERE id = $1 AND emptying_into IS NULL"
    return await database.row(sql, group_id) is not None


async def _later(database: Database, merge_id: str, survivor: str, declared: Declared) -> Mapping[str, Later]:
    """The merges into the same survivor that came later and stand, in their order."""
    created: dict[str, list[int]] = {}
    for id_, at in await database.rows(
        "SELECT m.id, c.created_at FROM customer_merge m JOIN customer_merge_absorbed b ON b.merge_id = m.id"
        " JOIN customer c ON c.id = b.customer_id"
        " WHERE m.survivor_id = $1 AND m.undone_at IS NULL AND m.id > $2 ORDER BY m.id",
        survivor,
        merge_id,
    ):
        created.setdefault(id_, []).append(at)
    snapshots = await snapshots_of(database, list(created))
    return {id_: Later(reworded(snapshots[id_], declared), created[id_]) for id_ in created if id_ in snapshots}


async def _tags_of_later_ones(database: Database, later: Mapping[str, Later], tags: Sequence[str]) -> Mapping[str, str]:
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
