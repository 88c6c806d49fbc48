"""What the shop's calendar and clocks show when a purchase is made, as SQL over `purchase p`."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from math import gcd
from zoneinfo import ZoneInfo

from regulars_core.database import Dialect
from regulars_core.primitives.clock import DAY_MS, HOUR_MS, Instant, offsets

AGES = 146_097 * 5 * DAY_MS
"""Two thousand years, which are whole weeks: what is divided is never below zero."""
_QUARTER_MS = 900_000
HOURS, WEEKDAYS, MONTHS = "hours", "weekdays", "months"


def shown_time(dialect: Dialect, zone: ZoneInfo, instant: str = "p.purchased_at") -> str:
    """What clocks in the zone show at an instant, in milliseconds since 1970-01-01."""
    if dialect.engine == "sqlite":
        return f"local_time({instant}, '{zone.key}')"
    changes, found = (f"'{{{','.join(map(str, numbers))}}}'::bigint[]" for numbers in offsets(zone))
    return f"({instant} + ({found})[width_bucket({instant}, {changes}) + 1])"


def steady(zone: ZoneInfo, first: Instant | None) -> int:
    """The longest time, a quarter of an hour at most, in whose multiples clocks of the zone have gone since an instant, or ever:
    within one of them they show one hour. The database divides by it, and nobody looks up the clock for each purchase."""
    changes, found = offsets(zone)
    past = 0 if first is None else bisect_right(changes, first)
    return gcd(_QUARTER_MS, *changes[past:], *found[past:])


def hour(dialect: Dialect, zone: ZoneInfo) -> str:
    """The hour of the day, 0 to 23."""
    return f"(({shown_time(dialect, zone)} + {AGES}) / {HOUR_MS}) % 24"


def weekday(dialect: Dialect, zone: ZoneInfo) -> str:
    """The day of the week, 1 for Monday to 7 for Sunday."""
    return f"(({shown_time(dialect, zone)} + {AGES}) / {DAY_MS} + 3) % 7 + 1"


def month(dialect: Dialect, zone: ZoneInfo) -> str:
    """The month of the year, 1 to 12."""
    shown = shown_time(dialect, zone)
    if dialect.engine == "sqlite":
        return f"CAST(strftime('%m', {shown} / 1000, 'unixepoch') AS INTEGER)"
    return f"CAST(extract(month FROM to_timestamp({shown} / 1000) AT TIME ZONE 'UTC') AS BIGINT)"


PARTS: Mapping[str, Callable[[Dialect, ZoneInfo], str]] = {HOURS: hour, WEEKDAYS: weekday, MONTHS: month}
