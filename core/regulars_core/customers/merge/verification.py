"""That aliases are what they should be."""

from collections.abc import AsyncIterator

from regulars_core.database import Database

_WRONG = {
    "leads to an alias, or to nobody": "NOT EXISTS (SELECT 1 FROM customer c WHERE c.id = a.merged_into_id"
    " AND c.merged_into_id IS NULL)",
    "is merged, and has another status": "a.status NOT IN ('MERGED', 'ERASED')",
    "has statistics that lead elsewhere": "NOT EXISTS (SELECT 1 FROM customer_stats s WHERE s.customer_id = a.id"
    " AND s.merged_into_id = a.merged_into_id)",
    "is merged, and has purchases": "EXISTS (SELECT 1 FROM purchase p WHERE p.customer_id = a.id)",
    "is merged, and has notes": "EXISTS (SELECT 1 FROM customer_note n WHERE n.customer_id = a.id)",
}


async def differences(database: Database) -> AsyncIterator[str]:
    """A sentence for everything that is wrong with an alias, or with somebody who is none and is said to be one."""
    for said, condition in _WRONG.items():
        sql = f"SELECT a.id FROM customer a WHERE a.merged_into_id IS NOT NULL AND {condition} ORDER BY a.id"
        for row in await database.rows(sql):
            yield f"customer_{row[0]}: {said}"
    for row in await database.rows(
        "SELECT c.id FROM customer c JOIN customer_stats s ON s.customer_id = c.id"
        " WHERE c.merged_into_id IS NULL AND (c.status = 'MERGED' OR s.merged_into_id IS NOT NULL) ORDER BY c.id"
    ):
        yield f"customer_{row[0]}: is said to be merged, and leads to nobody"
