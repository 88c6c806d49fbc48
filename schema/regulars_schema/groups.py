"""Customer groups in the language of the API."""

from collections.abc import Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers.changes import assign_group
from regulars_core.customers.reads import CustomerRow, customers_by_ids, customers_of_groups
from regulars_core.errors import Problem, Refused
from regulars_core.groups import service
from regulars_core.groups.reads import BY_NAME, GroupRow, groups_by_ids, page_of_groups
from regulars_core.paging import Page
from regulars_core.plugins.owners import CORE
from regulars_schema.batching import Batch, batched, mutation, root
from regulars_schema.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.customer_types import Customer, CustomerGroup, CustomersArguments, customers_asked
from regulars_schema.errors import Payload
from regulars_schema.ids import key_of
from regulars_schema.keyed import Keyed
from regulars_schema.nodes import in_every_store, in_order
from regulars_schema.pagination import Connection, PageArguments, window
from regulars_schema.permissions import guarded

MOST_AT_ONCE = 250


async def customers_of(
    groups: Sequence[GroupRow], batch: Batch, **asked: Unpack[CustomersArguments]
) -> Sequence[Page[CustomerRow]]:
    """A page of each group's members."""
    return await customers_of_groups(batch.database, [group.id for group in groups], *customers_asked(batch, **asked))


async def customer_group(
    batch: Batch, *, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the group.")]
) -> GroupRow | None:
    """One group."""
    key = key_of(id, "group", "id")
    return (await groups_by_ids(batch.database, [key])).get(key)


async def customer_groups(batch: Batch, **asked: Unpack[PageArguments]) -> Page[GroupRow]:
    """A page of all groups."""
    return await page_of_groups(batch.database, window(BY_NAME, **asked))


@strawberry.input(description="A new group of customers.")
class CustomerGroupCreateInput(Keyed):
    """Input of customerGroupCreate."""

    name: str = strawberry.field(description="What people call it; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")


@strawberry.type(description="What customerGroupCreate answers.")
class CustomerGroupCreatePayload(Payload):
    """Payload of customerGroupCreate."""

    customer_group: CustomerGroup | None = guarded("groups.view", default=None, description="The new group.")


async def customer_group_create(
    batch: Batch, *, input: Annotated[CustomerGroupCreateInput, strawberry.argument(description="The group to make.")]
) -> CustomerGroupCreatePayload:
    """Make a group."""
    group_id = await service.create_group(
        batch.shop, input.name, input.description.value if input.description else None
    )
    return CustomerGroupCreatePayload(customer_group=await _group(batch, group_id))


@strawberry.input(description="Changes of a group; what is absent stays, null clears.")
class CustomerGroupUpdateInput(Keyed):
    """Input of customerGroupUpdate."""

    id: strawberry.ID = strawberry.field(description="The group to change.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="A new name; unique, at most 120 characters.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="What it is for; at most 2000 characters.")


@strawberry.type(description="What customerGroupUpdate answers.")
class CustomerGroupUpdatePayload(Payload):
    """Payload of customerGroupUpdate."""

    customer_group: CustomerGroup | None = guarded("groups.view", default=None, description="The group as it is now.")


async def customer_group_update(
    batch: Batch, *, input: Annotated[CustomerGroupUpdateInput, strawberry.argument(description="What to change.")]
) -> CustomerGroupUpdatePayload:
    """Change a group."""
    group_id, changes = key_of(input.id, "group", "id"), service.GroupChanges()
    if input.name is not None:
        changes["name"] = input.name.value
    if input.description is not None:
        changes["description"] = input.description.value
    await service.change_group(batch.shop, group_id, changes)
    return CustomerGroupUpdatePayload(customer_group=await _group(batch, group_id))


@strawberry.input(description="A group to remove.")
class CustomerGroupDeleteInput(Keyed):
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


async def customer_group_delete(
    batch: Batch, *, input: Annotated[CustomerGroupDeleteInput, strawberry.argument(description="What to remove.")]
) -> CustomerGroupDeletePayload:
    """Remove a group."""
    target = input.move_customers_to
    await service.delete_group(
        batch.shop,
        key_of(input.id, "group", "id"),
        key_of(target.value, "group", "moveCustomersTo") if target and target.value else None,
    )
    return CustomerGroupDeletePayload(deleted_customer_group_id=input.id)


@strawberry.input(description="Customers to put into a group.")
class CustomersAssignGroupInput(Keyed):
    """Input of customersAssignGroup."""

    customer_ids: list[strawberry.ID] = strawberry.field(description=f"The customers, at most {MOST_AT_ONCE}.")
    group_id: strawberry.ID = strawberry.field(description="The group to put them into.")


@strawberry.type(description="What customersAssignGroup answers.")
class CustomersAssignGroupPayload(Payload):
    """Payload of customersAssignGroup."""

    customers: list[Customer] | None = guarded(
        "customers.view",
        default_factory=list,
        description="The customers as they are now.",
        most=MOST_AT_ONCE,
    )
    moved_count: int = strawberry.field(default=0, description="How many were in another group before.")


async def customers_assign_group(
    batch: Batch, *, input: Annotated[CustomersAssignGroupInput, strawberry.argument(description="Who goes where.")]
) -> CustomersAssignGroupPayload:
    """Put customers into a group."""
    if not input.customer_ids:
        raise Refused(Problem("REQUIRED", "Name at least one customer.", ("customerIds",)))
    if len(input.customer_ids) > MOST_AT_ONCE:
        raise Refused(Problem("TOO_MANY", f"Name at most {MOST_AT_ONCE} customers.", ("customerIds",)))
    keys = [key_of(text, "customer", "customerIds", str(n)) for n, text in enumerate(input.customer_ids)]
    moved = await assign_group(batch.shop, keys, key_of(input.group_id, "group", "groupId"))
    found: Any = in_order(keys, await customers_by_ids(batch.database, keys))
    return CustomersAssignGroupPayload(customers=found, moved_count=moved)


async def _group(batch: Batch, group_id: str) -> Any:
    return (await groups_by_ids(batch.database, [group_id])).get(group_id)


_QUERIES = Extension(
    Query,
    [
        root(
            customer_group,
            name="customerGroup",
            needs="groups.view",
            returns=CustomerGroup | None,
            description="One group of customers.",
        ),
        root(
            customer_groups,
            name="customerGroups",
            needs="groups.view",
            returns=Connection[CustomerGroup] | None,
            description="All groups of customers, by name.",
        ),
    ],
)
_MEMBERS = Extension(
    CustomerGroup,
    [
        batched(
            customers_of,
            name="customers",
            needs="customers.view",
            returns=Connection[Customer] | None,
            description="Who is in the group.",
        )
    ],
)
_MUTATIONS = Extension(
    Mutation,
    [
        mutation(
            customer_group_create,
            name="customerGroupCreate",
            needs="groups.manage",
            description="Makes a group of customers. Codes: `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`.",
        ),
        mutation(
            customer_group_update,
            name="customerGroupUpdate",
            needs="groups.manage",
            description="Changes a group of customers. Codes: `NOT_FOUND`, `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`.",
        ),
        mutation(
            customer_group_delete,
            name="customerGroupDelete",
            needs="groups.manage",
            description="Removes a group of customers; its members move. Codes: `NOT_FOUND`, `DEFAULT_GROUP`, "
            "`GROUP_NOT_EMPTY`.",
        ),
        mutation(
            customers_assign_group,
            name="customersAssignGroup",
            needs="customers.edit",
            description="Puts customers into a group, all of them or none. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_MANY`.",
        ),
    ],
)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(_QUERIES, _MEMBERS, _MUTATIONS),
        nodes=[NodeKind("group", in_every_store(groups_by_ids), "groups.view")],
    )
