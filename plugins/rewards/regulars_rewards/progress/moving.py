"""Letting go over what a merge of customers hands over in reward systems, and back: what sources brought, the rewards that were
given, and where triggers have failed. Entries stay with the records on which they were made.

What a source has brought to several of them, such as a birthday, stays where it is but for one of them: as the survivor it has
happened once.
"""

from collections.abc import Sequence

from regulars_core.plugin import Instant, Merge, Shop, insert, new_id

PART = 5_000
"""Rows that are moved by one statement."""
TABLES = {"earning": "rewards_earning", "given": "rewards_given", "failed": "rewards_failed"}
MERGED = ("id", "merge_id", "table_name", "row_id", "before_id")
_BY_SOURCE = ("earning", "failed")
"""Those of which a customer has one by each source."""


async def hand_over(shop: Shop, merge_id: str, survivor_id: str, absorbed: Sequence[str]) -> None:
    """Let what the absorbed have go over to the survivor, and remember by which merge and whose each was."""
    for name in TABLES:
        while await _hand_some_over(shop, merge_id, survivor_id, sorted(absorbed), name):
            pass


async def _hand_some_over(shop: Shop, merge_id: str, survivor_id: str, absorbed: Sequence[str], name: str) -> bool:
    database, table = shop.database, TABLES[name]
    theirs = database.dialect.among("t.customer_id", 1)
    once = ""
    if name in _BY_SOURCE:
        others = database.dialect.among("o.customer_id", 1)
        once = (
            f" AND NOT EXISTS (SELECT 1 FROM {table} o WHERE o.system_id = t.system_id AND o.source = t.source"
            f" AND (o.customer_id = $2 OR {others} AND o.id < t.id))"
        )
    values = [list(absorbed), *([survivor_id] if once else [])]
    rows = await database.rows(
        f"SELECT t.id, t.customer_id FROM {table} t WHERE {theirs}{once} ORDER BY t.id LIMIT {PART}", *values
    )
    if not rows:
        return False
    remembered = [(new_id(), merge_id, name, row[0], row[1]) for row in rows]
    await insert(database, "rewards_merged", MERGED, remembered)
    among = database.dialect.among("id", 1)
    await database.run(f"UPDATE {table} SET customer_id = $2 WHERE {among}", [row[0] for row in rows], survivor_id)
    return len(rows) == PART


async def give_back(shop: Shop, merge: Merge, at: Instant) -> None:
    """Give back what went over, as it is by now, and what purchases that go back have brought since; what is somebody else's
    by now stays so. What others who were merged into the survivor, and still are, had of the same sources is the survivor's
    instead."""
    while await _give_some_back(shop, merge):
        pass
    await _follow_purchases(shop, merge)
    others: dict[str, list[str]] = {}
    for merge_id, absorbed in await shop.database.rows(
        "SELECT m.id, b.customer_id FROM customer_merge m JOIN customer_merge_absorbed b ON b.merge_id = m.id"
        " WHERE m.survivor_id = $1 AND m.id <> $2 AND m.merged_at <= $3 AND (m.undone_at IS NULL OR m.undone_at > $3)"
        " ORDER BY m.id, b.position",
        merge.survivor.id,
        merge.id,
        at,
    ):
        others.setdefault(merge_id, []).append(absorbed)
    for merge_id, absorbed in others.items():
        await hand_over(shop, merge_id, merge.survivor.id, absorbed)


async def _give_some_back(shop: Shop, merge: Merge) -> bool:
    database = shop.database
    rows = await database.rows(
        f"SELECT id, table_name, row_id, before_id FROM rewards_merged WHERE merge_id = $1"
        f" AND {database.dialect.among('table_name', 2, 'text')} ORDER BY id LIMIT {PART}",
        merge.id,
        list(TABLES),
    )
    by_owner: dict[tuple[str, str], list[str]] = {}
    for _, name, row_id, owner in rows:
        by_owner.setdefault((name, owner), []).append(row_id)
    among = database.dialect.among("id", 1)
    for (name, owner), ids in sorted(by_owner.items()):
        sql = f"UPDATE {TABLES[name]} SET customer_id = $2 WHERE {among} AND customer_id = $3"
        await database.run(sql, ids, owner, merge.survivor.id)
    if rows:
        await database.run(f"DELETE FROM rewards_merged WHERE {among}", [row[0] for row in rows])
    return len(rows) == PART


async def _follow_purchases(shop: Shop, merge: Merge) -> None:
    """What was made up for after the merge was brought to the survivor by a purchase that is another's again."""
    by_owner: dict[str, list[str]] = {}
    for purchase_id, owner in merge.purchases.items():
        by_owner.setdefault(owner, []).append(purchase_id)
    among = shop.database.dialect.among("purchase_id", 1)
    for owner, ids in sorted(by_owner.items()):
        for table in ("rewards_earning", "rewards_failed"):
            sql = f"UPDATE {table} SET customer_id = $2 WHERE {among} AND customer_id = $3"
            await shop.database.run(sql, sorted(ids), owner, merge.survivor.id)
