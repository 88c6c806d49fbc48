"""That aliases are what they should be."""

from collections.abc import AsyncIterator, Collection

from regulars_core.customers.aliases import ERASED, MERGED
from regulars_core.database import Database

LOOKED_AT = 5_000
"""Customers who are looked at in one statement."""


async def differences(database: Database) -> AsyncIterator[str]:
    """A sentence for everything that is wrong with an alias, or with somebody who is none and is said to be one; some thousand
    customers are looked at in one statement."""
    last, limit = "0" * 32, LOOKED_AT  # which PostgreSQL is to know when it decides how
    some = (
        "SELECT a.id, a.status, a.merged_into_id, s.merged_into_id"
        f" FROM (SELECT id, status, merged_into_id FROM customer WHERE id > $1 ORDER BY id LIMIT {limit}) a"
        # From a customer on, said of both: PostgreSQL merges them, and would read the other one from its beginning.
        " LEFT JOIN customer_stats s ON s.customer_id = a.id AND s.customer_id > $1 ORDER BY a.id"
    )
    while rows := await database.rows(some, last):
        aliases = [row[0] for row in rows if row[2] is not None]
        survivors = {row[2] for row in rows if row[2] is not None}
        right = await _among(database, "SELECT id FROM customer WHERE merged_into_id IS NULL AND {}", "id", survivors)
        buyers, noted = [
            await _among(database, f"SELECT DISTINCT customer_id FROM {table} WHERE {{}}", "customer_id", aliases)
            for table in ("purchase", "customer_note")
        ]
        for id_, status, survivor, of_statistics in rows:
            wrong = {
                "leads to an alias, or to nobody": survivor is not None and survivor not in right,
                "is merged, and has another status": survivor is not None and status not in {MERGED, ERASED},
                "has statistics that lead elsewhere": survivor is not None and of_statistics != survivor,
                "is merged, and has purchases": id_ in buyers,
                "is merged, and has notes": id_ in noted,
                "is said to be merged, and leads to nobody": survivor is None
                and (status == MERGED or of_statistics is not None),
            }
            for said in (said for said, is_so in wrong.items() if is_so):
                yield f"customer_{id_}: {said}"
        last = rows[-1][0]


async def _among(database: Database, sql: str, column: str, ids: Collection[str]) -> set[str]:
    """What a query finds whose column has one of these ids."""
    if not ids:
        return set()
    rows = await database.rows(sql.format(database.dialect.among(column, 1)), sorted(ids))
    return {row[0] for row in rows}
