"""Customers whose occasions could not be told, since a trigger has failed: from which day on, until it is made up for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from regulars_core.plugin import Shop, inserting, new_id, now

BATCH = 200
_PREFIX, _TIER = "occasions:", "tier:"
_COLUMNS = ("id", "customer_id", "system_id", "source", "failed_at")


async def keep_failed(shop: Shop, system_id: str, customer_ids: Collection[str], since: date) -> None:
    """Remember that it could not be told from this day on. Who is remembered from an earlier day on stays so. The customers are
    held."""
    known = await failed_since(shop, system_id, customer_ids) if customer_ids else {}
    new = sorted(set(customer_ids) - known.keys())
    rows = [(new_id(), one, system_id, f"{_PREFIX}{since.isoformat()}", now()) for one in new]
    if rows:
        await shop.database.defer([inserting("rewards_failed", _COLUMNS, rows)])


async def failed_since(shop: Shop, system_id: str, customer_ids: Collection[str]) -> Mapping[str, date]:
    """From which day on it could not be told of these customers, of whom that is so."""
    among = shop.database.dialect.among("customer_id", 2)
    rows = await shop.database.rows(
        f"SELECT customer_id, source FROM rewards_failed WHERE system_id = $1 AND {among} AND source LIKE '{_PREFIX}%'",
        system_id,
        sorted(customer_ids),
    )
    return {row[0]: _day(row[1]) for row in rows}


async def next_failed(shop: Shop, system_id: str, after: str) -> Mapping[str, date]:
    """The next customers behind one, in the order of ids, of whom it could not be told in a system, and from which day on."""
    rows = await shop.database.rows(
        f"SELECT customer_id, source FROM rewards_failed WHERE system_id = $1 AND customer_id > $2 AND source LIKE '{_PREFIX}%'"
        f" ORDER BY customer_id LIMIT {BATCH}",
        system_id,
        after,
    )
    return {row[0]: _day(row[1]) for row in rows}


async def forget_failed(shop: Shop, system_id: str, customer_ids: Collection[str]) -> None:
    """It could be told of these."""
    among = shop.database.dialect.among("customer_id", 2)
    if customer_ids:
        sql = f"DELETE FROM rewards_failed WHERE system_id = $1 AND {among} AND source LIKE '{_PREFIX}%'"
        await shop.database.run(sql, system_id, sorted(customer_ids))


def _day(source: str) -> date:
    return date.fromisoformat(source.removeprefix(_PREFIX))


async def keep_failed_changes(shop: Shop, changes: Sequence[tuple[str, str, str]]) -> None:
    """Remember (customer, system, change of tier) of each change at which a trigger has failed."""
    rows = [(new_id(), one, system_id, f"{_TIER}{id_}", now()) for one, system_id, id_ in sorted(set(changes))]
    if rows:
        sql, values = inserting("rewards_failed", _COLUMNS, rows)
        await shop.database.defer([(f"{sql} ON CONFLICT (customer_id, system_id, source) DO NOTHING", values)])


async def take_failed_changes(shop: Shop, most: int) -> Sequence[tuple[str, str]]:
    """Some of the changes of tiers at which a trigger has failed, which are to be tried again now: the id and the customer of
    each."""
    rows = await shop.database.rows(
        f"SELECT id, source, customer_id FROM rewards_failed WHERE source LIKE '{_TIER}%' ORDER BY id LIMIT $1", most
    )
    if rows:
        among = shop.database.dialect.among("id", 1)
        await shop.database.run(f"DELETE FROM rewards_failed WHERE {among}", [row[0] for row in rows])
    return [(row[1].removeprefix(_TIER), row[2]) for row in rows]
