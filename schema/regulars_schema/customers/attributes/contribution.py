"""What declared attributes bring to the schema."""

from collections.abc import Sequence
from typing import Any

from regulars_core.customers.attributes.definitions import attributes_by_ids, declared_attributes
from regulars_core.customers.attributes.reads import AttributeRow, attributes_of
from regulars_core.customers.attributes.rules import MAX_DEFINITIONS, Definition
from regulars_core.customers.reads import CustomerRow
from regulars_schema.composition.contributions import Extension, Mutation, NodeKind, Query
from regulars_schema.customers.attributes.filters import LEAF
from regulars_schema.customers.attributes.mutations import customer_attribute_define, customer_attribute_delete
from regulars_schema.customers.attributes.types import (
    KIND,
    SENSITIVE,
    CustomerAttribute,
    CustomerAttributeDefinition,
)
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.nodes import in_order
from regulars_schema.request.context import RequestContext


@root(
    name="customerAttributes",
    needs="customers.view",
    returns=list[CustomerAttributeDefinition] | None,
    description="The attributes that the shop has declared, by label.",
)
async def customer_attributes(context: RequestContext) -> Sequence[Definition]:
    """What the shop has declared."""
    declared = await declared_attributes(context.database)
    return sorted(declared.values(), key=lambda one: (one.label.casefold(), one.name))


@batched(
    name="attributes",
    needs="customers.view_pii",
    returns=list[CustomerAttribute] | None,
    most=MAX_DEFINITIONS,
    description="The values of the shop's own attributes that the customer has, by name; the value of a sensitive one needs "
    f"`{SENSITIVE}`, and who reads it is audited.",
)
async def attributes(
    customers: Sequence[CustomerRow], context: RequestContext
) -> Sequence[Sequence[AttributeRow] | None]:
    """What each customer has; whose sensitive ones were read is written down."""
    keys = [customer.id for customer in customers]
    found = await attributes_of(context.shop, keys, sensitive=context.actor.may(SENSITIVE))
    read = (id_ for id_, rows in found.items() if any(one.is_sensitive and one.value is not None for one in rows))
    context.note_read(SENSITIVE, "customer", read)
    return in_order(keys, found)


async def _load(context: RequestContext, keys: Sequence[str]) -> Any:
    return await attributes_by_ids(context.database, keys)


EXTENSIONS = [
    Extension(Query, [customer_attributes]),
    Extension(Mutation, [customer_attribute_define, customer_attribute_delete]),
    Extension(Customer, [attributes]),
]
LEAVES = [LEAF]
NODES = [NodeKind(KIND, _load, "customers.view", is_node=False)]
