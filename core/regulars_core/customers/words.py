"""The words that customers carry: counted by the indexes that filters use."""

from collections.abc import Sequence

from regulars_core.database import Database
from regulars_core.queries.words import Word


async def tags_in_use(database: Database, number: int) -> Sequence[Word]:
    """Tags, as somebody has written them, the most frequent first."""
    return await _words(database, number, "customer_tag", "tag_key", "tag")


async def cities_in_use(database: Database, number: int) -> Sequence[Word]:
    """Cities of addresses, as somebody has written them, the most frequent first."""
    return await _words(database, number, "customer_address", "city_key", "city")


async def regions_in_use(database: Database, number: int) -> Sequence[Word]:
    """States and provinces of addresses, as somebody has written them, the most frequent first."""
    return await _words(database, number, "customer_address", "region_key", "region")


async def countries_in_use(database: Database, number: int) -> Sequence[Word]:
    """Countries of addresses, by their codes, the most frequent first."""
    return await _words(database, number, "customer_address", "country", "country")


async def _words(database: Database, number: int, table: str, key: str, written: str) -> Sequence[Word]:
    """By a key, with the word as the customer has written it who was registered first."""
    carried = f"SELECT DISTINCT {key} AS word, customer_id FROM {table} WHERE {key} IS NOT NULL"
    counted = f"SELECT word, count(*) AS n FROM ({carried}) carried GROUP BY word ORDER BY n DESC, word LIMIT $1"
    first = f"SELECT x.{written} FROM {table} x WHERE x.{key} = w.word ORDER BY x.customer_id LIMIT 1"
    rows = await database.rows(f"SELECT ({first}), w.n FROM ({counted}) w ORDER BY w.n DESC, w.word", number)
    return [Word(word, word, count) for word, count in rows]
