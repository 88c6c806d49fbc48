"""Locking rows: what is locked stays as it is until the transaction ends.

The law: whoever decides by rows that others may change at the same time locks them first, all those of one table at once, in
the order of their keys, and believes only what the locking statement or a later one reads. Of two who want the same rows the
later one then waits at the first row that both want, while it holds none that the other still needs: nobody waits in a ring.
And what it reads after it has waited is what the other one has left, not what was there when it came.

On PostgreSQL that is `SELECT … ORDER BY key FOR NO KEY UPDATE`: a row that is locked may be referred to, so that who sells to a
customer does not wait for who edits it. SQLite has one writer, so whoever is in a transaction is alone: there it is the same
reading without a lock.
"""

from collections.abc import Collection, Sequence
from typing import Any

from regulars_core.database import Database


async def lock(
    database: Database,
    table: str,
    ids: Collection[str],
    columns: Sequence[str] = (),
    *,
    key: str = "id",
    type: str = "uuid",
) -> Sequence[Any]:
    """Lock the rows with these ids until the transaction ends, and answer their `columns`, the key alone without any.

    One statement, and rows in the order of their keys; unknown ids are left out, and for no ids nothing is asked.
    `key` is the column that has the ids, and `type` what they are in SQL. Raises RuntimeError outside a transaction.
    """
    some = sorted(set(ids))
    if not some:
        return []
    if len(some) == 1:  # for one among one PostgreSQL takes three times as long
        return await lock_where(database, table, f"{key} = $1", some, columns, key=key)
    return await lock_where(database, table, database.dialect.among(key, 1, type), [some], columns, key=key)


async def lock_names(database: Database, names: Collection[str]) -> None:
    """On PostgreSQL, let nobody else who wants one of these names go on until this transaction ends: for what there is no row of
    yet. SQLite has one writer anyway. To be called before any row is locked."""
    if names and database.engine == "postgres":
        sql = "SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest($1::text[]) AS k"
        await database.rows(sql, sorted(set(names)))


async def lock_where(
    database: Database,
    table: str,
    condition: str,
    values: Sequence[Any],
    columns: Sequence[str] = (),
    *,
    key: str = "id",
) -> Sequence[Any]:
    """As `lock`, for all rows of the table for which a condition in SQL holds, with `values` for its placeholders.

    A row that had to be waited for is answered as it is then, and only if what the condition says of it still holds. Of other
    tables that the condition asks nothing is locked. Raises RuntimeError outside a transaction.
    """
    if not database.in_transaction:
        raise RuntimeError("A lock ends with its transaction; there is none.")
    sql = f"SELECT {', '.join(columns or (key,))} FROM {table} WHERE {condition} ORDER BY {key}{database.dialect.lock_rows}"
    return await database.rows(sql, *values)
