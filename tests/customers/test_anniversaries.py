"""The spans of earlier years that come round again are those of a plain reading, day by day."""

from calendar import isleap
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from regulars_core.customers.filters import years_before
from regulars_core.primitives.clock import start_of

ZONE = ZoneInfo("America/Mexico_City")


def comes_round(year: int, day: date) -> list[date]:
    if (day.month, day.day) == (2, 29):
        return [date(year, 2, 29)] if isleap(year) else []
    too = (day.month, day.day) == (2, 28) and isleap(year) and not isleap(day.year)
    return [day.replace(year=year), *([date(year, 2, 29)] if too else [])]


def plainly(first: date, count: int) -> list[tuple[date, date]]:
    ahead = [first + timedelta(days=n) for n in range(min(count, 366))]
    earlier = {day for year in range(1970, 2032) for one in ahead if one.year > year for day in comes_round(year, one)}
    spans: list[tuple[date, date]] = []
    for day in sorted(earlier):
        begin = spans.pop()[0] if spans and spans[-1][1] == day else day
        spans.append((begin, day + timedelta(days=1)))
    return spans


def test_whatever_day_it_is_and_however_far_ahead() -> None:
    around = [date(year, 2, 26) + timedelta(days=n) for year in (2027, 2028, 2029) for n in range(5)]
    tried = [(first, count) for first in (*around, date(2028, 12, 31), date(2029, 1, 1)) for count in (1, 2, 5)]
    tried += [(date(2027, 3, 1), 366), (date(2028, 2, 29), 366), (date(2028, 3, 1), 365), (date(2026, 11, 3), 367)]
    for first, count in tried:
        spans = [(start_of(begin, ZONE), start_of(end, ZONE)) for begin, end in plainly(first, count)]
        assert years_before(first, count, ZONE) == spans, (first, count)
