"""Instants: whole milliseconds since 1970-01-01T00:00Z, the only form in which times are kept and compared."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import NewType
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""

NEVER = Instant(-(2**63))
"""Below every instant: stands in a sort key where there is no instant, so that the key is never null."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
EARLIEST, LATEST = Instant(-62_135_510_400_000), Instant(253_402_128_000_000)
"""0001-01-02 and 9999-12-30: between them an instant has a date in every time zone."""

DAY = 86_400_000
"""Milliseconds in a day of 24 hours."""


def now() -> Instant:
    """The present, cut to the millisecond."""
    return Instant(time.time_ns() // 1_000_000)


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime, cut (not rounded) to the millisecond.

    Raises ValueError for a naive one: a time without an offset is not an instant.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without an offset is not an instant")
    return Instant((moment - _EPOCH) // _MILLISECOND)


def datetime_of(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(milliseconds=instant)


def printed(instant: Instant) -> str:
    """The instant as the API prints it: UTC with milliseconds, `2026-01-31T09:30:00.000Z`."""
    return datetime_of(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(instant: Instant, timezone: ZoneInfo) -> date:
    """The calendar day on which an instant falls where the shop is."""
    return datetime_of(instant).astimezone(timezone).date()


def start_of(day: date, timezone: ZoneInfo) -> Instant:
    """The first instant of a calendar day where the shop is."""
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=timezone))
