"""Whom an id or a code leads to: who was merged into another customer is an alias of that one for ever.

An alias names the last survivor, never another alias, so one step is enough wherever somebody is looked up.
"""

from collections.abc import Collection, Mapping

from regulars_core.database import Database
from regulars_core.queries.locks import lock

MERGED, ERASED = "MERGED", "ERASED"
"""The status of an alias, and of who was forgotten."""
SURVIVOR_OF = "JOIN customer c ON c.id = coalesce(a.merged_into_id, a.id)"
"""Joins the customer `c` to whom the record `a` leads."""


async def survivors(database: Database, ids: Collection[str]) -> Mapping[str, str]:
    """The id of the customer to whom each of these ids leads; unknown ones are missing, and those of whom was erased."""
    if not ids:
        return {}
    among = database.dialect.among("a.id", 1)
    sql = f"SELECT a.id, c.id FROM customer a {SURVIVOR_OF} WHERE {among} AND c.status <> '{ERASED}'"
    return {row[0]: row[1] for row in await database.rows(sql, sorted(set(ids)))}


async def hold(database: Database, customer_ids: Collection[str]) -> Mapping[str, str]:
    """Let nobody else move money, points, progress or tier of these customers until the transaction ends, and let those who have
    decided by them already be overtaken. Whoever writes any of it, but for a purchase by itself, holds the customer first.
    Answers which of them were merged, each with the customer to whom it leads.

    One statement, and one that is deferred; in the order of ids, so that nobody waits in a ring. Raises RuntimeError outside a
    transaction.
    """
    ids = sorted(set(customer_ids))
    if not ids:
        return {}
    rows = await lock(database, "customer_stats", ids, ("customer_id", "merged_into_id"), key="customer_id")
    among = database.dialect.among("customer_id", 1)
    await database.defer([(f"UPDATE customer_stats SET activity = activity + 1 WHERE {among}", [ids])])
    return {row[0]: row[1] for row in rows if row[1] is not None}
