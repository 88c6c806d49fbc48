"""What a merge of customers does to coupons and uses, and what its undoing does: they go over to the survivor, and back; and
after them progress, by which coupons may be given and taken back.

Limits per customer follow by that: what any of the merged has used, the survivor has.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars_core.plugin import (
    Instant,
    Merge,
    MergeEffect,
    MergeForecast,
    Moved,
    PlannedMerge,
    Problem,
    Shop,
    StandingMerge,
    insert,
    new_id,
    now,
)
from regulars_rewards.permissions import COUPONS_VIEW, OFFERS_VIEW
from regulars_rewards.progress import merges as progress

PART = 5_000
"""Rows that are moved by one statement."""
_TABLES = {"coupon": "rewards_coupon", "use": "rewards_use"}
_MERGED = ("id", "merge_id", "table_name", "row_id", "before_id")

_NEEDS = {"coupons": COUPONS_VIEW, "offerUses": OFFERS_VIEW}


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """How many coupons and uses go over to the survivor, and which reservations are in the way."""
    database = shop.database
    ids = sorted({one.id for merge in merges for one in merge.everybody})
    among = database.dialect.among("customer_id", 1)
    coupons, uses, reserved = await database.read_together(
        [
            (f"SELECT customer_id, count(*) FROM rewards_coupon WHERE {among} GROUP BY customer_id", [ids]),
            (f"SELECT customer_id, count(*) FROM rewards_use WHERE {among} GROUP BY customer_id", [ids]),
            (f"SELECT DISTINCT customer_id FROM rewards_use WHERE {among} AND reserved_until > $2", [ids, now()]),
        ]
    )
    open_ones = {row[0] for row in reserved}
    counts = {"coupons": {row[0]: row[1] for row in coupons}, "offerUses": {row[0]: row[1] for row in uses}}
    own = [_forecast(merge, counts, open_ones) for merge in merges]
    return [
        replace(one, effects=[*one.effects, *other.effects], moved={**one.moved, **other.moved})
        for one, other in zip(own, await progress.merging(shop, merges), strict=True)
    ]


def _forecast(merge: PlannedMerge, counts: Mapping[str, Mapping[str, int]], reserved: set[str]) -> MergeForecast:
    paths = {merge.survivor.id: ("survivorId",)} | {
        one.id: ("absorbedIds", str(n)) for n, one in enumerate(merge.absorbed)
    }
    message = "A coupon is reserved for an open basket of this customer's; redeem or release it first."
    obstacles = [Problem("OPEN_RESERVATION", message, path) for id_, path in paths.items() if id_ in reserved]
    moved = {
        kind: Moved(sum(known.get(one.id, 0) for one in merge.absorbed), _NEEDS[kind]) for kind, known in counts.items()
    }
    effects = []
    for one in merge.absorbed:
        if number := counts["coupons"].get(one.id, 0):
            what = f"{number} coupon{'' if number == 1 else 's'} of {one.code}"
            told = f"{what} go{'es' if number == 1 else ''} over to {merge.survivor.code}."
            effects.append(MergeEffect("COUPONS", told, COUPONS_VIEW))
    return MergeForecast(obstacles=obstacles, effects=effects, moved=moved)


async def merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Let the coupons, uses and progress of the absorbed go over to the survivor, and remember whose each was."""
    for merge in merges:
        absorbed = sorted(one.id for one in merge.absorbed)
        for name, table in _TABLES.items():
            while await _move_some(shop, merge, name, table, absorbed):
                pass
    await progress.merged(shop, merges, moments)


async def _move_some(shop: Shop, merge: Merge, name: str, table: str, absorbed: Sequence[str]) -> bool:
    database = shop.database
    among = database.dialect.among("customer_id", 1)
    rows = await database.rows(f"SELECT id, customer_id FROM {table} WHERE {among} ORDER BY id LIMIT {PART}", absorbed)
    if not rows:
        return False
    remembered = [(new_id(), merge.id, name, row[0], row[1]) for row in rows]
    await insert(database, "rewards_merged", _MERGED, remembered)
    await _repoint(shop, name, [row[0] for row in rows], merge.survivor.id, None)
    return len(rows) == PART


async def _repoint(shop: Shop, name: str, ids: Sequence[str], to: str, whose: str | None) -> None:
    """Let rows be somebody else's, only those that are `whose` where that is given; of coupons also why they were issued."""
    database, table = shop.database, _TABLES[name]
    own = "" if whose is None else " AND customer_id = $3"
    values = [sorted(ids), to, *([] if whose is None else [whose])]
    sql = f"UPDATE {table} SET customer_id = $2 WHERE {database.dialect.among('id', 1)}{own}"
    await database.run(sql, *values)
    if name == "coupon":
        reasons = f"UPDATE rewards_reason SET customer_id = $2 WHERE {database.dialect.among('coupon_id', 1)}{own}"
        await database.run(reasons, *values)


async def unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    """What is in the way of undoing merges: a coupon that came over is reserved for an open basket."""
    answers = []
    for merge in merges:
        row = await shop.database.row(
            "SELECT 1 FROM rewards_merged m JOIN rewards_use u ON u.coupon_id = m.row_id AND u.reserved_until > $2"
            " WHERE m.merge_id = $1 AND m.table_name = 'coupon' LIMIT 1",
            merge.id,
            now(),
        )
        message = "A coupon that came over with the merge is reserved for an open basket; redeem or release it first."
        answers.append([Problem("OPEN_RESERVATION", message, ("mergeId",))] if row else [])
    of_progress = await progress.unmerging(shop, merges)
    return [[*own, *others] for own, others in zip(answers, of_progress, strict=True)]


async def unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Give coupons and uses back to whose they were, as they are by now; what is somebody else's since stays so."""
    for merge in merges:
        while await _give_some_back(shop, merge):
            pass
    await progress.unmerged(shop, merges, moments)


async def _give_some_back(shop: Shop, merge: Merge) -> bool:
    database = shop.database
    rows = await database.rows(
        f"SELECT id, table_name, row_id, before_id FROM rewards_merged WHERE merge_id = $1"
        f" AND {database.dialect.among('table_name', 2, 'text')} ORDER BY id LIMIT {PART}",
        merge.id,
        list(_TABLES),
    )
    by_owner: dict[tuple[str, str], list[str]] = {}
    for _, name, row_id, owner in rows:
        by_owner.setdefault((name, owner), []).append(row_id)
    for (name, owner), ids in sorted(by_owner.items()):
        await _repoint(shop, name, ids, owner, merge.survivor.id)
    if rows:
        among = database.dialect.among("id", 1)
        await database.run(f"DELETE FROM rewards_merged WHERE {among}", [row[0] for row in rows])
    return len(rows) == PART
