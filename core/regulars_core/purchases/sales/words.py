"""The words that purchases carry: brands, categories, ways of paying, channels and tills.

To count those of all purchases takes seconds where there are a million, and a figure that each sale moves would let all tills
wait for each other. So the latest purchases are walked by their indexes: what is in use is found among them, and what is not
found has not been used for long.
"""

from collections.abc import Collection, Sequence

from regulars_core.database import Database
from regulars_core.queries.where import Values
from regulars_core.queries.words import Word

WALKED = 10_000
"""Purchases that are walked at most."""
_MAX_STORES = 100
"""Stores of which each is walked by itself."""
_OF_LINES = "JOIN purchase_line l ON l.purchase_id = p.id"
SOURCES = {
    "BRAND": ("l.brand", _OF_LINES),
    "CATEGORY": ("l.category", _OF_LINES),
    "PAYMENT_METHOD": ("y.method", "JOIN payment y ON y.purchase_id = p.id"),
    "PURCHASE_CHANNEL": ("p.channel", ""),
    "REGISTER": ("nullif(p.register, '')", ""),
}
"""Where words stand: the column, and what it takes to get there from a purchase `p`."""


async def words_of_purchases(
    database: Database, source: str, stores: Collection[str] | None, number: int
) -> Sequence[Word]:
    """Words of one of the sources among the latest purchases of these stores, or of the whole shop for None: the most frequent
    first, each with the number of those purchases that carry it."""
    if stores is not None and not stores:
        return []
    column, join = SOURCES[source]
    values = Values(database.dialect)
    latest = _latest(values, stores)
    rows = await database.rows(
        f"SELECT w.word, count(*) AS n FROM (SELECT DISTINCT {column} AS word, p.id FROM ({latest}) p {join}"
        f" WHERE {column} IS NOT NULL) w GROUP BY w.word ORDER BY n DESC, w.word LIMIT {number}",
        *values.all,
    )
    return [Word(word, word, count) for word, count in rows]


def _latest(values: Values, stores: Collection[str] | None) -> str:
    columns = "SELECT id, channel, register FROM purchase"
    if stores is None:
        return f"{columns} ORDER BY purchased_at DESC, id DESC LIMIT {WALKED}"
    if len(stores) > _MAX_STORES:
        here = values.among("store_id", sorted(stores), "uuid")
        return f"{columns} WHERE {here} ORDER BY purchased_at DESC, id DESC LIMIT {WALKED}"
    each = WALKED // len(stores)
    return " UNION ALL ".join(
        f"SELECT * FROM ({columns} WHERE store_id = {values.bind(store)} ORDER BY recorded_at DESC LIMIT {each}) p{n}"
        for n, store in enumerate(sorted(stores))
    )
