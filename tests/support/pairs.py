"""Pairs of customers who may be the same, as a test wants them."""

from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_schema.testing import Api


async def a_pair(api: Api, *customers: str) -> str:
    """A pair of two customers who may be the same."""
    key, [one, other] = new_id(), [customer.removeprefix("customer_") for customer in customers]
    columns = ("id", "customer_id", "other_id", "score", "reasons", "traits", "found_at", "is_dismissed")
    row = (key, one, other, 90, "PHONE", "0123456789abcdef", 1, False)
    await api.shop.database.transaction(lambda: insert(api.shop.database, "duplicate_pair", columns, [row]))
    return f"duplicate_{key}"
