"""How far ahead what has happened may be dated: a till's clock is fast, a file was written in another time zone."""

from regulars_core.primitives.clock import HOUR_MS, Instant, now
from regulars_core.shop.settings import Settings


def latest_believed(settings: Settings) -> Instant:
    """The latest instant at which something can have happened, for all that clocks may be wrong: REGULARS_FUTURE_HOURS ahead."""
    return Instant(now() + settings.future_hours * HOUR_MS)
