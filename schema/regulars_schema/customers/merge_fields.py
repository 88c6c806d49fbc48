"""The fields in which merged customers differ, in the language of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from strawberry.types.base import get_object_definition

from regulars_core.customers.attributes.definitions import declared_attributes
from regulars_core.customers.attributes.rules import Declared
from regulars_core.customers.attributes.storage import opened_or_opaque
from regulars_core.customers.merge import plan
from regulars_core.customers.merge.attributes import PREFIX
from regulars_core.customers.merge.forecasts import MAX_ABSORBED
from regulars_core.customers.merge.reads import MergeRow
from regulars_core.database.seals import Opaque
from regulars_core.primitives.text import camel
from regulars_schema.customers.attributes.types import SENSITIVE
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import backed_by
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import global_id

MERGE = "customers.merge"


@dataclass(frozen=True, slots=True)
class _Value:
    customer_id: str
    value: str | None


def _customer_id(root: Any) -> strawberry.ID:
    return strawberry.ID(global_id("customer", root.customer_id))


@requires(MERGE)
@strawberry.type(description="The value of a field before a merge.")
class MergeValue:
    """What one customer had."""

    is_type_of = backed_by(_Value)
    customer_id: strawberry.ID = strawberry.field(resolver=_customer_id, description="Whose it is.")
    value: str | None = strawberry.field(
        description="The value as text; null where there is none. Needs what the field itself needs."
    )


def _kept_from(root: Any) -> strawberry.ID:
    return strawberry.ID(global_id("customer", root.kept_from))


@requires(MERGE)
@strawberry.type(description="A field in which merged customers differ.")
class MergeField:
    """Over regulars_core.customers.merge.plan.MergeField."""

    is_type_of = backed_by(plan.MergeField)
    field: str = strawberry.field(description="The field, as `CustomerUpdateInput` names it.")
    kept_from: strawberry.ID = strawberry.field(resolver=_kept_from, description="Whose value is kept.")


_NEEDS = {
    **{
        camel(field.python_name): field.metadata.get("needs")
        for field in get_object_definition(Customer, strict=True).fields
    },
    **dict.fromkeys(("billingAddress", "shippingAddress"), "customers.view_pii"),
    "groupId": "groups.view",
    "taxId": "customers.view_sensitive",
}
"""What it takes to see a field; nothing but its type's own permission for what is not here."""


@batched(
    name="fields",
    returns=list[MergeField],
    description="The fields in which the customers differ, as far as the caller may see them, and which value is kept: whether "
    "two have the same value is told to nobody who may not see it. Empty once the merge was undone, or one of the customers "
    "erased: what was another's is told no more.",
)
async def fields_of(merges: Sequence[MergeRow], context: RequestContext) -> Sequence[list[plan.MergeField]]:
    """The fields of each merge that the caller may see."""
    declared = await _declared([one for merge in merges for one in merge.fields], context)
    may = context.actor.may
    return [[one for one in merge.fields if may(_needed(one.field, declared))] for merge in merges]


@batched(
    name="values",
    returns=list[MergeValue],
    most=MAX_ABSORBED + 1,
    description="The values, of the survivor first; those that the caller may not see are null.",
)
async def values_of(fields: Sequence[plan.MergeField], context: RequestContext) -> Sequence[list[_Value]]:
    """The values of each field, as far as the caller may see them; whose sensitive ones were read is written down."""
    declared = await _declared(fields, context)
    shown = [[_Value(id_, _seen(context, one.field, value, declared)) for id_, value in one.values] for one in fields]
    sensitive = (values for one, values in zip(fields, shown, strict=True) if _needed(one.field, declared) == SENSITIVE)
    read = (one.customer_id for values in sensitive for one in values if one.value is not None)
    context.note_read(SENSITIVE, "customer", read)
    return shown


async def _declared(fields: Sequence[plan.MergeField], context: RequestContext) -> Declared:
    """The attributes that the shop has declared, where any of these fields is one."""
    if any(one.field.startswith(PREFIX) for one in fields):
        return await declared_attributes(context.database)
    return {}


def _needed(field: str, declared: Declared) -> str:
    """The permission to see a field; what is not declared any more may have been sensitive."""
    if field.startswith(PREFIX):
        attribute = declared.get(field.removeprefix(PREFIX))
        return "customers.view_pii" if attribute and not attribute.is_sensitive else SENSITIVE
    return _NEEDS.get(field) or "customers.view"


def _seen(context: RequestContext, field: str, value: str | None, declared: Declared) -> str | None:
    if value is None or not context.actor.may(_needed(field, declared)):
        return None
    if field.startswith(PREFIX):
        shown = opened_or_opaque(context.shop.seals, value)
        return None if isinstance(shown, Opaque) else shown
    return global_id("group", value) if field == "groupId" else value
