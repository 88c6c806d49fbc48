"""Values that are none of those that a column may have: what came in before they were checked, or past the services."""

from collections.abc import AsyncIterator

from regulars_core.customers.columns import COLUMNS
from regulars_core.shop.shop import Shop

_MAX_TOLD = 1_000
"""Customers that are told of a column; how many more there are is told instead of them."""
_STATUSES = ("ACTIVE", "ERASED", "INACTIVE", "MERGED", "SUSPENDED")
_CHOICES = {**{column.name: column.members for column in COLUMNS if column.members}, "status": _STATUSES}


async def foreign_values(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each customer who has something else in a column of choices: by the code, and without the value."""
    for name, members in _CHOICES.items():
        among = ", ".join(f"'{member}'" for member in members)
        rows = await shop.database.rows(
            f"SELECT code FROM customer WHERE {name} NOT IN ({among}) ORDER BY id LIMIT {_MAX_TOLD + 1}"
        )
        for row in rows[:_MAX_TOLD]:
            yield f"{row[0]}: {name} is none of {', '.join(members)}"
        if len(rows) > _MAX_TOLD:
            yield f"{name} is none of {', '.join(members)} of further customers, too"
