"""Making the standings of many anew: at once where they are few, and by a bulk job where they are many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import (
    Actor,
    BulkBatch,
    BulkJobRow,
    BulkStep,
    BulkTask,
    Shop,
    Values,
    Where,
    request_bulk_job,
)
from regulars_tiers.reassessment import MAX_PURCHASES, reassess

MAX_AT_ONCE = 250
"""Customers whose standings are made anew within an answer, unless they have very many purchases."""
MAX_COUNTED = 100_000
"""So far those are counted who are left to the job."""
_FIRST = "0" * 32
_SOURCE = (
    "tier_standing t JOIN customer c ON c.id = t.customer_id AND c.id > $1 AND c.merged_into_id IS NULL"
    " LEFT JOIN customer_stats s ON s.customer_id = c.id AND s.customer_id > $1"
)
"""From a customer on, said of each table: PostgreSQL merges them, and would read the others from their beginning."""


@dataclass(frozen=True, slots=True)
class Reassessed:
    """How many standings were made anew, how many customers moved, how many are left, and to which job."""

    reassessed: int = 0
    moved: int = 0
    queued: int = 0
    job: BulkJobRow | None = None


async def reassess_many(shop: Shop, where: Where | None, by: Actor) -> Reassessed:
    """Make the standings of all customers anew, or of those who match; in the caller's transaction as far as that fits an
    answer."""
    condition, values = _condition(shop, where)
    found = await _next(shop, condition, values, _FIRST, MAX_AT_ONCE + 1)
    ids = [id_ for id_, _ in found]
    if len(ids) <= MAX_AT_ONCE and sum(count for _, count in found) <= MAX_PURCHASES:
        return Reassessed(len(ids), await reassess(shop, ids)) if ids else Reassessed()
    row = await shop.database.row(f"SELECT count(*) FROM ({_some(condition)}) counted", _FIRST, MAX_COUNTED, *values)
    job = await request_bulk_job(shop, TIERS_REASSESS.name, {"condition": condition, "values": values}, by)
    return Reassessed(queued=int(row[0]) if row else 0, job=job)


def _condition(shop: Shop, where: Where | None) -> tuple[str, list[Any]]:
    """The condition in SQL, of which `$1` and `$2` are not taken, and its values."""
    values = Values(shop.database.dialect, _FIRST, 0)
    condition = where.compile(values) if where else "1 = 1"
    return condition, values.all[2:]


def _some(condition: str) -> str:
    """The next customers behind one."""
    return (
        f"SELECT t.customer_id, coalesce(s.purchase_count, 0) AS purchase_count FROM {_SOURCE}"
        f" WHERE t.customer_id > $1 AND {condition} ORDER BY t.customer_id LIMIT $2"
    )


async def _next(shop: Shop, condition: str, values: Sequence[Any], after: str, most: int) -> Sequence[tuple[str, int]]:
    """Whose standings come next, with how many purchases each has."""
    return [(row[0], row[1]) for row in await shop.database.rows(_some(condition), after, most, *values)]


async def _step(shop: Shop, batch: BulkBatch) -> BulkStep:
    """Make some standings anew, of so many customers that those who sell to them do not wait long."""
    condition, values = batch.input["condition"], batch.input["values"]
    found = await _next(shop, condition, values, batch.place or _FIRST, batch.most)
    ids, purchases = list[str](), 0
    for id_, count in found:
        if ids and purchases + count > MAX_PURCHASES:
            break
        ids.append(id_)
        purchases += count
    moved = await reassess(shop, ids) if ids else 0
    is_last = len(ids) == len(found) < batch.most
    return BulkStep(None if is_last else ids[-1], len(ids), {"changed": moved, "unchanged": len(ids) - moved})


async def _total(shop: Shop, given: Mapping[str, Any]) -> int | None:
    counted = f"SELECT count(*) FROM {_SOURCE} WHERE t.customer_id > $1 AND $2 = 0 AND {given['condition']}"
    row = await shop.database.row(counted, _FIRST, 0, *given["values"])
    return row[0] if row else None


TIERS_REASSESS = BulkTask("TIERS_REASSESS", "Makes standings anew.", _step, _total)
"""The bulk task."""
