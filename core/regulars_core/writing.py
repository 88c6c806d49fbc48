"""Writing many rows of one table at once."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from regulars_core.database import Database

_MANY = 50
"""From how many rows on COPY is worth its preparation on PostgreSQL."""


@cache
def _insert(table: str, columns: tuple[str, ...]) -> str:
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"


async def insert(database: Database, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in one statement; none, and nothing is asked of the database."""
    given = list(rows)
    if len(given) >= _MANY and database.engine == "postgres":
        await database.copy(table, columns, given)
    elif given:
        await database.run_many(_insert(table, tuple(columns)), given)
