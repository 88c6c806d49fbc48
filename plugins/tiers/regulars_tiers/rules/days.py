"""The shop's calendar: which day an instant lies on, and when a day begins. Days are counted (`date.toordinal`)."""

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.plugin import LATEST, Instant, day_and_minute, start_of

FOREVER = Instant(2**63 - 1)
"""After every instant: the end of what has no end."""

_LAST_DAY = date.max.toordinal() - 2


def day_number(instant: Instant, zone: ZoneInfo) -> int:
    """The day on which an instant lies where the shop is."""
    return day_and_minute(instant, zone)[0]


@lru_cache(maxsize=100_000)
def begin_of(day: int, zone: ZoneInfo) -> Instant:
    """The first instant of a day where the shop is; FOREVER for a day that no calendar has."""
    if day > _LAST_DAY:
        return FOREVER
    return start_of(date.fromordinal(max(day, 2)), zone)


def days_after(end: Instant, days: int, zone: ZoneInfo) -> Instant:
    """When so many whole days have passed after the day on which something was true for the last time, just before
    `end`: true until 9 February 00:00 and 90 days are the 10th of May."""
    if end > LATEST:
        return FOREVER
    return begin_of(day_number(Instant(end - 1), zone) + days + 1, zone)
