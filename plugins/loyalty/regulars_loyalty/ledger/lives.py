"""How long lots live: an ISO 8601 duration of calendar time, counted where the shop is. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.plugin import LATEST, Instant, Shop, day_and_time, instant_at, instant_of

MONTH_END = " MONTH_END"
"""Stands behind a duration that lasts to the end of its last month."""
_DURATION = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?", re.ASCII)
_MAX_DAYS = 3_653
"""Ten years, leap days included."""


@dataclass(frozen=True, slots=True)
class Life:
    """A duration of calendar time, and whether it lasts to the end of the month to which it leads."""

    months: int
    days: int
    to_month_end: bool = False


@lru_cache(maxsize=256)
def life_of(text: str) -> Life | None:
    """What a duration such as `P9M`, `P1Y6M` or `P365D` says, `P9M MONTH_END` included; None for what is none, or is not from one
    day to ten years."""
    matched = _DURATION.fullmatch(text.removesuffix(MONTH_END))
    if matched is None:
        return None
    years, months, weeks, days = (int(part or 0) for part in matched.groups())
    life = Life(12 * years + months, 7 * weeks + days, text.endswith(MONTH_END))
    return life if life.days + life.months * 28 >= 1 and life.days + life.months * 365 / 12 <= _MAX_DAYS else None


def end_of(life: Life, start: Instant, zone: ZoneInfo) -> Instant:
    """When a life ends that begins at an instant: at the same time of the day, on the last day of a month that has no such day;
    or when the month is over."""
    day, time = day_and_time(start, zone)
    last = _last_day(life, day)
    if last is None:
        return LATEST
    ended = instant_at(last, 0 if life.to_month_end else time, zone)
    if ended is None:  # so far away that offsets are not tabled
        begins = datetime.combine(date.fromordinal(last), datetime.min.time(), zone)
        return instant_of(begins if life.to_month_end else begins + timedelta(milliseconds=time))
    return ended


@lru_cache(maxsize=1024)
def _last_day(life: Life, day: int) -> int | None:
    """The calendar day on which a life ends that begins on one, both as `date.toordinal` counts: where it lasts to the end of the
    month the first day of the next. None for one that is too far away."""
    local = date.fromordinal(day)
    year, month = divmod(local.year * 12 + local.month - 1 + life.months, 12)
    if year > 9990:
        return None
    ended = date(year, month + 1, min(local.day, monthrange(year, month + 1)[1])) + timedelta(days=life.days)
    return ((ended.replace(day=1) + timedelta(days=32)).replace(day=1) if life.to_month_end else ended).toordinal()


def ending_of(shop: Shop) -> Callable[[str, Instant], Instant]:
    """When a life, given as text, ends that begins at an instant, where a shop is; LATEST for a text that is none."""

    def ends_at(text: str, start: Instant) -> Instant:
        life = life_of(text)
        return LATEST if life is None else end_of(life, start, shop.settings.zone)

    return ends_at


def days_after(start: Instant, days: int, zone: ZoneInfo) -> Instant:
    """The same time of the day so many days later, where the shop is."""
    return end_of(Life(0, days), start, zone) if days else start
