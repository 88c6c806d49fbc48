"""Reading what standings follow from: purchases net of their refunds, and assignments; of many customers at once."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from regulars_core.plugin import NEVER, Database, Dialect, Instant, Lookup, Shop
from regulars_tiers.rules.criteria import Lifetime, PurchaseFact
from regulars_tiers.rules.days import begin_of, day_number
from regulars_tiers.rules.timeline import Assignment, History

BY_TIME = attrgetter("at", "id")
_COLUMNS = "p.id, p.purchased_at, p.total - p.refunded, p.status, p.store_id, p.channel"


def horizon(days: int | None, since: Instant, shop: Shop) -> Instant:
    """From when on purchases must be looked at one by one, where they matter for so many days, to know what is from `since`
    on. None is for ever."""
    if days is None or since == NEVER:
        return NEVER
    zone = shop.settings.zone
    return begin_of(day_number(since, zone) - days, zone)


async def facts_of(shop: Shop, since: Mapping[str, Instant]) -> Mapping[str, list[PurchaseFact]]:
    """The purchases of each customer from an instant on, in the order of time."""
    zone = shop.settings.zone
    facts: dict[str, list[PurchaseFact]] = {customer_id: [] for customer_id in since}
    for owner, id_, at, net, status, store_id, channel in await _rows(shop.database, since):
        facts[owner].append(PurchaseFact(id_, at, day_number(at, zone), net, status != "REFUNDED", store_id, channel))
    for own in facts.values():
        own.sort(key=BY_TIME)
    return facts


async def _rows(database: Database, since: Mapping[str, Instant]) -> Sequence[Any]:
    if not since:
        return []
    link = "p.customer_id = k.key AND p.purchased_at >= k.since AND p.status <> 'VOIDED'"
    if database.engine == "sqlite":
        pairs = "(SELECT value ->> 0 AS key, value ->> 1 AS since FROM json_each($1)) k"
        return await database.rows(
            f"SELECT k.key, {_COLUMNS} FROM {pairs} CROSS JOIN purchase p WHERE {link}", list(since.items())
        )
    array = database.dialect.array
    # Each customer's part of the index by itself, whatever the planner knows of the table.
    return await database.rows(
        f"SELECT k.key, x.* FROM unnest({array(1)}, {array(2, 'bigint')}) AS k(key, since)"
        f" CROSS JOIN LATERAL (SELECT {_COLUMNS} FROM purchase p WHERE {link} OFFSET 0) x",
        list(since),
        list(since.values()),
    )


async def assignments_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[Assignment]]:
    """The assignments of each customer, the first one first."""
    sql, values = lookup_assignments(database.dialect, customer_ids)
    return assignments_from(customer_ids, await database.read(sql, *values))


def lookup_assignments(dialect: Dialect, customer_ids: Sequence[str]) -> Lookup:
    """What `assignments_from` makes assignments of."""
    return (
        "SELECT customer_id, id, at, tier, mode, until, kind, reason, author FROM tier_assignment"
        f" WHERE {dialect.among('customer_id', 1)} ORDER BY at, id",
        [list(customer_ids)],
    )


def assignments_from(customer_ids: Sequence[str], rows: Sequence[Any]) -> Mapping[str, list[Assignment]]:
    """The assignments of each customer, from the rows in which they are stored."""
    assignments: dict[str, list[Assignment]] = {customer_id: [] for customer_id in customer_ids}
    for row in rows:
        assignments[row[0]].append(Assignment(*row[1:]))
    return assignments


async def histories_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, History]:
    """The whole history of each customer."""
    facts = await facts_of(shop, dict.fromkeys(customer_ids, NEVER))
    assignments = await assignments_of(shop.database, customer_ids)
    return {one: History(facts[one], Lifetime(), assignments[one]) for one in facts}


def shortened(facts: Sequence[PurchaseFact], stored: Lifetime, assignments: Sequence[Assignment]) -> History:
    """A history of which only the late part is looked at; what came before follows from the customer's statistics."""
    spent, count = sum(fact.net for fact in facts), sum(fact.counted for fact in facts)
    return History(facts, Lifetime(stored.spent - spent, stored.count - count), assignments)
