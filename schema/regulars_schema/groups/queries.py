"""Asking for groups of customers, and for who is in them."""

from collections.abc import Sequence
from typing import Annotated, Unpack

import strawberry

from regulars_core.customers.reads import CustomerRow, customers_of_groups
from regulars_core.groups.reads import BY_NAME, GroupRow, groups_by_ids, page_of_groups
from regulars_core.queries.pages import Page
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.types import Customer, CustomerGroup, CustomersArguments, customers_window
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


@batched(
    name="customers", needs="customers.view", returns=Connection[Customer] | None, description="Who is in the group."
)
async def customers_of(
    groups: Sequence[GroupRow], context: RequestContext, **arguments: Unpack[CustomersArguments]
) -> Sequence[Page[CustomerRow]]:
    """A page of each group's members."""
    return await customers_of_groups(
        context.database, [group.id for group in groups], *customers_window(context, **arguments)
    )


@root(
    name="customerGroup",
    needs="groups.view",
    returns=CustomerGroup | None,
    description="One group of customers.",
    replica=True,
)
async def customer_group(
    context: RequestContext, *, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the group.")]
) -> GroupRow | None:
    """One group."""
    key = key_of(id, "group", "id")
    return await load_one(groups_by_ids, context.database, key)


@root(
    name="customerGroups",
    needs="groups.view",
    returns=Connection[CustomerGroup] | None,
    description="All groups of customers, by name.",
    replica=True,
)
async def customer_groups(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[GroupRow]:
    """A page of all groups."""
    return await page_of_groups(context.database, window(BY_NAME, **arguments))


QUERIES = Extension(Query, [customer_group, customer_groups])
MEMBERS = Extension(CustomerGroup, [customers_of])
