"""Reading what standings follow from: purchases net of their refunds, and assignments; of many customers at once."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from regulars_core.plugin import (
    NEVER,
    Database,
    Dialect,
    Instant,
    Lifetime,
    Lookup,
    PurchaseFact,
    Shop,
    purchase_facts,
)
from regulars_tiers.rules.days import begin_of, day_number
from regulars_tiers.rules.timeline import Assignment, History, Period

BY_TIME = attrgetter("at", "id")


def horizon(days: int | None, since: Instant, shop: Shop) -> Instant:
    """From when on purchases must be looked at one by one, where they matter for so many days, to know what is from `since`
    on. None is for ever."""
    if days is None or since == NEVER:
        return NEVER
    zone = shop.settings.zone
    return begin_of(day_number(since, zone) - days, zone)


def with_new(history: History, new: Sequence[PurchaseFact]) -> History:
    """A history with purchases that were recorded just now, those that it knows already left out."""
    known = {fact.id for fact in history.facts}
    added = [fact for fact in new if fact.id not in known]
    if not added:
        return history
    return History(sorted([*history.facts, *added], key=BY_TIME), history.before, history.assignments)


async def assignments_of(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[Assignment]]:
    """The assignments of each customer, the first one first."""
    sql, values = lookup_assignments(database.dialect, customer_ids)
    return assignments_from(customer_ids, await database.read(sql, *values))


def lookup_assignments(dialect: Dialect, customer_ids: Sequence[str]) -> Lookup:
    """What `assignments_from` makes assignments of."""
    condition, keys = dialect.keyed("customer_id", 1, customer_ids)
    columns = "customer_id, id, at, tier, mode, until, kind, reason, author"
    return f"SELECT {columns} FROM tier_assignment WHERE {condition} ORDER BY at, id", [keys]


def assignments_from(customer_ids: Sequence[str], rows: Sequence[Any]) -> Mapping[str, list[Assignment]]:
    """The assignments of each customer, from the rows in which they are stored."""
    assignments: dict[str, list[Assignment]] = {customer_id: [] for customer_id in customer_ids}
    for row in rows:
        assignments[row[0]].append(Assignment(*row[1:]))
    return assignments


async def histories_of(shop: Shop, customer_ids: Sequence[str], reads: Collection[str] = ()) -> Mapping[str, History]:
    """The whole history of each customer, with what kinds in force `reads` beyond purchases."""
    facts = await purchase_facts(shop, dict.fromkeys(customer_ids, NEVER), reads)
    assignments = await assignments_of(shop.database, customer_ids)
    return {one: History(facts[one], Lifetime(), assignments[one]) for one in facts}


def shortened(facts: Sequence[PurchaseFact], stored: Lifetime, assignments: Sequence[Assignment]) -> History:
    """A history of which only the late part is looked at; what came before follows from the customer's statistics."""
    spent, count = sum(fact.net for fact in facts), sum(fact.counted for fact in facts)
    return History(facts, Lifetime(stored.spent - spent, stored.count - count), assignments)


async def stored_periods(database: Database, customer_ids: Sequence[str]) -> Mapping[str, list[Period]]:
    """The periods of each customer as they are stored, in the order of time; who has none is left out."""
    periods: dict[str, list[Period]] = {}
    for row in await database.rows(
        "SELECT customer_id, begins, ends, tier, position FROM tier_spell"
        f" WHERE {database.dialect.among('customer_id', 1)} ORDER BY customer_id, begins",
        list(customer_ids),
    ):
        periods.setdefault(row[0], []).append(Period(*row[1:]))
    return periods
