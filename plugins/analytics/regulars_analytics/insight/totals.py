"""What a set of purchases comes to, as whole numbers; whoever shows them divides."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from regulars_analytics.insight.subjects import Slice, Subject, asked, kept_or_asked
from regulars_analytics.periods import AGES_MS, number_of_day
from regulars_core.plugin import (
    COUNTED,
    DAY_MS,
    Instant,
    Shop,
    Span,
    Values,
    day_of,
    now,
    range_sums,
    range_taken_off,
    shown_time,
)

LEAST_DAYS = 30
"""For how long a customer counts at least in how often customers buy a month."""


class Totals(NamedTuple):
    """Sums over purchases.

    `purchases` and `spent` are as in the statistics of a customer: one that was refunded in full is no purchase, and what was
    voided is not there. `buyers` are the customers who bought, of whom `twice` did so two times or more; `theirs` are their
    purchases, and `days` adds up for how many each of them has been a customer: of the calendar, from the first purchase on, and
    LEAST_DAYS at least.
    """

    purchases: int = 0
    spent: int = 0
    buyers: int = 0
    twice: int = 0
    theirs: int = 0
    days: int = 0


class Sold(NamedTuple):
    """Sums over purchases as they were sold: `discount` is what was taken off the `discounted` ones among them, and `full` what
    all would have come to without. `pieces` are how much they hold, in millionths, less what came back; what comes back without
    a known sale is no piece."""

    purchases: int = 0
    discounted: int = 0
    discount: int = 0
    full: int = 0
    pieces: int = 0


class Gaps(NamedTuple):
    """The one or two gaps between purchases in the middle of all of them, in milliseconds, added up; and how many they are."""

    milliseconds: int = 0
    number: int = 0


def _sum(expression: str, condition: str | None = None) -> str:
    chosen = expression if condition is None else f"CASE WHEN {condition} THEN {expression} END"
    return f"CAST(coalesce(sum({chosen}), 0) AS BIGINT)"


async def totals_of(shop: Shop, subjects: Sequence[Subject]) -> Sequence[Totals]:
    """What the purchases of each subject come to: one statement for all of which it is not kept."""
    present, zone = now(), shop.settings.zone
    day = f"({shown_time(shop.database.dialect, zone, 't.first_at')} + {AGES_MS}) / {DAY_MS}"

    def until(before: Instant | None) -> date:
        return day_of(present if before is None else min(before, present), zone)

    async def kept(span: Span) -> Totals | None:
        sums = await range_sums(shop, span, until(span.before), LEAST_DAYS)
        return None if sums is None else Totals(*sums)

    def select(part: Slice, values: Values) -> str:
        last = values.bind(number_of_day(until(part.selection.before)))
        bought = "t.customer_id IS NOT NULL AND t.times > 0"
        columns = [
            _sum("t.times"),
            _sum("t.spent"),
            _sum("1", bought),
            _sum("1", f"{bought} AND t.times > 1"),
            _sum("t.times", bought),
            _sum(values.dialect.greatest(f"{last} - {day}", str(LEAST_DAYS)), bought),
        ]
        owner = part.owner("t")
        rows = f"FROM ({part.per_customer(values)}) t"
        return f"SELECT {part.number}, {owner} AS owner, {', '.join(columns)} {rows}{_by_owner(part)}"

    async def ask(some: Sequence[Subject]) -> Sequence[Totals]:
        return [Totals(*rows[0]) if rows else Totals() for rows in await asked(shop, some, select)]

    return await kept_or_asked(subjects, kept, ask)


async def sold_of(shop: Shop, subjects: Sequence[Subject]) -> Sequence[Sold]:
    """What was taken off the purchases of each subject, and how much they hold: one statement for all of which it is not kept."""

    async def kept(span: Span) -> Sold | None:
        sums = await range_taken_off(shop, span)
        return None if sums is None else Sold(*sums)

    def select(part: Slice, values: Values) -> str:
        columns = [
            _sum("1"),
            _sum("1", "p.discount > 0"),
            _sum("p.discount"),
            _sum("p.total + p.discount"),
            _sum("p.pieces"),
        ]
        return (
            f"SELECT {part.number}, {part.owner()} AS owner, {', '.join(columns)} FROM purchase p"
            f" WHERE {COUNTED} AND {part.conditions(values)}{_by_owner(part)}"
        )

    async def ask(some: Sequence[Subject]) -> Sequence[Sold]:
        return [Sold(*rows[0]) if rows else Sold() for rows in await asked(shop, some, select)]

    return await kept_or_asked(subjects, kept, ask)


async def gaps_of(shop: Shop, subjects: Sequence[Subject]) -> Sequence[Gaps]:
    """The gaps in the middle, of each subject's customers from one purchase to the next."""

    def select(part: Slice, values: Values) -> str:
        own = "PARTITION BY p.customer_id ORDER BY p.purchased_at, p.id"
        gaps = (
            f"SELECT {part.owner()} AS owner, p.purchased_at - lag(p.purchased_at) OVER ({own}) AS gap FROM purchase p"
            f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND {part.conditions(values)}"
        )
        if values.dialect.engine == "postgres":  # a sort of numbers alone; the middle of two of them is a half at most
            middle = "percentile_cont(0.5) WITHIN GROUP (ORDER BY gap)"
            owner, by = ("''", "") if part.customers is None else ("owner", " GROUP BY owner")
            return (
                f"SELECT {part.number}, {owner}, CAST(2 * {middle} AS BIGINT), 2 FROM ({gaps}) g WHERE gap IS NOT NULL{by}"
                " HAVING count(*) > 0"
            )
        ranked = (
            "SELECT owner, gap, row_number() OVER (PARTITION BY owner ORDER BY gap) AS place,"
            f" count(*) OVER (PARTITION BY owner) AS number FROM ({gaps}) g WHERE gap IS NOT NULL"
        )
        return (
            f"SELECT {part.number}, owner, CAST(sum(gap) AS BIGINT), count(*) FROM ({ranked}) r"
            " WHERE place IN ((number + 1) / 2, (number + 2) / 2) GROUP BY owner"
        )

    return [Gaps(*rows[0]) if rows else Gaps() for rows in await asked(shop, subjects, select)]


def _by_owner(part: Slice) -> str:
    return "" if part.customers is None else " GROUP BY owner"
