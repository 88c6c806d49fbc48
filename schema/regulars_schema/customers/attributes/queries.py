"""Asking for the one customer who has a value of a unique attribute."""

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import canonical, key_of
from regulars_core.customers.attributes.uniqueness import owners_of
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import tidy
from regulars_core.queries.rows import load_one
from regulars_schema.customers.attributes.types import SENSITIVE, AttributeKeyInput
from regulars_schema.request.context import RequestContext


async def customer_with_attribute(context: RequestContext, wanted: AttributeKeyInput) -> CustomerRow | None:
    """The customer who has a value of a unique attribute, by itself or by a record that was merged into it; of several, who had
    it before it was unique, the one that was registered first. Raises BadInput and Forbidden."""
    definition = (await declared_attributes(context.database)).get(wanted.name)
    if definition is None or not definition.is_unique:
        raise BadInput("The shop has declared no unique attribute of this name.", ("attribute", "name"))
    if definition.is_sensitive:
        context.demand(SENSITIVE)
    value = canonical(definition, tidy(wanted.value))
    if value is None:
        return None
    key = (definition.id, key_of(definition.type, value))
    owners = (await owners_of(context.shop, [key])).get(key)
    return await load_one(customers_by_ids, context.database, owners[0]) if owners else None
