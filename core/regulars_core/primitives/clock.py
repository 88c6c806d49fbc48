"""Instants: whole milliseconds since 1970-01-01T00:00Z, the only form in which times are kept and compared."""

import re
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

from regulars_core.primitives.scoped import Scoped

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""

NEVER = Instant(-(2**63))
"""Below every instant: stands in a sort key where there is no instant, so that the key is never null."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
EARLIEST = Instant(-62_135_510_400_000)
"""0001-01-02: from here on an instant has a date in every time zone."""
LATEST = Instant(253_402_128_000_000)
"""9999-12-30: up to here an instant has a date in every time zone."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DAY_MS = 86_400_000
"""Milliseconds in a day of 24 hours."""
HOUR_MS = 3_600_000
"""Milliseconds in an hour."""
_EPOCH_DAY = _EPOCH.toordinal()
_TABLED_FROM, _TABLED_UNTIL = -2_840_140_800_000, 4_102_444_800_000  # 1880 and 2100: what `offsets` tells of


class _Moment:
    __slots__ = ("at", "over")

    def __init__(self, at: Instant) -> None:
        self.at, self.over = at, False


_moment: ContextVar[_Moment | None] = ContextVar("regulars_moment", default=None)


def now() -> Instant:
    """The present, cut to the millisecond. While plugins are told of an event it is when that happened, the same for all of
    them, however much later they are told."""
    told = _moment.get()
    if told is not None and not told.over:
        return told.at
    return Instant(time.time_ns() // 1_000_000)


class _Lasting(Scoped[_Moment]):
    """A moment for as long as it lasts."""

    __slots__ = ()

    def __exit__(self, *error: object) -> None:
        self._value.over = True
        super().__exit__(*error)


def moment(at: Instant) -> AbstractContextManager[object]:
    """Inside, and in tasks started inside, it is this instant; tasks that outlive it are back in the real present."""
    return _Lasting(_moment, _Moment(at))


def just_after() -> AbstractContextManager[object]:
    """Inside, it is a millisecond later. So of two events in one transaction the second one is later, and whoever is told of them
    another day by their instants knows what lay between."""
    return moment(Instant(now() + 1))


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
    seconds, milliseconds = divmod(instant, 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=256)
def _to_the_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")


def day_written(text: str) -> date | None:
    """A calendar day written as `1990-02-28`; None for what is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def day_of(instant: Instant, timezone: ZoneInfo) -> date:
    """The calendar day on which an instant falls where the shop is."""
    return date.fromordinal(day_and_minute(instant, timezone)[0])


def day_and_minute(instant: Instant, timezone: ZoneInfo) -> tuple[int, int]:
    """The calendar day (`date.toordinal`) on which an instant falls where the shop is, and the minute of that day."""
    day, time = day_and_time(instant, timezone)
    return day, time // 60_000


def day_and_time(instant: Instant, timezone: ZoneInfo) -> tuple[int, int]:
    """The calendar day (`date.toordinal`) on which an instant falls where the shop is, and the millisecond of that day that
    clocks show."""
    if _TABLED_FROM < instant < _TABLED_UNTIL:
        changes, values = offsets(timezone)
        day, time = divmod(instant + values[bisect_right(changes, instant)], DAY_MS)
        return _EPOCH_DAY + day, time
    # The calendar's first and last day begin and end where UTC has no date: clocks show what they show a day further in.
    inwards = (instant < EARLIEST) - (instant > LATEST)
    local = datetime_of(Instant(instant + inwards * DAY_MS)).astimezone(timezone)
    shown = local.replace(tzinfo=None) - datetime.combine(local.date(), datetime.min.time())
    return local.toordinal() - inwards, shown // _MILLISECOND


def instant_at(day: int, millisecond: int, timezone: ZoneInfo) -> Instant | None:
    """The instant of a time of the day, in milliseconds, on a calendar day (`date.toordinal`) where the shop is: the first of
    two, and for a time that the clock leaves out as if it had not been changed yet, as `datetime` with fold=0. None before
    1880 and after 2099."""
    local = (day - _EPOCH_DAY) * DAY_MS + millisecond
    if not _TABLED_FROM + DAY_MS < local < _TABLED_UNTIL - DAY_MS:
        return None
    return Instant(local - offsets(timezone)[1][bisect_right(_walls(timezone), local)])


@cache
def _walls(timezone: ZoneInfo) -> Sequence[int]:
    """What clocks show, in milliseconds since 1970-01-01, when the offset before each change is in force no more."""
    changes, values = offsets(timezone)
    return [at + max(before, after) for at, before, after in zip(changes, values, values[1:], strict=False)]


@cache
def offsets(timezone: ZoneInfo) -> tuple[Sequence[Instant], Sequence[int]]:
    """The instants at which a zone's offset from UTC changes, and the offsets in milliseconds: the first one is that before
    all of them. From 1880, before which there was no standard time, to 2100."""
    step = 3 * DAY_MS // 1000  # no offset has been in force for less than that, anywhere
    first, last = _seconds_of(1880), _seconds_of(2100)
    changes: list[Instant] = []
    values = [_offset_at(first, timezone)]
    for begin in range(first, last, step):
        before, after = begin, begin + step
        if _offset_at(after, timezone) == values[-1]:
            continue
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if _offset_at(middle, timezone) == values[-1] else (before, middle)
        changes.append(Instant(after * 1000))
        values.append(_offset_at(after, timezone))
    return changes, [offset * 1000 for offset in values]


def local_day(instant: int, zone: str) -> int:
    """Days from 1970-01-01 to the calendar day of an instant in the zone of this name, by `offsets`: a function of SQLite."""
    changes, values = offsets(ZoneInfo(zone))
    return (instant + values[bisect_right(changes, instant)]) // DAY_MS


def local_time(instant: int, zone: str) -> int:
    """What clocks in the zone of this name show at an instant, in milliseconds since 1970-01-01, by `offsets`: a function of
    SQLite."""
    changes, values = offsets(ZoneInfo(zone))
    return instant + values[bisect_right(changes, instant)]


def _seconds_of(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _offset_at(seconds: int, timezone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(seconds, timezone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


def start_of(day: date, timezone: ZoneInfo) -> Instant:
    """The first instant of a calendar day where the shop is."""
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=timezone))
