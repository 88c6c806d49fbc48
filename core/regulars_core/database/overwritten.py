"""What rows were before they were overwritten or deleted, and how the disk forgets it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from regulars_core.database.database import Database
from regulars_core.database.errors import StoppedForLength, Unavailable

_MAX_TRUNCATIONS = 100
_PAUSE_SECONDS = 0.02


async def drop_overwritten(database: Database, tables: Sequence[str]) -> None:
    """Let the disk forget what rows of these tables were before they were overwritten or deleted, as far as that is in our
    hands: on SQLite, which overwrites what it frees, the log is emptied; on PostgreSQL each table is vacuumed for as long as
    a statement may take, and what takes longer is left to the autovacuum.

    Raises Unavailable if others go on reading from SQLite's log, and RuntimeError inside a transaction.
    """
    if database.in_transaction:
        raise RuntimeError("What is overwritten is forgotten when its transaction has ended.")
    if database.engine == "sqlite":
        for _ in range(_MAX_TRUNCATIONS):
            if await database._root.truncate_log():
                return
            await asyncio.sleep(_PAUSE_SECONDS)
        raise Unavailable("The log of the database could not be emptied, since others are reading from it.")
    for table in tables:
        with suppress(StoppedForLength):
            await database.rows(f"VACUUM (SKIP_LOCKED) {table}")
