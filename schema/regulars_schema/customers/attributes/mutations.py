"""Declaring attributes of customers, and taking them away."""

from typing import Annotated, Any

import strawberry

from regulars_core.audiences.usage import users_of
from regulars_core.customers.attributes.declarations import NewDefinition, define_attribute
from regulars_core.customers.attributes.definitions import attributes_by_ids
from regulars_core.customers.attributes.deletion import delete_attribute
from regulars_core.queries.rows import load_one
from regulars_schema.customers.attributes.types import AttributeType, CustomerAttributeDefinition
from regulars_schema.fields.declarations import mutation
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.shop.bulk_jobs import BulkJob

MANAGE = "attributes.manage"


@strawberry.input(
    description="An attribute to declare; at most 50 in a shop. What is absent stays where the attribute is there already, and "
    "is as it says here where it is new."
)
class CustomerAttributeDefineInput(IdempotentInput):
    """Input of customerAttributeDefine."""

    choices: strawberry.Maybe[list[str] | None] = strawberry.field(
        description="What can be chosen, 1 to 100 texts; needed for `CHOICE`. One that customers have cannot be left out."
    )
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")
    is_required: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether a customer must have it; not if absent. Those who lack it now stay as they are."
    )
    is_sensitive: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether its values need `customers.view_sensitive`; not if absent."
    )
    is_unique: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether no two customers may have the same value; not if absent. Customers who share one by then stay as "
        "they are, and nobody else is given it."
    )
    label: strawberry.Maybe[str | None] = strawberry.field(
        description="What people call it; at most 120 characters, the name if absent."
    )
    name: str = strawberry.field(description="What programs call it: 1 to 40 small letters, digits and `_`.")
    type: AttributeType = strawberry.field(description="What its values are.")


@strawberry.type(description="What customerAttributeDefine answers.")
class CustomerAttributeDefinePayload(Payload):
    """Payload of customerAttributeDefine."""

    customer_attribute: CustomerAttributeDefinition | None = guarded(
        "customers.view", default=None, description="The attribute as it is declared now."
    )


_LEFT_OUT = ("label", "description", "choices", "is_sensitive", "is_unique", "is_required")


@mutation(
    name="customerAttributeDefine",
    needs=MANAGE,
    description="Declares an attribute of customers, or changes what is declared under the name; type and sensitivity change "
    "only while no customer has a value. Codes: `REQUIRED`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`, `INVALID_NAME`, "
    "`INVALID_CHOICES`, `VALUES_EXIST`.",
)
async def customer_attribute_define(
    context: RequestContext,
    *,
    input: Annotated[CustomerAttributeDefineInput, strawberry.argument(description="What to declare.")],
) -> CustomerAttributeDefinePayload:
    """Declare an attribute."""
    new = NewDefinition(
        input.name,
        str(input.type.value),
        value_or_none(input.label),
        value_or_none(input.description),
        value_or_none(input.choices),
        bool(value_or_none(input.is_sensitive)),
        bool(value_or_none(input.is_unique)),
        bool(value_or_none(input.is_required)),
        frozenset(name for name in _LEFT_OUT if getattr(input, name) is None),
    )
    id_ = await define_attribute(context.shop, new)
    row: Any = await load_one(attributes_by_ids, context.database, id_)
    return CustomerAttributeDefinePayload(customer_attribute=row)


@strawberry.input(description="An attribute to take away.")
class CustomerAttributeDeleteInput(IdempotentInput):
    """Input of customerAttributeDelete."""

    delete_values: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether the values that customers have go with it; not if absent, and then it is refused while there are "
        "any."
    )
    name: str = strawberry.field(description="The attribute's name.")


@strawberry.type(description="What customerAttributeDelete answers.")
class CustomerAttributeDeletePayload(Payload):
    """Payload of customerAttributeDelete."""

    deleted_name: str | None = strawberry.field(
        default=None, description="The name of the attribute that is gone.", metadata={"named": True}
    )
    value_count: int = strawberry.field(default=0, description="How many values went with it.")
    bulk_job: BulkJob | None = strawberry.field(
        default=None,
        description="The work that takes the values away and then the attribute, where they are too many for an answer; null "
        "where it was done at once.",
    )


@mutation(
    name="customerAttributeDelete",
    needs=MANAGE,
    description="Takes a declared attribute away, with its values if told so, by a job where these are many. "
    "Codes: `NOT_FOUND`, `VALUES_EXIST`, "
    "`ATTRIBUTE_IN_USE` (a segment, or an audience of a plugin, asks for it).",
)
async def customer_attribute_delete(
    context: RequestContext,
    *,
    input: Annotated[CustomerAttributeDeleteInput, strawberry.argument(description="What to take away.")],
) -> CustomerAttributeDeletePayload:
    """Take an attribute away."""
    with_values = bool(value_or_none(input.delete_values))
    deletion = await delete_attribute(context.shop, input.name, users_of, context.actor, with_values=with_values)
    job: Any = deletion.job
    deleted = None if job else input.name
    return CustomerAttributeDeletePayload(deleted_name=deleted, value_count=deletion.count, bulk_job=job)
