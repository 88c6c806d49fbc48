"""Days that come again each year. Pure."""

from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta


def yearly(day: date, year: int) -> date:
    """A day of the year in another year: 29 February is the 28th where there is none, as the leaf `birthday` counts."""
    is_missing = (day.month, day.day) == (2, 29) and not isleap(year)
    return date(year, 2, 28) if is_missing else day.replace(year=year)


def anniversaries(first: date, since: date, until: date, days_before: int = 0) -> Iterator[tuple[int, date]]:
    """The years after the first one in which a day comes again, each with the day that lies so many days before it; of these days
    those from `since` on and before `until`."""
    ahead = timedelta(days=days_before)
    last = min(until.year + days_before // 365 + 1, date.max.year)
    for year in range(max(since.year, first.year + 1), last + 1):
        due = yearly(first, year) - ahead
        if since <= due < until:
            yield year, due
