"""Stretches of days that a trigger looks at together, where the shop is. Pure."""

from datetime import date, timedelta
from enum import StrEnum


class Span(StrEnum):
    """How long it is. Weeks begin on Monday and are numbered as ISO 8601 does."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"
    EVER = "EVER"

    def key(self, day: date) -> str:
        """What the span of a day goes by: `2026-11-28`, `2026-W48`, `2026-11`, `2026-Q4`, `2026` or `ever`."""
        if self is Span.DAY:
            return day.isoformat()
        if self is Span.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        if self is Span.MONTH:
            return f"{day.year:04}-{day.month:02}"
        if self is Span.QUARTER:
            return f"{day.year:04}-Q{_quarter(day)}"
        return f"{day.year:04}" if self is Span.YEAR else "ever"

    def around(self, day: date) -> tuple[date, date]:
        """The first day of the span of a day, and the first one behind it."""
        if self is Span.DAY:
            return day, _behind(day, 1)
        if self is Span.WEEK:
            monday = day - timedelta(days=day.weekday())
            return monday, _behind(monday, 7)
        if self is Span.MONTH:
            return day.replace(day=1), _month(day.year, day.month + 1)
        if self is Span.QUARTER:
            quarter = _quarter(day)
            return date(day.year, 3 * quarter - 2, 1), _month(day.year, 3 * quarter + 1)
        return (date(day.year, 1, 1), _month(day.year, 13)) if self is Span.YEAR else (date.min, date.max)


def _quarter(day: date) -> int:
    return (day.month + 2) // 3


def _behind(day: date, days: int) -> date:
    """So many days later, or the last day that there is."""
    return day + timedelta(days=min(days, (date.max - day).days))


def _month(year: int, month: int) -> date:
    """The first day of a month, 13 being January of the next year; or the last day that there is."""
    over, month = divmod(month - 1, 12)
    return date.max if year + over > date.max.year else date(year + over, month + 1, 1)
