"""Making standings anew: what time has changed, what a new policy asks for, and whatever somebody wants to see again.

Each batch is a transaction of its own; whoever is interrupted goes on with what is left.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence

from regulars_core.plugin import Database, Shop, hold, now
from regulars_tiers.histories import histories_of, stored_periods
from regulars_tiers.policy_versions import ANEW, broken_criteria, versions_of
from regulars_tiers.recalculation import Recalculate, recalculate
from regulars_tiers.registry import owner_of
from regulars_tiers.rules.timeline import CriterionFailed, timeline

BATCH = 1_000
MAX_PURCHASES = 10_000
"""Of the customers of a batch, but for those of the last one: whoever wants to sell to them waits until all are measured."""
_STANDINGS = "tier_standing t JOIN customer_stats s ON s.customer_id = t.customer_id AND s.merged_into_id IS NULL"
# Not `NOT IN`: PostgreSQL looks through a list that it cannot keep in memory once for each standing.
_NOT_MERGED = "NOT EXISTS (SELECT 1 FROM customer a WHERE a.id = t.customer_id AND a.merged_into_id IS NOT NULL)"


async def reassess(shop: Shop, customer_ids: Sequence[str]) -> int:
    """Make the standings of these anew, in the caller's transaction, and answer how many were moved; of who was merged into
    somebody the standing stays as it was."""

    async def work() -> int:
        merged = await hold(shop.database, customer_ids)  # before their standings, as whoever sells does
        ids = [id_ for id_ in customer_ids if id_ not in merged]
        await _mark_these(shop.database, ids)
        customers = dict.fromkeys(ids, Recalculate())
        return len(await recalculate(shop, customers, "REASSESSMENT", locked=True))

    return await shop.database.transaction(work)


async def mark_all(shop: Shop) -> None:
    """Let the standings of all customers be made anew by the job, some thousand in a transaction."""
    last, done = "0" * 32, False

    async def some() -> tuple[str, bool]:
        sql = "SELECT customer_id FROM tier_standing WHERE customer_id > $1 ORDER BY customer_id LIMIT $2"
        ids = [row[0] for row in await shop.database.rows(sql, last, BATCH)]
        await _mark_these(shop.database, ids)
        return (ids[-1] if ids else last), len(ids) < BATCH

    while not done:
        last, done = await shop.database.transaction(some)


async def _mark_these(database: Database, customer_ids: Sequence[str]) -> None:
    among = database.dialect.among("customer_id", 2)
    await database.run(f"UPDATE tier_standing SET policy = $1 WHERE {among}", ANEW, list(customer_ids))


async def waiting(shop: Shop) -> int:
    """How many standings do not know of the latest policy yet, or are marked to be made anew."""
    latest = (await versions_of(shop)).latest
    waits = f"SELECT count(*) FROM tier_standing t WHERE t.policy <> $1 AND {_NOT_MERGED}"
    row = await shop.database.row(waits, latest)
    return int(row[0]) if row else 0


async def work_off(shop: Shop) -> AsyncIterator[int]:
    """Bring everything up to date: what time has changed, what is waiting, and who bought before the plugin was ever on.
    Yields after each batch how many customers it was for."""
    for find, cause in ((_due, "TIME"), (_outdated, "POLICY")):
        while ids := await find(shop):
            await shop.database.transaction(lambda ids=ids, cause=cause: _recalculate(shop, ids, cause))  # type: ignore[misc]
            yield len(ids)
    for find_after in (_unassessed, _failed):  # each once: what fails still fails until the next time
        last = "0" * 32
        if find_after is _failed and (await versions_of(shop)).unavailable:
            return  # nobody can be measured until it is there
        while ids := await find_after(shop, last):
            await shop.database.transaction(lambda ids=ids: _recalculate(shop, ids, "POLICY"))  # type: ignore[misc]
            yield len(ids)
            last = ids[-1]


async def _recalculate(shop: Shop, ids: Sequence[str], cause: str) -> None:
    await recalculate(shop, {id_: Recalculate(now()) if cause == "TIME" else Recalculate() for id_ in ids}, cause)


def _next(source: str, condition: str, order: str) -> str:
    """A query for the next customers in an order, as many as make a batch."""
    some = f"SELECT s.customer_id, s.purchase_count FROM {source} WHERE {condition} ORDER BY {order} LIMIT {BATCH}"
    numbered = f"SELECT customer_id, purchase_count, row_number() OVER () AS n FROM ({some}) upcoming"
    return (
        "SELECT customer_id FROM (SELECT customer_id, n, sum(purchase_count) OVER (ORDER BY n) - purchase_count AS before"
        f" FROM ({numbered}) numbered) sized WHERE before < {MAX_PURCHASES} ORDER BY n"
    )


async def _due(shop: Shop) -> list[str]:
    sql = _next(_STANDINGS, "t.next_at <= $1 AND t.failed IS NULL", "t.next_at, t.customer_id")
    return [row[0] for row in await shop.database.rows(sql, now())]


async def _outdated(shop: Shop) -> list[str]:
    latest = (await versions_of(shop)).latest
    sql = _next(_STANDINGS, "t.policy < $1 AND t.failed IS NULL", "t.policy, t.customer_id")
    return [row[0] for row in await shop.database.rows(sql, latest)]


_WHO_FAILED = f"t.policy = {ANEW} AND t.failed IS NOT NULL AND {_NOT_MERGED}"


async def _failed(shop: Shop, after: str) -> list[str]:
    sql = _next(_STANDINGS, f"{_WHO_FAILED} AND t.customer_id > $1", "t.customer_id")
    return [row[0] for row in await shop.database.rows(sql, after)]


async def failed_counts(shop: Shop) -> Mapping[str, int]:
    """For how many customers a metric could not be measured when their tiers last should have been brought up to date."""
    rows = await shop.database.rows(
        f"SELECT t.failed, count(*) FROM tier_standing t WHERE {_WHO_FAILED} GROUP BY t.failed ORDER BY t.failed"
    )
    return {row[0]: row[1] for row in rows}


async def failures(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each metric of a policy that cannot be measured now, for each that breaks a law, and for each that could not
    be measured for customers."""
    versions, counts = await versions_of(shop), await failed_counts(shop)
    for metric, reason in sorted(versions.unavailable.items()):
        yield (
            f"tier criterion {metric}: {reason}; tiers stay as they are until it can be measured, or until a policy without it is"
            " in force from the same instant on"
        )
    for metric, law in sorted(broken_criteria(versions).items()):
        yield f"tier criterion {metric}{_whose(shop, metric)}: breaks a law on purchases made at random: {law}"
    for metric, count in counts.items():
        one = await shop.database.row(
            f"SELECT t.customer_id FROM tier_standing t WHERE {_WHO_FAILED} AND t.failed = $1 LIMIT 1", metric
        )
        such = f", such as customer_{one[0]}," if one else ","
        yield (
            f"tier criterion {metric}{_whose(shop, metric)}: could not be measured for {count} customers{such} whose tiers stay"
            " as they are; the log says what it raises"
        )


def _whose(shop: Shop, metric: str) -> str:
    owner = owner_of(shop, metric)
    return f" of the plugin '{owner}'" if owner else ""


async def _unassessed(shop: Shop, after: str) -> list[str]:
    # From a customer on, said of both: PostgreSQL merges them, and would read the other one from its beginning.
    source = "customer_stats s LEFT JOIN tier_standing t ON t.customer_id = s.customer_id AND t.customer_id > $1"
    condition = (
        "s.customer_id > $1 AND s.merged_into_id IS NULL AND t.customer_id IS NULL"
        " AND (s.purchase_count > 0 OR s.total_spent > 0)"
    )
    return [row[0] for row in await shop.database.rows(_next(source, condition, "s.customer_id"), after)]


async def differences(shop: Shop) -> AsyncIterator[str]:
    """Every customer whose stored periods are not what a recomputation gives; those that wait to be made anew, and those
    not assessed yet, are passed over. For how many that cannot be told, by metric, comes last."""
    versions, last = await versions_of(shop), "0" * 32
    failed = Counter[str]()
    while True:
        rows = await shop.database.rows(
            "SELECT c.id, t.policy FROM customer c LEFT JOIN tier_standing t ON t.customer_id = c.id AND t.customer_id > $1"
            " WHERE c.id > $1 AND c.merged_into_id IS NULL"
            f" ORDER BY c.id LIMIT {BATCH}",
            last,
        )
        checked = [row[0] for row in rows if row[1] == versions.latest]
        histories = await histories_of(shop, checked, versions.reads)
        stored = await stored_periods(shop.database, checked)
        for customer_id in checked:
            try:
                expected = timeline(versions, histories[customer_id], shop.settings.zone)
            except CriterionFailed as error:
                failed[error.metric] += 1
                continue
            if stored.get(customer_id, []) != expected:
                yield f"customer_{customer_id}: stored tiers {stored.get(customer_id)}, recomputed {expected}"
        if len(rows) < BATCH:
            break
        last = rows[-1][0]
    for metric, count in sorted(failed.items()):
        yield f"tier criterion {metric}: cannot be measured for {count} customers, whose stored tiers were not recomputed"
