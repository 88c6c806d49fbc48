"""Writing many rows of one table at once."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.database import Database

MIN_COPY_ROWS = 50
"""The number of rows from which on COPY is worth its preparation on PostgreSQL."""


@lru_cache(maxsize=512)
def _insert(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    width = len(columns)
    places = [", ".join(f"${row * width + n}" for n in range(1, width + 1)) for row in range(rows)]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(f'({row})' for row in places)}"


def inserting(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """The insertion of some rows, of one at least, to be done together with something else."""
    return _insert(table, tuple(columns), len(rows)), [value for row in rows for value in row]


async def insert(database: Database, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows in one statement; none, and nothing is asked of the database."""
    listed = list(rows)
    if len(listed) >= MIN_COPY_ROWS and database.engine == "postgres":
        await database.copy(table, columns, listed)
    elif listed:
        await database.run_many(_insert(table, tuple(columns)), listed)
