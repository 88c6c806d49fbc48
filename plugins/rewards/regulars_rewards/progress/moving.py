"""Letting go over what a merge of customers hands over in reward systems, and back: what sources brought, the rewards that were
given, and where triggers have failed. Entries stay with the records on which they were made.

What a source has brought to several of them, such as a birthday, stays where it is but for one of them: as the survivor it has
happened once. That is one of which something stands: a purchase that was given to another leaves a reversed row with whoever had
it before, and a merge of both must not take that one for it. What the survivor has of the source itself then changes places with
it.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.plugin import Instant, Merge, Shop, insert, new_id

PART = 5_000
"""Rows that are moved by one statement."""
TABLES = {"earning": "rewards_earning", "given": "rewards_given", "failed": "rewards_failed"}
MERGED = ("id", "merge_id", "table_name", "row_id", "before_id")
_STANDS = {"earning": "({0}.earned > {0}.reversed)", "failed": "(1 = 1)"}
"""Those of which a customer has one by each source, and whether something of it stands."""
_TRADED = "traded"
"""The name under which two earnings are remembered that have changed places."""


async def hand_over(shop: Shop, merge_id: str, survivor_id: str, absorbed: Sequence[str]) -> None:
    """Let what the absorbed have go over to the survivor, and remember by which merge and whose each was."""
    for name in TABLES:
        while await _hand_some_over(shop, merge_id, survivor_id, sorted(absorbed), name):
            pass


async def _hand_some_over(shop: Shop, merge_id: str, survivor_id: str, absorbed: Sequence[str], name: str) -> bool:
    database, table = shop.database, TABLES[name]
    theirs, values = database.dialect.among("t.customer_id", 1), list[Any]([list(absorbed)])
    in_its_place, joined, only_one = "NULL", "", ""
    if name in _STANDS:
        values.append(survivor_id)
        in_its_place = "s.id"
        joined = f" LEFT JOIN {table} s ON s.customer_id = $2 AND s.system_id = t.system_id AND s.source = t.source"
        stands, others_stands = _STANDS[name].format("t"), _STANDS[name].format("o")
        only_one = (
            f" AND NOT EXISTS (SELECT 1 FROM {table} o WHERE o.system_id = t.system_id AND o.source = t.source"
            f" AND o.id <> t.id AND (o.customer_id = $2 OR {database.dialect.among('o.customer_id', 1)})"
            f" AND ({others_stands} AND NOT {stands}"
            f" OR {others_stands} = {stands} AND (o.customer_id = $2 OR o.id < t.id)))"
        )
    rows = await database.rows(
        f"SELECT t.id, t.customer_id, {in_its_place} FROM {table} t{joined} WHERE {theirs}{only_one} ORDER BY t.id"
        f" LIMIT {PART}",
        *values,
    )
    if not rows:
        return False
    traded = {row[2]: row[1] for row in rows if row[2] is not None}
    remembered = [
        (new_id(), merge_id, name if other is None else _TRADED, row_id, owner) for row_id, owner, other in rows
    ]
    remembered += [(new_id(), merge_id, _TRADED, row_id, survivor_id) for row_id in traded]
    await insert(database, "rewards_merged", MERGED, remembered)
    await _place(shop, table, {row[0]: survivor_id for row in rows}, traded)
    return len(rows) == PART


async def _place(
    shop: Shop, table: str, owners: Mapping[str, str], in_the_way: Mapping[str, str] | None = None
) -> None:
    """Let rows be whose each is to be; last those that are in the way of others until these have left their own places."""
    database, among = shop.database, shop.database.dialect.among("id", 1)
    if in_the_way:
        # Nobody's, for the while: a customer has one by each source, and no customer has the id of such a row.
        await database.run(f"UPDATE {table} SET customer_id = id WHERE {among}", sorted(in_the_way))
    for each in (owners, in_the_way or {}):
        by_owner: dict[str, list[str]] = {}
        for row_id, owner in each.items():
            by_owner.setdefault(owner, []).append(row_id)
        for owner, ids in sorted(by_owner.items()):
            await database.run(f"UPDATE {table} SET customer_id = $2 WHERE {among}", sorted(ids), owner)


async def give_back(shop: Shop, merge: Merge, at: Instant) -> None:
    """Give back what went over, as it is by now, and what purchases that go back have brought since; what is somebody else's
    by now stays so. What others who were merged into the survivor, and still are, had of the same sources is the survivor's
    instead."""
    others = await _other_merges(shop, merge, at)
    later = [id_ for (merged_at, id_) in others if (merged_at, id_) > (merge.merged_at, merge.id)]
    for id_ in reversed(later):  # what changed places later did so with what the ones before had left
        await _trade_back(shop, id_, merge.survivor.id)
    await _trade_back(shop, merge.id, merge.survivor.id, merge.purchases)
    while await _give_some_back(shop, merge):
        pass
    for (_, id_), absorbed in others.items():
        await hand_over(shop, id_, merge.survivor.id, absorbed)
    await _follow_purchases(shop, merge)


async def _other_merges(shop: Shop, merge: Merge, at: Instant) -> Mapping[tuple[Instant, str], Sequence[str]]:
    """Whom other merges made one with the survivor that stand, by when they were done and their ids, the first one first."""
    found: dict[tuple[Instant, str], list[str]] = {}
    for merge_id, merged_at, absorbed in await shop.database.rows(
        "SELECT m.id, m.merged_at, b.customer_id FROM customer_merge m JOIN customer_merge_absorbed b ON b.merge_id = m.id"
        " WHERE m.survivor_id = $1 AND m.id <> $2 AND m.merged_at <= $3 AND (m.undone_at IS NULL OR m.undone_at > $3)"
        " ORDER BY m.merged_at, m.id, b.position",
        merge.survivor.id,
        merge.id,
        at,
    ):
        found.setdefault((merged_at, merge_id), []).append(absorbed)
    return found


async def _trade_back(shop: Shop, merge_id: str, survivor_id: str, purchases: Mapping[str, str] | None = None) -> None:
    """Let what has changed places with something of the survivor's change back, where the survivor still has it; where it is told
    which `purchases` go back and to whom, what others brought and stands stays."""
    database, table = shop.database, TABLES["earning"]
    rows = await database.rows(
        "SELECT m.row_id, m.before_id, t.customer_id, t.system_id, t.source, t.purchase_id,"
        f" {_STANDS['earning'].format('t')} FROM rewards_merged m JOIN {table} t ON t.id = m.row_id"
        " WHERE m.merge_id = $1 AND m.table_name = $2 ORDER BY m.id",
        merge_id,
        _TRADED,
    )
    if not rows:
        return
    back, sources = dict[str, str](), set[tuple[str, str]]()
    for row_id, before, owner, system_id, source, purchase_id, stands in rows:
        stays = purchases is not None and _stays(purchases, before, purchase_id, stands)
        if before != survivor_id and owner == survivor_id and not stays:
            back[row_id] = before
            sources.add((system_id, source))
    own = {row[0]: survivor_id for row in rows if row[1] == survivor_id and (row[3], row[4]) in sources}
    await _place(shop, table, back, own)
    await database.run("DELETE FROM rewards_merged WHERE merge_id = $1 AND table_name = $2", merge_id, _TRADED)


def _stays(purchases: Mapping[str, str], before: str, purchase_id: str | None, stands: Any) -> bool:
    """Whether it stands for a purchase that does not go back to whoever it came from: the survivor was given that since."""
    return bool(purchase_id is not None and stands and purchases.get(purchase_id) != before)


async def _give_some_back(shop: Shop, merge: Merge) -> bool:
    database = shop.database
    rows = await database.rows(
        f"SELECT m.id, m.table_name, m.row_id, m.before_id, t.purchase_id, {_STANDS['earning'].format('t')}"
        f" FROM rewards_merged m LEFT JOIN {TABLES['earning']} t ON t.id = m.row_id WHERE m.merge_id = $1"
        f" AND {database.dialect.among('m.table_name', 2, 'text')} ORDER BY m.id LIMIT {PART}",
        merge.id,
        list(TABLES),
    )
    by_owner: dict[tuple[str, str], list[str]] = {}
    for _, name, row_id, owner, purchase_id, stands in rows:
        if not _stays(merge.purchases, owner, purchase_id, stands):
            by_owner.setdefault((name, owner), []).append(row_id)
    among = database.dialect.among("id", 1)
    for (name, owner), ids in sorted(by_owner.items()):
        sql = f"UPDATE {TABLES[name]} SET customer_id = $2 WHERE {among} AND customer_id = $3"
        await database.run(sql, ids, owner, merge.survivor.id)
    if rows:
        await database.run(f"DELETE FROM rewards_merged WHERE {among}", [row[0] for row in rows])
    return len(rows) == PART


async def _follow_purchases(shop: Shop, merge: Merge) -> None:
    """What purchases that are others' again have brought to the survivor: made up for after the merge it is theirs, and so is
    what was reversed before and stands again; the latter is reversed where they had nothing of it."""
    by_owner: dict[str, list[str]] = {}
    for purchase_id, owner in merge.purchases.items():
        by_owner.setdefault(owner, []).append(purchase_id)
    for owner, ids in sorted(by_owner.items()):
        await _follow_earnings(shop, merge, owner, sorted(ids))
        among = shop.database.dialect.among("purchase_id", 1)
        await shop.database.run(
            f"UPDATE rewards_failed SET customer_id = $2 WHERE {among} AND customer_id = $3 AND NOT EXISTS (SELECT 1 FROM"
            " rewards_failed o WHERE o.customer_id = $2 AND o.system_id = rewards_failed.system_id"
            " AND o.source = rewards_failed.source)",
            sorted(ids),
            owner,
            merge.survivor.id,
        )


async def _follow_earnings(shop: Shop, merge: Merge, owner: str, purchase_ids: Collection[str]) -> None:
    database, table = shop.database, TABLES["earning"]
    rows = await database.rows(
        f"SELECT t.id, {_STANDS['earning'].format('t')}, o.id FROM {table} t LEFT JOIN {table} o ON o.customer_id = $2"
        f" AND o.system_id = t.system_id AND o.source = t.source WHERE {database.dialect.among('t.purchase_id', 1)}"
        " AND t.customer_id = $3 ORDER BY t.id",
        purchase_ids,
        owner,
        merge.survivor.id,
    )
    theirs, own, reversed_ = dict[str, str](), dict[str, str](), list[str]()
    for row_id, stands, other in rows:
        if other is not None and stands:
            theirs[row_id], own[other] = owner, merge.survivor.id
        elif other is None and row_id > merge.id:
            theirs[row_id] = owner
        elif other is None and stands:
            reversed_.append(row_id)
    await _place(shop, table, theirs, own)
    if reversed_:
        await database.run(f"UPDATE {table} SET reversed = earned WHERE {database.dialect.among('id', 1)}", reversed_)
