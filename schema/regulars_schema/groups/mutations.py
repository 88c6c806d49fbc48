"""Customer groups in the language of the API."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.customers.changes import assign_group
from regulars_core.customers.reads import survivors_by_ids
from regulars_core.groups import service
from regulars_core.groups.deletion import delete_group
from regulars_core.groups.reads import GroupRow, groups_by_ids
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.types import Customer, CustomerGroup
from regulars_schema.fields.declarations import batched, mutation
from regulars_schema.fields.nodes import in_order
from regulars_schema.inputs.extensible import open_input
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.readers import ExtensibleInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError
from regulars_schema.request.permissions import guarded
from regulars_schema.shop.bulk_jobs import BulkJob
from regulars_schema.types.ids import key_of

MAX_AT_ONCE = 250


@open_input
@strawberry.input(description="A new group of customers.")
class CustomerGroupCreateInput(ExtensibleInput, IdempotentInput):
    """Input of customerGroupCreate."""

    name: str = strawberry.field(description="What people call it; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")


@strawberry.type(description="What customerGroupCreate answers.")
class CustomerGroupCreatePayload(Payload):
    """Payload of customerGroupCreate."""

    customer_group: CustomerGroup | None = guarded("groups.view", default=None, description="The new group.")


@mutation(
    name="customerGroupCreate",
    needs="groups.manage",
    description="Makes a group of customers. Codes: `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`.",
)
async def customer_group_create(
    context: RequestContext,
    *,
    input: Annotated[CustomerGroupCreateInput, strawberry.argument(description="The group to make.")],
) -> CustomerGroupCreatePayload:
    """Make a group."""
    description = input.description.value if input.description else None
    group_id = await service.create_group(context.shop, input.name, description, input.extras)
    return CustomerGroupCreatePayload(customer_group=await _group(context, group_id))


@open_input
@strawberry.input(description="Changes of a group; what is absent stays, null clears.")
class CustomerGroupUpdateInput(ExtensibleInput, IdempotentInput):
    """Input of customerGroupUpdate."""

    id: strawberry.ID = strawberry.field(description="The group to change.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="A new name; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")
    expected_version: strawberry.Maybe[int | None] = strawberry.field(
        description="The `version` that was looked at; if the group has been changed since, nothing is done and the answer is "
        "`VERSION_CONFLICT`. Absent: whatever it is."
    )


@strawberry.type(description="What customerGroupUpdate answers.")
class CustomerGroupUpdatePayload(Payload):
    """Payload of customerGroupUpdate."""

    customer_group: CustomerGroup | None = guarded("groups.view", default=None, description="The group as it is now.")


@mutation(
    name="customerGroupUpdate",
    needs="groups.manage",
    description="Changes a group of customers. Codes: `NOT_FOUND`, `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`, `VERSION_CONFLICT` "
    "(GroupConflict).",
)
async def customer_group_update(
    context: RequestContext,
    *,
    input: Annotated[CustomerGroupUpdateInput, strawberry.argument(description="What to change.")],
) -> CustomerGroupUpdatePayload:
    """Change a group."""
    group_id, changes = key_of(input.id, "group", "id"), service.GroupChanges(extras=input.extras)
    if input.name is not None:
        changes["name"] = input.name.value
    if input.description is not None:
        changes["description"] = input.description.value
    await service.change_group(context.shop, group_id, changes, value_or_none(input.expected_version))
    return CustomerGroupUpdatePayload(customer_group=await _group(context, group_id))


@strawberry.input(description="A group to remove.")
class CustomerGroupDeleteInput(IdempotentInput):
    """Input of customerGroupDelete."""

    id: strawberry.ID = strawberry.field(description="The group to remove; the default group stays.")
    move_customers_to: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The group that its members go to; needed if it has any."
    )


@strawberry.type(description="What customerGroupDelete answers.")
class CustomerGroupDeletePayload(Payload):
    """Payload of customerGroupDelete."""

    deleted_customer_group_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the group that is gone."
    )
    bulk_job: BulkJob | None = strawberry.field(
        default=None,
        description="The work that moves the members and then removes the group, where they are too many for an answer; null "
        "where it was done at once.",
    )


@mutation(
    name="customerGroupDelete",
    needs="groups.manage",
    description="Removes a group of customers; its members move, where they are many by a job, and the group gets no new ones "
    "meanwhile. Codes: `NOT_FOUND`, `DEFAULT_GROUP`, "
    "`GROUP_NOT_EMPTY`.",
)
async def customer_group_delete(
    context: RequestContext,
    *,
    input: Annotated[CustomerGroupDeleteInput, strawberry.argument(description="What to remove.")],
) -> CustomerGroupDeletePayload:
    """Remove a group."""
    target = input.move_customers_to
    deletion = await delete_group(
        context.shop,
        key_of(input.id, "group", "id"),
        key_of(target.value, "group", "moveCustomersTo") if target and target.value else None,
        context.actor,
    )
    job: Any = deletion.job
    return CustomerGroupDeletePayload(deleted_customer_group_id=None if job else input.id, bulk_job=job)


@strawberry.input(description="Customers to put into a group.")
class CustomersAssignGroupInput(IdempotentInput):
    """Input of customersAssignGroup."""

    customer_ids: list[strawberry.ID] = strawberry.field(description=f"The customers, at most {MAX_AT_ONCE}.")
    group_id: strawberry.ID = strawberry.field(description="The group to put them into.")
    expected_versions: strawberry.Maybe[list[int] | None] = strawberry.field(
        description="The `version` of each of these customers that was looked at, in their order; if one has been changed "
        "since, nothing is done and the answer is `VERSION_CONFLICT`. Absent: whatever they are."
    )


@strawberry.type(description="What customersAssignGroup answers.")
class CustomersAssignGroupPayload(Payload):
    """Payload of customersAssignGroup."""

    customers: list[Customer] | None = guarded(
        "customers.view",
        default_factory=list,
        description="The customers as they are now.",
        most=MAX_AT_ONCE,
    )
    moved_count: int = strawberry.field(default=0, description="How many were in another group before.")


@mutation(
    name="customersAssignGroup",
    needs="customers.edit",
    description="Puts customers into a group, all of them or none. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_MANY`, `OUT_OF_RANGE`, "
    "`VERSION_CONFLICT` (VersionConflict).",
)
async def customers_assign_group(
    context: RequestContext,
    *,
    input: Annotated[CustomersAssignGroupInput, strawberry.argument(description="Who goes where.")],
) -> CustomersAssignGroupPayload:
    """Put customers into a group."""
    if not input.customer_ids:
        raise Refused(Problem("REQUIRED", "Name at least one customer.", ("customerIds",)))
    if len(input.customer_ids) > MAX_AT_ONCE:
        raise Refused(Problem("TOO_MANY", f"Name at most {MAX_AT_ONCE} customers.", ("customerIds",)))
    expected = value_or_none(input.expected_versions)
    if expected is not None and len(expected) != len(input.customer_ids):
        message = "Give one version for each of the customers, in their order."
        raise Refused(Problem("OUT_OF_RANGE", message, ("expectedVersions",)))
    keys = [key_of(text, "customer", "customerIds", str(n)) for n, text in enumerate(input.customer_ids)]
    moved = await assign_group(context.shop, keys, key_of(input.group_id, "group", "groupId"), expected)
    found: Any = in_order(keys, await survivors_by_ids(context.database, keys))
    return CustomersAssignGroupPayload(customers=found, moved_count=moved)


@strawberry.type(description="The group was changed after it was looked at: look again, and decide again.")
class GroupConflict(UserError):
    """Over regulars_core.groups.service.GroupConflict."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, service.GroupConflict)


@batched(name="customerGroup", needs="groups.view", returns=CustomerGroup | None, description="The group as it is now.")
async def group_of(problems: Sequence[service.GroupConflict], context: RequestContext) -> Sequence[GroupRow | None]:
    """The groups as they are now."""
    keys = [problem.group_id for problem in problems]
    return in_order(keys, await groups_by_ids(context.database, keys))


CONFLICT = Extension(GroupConflict, [group_of])


async def _group(context: RequestContext, group_id: str) -> Any:
    return await load_one(groups_by_ids, context.database, group_id)


MUTATIONS = Extension(
    Mutation, [customer_group_create, customer_group_update, customer_group_delete, customers_assign_group]
)
