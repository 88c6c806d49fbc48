"""Days where the shop is, by their numbers since 1970."""

from datetime import date, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from regulars_core.primitives.clock import DAY_MS, Instant, day_and_time, offsets, start_of

EPOCH = date(1970, 1, 1).toordinal()
"""The `toordinal` of day 0."""


@lru_cache(maxsize=20_000)
def start(day: int, zone: ZoneInfo) -> Instant:
    """The first instant of a day."""
    return start_of(date.fromordinal(day + EPOCH), zone)


def end(day: int, zone: ZoneInfo) -> Instant:
    """The first instant after a day."""
    return start(day + 1, zone)


def day_at(instant: Instant, zone: ZoneInfo) -> int:
    """The day in which an instant lies."""
    return day_and_time(instant, zone)[0] - EPOCH


@cache
def in_order(zone: ZoneInfo) -> bool:
    """Whether no day of the zone comes back: where clocks go back shortly after midnight, as they did in Newfoundland up to 2010,
    they show the end of the day before once more."""
    changes, found = offsets(zone)
    return all(
        (at - 1 + old) // DAY_MS <= (at + new) // DAY_MS
        for at, old, new in zip(changes, found, found[1:], strict=False)
    )


def weekday(day: int) -> int:
    """1 for Monday to 7 for Sunday."""
    return (day + 3) % 7 + 1


def month(day: int) -> int:
    """1 to 12."""
    return (date(1970, 1, 1) + timedelta(days=day)).month
