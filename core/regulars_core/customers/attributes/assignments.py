"""Giving customers values of attributes."""

from collections.abc import Sequence

from regulars_core.customers.attributes.definitions import TABLE
from regulars_core.customers.attributes.rules import CheckedAttribute
from regulars_core.customers.attributes.storage import opened_or_opaque, stored
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop

COLUMNS = ("id", "customer_id", "definition_id", "value", "value_key", "ordinal", "given_at")


async def insert_attributes(
    shop: Shop, of_customers: Sequence[tuple[str, Sequence[CheckedAttribute], Instant]]
) -> None:
    """Write values of customers that have none of these attributes yet, as given at an instant."""
    rows = [
        (new_id(), customer_id, one.definition.id, *stored(shop, one.definition, customer_id, one.value), at)
        for customer_id, values, at in of_customers
        for one in values
        if one.value is not None
    ]
    await insert(shop.database, "customer_attribute", COLUMNS, rows)


async def replace_attributes(
    shop: Shop, customer_id: str, values: Sequence[CheckedAttribute], at: Instant
) -> Sequence[str]:
    """Give a customer these values in place of those there are; the names of the attributes of which another one was there."""
    if not values:
        return []
    database = shop.database
    rows = await database.rows(
        f"SELECT d.name, v.value FROM customer_attribute v JOIN {TABLE} d ON d.id = v.definition_id"
        " WHERE v.customer_id = $1",
        customer_id,
    )
    before = {name: opened_or_opaque(shop.seals, value) for name, value in rows}
    different = [one for one in values if one.value != before.get(one.definition.name)]
    if gone := [one.definition.id for one in different if one.definition.name in before]:
        among = database.dialect.among("definition_id", 2)
        await database.run(f"DELETE FROM customer_attribute WHERE customer_id = $1 AND {among}", customer_id, gone)
    await insert_attributes(shop, [(customer_id, different, at)])
    return [one.definition.name for one in different]
