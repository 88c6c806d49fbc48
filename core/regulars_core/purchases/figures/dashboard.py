"""The shop's figures on a day, by what is known now. A purchase that counts is neither voided nor refunded in full.

They are told by what is kept of each day (`rollups`), and so do not grow with how much was bought; while that is not there yet,
and in several stores but not all, by the purchases, or by what is kept of each customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from regulars_core.customers.reads import AVERAGE_PURCHASE, GONE
from regulars_core.database import Database
from regulars_core.primitives.clock import HOUR_MS, Instant, day_and_time, start_of
from regulars_core.purchases.figures.calendar import AGES, steady
from regulars_core.purchases.figures.rollups.ranges import (
    range_buyers,
    range_hours,
    range_methods,
    range_newcomers,
    range_registered,
)
from regulars_core.purchases.figures.spans import Span
from regulars_core.purchases.figures.sums import SPENT
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

MAX_METHODS = 100


def days_up_to(day: date, count: int, zone: ZoneInfo) -> tuple[Instant, Instant]:
    """So many days up to one: the first instant of the first of them, and that after the last one."""
    first = date.fromordinal(max(day.toordinal() - count + 1, 1))  # the calendar has no day before that
    return start_of(first, zone), start_of(day + timedelta(days=1), zone)


async def registered(shop: Shop, before: Instant, first: Instant | None = None) -> int:
    """How many customers were registered before an instant, and from another one on; neither merged nor erased ones."""
    database = shop.database
    if first is None and (kept := await range_registered(shop, before)) is not None:
        return kept
    values = Values(database.dialect, whole=True)
    when = Span(first, before, None).bounds(values, "c.created_at")
    row = await database.row(
        f"SELECT count(*) FROM customer c WHERE {' AND '.join(when)} AND c.status NOT IN {GONE}", *values.all
    )
    return int(row[0]) if row else 0


async def buyers(shop: Shop, span: Span) -> int:
    """How many customers bought in a time that has a beginning."""
    if (kept := await range_buyers(shop, span)) is not None:
        return kept
    database = shop.database
    values = Values(database.dialect, whole=True)
    if span.stores is not None:
        sql = f"SELECT count(DISTINCT p.customer_id) FROM purchase p WHERE {COUNTED} AND {span.conditions(values)}"
    else:
        later = "" if span.before is None else f"s.last_purchase_at < {values.bind(span.before)} OR "
        within = (
            f"SELECT 1 FROM purchase p WHERE p.customer_id = s.customer_id AND {COUNTED} AND {span.conditions(values)}"
        )
        sql = (
            f"SELECT count(*) FROM customer_stats s WHERE s.last_purchase_at >= {values.bind(span.first)}"
            f" AND ({later}EXISTS ({within}))"
        )
    row = await database.row(sql, *values.all)
    return int(row[0]) if row else 0


class NewAndReturning(NamedTuple):
    """How many customers bought for the first time, what those spent, how many had bought before, and what those spent."""

    new: int
    new_spent: int
    returning: int
    returning_spent: int


async def new_and_returning(shop: Shop, span: Span) -> NewAndReturning:
    """Who bought in a time. The first purchase is that of all in the stores that are looked at."""
    if (kept := await range_newcomers(shop, span)) is not None:
        return NewAndReturning(*kept)
    database = shop.database
    values = Values(database.dialect, whole=True)
    theirs = (
        f"SELECT p.customer_id, sum({SPENT}) AS spent FROM purchase p WHERE p.customer_id IS NOT NULL"
        f" AND {span.conditions(values)} GROUP BY p.customer_id HAVING count(CASE WHEN {COUNTED} THEN 1 END) > 0"
    )
    first = "s.first_purchase_at"
    if span.stores is not None:
        own = " AND ".join([COUNTED, *span.places(values)])
        first = f"(SELECT min(p.purchased_at) FROM purchase p WHERE p.customer_id = t.customer_id AND {own})"
    is_new = "1=1" if span.first is None else f"t.first_at >= {values.bind(span.first)}"
    row = await database.row(
        f"SELECT {', '.join(_counted_and_summed(one) for one in (is_new, f'NOT ({is_new})'))} FROM (SELECT t.spent,"
        f" {first} AS first_at FROM ({theirs}) t JOIN customer_stats s ON s.customer_id = t.customer_id) t",
        *values.all,
    )
    assert row is not None
    return NewAndReturning(*row)


def _counted_and_summed(condition: str) -> str:
    return (
        f"count(CASE WHEN {condition} THEN 1 END),"
        f" CAST(coalesce(sum(CASE WHEN {condition} THEN t.spent END), 0) AS BIGINT)"
    )


@dataclass(frozen=True, slots=True)
class MethodShare:
    """A way of paying, how many purchases were paid so in whole or in part, and how much."""

    method: str
    purchases: int
    total: int


async def payment_methods(shop: Shop, span: Span) -> Sequence[MethodShare]:
    """The ways of paying, the most frequent first; what was given back is not taken off, since nothing says of what."""
    if (kept := await range_methods(shop, span)) is not None:
        shares = [MethodShare(*one) for one in kept]
        return sorted(shares, key=lambda one: (-one.purchases, -one.total, one.method))[:MAX_METHODS]
    database = shop.database
    values = Values(database.dialect, whole=True)
    binary = ' COLLATE "C"' if database.engine == "postgres" else ""
    rows = await database.rows(
        "SELECT y.method, count(DISTINCT p.id) AS number, CAST(sum(y.amount) AS BIGINT) AS total FROM purchase p"
        f" JOIN payment y ON y.purchase_id = p.id WHERE {span.conditions(values)} GROUP BY y.method"
        f" ORDER BY number DESC, total DESC, y.method{binary} LIMIT {MAX_METHODS}",
        *values.all,
    )
    return [MethodShare(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class PeakHour:
    """An hour of the week, 1 for Monday to 7 for Sunday and 0 to 23; how many purchases were made then, and what they came to."""

    weekday: int
    hour: int
    purchases: int
    total: int


async def peak_hours(shop: Shop, span: Span) -> Sequence[PeakHour]:
    """The hours in which something is bought that counts, the busiest first."""
    if (kept := await range_hours(shop, span)) is not None:
        return _busiest_first(kept)
    step, zone = steady(shop.settings.zone, span.first), shop.settings.zone
    values = Values(shop.database.dialect, whole=True)
    rows = await shop.database.rows(
        f"SELECT t.part, count(*), CAST(sum(t.spent) AS BIGINT) FROM (SELECT (p.purchased_at + {AGES}) / {step} AS part,"
        f" {SPENT} AS spent FROM purchase p WHERE {COUNTED} AND {span.conditions(values)}) t GROUP BY t.part",
        *values.all,
    )
    found: dict[tuple[int, int], list[int]] = {}
    for part, number, spent in rows:
        day, time = day_and_time(Instant(part * step - AGES), zone)
        sums = found.setdefault((date.fromordinal(day).isoweekday(), time // HOUR_MS), [0, 0])
        sums[:] = sums[0] + number, sums[1] + spent
    return _busiest_first(found)


def _busiest_first(found: Mapping[tuple[int, int], Sequence[int]]) -> Sequence[PeakHour]:
    hours = [PeakHour(*place, number, spent) for place, (number, spent) in found.items()]
    return sorted(hours, key=lambda one: (-one.purchases, -one.total, one.weekday, one.hour))


class TopBy(StrEnum):
    """What makes a customer one of the best."""

    TOTAL_SPENT = "TOTAL_SPENT"
    PURCHASE_COUNT = "PURCHASE_COUNT"
    AVERAGE_PURCHASE = "AVERAGE_PURCHASE"


@dataclass(frozen=True, slots=True)
class RankRow:
    """A customer among the best: purchases, and what was spent."""

    customer_id: str
    purchases: int
    spent: int


_LEAST = {TopBy.AVERAGE_PURCHASE: 2}
"""How many purchases it takes at least."""
_ORDER = {
    TopBy.TOTAL_SPENT: "s.total_spent",
    TopBy.PURCHASE_COUNT: "s.purchase_count",
    TopBy.AVERAGE_PURCHASE: AVERAGE_PURCHASE,
}


async def top_customers(database: Database, span: Span, by: TopBy, most: int) -> Sequence[RankRow]:
    """The best customers who are not gone, at most so many; of an average by two purchases or more."""
    values = Values(database.dialect, whole=True)
    source = "customer_stats s"
    if not await _is_all(database, span):
        source = (
            f"(SELECT p.customer_id, count(CASE WHEN {COUNTED} THEN 1 END) AS purchase_count,"
            f" CAST(sum({SPENT}) AS BIGINT) AS total_spent FROM purchase p WHERE p.customer_id IS NOT NULL"
            f" AND {span.conditions(values)} GROUP BY p.customer_id) s"
        )
    rows = await database.rows(
        f"SELECT s.customer_id, s.purchase_count, s.total_spent FROM {source} JOIN customer c ON c.id = s.customer_id"
        f" WHERE s.purchase_count >= {_LEAST.get(by, 1)} AND c.status NOT IN {GONE}"
        f" ORDER BY {_ORDER[by]} DESC, s.customer_id DESC LIMIT {values.bind(most)}",
        *values.all,
    )
    return [RankRow(*row) for row in rows]


async def _is_all(database: Database, span: Span) -> bool:
    """Whether the span has everything that counts in the statistics of customers."""
    if span.stores is not None or span.first is not None:
        return False
    if span.before is None:
        return True
    # The end of the index: whether there is any at all later on PostgreSQL would look for among all.
    row = await database.row("SELECT max(purchased_at) FROM purchase")
    return row is None or row[0] is None or row[0] < span.before
