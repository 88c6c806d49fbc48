"""How far ahead what has happened may be dated, since a till's clock is fast and a file was written in another time zone; and
how long ago something is by the shop's calendar."""

from calendar import monthrange

from regulars_core.primitives.clock import HOUR_MS, Instant, day_of, now, start_of
from regulars_core.shop.settings import Settings


def latest_believed(settings: Settings) -> Instant:
    """The latest instant at which something can have happened, for all that clocks may be wrong: REGULARS_FUTURE_HOURS ahead."""
    return Instant(now() + settings.future_hours * HOUR_MS)


def months_ago(settings: Settings, months: int) -> Instant:
    """The start of the same day so many months ago where the shop is, or of the last of that month where it is shorter."""
    day = day_of(now(), settings.zone)
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = monthrange(year, month + 1)[1]
    return start_of(day.replace(year=year, month=month + 1, day=min(day.day, last)), settings.zone)
