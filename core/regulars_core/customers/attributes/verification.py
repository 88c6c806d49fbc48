"""That what is kept beside the values of attributes follows from them."""

from collections.abc import AsyncIterator

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import canonical
from regulars_core.customers.attributes.storage import opened, stored
from regulars_core.shop.shop import Shop

LOOKED_AT = 5_000
"""Values that are looked at in one statement."""


async def differing_attributes(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each value that is none of its attribute's, or is compared by something else than what it is; without the
    value."""
    declared = {one.id: one for one in (await declared_attributes(shop.database)).values()}
    last = "0" * 32
    some = (
        "SELECT id, customer_id, definition_id, value, value_key, ordinal FROM customer_attribute WHERE id > $1 ORDER BY id"
        f" LIMIT {LOOKED_AT}"
    )
    while rows := await shop.database.rows(some, last):
        for _, customer_id, definition_id, kept, key, ordinal in rows:
            definition, value = declared[definition_id], opened(shop, kept)
            if canonical(definition, value) != value:
                yield f"customer_{customer_id}: the {definition.name} is none"
            elif stored(shop, definition, value)[1:] != (key, ordinal):
                yield f"customer_{customer_id}: the {definition.name} is compared by something else than what it is"
        last = rows[-1][0]
