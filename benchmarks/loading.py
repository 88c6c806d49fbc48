"""Putting millions of rows in at once: without what an engine does for each of them, which is done for all of them afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from regulars_core.database import Database

_MAX_S = 3_600
"""Seconds that a statement may take."""
_MEMORY = "SET LOCAL maintenance_work_mem = '512MB'"
_INDEXES = {
    "postgres": "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.schemaname = current_schema() AND i.tablename = $1"
    " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname) ORDER BY i.indexname",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL ORDER BY name",
}
"""The indexes of a table that are no constraint, and how each is made."""

_WORDS = (
    "SELECT DISTINCT p.word FROM customer c,"
    " unnest(string_to_array(replace(c.sort_name, ',', '') || ' ' || coalesce(c.company_key, ''), ' ')) AS p(word)"
    " WHERE length(p.word) BETWEEN 2 AND 32 AND p.word ~ '[^0-9]'"
)
_OF_TRIGGERS = (
    "INSERT INTO name_spelling (key, word) SELECT CASE n WHEN 0 THEN w.word ELSE overlay(w.word PLACING '*' FROM n FOR 1) END,"
    f" w.word FROM ({_WORDS}) w CROSS JOIN LATERAL generate_series(0, length(w.word)) AS n",
    "INSERT INTO duplicate_due (customer_id) SELECT id FROM customer ORDER BY id",
)
"""What triggers would have written of customers who are registered."""


async def without_triggers(database: Database) -> None:
    """Let PostgreSQL run no trigger and look up no foreign key, until the transaction ends."""
    if database.engine == "postgres":
        await database.run("SET LOCAL session_replication_role = replica")


async def made_true(database: Database) -> None:
    """Write what triggers would have written of customers who were put in without them."""

    async def work() -> None:
        await database.allow(_MAX_S)
        for sql in _OF_TRIGGERS:
            await database.run(sql)

    if database.engine == "postgres":
        await database.transaction(work)


@asynccontextmanager
async def without_indexes(database: Database, tables: Sequence[str]) -> AsyncIterator[None]:
    """Put rows into these tables inside; their indexes, but for those that are constraints, are made afterwards."""
    found = [row for table in tables for row in await database.rows(_INDEXES[database.engine], table)]

    async def drop() -> None:
        for name, _ in found:
            await database.run(f"DROP INDEX {name}")

    async def make() -> None:
        await database.allow(_MAX_S)
        if database.engine == "postgres":
            await database.run(_MEMORY)
        for _, sql in found:
            await database.run(sql)

    await database.transaction(drop)
    yield
    await database.transaction(make)
