"""What SQLite's full-text indexes keep of texts that are gone: the words, marked as deleted, until it merges their parts."""

from functools import partial

from regulars_core.database import Database
from regulars_core.queries.pace import Pace

INDEXES = ("customer_text_index", "recent_text_index")
MAX_PAGES = 1_000
"""Pages of an index that are merged in one transaction, at most."""
_FIRST = 100
_MERGED = 2  # rows change if something was merged; one does in any case


async def drop_leftovers(database: Database) -> None:
    """Merge each index into one part, which has only what stands in the table, some pages at a time. On PostgreSQL there is
    nothing to do: an entry of its index leads to a row, and goes with it."""
    if database.engine == "postgres":
        return
    for index in INDEXES:
        pace, sign = Pace(database, MAX_PAGES, first=_FIRST), -1  # the first time all parts are put beside each other
        while await pace.step(partial(_merge, database, index, sign * pace.size)) or sign < 0:
            sign = 1


async def _merge(database: Database, index: str, pages: int) -> bool:
    """Whether there was something to merge. See https://www.sqlite.org/fts5.html#the_merge_command."""
    [(before,)] = await database.rows("SELECT total_changes()")
    await database.run(f"INSERT INTO {index} ({index}, rank) VALUES ('merge', {pages})")
    [(after,)] = await database.rows("SELECT total_changes()")
    return bool(after - before >= _MERGED)
