"""Sets of purchases, one period after the other."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from regulars_analytics.insight.subjects import Slice, Subject, asked
from regulars_analytics.periods import AGES_MS, Period, Unit, day_of_number, periods, place_in
from regulars_core.plugin import COUNTED, DAY_MS, SPENT, Instant, Shop, Values, day_of, now, range_series, shown_time

MAX_POINTS = 400


@dataclass(frozen=True, slots=True)
class Point:
    """A period: who bought in it, who for the first time, how often, and what was spent."""

    period: Period
    customers: int
    new: int
    purchases: int
    spent: int


def points(unit: Unit) -> Callable[[Shop, Sequence[Subject]], Awaitable[Sequence[list[Point]]]]:
    """What finds the periods of each subject: from the first day, or the first purchase, to the last day, or today; the latest of
    them, where there are very many. Three statements."""

    async def find(shop: Shop, subjects: Sequence[Subject]) -> Sequence[list[Point]]:
        spans = await _spans(shop, subjects)
        told = [await _kept(shop, one, ends, unit) for one, ends in zip(subjects, spans, strict=True)]
        left = [n for n, one in enumerate(told) if one is None]
        asked_of = [subjects[n] for n in left], [spans[n] for n in left]
        found = dict(zip(left, await _asked(shop, *asked_of, unit) if left else (), strict=True))
        return [found[n] if one is None else one for n, one in enumerate(told)]

    return find


async def _kept(shop: Shop, subject: Subject, ends: tuple[date, date] | None, unit: Unit) -> list[Point] | None:
    """The periods of purchases of which it is kept what they come to."""
    if subject.span is None or ends is None:
        return None
    within = periods(unit, *ends, shop.settings.zone, MAX_POINTS)
    told = await range_series(shop, subject.span, [*(one.begin for one in within), within[-1].end])
    return None if told is None else [Point(period, *figures) for period, figures in zip(within, told, strict=True)]


async def _asked(
    shop: Shop, subjects: Sequence[Subject], spans: Sequence[tuple[date, date] | None], unit: Unit
) -> Sequence[list[Point]]:
    """The periods of each subject, by the purchases."""
    known = [span for span in spans if span is not None]
    if not known:
        return [[] for _ in subjects]
    zone = shop.settings.zone
    within = periods(unit, min(first for first, _ in known), max(last for _, last in known), zone, MAX_POINTS)
    bought, began = await _bought(shop, subjects, within), await _began(shop, subjects, within)
    answers: list[list[Point]] = []
    for n, span in enumerate(spans):
        figures = {place: figures for place, *figures in bought[n]}
        new = {one[0]: one[1] for one in began[n]}
        own = (
            [] if span is None else [k for k, one in enumerate(within) if one.last >= span[0] and one.first <= span[1]]
        )
        answers.append([Point(within[k], *_in_order(figures.get(k, (0, 0, 0)), new.get(k, 0))) for k in own])
    return answers


def _in_order(figures: Sequence[int], new: int) -> tuple[int, int, int, int]:
    customers, purchases, spent = figures
    return customers, new, purchases, spent


async def _spans(shop: Shop, subjects: Sequence[Subject]) -> Sequence[tuple[date, date] | None]:
    """The first and the last day of each subject; None where nothing says which is the first."""
    zone = shop.settings.zone

    def select(part: Slice, values: Values) -> str:
        if part.customers is None and part.selection.where is None:
            return f"SELECT {part.number}, '' AS owner, min(p.purchased_at) FROM purchase p WHERE {part.conditions(values)}"
        # Of each customer by itself: among all purchases PostgreSQL would look for the first one that is by one of them.
        first = f"SELECT p.purchased_at FROM purchase p WHERE p.customer_id = s.customer_id AND {part.own(values)}"
        firsts = (
            f"SELECT {part.owner('s')} AS owner, ({first} ORDER BY p.purchased_at LIMIT 1) AS at FROM customer_stats s"
            f" WHERE {part.members(values, 's')}"
        )
        return f"SELECT {part.number}, owner, min(at) FROM ({firsts}) f GROUP BY owner HAVING min(at) IS NOT NULL"

    open_ones = [n for n, one in enumerate(subjects) if one.selection.first is None]
    earliest = dict(zip(open_ones, await asked(shop, [subjects[n] for n in open_ones], select), strict=True))
    spans: list[tuple[date, date] | None] = []
    for n, one in enumerate(subjects):
        rows = earliest.get(n, [[one.selection.first]])
        first = rows[0][0] if rows else None
        if first is None:
            spans.append(None)
            continue
        last = now() if one.selection.before is None else min(now(), Instant(one.selection.before - 1))
        spans.append((day_of(first, zone), day_of(max(first, last), zone)))
    return spans


async def _bought(shop: Shop, subjects: Sequence[Subject], within: Sequence[Period]) -> Sequence[list[list[int]]]:
    """(place, customers, purchases, spent) of each period in which there is something. It is added up by customer first: so no
    database sorts purchases to tell how many customers they are of."""

    def select(part: Slice, values: Values) -> str:
        begins = [values.bind(one.begin) for one in within]
        place = place_in("p.purchased_at", begins)
        theirs = (
            f"SELECT {place} AS place, p.customer_id, count(CASE WHEN {COUNTED} THEN 1 END) AS times, sum({SPENT}) AS spent"
            f" FROM purchase p WHERE p.purchased_at >= {begins[0]}"
            f" AND p.purchased_at < {values.bind(within[-1].end)} AND {part.conditions(values)} GROUP BY 1, 2"
        )
        return (
            f"SELECT {part.number}, {part.owner('t')} AS owner, t.place,"
            " count(CASE WHEN t.customer_id IS NOT NULL AND t.times > 0 THEN 1 END), CAST(sum(t.times) AS BIGINT),"
            f" CAST(sum(t.spent) AS BIGINT) FROM ({theirs}) t GROUP BY 2, t.place"
        )

    return await asked(shop, subjects, select)


async def _began(shop: Shop, subjects: Sequence[Subject], within: Sequence[Period]) -> Sequence[list[list[int]]]:
    """(place, how many) of each period in which customers bought for the first time, in the days that are looked at. The database
    counts days, of which periods are made up, so that customers are gone through once."""
    day = f"({shown_time(shop.database.dialect, shop.settings.zone, 't.first_at')} + {AGES_MS}) / {DAY_MS}"

    def select(part: Slice, values: Values) -> str:
        first, before = part.selection.first, part.selection.before
        begin = within[0].begin if first is None else max(first, within[0].begin)
        end = within[-1].end if before is None else min(before, within[-1].end)
        return (
            f"SELECT {part.number}, {part.owner('t')} AS owner, {day} AS day, count(*) FROM ({part.firsts(values)}) t"
            f" WHERE t.first_at >= {values.bind(begin)} AND t.first_at < {values.bind(end)} GROUP BY 2, 3"
        )

    begins = [one.first for one in within]
    answers: list[list[list[int]]] = []
    for rows in await asked(shop, subjects, select):
        sums = Counter[int]()
        for number, count in rows:
            sums[bisect_right(begins, day_of_number(number)) - 1] += count
        answers.append([[place, count] for place, count in sums.items()])
    return answers
