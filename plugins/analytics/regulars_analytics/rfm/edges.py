"""Where scores begin: by the bands of the shop, or by fifths of all who ever bought, which a job finds every ten minutes."""

import json
from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from zoneinfo import ZoneInfo

from regulars_analytics.bands import read_bands
from regulars_analytics.patience import patiently
from regulars_analytics.rfm.scores import Edges
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import GONE, CurrencyCode, Dialect, Shop, day_of, exponent_of, now, start_of

_COLUMNS = ("last_purchase_at", "purchase_count", "total_spent")
_STATEMENT_SECONDS = 300


async def current_edges(shop: Shop) -> Edges:
    """The edges now. Fifths that no job has found yet are found for this once."""
    if bands := own_bands(shop):
        return edges_of_bands(*bands)
    kept = await shop.database.read("SELECT body FROM analytics_fifths WHERE id = 1")
    return Edges(*json.loads(kept[0][0])) if kept else await fifths(shop)


KEPT = "EXISTS (SELECT 1 FROM analytics_fifths WHERE id = 1)"
"""Whether the job has found fifths yet."""


def kept_edges(dialect: Dialect) -> Sequence[Sequence[str]]:
    """The expressions for the edges of the fifths that are kept, null where none are. A statement looks them up once."""
    body = "body" if dialect.engine == "sqlite" else "CAST(body AS json)"
    return [
        [
            f"(SELECT CAST({body} -> {part} ->> {place} AS BIGINT) FROM analytics_fifths WHERE id = 1)"
            for place in range(4)
        ]
        for part in range(3)
    ]


def own_bands(shop: Shop) -> tuple[str, str, str] | None:
    """The shop's own bands, where it is, and its currency, which make the edges of each day; None where it has none."""
    text = shop.settings.of(AnalyticsSettings).rfm_bands
    return (text, shop.settings.timezone, shop.currency) if text else None


def edges_of_bands(text: str, timezone: str, currency: str) -> Edges:
    """The shop's own bands, as of today."""
    bands, zone = read_bands(text), ZoneInfo(timezone)
    today = day_of(now(), zone)
    recency = [start_of(today - timedelta(days=days), zone) for days in reversed(bands.days)]
    unit = 10 ** exponent_of(CurrencyCode(currency))
    return Edges(recency, bands.purchases, [ceil(amount * unit) for amount in bands.amounts])


async def fifths(shop: Shop) -> Edges:
    """Where the upper four fifths begin, of all who ever bought and are still there. Who is equal to the last of a fifth is in
    that fifth, too: so many must be less than who is above it."""
    gone = shop.database.dialect.any_of("c.status", 1)
    source = f"customer_stats s JOIN customer c ON c.id = s.customer_id WHERE s.purchase_count > 0 AND NOT ({gone})"
    ranked = ", ".join(
        f"{column}, row_number() OVER (ORDER BY {column}) AS rank_{n}" for n, column in enumerate(_COLUMNS)
    )
    last = ", ".join(
        f"max(CASE WHEN rank_{n} <= (number * {fifth} + 4) / 5 THEN {column} END)"
        for n, column in enumerate(_COLUMNS)
        for fifth in range(1, 5)
    )
    [row] = await shop.database.read(
        f"SELECT {last} FROM (SELECT {ranked}, count(*) OVER () AS number FROM {source}) r", list(GONE)
    )
    found = [0 if value is None else int(value) + 1 for value in row]
    return Edges(found[:4], found[4:8], found[8:])


async def keep_fifths(shop: Shop) -> None:
    """The job: finds the fifths and keeps them."""
    edges = await patiently(shop, _STATEMENT_SECONDS, lambda: fifths(shop))
    if not any(edges.frequency):
        return  # nobody has bought; whoever does first is not among the best of a shop for that
    body = json.dumps([list(edges.recency), list(edges.frequency), list(edges.monetary)])

    async def work() -> None:
        await shop.database.run(
            "INSERT INTO analytics_fifths (id, found_at, body) VALUES (1, $1, $2)"
            " ON CONFLICT (id) DO UPDATE SET found_at = excluded.found_at, body = excluded.body",
            now(),
            body,
        )

    await shop.database.transaction(work)
