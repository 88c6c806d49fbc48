"""When a customer's latest purchases were made, as `customer_stats` keeps it: `latest_at`, those instants from the latest back,
and `regular_at`, the one that makes a regular.

`latest_at` has so many instants as make a regular, or fewer; in text, joined by commas. A sale adds to it what it knows, so that
two at the same time lose nothing of each other's. `regular_at` is the last of them, or NEVER while there are fewer: whoever has
it later than so many days ago is a regular, so nothing needs to be done as time goes by.
"""

from functools import cache

from regulars_core.database import Dialect
from regulars_core.primitives.clock import DAY_MS, NEVER, Instant, now
from regulars_core.shop.settings import Settings

COUNTED = "p.status IN ('PAID', 'PARTIALLY_REFUNDED') AND p.total >= 0"
"""Whether a purchase `p` counts: neither voided nor wholly refunded, and not by which more came back than was bought."""
_NEVER = f"{NEVER + 1} - 1"  # so that SQLite reads it as a whole number


def since(settings: Settings) -> Instant:
    """After when `regular_at` is the one of a regular, as of now."""
    return Instant(now() - settings.regular_days * DAY_MS)


@cache
def moved(dialect: Dialect, number: int, new: str) -> str:
    """What an UPDATE of `customer_stats` sets for new purchases, whose instants are an array in this placeholder."""
    if dialect.engine == "postgres":
        both = f"unnest(string_to_array(latest_at, ',')::bigint[] || {new}::bigint[]) AS u(t)"
    else:
        both = f"(SELECT value AS t FROM json_each('[' || latest_at || ']') UNION ALL SELECT value FROM json_each({new})) u"
    return _set(dialect, number, f"SELECT t FROM {both} ORDER BY t DESC LIMIT {number}")


@cache
def counted(dialect: Dialect, number: int) -> str:
    """What an UPDATE of `customer_stats` sets by the purchases that there are."""
    return _set(dialect, number, _latest("customer_stats", number))


@cache
def written(dialect: Dialect, number: int, of: str) -> str:
    """What `latest_at` is to be by the purchases that there are, of who stands under an alias."""
    return _joined(dialect, _latest(of, number))


def _latest(of: str, number: int) -> str:
    return (
        f"SELECT p.purchased_at AS t FROM purchase p WHERE p.customer_id = {of}.customer_id AND {COUNTED}"
        f" ORDER BY p.purchased_at DESC, p.id DESC LIMIT {number}"
    )


def _set(dialect: Dialect, number: int, instants: str) -> str:
    last = f"(SELECT CASE WHEN count(*) = {number} THEN min(t) ELSE {_NEVER} END FROM ({instants}) m)"
    return f"latest_at = {_joined(dialect, instants)}, regular_at = {last}"


def _joined(dialect: Dialect, instants: str) -> str:
    together = (
        "string_agg(CAST(t AS TEXT), ',' ORDER BY t DESC)" if dialect.engine == "postgres" else "group_concat(t, ',')"
    )
    return f"(SELECT coalesce({together}, '') FROM ({instants}) m)"


def regular_at(latest: str, number: int) -> Instant:
    """What `regular_at` is to be beside this `latest_at`."""
    instants = latest.split(",") if latest else []
    return Instant(int(instants[-1])) if len(instants) == number else NEVER
