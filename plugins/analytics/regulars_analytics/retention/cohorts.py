"""What becomes of customers who began in the same period."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_analytics.periods import Period, Unit, periods, place_in
from regulars_analytics.selection import Selection
from regulars_core.plugin import COUNTED, SPENT, Shop, Values, day_of, now


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
    begins = [values.bind(one.begin) for one in within]
    first, last = begins[0], values.bind(within[-1].end)
    began, later = (place_in(column, begins) for column in ("t.first_at", "p.purchased_at"))
    rows = await shop.database.rows(
        f"SELECT {began} AS began, {later} AS later, count(DISTINCT CASE WHEN {COUNTED} THEN p.customer_id END),"
        f" CAST(sum({SPENT}) AS BIGINT) FROM ({selection.firsts(values)}) t JOIN purchase p ON p.customer_id = t.customer_id"
        f" WHERE t.first_at >= {first} AND t.first_at < {last} AND p.purchased_at >= {first} AND p.purchased_at < {last}"
        f" AND {selection.belongs(values)} GROUP BY 1, 2",
        *values.all,
    )
    return {(place, later): Later(customers, spent) for place, later, customers, spent in rows}
