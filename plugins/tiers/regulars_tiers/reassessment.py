"""Making standings anew: what time has changed, what a new policy asks for, and whatever somebody wants to see again.

Each batch is a transaction of its own; whoever is interrupted goes on with what is left.
"""

from collections.abc import AsyncIterator, Sequence

from regulars_core.plugin import Database, Shop, Values, Where, now
from regulars_tiers.histories import histories_of
from regulars_tiers.policy_versions import versions_of
from regulars_tiers.recalculation import Recalculate, recalculate
from regulars_tiers.rules.timeline import Period, timeline

BATCH = 1_000
ANEW = -1
"""The policy of a standing that is to be made anew."""
_STANDINGS = "SELECT t.customer_id FROM tier_standing t JOIN customer_stats s ON s.customer_id = t.customer_id"
_FROM_CUSTOMERS = "customer c LEFT JOIN customer_stats s ON s.customer_id = c.id"


async def reassess(shop: Shop, customer_ids: Sequence[str]) -> int:
    """Make the standings of these anew, in the caller's transaction, and answer how many were moved."""

    async def work() -> int:
        await _mark_these(shop.database, customer_ids)
        return len(await recalculate(shop, dict.fromkeys(customer_ids, Recalculate()), "REASSESSMENT"))

    return await shop.database.transaction(work)


async def mark(shop: Shop, where: Where | None) -> int:
    """Let the standings of all customers, or of those who match, be made anew by the job; answers how many there are."""
    values = Values(shop.database.dialect, ANEW)
    narrowed = f" AND {where.compile(values)}" if where else ""
    matching = f"SELECT c.id FROM {_FROM_CUSTOMERS} WHERE c.id = tier_standing.customer_id{narrowed}"

    async def work() -> int:
        return await shop.database.run(
            f"UPDATE tier_standing SET policy = $1 WHERE policy <> $1 AND EXISTS ({matching})", *values.all
        )

    return await shop.database.transaction(work)


async def _mark_these(database: Database, customer_ids: Sequence[str]) -> None:
    among = database.dialect.among("customer_id", 2)
    await database.run(f"UPDATE tier_standing SET policy = $1 WHERE {among}", ANEW, list(customer_ids))


async def waiting(shop: Shop) -> int:
    """How many standings do not know of the latest policy yet, or are marked to be made anew."""
    latest = (await versions_of(shop)).latest
    row = await shop.database.row("SELECT count(*) FROM tier_standing WHERE policy <> $1", latest)
    return int(row[0]) if row else 0


async def work_off(shop: Shop) -> AsyncIterator[int]:
    """Bring everything up to date: what time has changed, what is waiting, and who bought before the plugin was ever on.
    Yields after each batch how many customers it was for."""
    for find, cause in ((_due, "TIME"), (_outdated, "POLICY"), (_unassessed, "POLICY")):
        while ids := await find(shop):
            await shop.database.transaction(lambda ids=ids, cause=cause: _recalculate(shop, ids, cause))  # type: ignore[misc]
            yield len(ids)


async def _recalculate(shop: Shop, ids: Sequence[str], cause: str) -> None:
    await recalculate(shop, {id_: Recalculate(now()) if cause == "TIME" else Recalculate() for id_ in ids}, cause)


async def _due(shop: Shop) -> list[str]:
    sql = f"{_STANDINGS} WHERE t.next_at <= $1 ORDER BY t.next_at LIMIT {BATCH}"
    return [row[0] for row in await shop.database.rows(sql, now())]


async def _outdated(shop: Shop) -> list[str]:
    latest = (await versions_of(shop)).latest
    sql = f"{_STANDINGS} WHERE t.policy < $1 ORDER BY t.policy, t.customer_id LIMIT {BATCH}"
    return [row[0] for row in await shop.database.rows(sql, latest)]


async def _unassessed(shop: Shop) -> list[str]:
    sql = (
        "SELECT s.customer_id FROM customer_stats s LEFT JOIN tier_standing t ON t.customer_id = s.customer_id"
        " WHERE t.customer_id IS NULL AND (s.purchase_count > 0 OR s.total_spent > 0)"
        f" ORDER BY s.customer_id LIMIT {BATCH}"
    )
    return [row[0] for row in await shop.database.rows(sql)]


async def differences(shop: Shop) -> AsyncIterator[str]:
    """Every customer whose stored periods are not what a recomputation gives; those that wait to be made anew, and those
    not assessed yet, are passed over."""
    versions, last = await versions_of(shop), "0" * 32
    while True:
        rows = await shop.database.rows(
            "SELECT c.id, t.policy FROM customer c LEFT JOIN tier_standing t ON t.customer_id = c.id WHERE c.id > $1"
            f" ORDER BY c.id LIMIT {BATCH}",
            last,
        )
        checked = [row[0] for row in rows if row[1] == versions.latest]
        histories, stored = await histories_of(shop, checked), await _stored_periods(shop.database, checked)
        for customer_id in checked:
            expected = timeline(versions, histories[customer_id], shop.settings.zone)
            if stored.get(customer_id, []) != expected:
                yield f"customer_{customer_id}: stored tiers {stored.get(customer_id)}, recomputed {expected}"
        if len(rows) < BATCH:
            return
        last = rows[-1][0]


async def _stored_periods(database: Database, customer_ids: Sequence[str]) -> dict[str, list[Period]]:
    periods: dict[str, list[Period]] = {}
    for row in await database.rows(
        "SELECT customer_id, begins, ends, tier, position FROM tier_spell"
        f" WHERE {database.dialect.among('customer_id', 1)} ORDER BY customer_id, begins",
        list(customer_ids),
    ):
        periods.setdefault(row[0], []).append(Period(*row[1:]))
    return periods
