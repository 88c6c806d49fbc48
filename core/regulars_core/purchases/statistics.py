"""The stored statistics of customers: moved forward by a purchase, counted anew after a refund or void, and proven."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from regulars_core.customers.reads import StatsRow, stats_rows
from regulars_core.database import Database, Dialect, Guarded, Lookup, Write
from regulars_core.primitives.clock import NEVER, Instant
from regulars_core.purchases.regulars import latest
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.locks import lock
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

_BATCH = 1_000
_RECOUNT = f"""
    CAST(coalesce(sum(CASE WHEN p.status <> 'VOIDED' THEN p.total - p.refunded END), 0) AS BIGINT) AS spent,
    CAST(coalesce(sum(CASE WHEN {COUNTED} THEN 1 END), 0) AS BIGINT) AS number,
    coalesce(min(CASE WHEN {COUNTED} THEN p.purchased_at END), {NEVER + 1} - 1) AS first_at,
    coalesce(max(CASE WHEN {COUNTED} THEN p.purchased_at END), {NEVER + 1} - 1) AS last_at
"""


@dataclass(slots=True)
class StatsDelta:
    """What new purchases add to one customer's statistics: `spent` in minor units, and when they were made."""

    spent: int
    made: list[Instant]

    def add(self, spent: int, at: Instant) -> None:
        """One more purchase."""
        self.spent += spent
        self.made.append(at)


async def add_purchases(shop: Shop, deltas: Mapping[str, StatsDelta], activity: int | None = None) -> None:
    """Move statistics forward by new purchases, in the order of ids so that writers never wait for each other in a ring; those of
    one customer, if `activity` is given, only as long as it is that."""
    updates = [stats_update(shop, id_, delta, activity) for id_, delta in sorted(deltas.items())]
    if activity is not None:
        await shop.database.defer(updates)
    elif updates:
        await shop.database.run_many(updates[0][0], [each[1] for each in updates])


def stats_update(shop: Shop, customer_id: str, delta: StatsDelta, activity: int | None = None) -> Write:
    """What moves one customer's statistics forward, unless the customer was merged into another meanwhile; if `activity` is
    given, only as long as it is that."""
    sql, made = _update_sql(shop.database.dialect, shop.settings.regular_purchases), delta.made
    values = (customer_id, delta.spent, len(made), min(made), max(made), made)
    if activity is None:
        return Guarded(sql, values)
    return Guarded(f"{sql} AND activity = $7", (*values, activity))


def lookup_statistics(dialect: Dialect, customer_ids: Collection[str]) -> Lookup:
    """(customer, spent, count, activity) of each customer, in the order of ids. The last is the counter of everything that has
    moved the customer's money, points, progress or tier: who decides by one of these is overtaken if it is another one by the
    time that it is written."""
    condition, keys = dialect.keyed("customer_id", 1, sorted(customer_ids))
    columns = "customer_id, total_spent, purchase_count, activity"
    return f"SELECT {columns} FROM customer_stats WHERE {condition} ORDER BY customer_id", [keys]


@cache
def _update_sql(dialect: Dialect, regular_purchases: int) -> str:
    least = dialect.least("first_purchase_at", "$4")
    last, active = (dialect.greatest(column, "$5") for column in ("last_purchase_at", "active_at"))
    return (
        "UPDATE customer_stats SET total_spent = total_spent + $2, purchase_count = purchase_count + $3,"
        " activity = activity + 1,"
        f" first_purchase_at = CASE WHEN first_purchase_at = {NEVER + 1} - 1 THEN $4 ELSE {least} END,"
        f" last_purchase_at = {last}, active_at = {active}, {latest.moved(dialect, regular_purchases, '$6')}"
        " WHERE customer_id = $1 AND merged_into_id IS NULL"
    )


async def recount(shop: Shop, customer_ids: Sequence[str]) -> None:
    """Count the statistics of customers anew from their purchases.

    The rows are locked first and read in a later statement, so that a purchase recorded meanwhile is either seen or adds
    itself afterwards.
    """
    ids, database = sorted(set(customer_ids)), shop.database
    regular = latest.counted(database.dialect, shop.settings.regular_purchases)
    await lock(database, "customer_stats", ids, key="customer_id")
    if len(ids) > 1:
        await database.run(_recount_sql(database.dialect, regular), ids)
        return
    for customer_id in ids:
        row = await database.row(f"SELECT {_RECOUNT} FROM purchase p WHERE p.customer_id = $1", customer_id)
        assert row is not None
        active = database.dialect.greatest("(SELECT created_at FROM customer WHERE id = $1)", "$5")
        await database.run(
            "UPDATE customer_stats SET total_spent = $2, purchase_count = $3, first_purchase_at = $4,"
            f" activity = activity + 1, last_purchase_at = $5, active_at = {active}, {regular} WHERE customer_id = $1",
            customer_id,
            *row,
        )


@cache
def _recount_sql(dialect: Dialect, regular: str) -> str:
    active = dialect.greatest("r.created_at", "r.last_at")
    return (
        "UPDATE customer_stats SET total_spent = r.spent, purchase_count = r.number, first_purchase_at = r.first_at,"
        f" last_purchase_at = r.last_at, active_at = {active}, activity = activity + 1, {regular} FROM"
        f" (SELECT c.id, c.created_at, {_RECOUNT} FROM {dialect.keys(1)} JOIN customer c ON c.id = k.key"
        " LEFT JOIN purchase p ON p.customer_id = c.id GROUP BY c.id, c.created_at) r WHERE customer_stats.customer_id = r.id"
    )


async def stats_in_stores(
    shop: Shop,
    customer_ids: Sequence[str],
    stores: Collection[str] | None,
    first: Instant | None = None,
    before: Instant | None = None,
) -> Mapping[str, StatsRow]:
    """What customers' purchases in some stores alone amount to, or in all of them, counted from the purchases themselves; those
    from a `first` instant on, and `before` another one."""
    ids = list(dict.fromkeys(customer_ids))
    dialect = shop.database.dialect
    values, conditions = Values(dialect, ids), [dialect.among("p.customer_id", 1)]
    if stores is not None:
        values.bind(sorted(stores))
        conditions.append(dialect.among("p.store_id", len(values.all)))
    conditions += [
        f"p.purchased_at {sign} {values.bind(at)}" for sign, at in ((">=", first), ("<", before)) if at is not None
    ]
    rows = await shop.database.rows(
        f"SELECT p.customer_id, {_RECOUNT} FROM purchase p WHERE {' AND '.join(conditions)} GROUP BY p.customer_id",
        *values.all,
    )
    nothing = {customer_id: (customer_id, 0, 0, NEVER, NEVER) for customer_id in ids}
    return stats_rows(shop, list((nothing | {row[0]: row for row in rows}).values()))


MAX_VISITS = 300
"""Purchases that are walked for `visits` in all; in each of many stores at least 25."""


def visits(stores: Sequence[str]) -> str:
    """The SELECT of the customers who have bought lately in the stores that these placeholders stand for: `id`, and `at`, when
    that was last. There is a store at least.

    The purchases that each store has recorded last are walked by their index: stored statistics are those of all stores.
    """
    each = max(MAX_VISITS // len(stores), 25)
    walked = " UNION ALL ".join(
        "SELECT * FROM (SELECT p.customer_id, p.purchased_at, p.status, p.total FROM purchase p"
        f" WHERE p.store_id = {store} ORDER BY p.recorded_at DESC LIMIT {each}) p{n}"
        for n, store in enumerate(stores)
    )
    return (
        f"SELECT p.customer_id AS id, max(p.purchased_at) AS at FROM ({walked}) p"
        f" WHERE p.customer_id IS NOT NULL AND {COUNTED} GROUP BY p.customer_id"
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A customer whose stored statistics are not what the purchases amount to."""

    customer_id: str
    stored: Sequence[int]
    recounted: Sequence[int]


async def differences(database: Database) -> AsyncIterator[Difference]:
    """Every customer whose stored statistics differ from a recount; reads in batches, writes nothing."""
    last = "0" * 32
    while True:
        rows = await database.rows(
            f"SELECT c.id, c.created_at, s.total_spent, s.purchase_count, s.first_purchase_at, s.last_purchase_at,"
            f" s.active_at, r.* FROM (SELECT id, created_at FROM customer WHERE id > $1 ORDER BY id LIMIT {_BATCH}) c"
            " LEFT JOIN customer_stats s ON s.customer_id = c.id"
            f" LEFT JOIN (SELECT p.customer_id, {_RECOUNT} FROM purchase p WHERE p.customer_id IN"
            f" (SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT {_BATCH}) GROUP BY p.customer_id) r"
            " ON r.customer_id = c.id ORDER BY c.id",
            last,
        )
        for row in rows:
            counted = tuple(row[8:12]) if row[7] is not None else (0, 0, NEVER, NEVER)
            right = (*counted, max(row[1], counted[3]))
            if tuple(row[2:7]) != right:
                yield Difference(row[0], tuple(row[2:7]), right)
        if len(rows) < _BATCH:
            return
        last = rows[-1][0]
