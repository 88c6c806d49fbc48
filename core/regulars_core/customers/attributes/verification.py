"""That what is kept beside the values of attributes follows from them."""

from collections.abc import AsyncIterator

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import canonical, key_of
from regulars_core.customers.attributes.storage import comparable, opened_or_opaque, stored
from regulars_core.database.seals import Opaque
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
            definition, value = declared[definition_id], opened_or_opaque(shop.seals, kept)
            if isinstance(value, Opaque):
                continue  # told where it is looked at whether what is sealed can be opened
            wanted = stored(shop, definition, customer_id, value)
            keys = comparable(shop, [key_of(definition.type, value)]) if definition.is_sensitive else [wanted.value_key]
            if canonical(definition, value) is None:
                yield f"customer_{customer_id}: the {definition.name} is none"
            elif key not in keys or ordinal != wanted.ordinal:
                yield f"customer_{customer_id}: the {definition.name} is compared by something else than what it is"
        last = rows[-1][0]
