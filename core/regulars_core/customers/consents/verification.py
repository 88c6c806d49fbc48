"""That what is kept as being in force is what the records say."""

from collections.abc import AsyncIterator
from typing import Any

from regulars_core.customers.consents.people import lookup_people, people_from
from regulars_core.customers.consents.writes import KEPT, kept_rows
from regulars_core.shop.shop import Shop

LOOKED_AT = 2_000
"""Customers who are looked at in one statement."""


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each customer of whom something else is kept."""
    database = shop.database
    last = "0" * 32
    while rows := await database.rows(f"SELECT id FROM customer WHERE id > $1 ORDER BY id LIMIT {LOOKED_AT}", last):
        ids = [row[0] for row in rows]
        kept: dict[str, set[tuple[Any, ...]]] = {}
        among = database.dialect.among("customer_id", 1)
        for row in await database.rows(f"SELECT {', '.join(KEPT)} FROM consent_in_force WHERE {among}", ids):
            kept.setdefault(row[0], set()).add(tuple(row))
        sql, values = lookup_people(database.dialect, ids)
        for id_, person in people_from(await database.rows(sql, *values)).items():
            if kept.get(id_, set()) != set(kept_rows(id_, person.state())):
                yield f"customer_{id_}: what is kept as agreed to is not what was said"
        last = ids[-1]
