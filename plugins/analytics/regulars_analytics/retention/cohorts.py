"""What becomes of customers who began in the same period."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_analytics.periods import Period, Unit, numbered, periods
from regulars_analytics.selection import Selection
from regulars_core.plugin import COUNTED, SPENT, Instant, Shop, Values, day_of, now


@dataclass(frozen=True, slots=True)
class Later:
    """How many of them bought in a period, and what they spent."""

    customers: int
    spent: int


@dataclass(frozen=True, slots=True)
class Began:
    """Who began in a period: how many they are, and what became of them, period after period, from that one on."""

    period: Period
    customers: int
    later: Sequence[Later]


async def cohorts(shop: Shop, selection: Selection, unit: Unit, most: int) -> Sequence[Began]:
    """The latest beginnings up to now, the last one first, from the first that anybody began in. Two statements."""
    zone, present = shop.settings.zone, now()
    values = Values(shop.database.dialect, whole=True)
    [row] = await shop.database.rows(f"SELECT min(t.first_at) FROM ({selection.firsts(values)}) t", *values.all)
    if row[0] is None:
        return []
    today = day_of(present, zone)
    within = periods(unit, min(day_of(row[0], zone), today), today, zone, most)
    figures = await _figures(shop, selection, within)
    return [
        Began(
            within[n],
            figures.get((n, n), Later(0, 0)).customers,
            [figures.get((n, k), Later(0, 0)) for k in range(n, len(within))],
        )
        for n in reversed(range(len(within)))
    ]


async def _figures(shop: Shop, selection: Selection, within: Sequence[Period]) -> dict[tuple[int, int], Later]:
    """By the places of the period in which they began and of the one in which they bought."""
    values = Values(shop.database.dialect, whole=True)
    began = numbered(within, values)
    bought = numbered(within, values, "h")
    first, last = values.bind(within[0].begin), values.bind(Instant(within[-1].end))
    rows = await shop.database.rows(
        f"SELECT k.place, h.place, count(DISTINCT CASE WHEN {COUNTED} THEN p.customer_id END), CAST(sum({SPENT}) AS BIGINT)"
        f" FROM ({selection.firsts(values)}) t JOIN {began} ON t.first_at >= k.begin_at AND t.first_at < k.end_at"
        f" JOIN purchase p ON p.customer_id = t.customer_id AND p.purchased_at >= {first} AND p.purchased_at < {last}"
        f" JOIN {bought} ON p.purchased_at >= h.begin_at AND p.purchased_at < h.end_at"
        f" WHERE h.place >= k.place AND {selection.belongs(values)} GROUP BY k.place, h.place",
        *values.all,
    )
    return {(place, later): Later(customers, spent) for place, later, customers, spent in rows}
