"""Asking for customers."""

from collections.abc import Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers.quick_search import CREATED, LAST_SEEN, MAX_QUICK_SEARCH, QuickSearch, quick_search
from regulars_core.customers.reads import CustomerRow, customer_by_code, customers_by_ids, page_of_customers
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.json_rows import Relation
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.json_rows import CUSTOMER, customer_with, customers_found, customers_in
from regulars_schema.customers.types import Customer, CustomersArguments, customers_window, searchable
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.declarations import root
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


async def customer(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The customer's id.")] = None,
    code: Annotated[str | None, strawberry.argument(description="The customer's code, in either case.")] = None,
) -> CustomerRow | None:
    """One customer."""
    if (id is None) is (code is None):
        raise BadInput("Give either `id` or `code`.", ("id",))
    if code is not None:
        return await customer_by_code(context.database, code)
    key = key_of(id or "", "customer", "id")
    return (await customers_by_ids(context.database, [key])).get(key)


def _one(context: RequestContext, *, id: str | None = None, code: str | None = None) -> Relation | None:
    """The same customer, for the database to write."""
    if (id is None) is (code is None):
        return None
    if code is not None:
        return customer_with("c.code", code.strip().upper())
    return customer_with("c.id", key_of(id or "", "customer", "id"))


Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only customers in whose name, code, e-mail or phone all of these words are found; without case, accents "
        "and punctuation, in any order. Words of one or two letters are found where a word begins, longer ones anywhere. E-mail "
        "and phone are looked into for who holds `customers.view_pii`."
    ),
]


async def customers(
    context: RequestContext, *, search: Search = None, **asked: Unpack[CustomersArguments]
) -> Page[CustomerRow]:
    """A page of all customers."""
    wanted, conditions = customers_window(context, **asked)
    return await page_of_customers(context.database, wanted, conditions, search, searchable(context))


def _page(
    context: RequestContext, *, search: str | None = None, **asked: Unpack[CustomersArguments]
) -> Relation | None:
    """The same page, for the database to write, unless it has to search for it."""
    return None if search and search.strip() else customers_in(*customers_window(context, **asked))


async def customer_search(
    context: RequestContext,
    *,
    query: Annotated[
        str,
        strawberry.argument(
            description="What has been typed so far: parts of name and code, and of e-mail and phone for who holds "
            "`customers.view_pii`."
        ),
    ],
    first: Annotated[
        int | None, strawberry.argument(description="How many to answer at most: 0 to 50; 10 if absent.")
    ] = None,
    include_archived: Annotated[
        bool | None,
        strawberry.argument(description="Whether customers who were put away are found too; not if absent."),
    ] = None,
) -> Sequence[CustomerRow]:
    """As-you-type search."""
    search = _search(context, query=query, first=first, include_archived=include_archived)
    return await quick_search(context.database, search)


def _search(
    context: RequestContext, *, query: str, first: int | None = None, include_archived: bool | None = None
) -> QuickSearch | None:
    """What is looked for, where the caller may look, in an order that tells it no more than it may know."""
    wanted = 10 if first is None else first
    if not 0 <= wanted <= MAX_QUICK_SEARCH:
        raise BadInput(f"A quick search answers 0 to {MAX_QUICK_SEARCH} customers.", ("first",))
    recency = LAST_SEEN if context.actor.covers(VIEW, None) else CREATED
    return QuickSearch.of(query, wanted, bool(include_archived), searchable(context), recency)


def _found(context: RequestContext, **asked: Any) -> Relation | None:
    """The same customers, for the database to write, if any can be found."""
    search = _search(context, **asked)
    return customers_found(search) if search else None


QUERIES = Extension(
    Query,
    [
        root(
            customer,
            name="customer",
            needs="customers.view",
            returns=Customer | None,
            description="One customer, by id or by code; null if there is none.",
            sql_field=SqlField(CUSTOMER, _one),
        ),
        root(
            customers,
            name="customers",
            needs="customers.view",
            returns=Connection[Customer] | None,
            description="All customers, narrowed and ordered as wished.",
            sql_field=SqlField(CUSTOMER, _page, page=True),
        ),
        root(
            customer_search,
            name="customerSearch",
            needs="customers.view",
            returns=list[Customer] | None,
            description="Customers found while somebody types, those seen last first: the later of registration and latest "
            "purchase. For callers who may not see the purchases of the whole shop: those registered last first.",
            sql_field=SqlField(CUSTOMER, _found),
        ),
    ],
)
