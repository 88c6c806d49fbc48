"""Asking for customers."""

from functools import partial
from typing import Annotated, Unpack

import strawberry

from regulars_core.customers.filters import NOT_GONE, not_put_away
from regulars_core.customers.quick_search import CREATED, LAST_SEEN, MAX_QUICK_SEARCH, QuickSearch, quick_search
from regulars_core.customers.reads import page_of_customers
from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.statistics import visits
from regulars_core.queries.relations import Relation
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.attributes.queries import customer_with_attribute
from regulars_schema.customers.attributes.types import AttributeKeyInput
from regulars_schema.customers.json_rows import (
    ALL_CUSTOMERS,
    CUSTOMER,
    FILTERED_CUSTOMERS,
    customer_led_to_by,
    customers_found,
)
from regulars_schema.customers.types import Customer, CustomersArguments, customers_window, searchable
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.relations import Reader, root_rows
from regulars_schema.fields.store_scope import CREATE, VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


@root_rows(
    CUSTOMER,
    name="customer",
    needs="customers.view",
    returns=Customer | None,
    description="One customer, by id, by code or by a unique attribute; exactly one of them. A merged customer's id or code "
    "answers the survivor. Null if there is none.",
    replica=True,
)
def customer(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The customer's id.")] = None,
    code: Annotated[str | None, strawberry.argument(description="The customer's code, in either case.")] = None,
    attribute: Annotated[
        AttributeKeyInput | None,
        strawberry.argument(
            description="A unique attribute of the shop's own, such as the id in another system. Needs `customers.view_pii`, and "
            "`customers.view_sensitive` for a sensitive one."
        ),
    ] = None,
) -> Relation | Reader:
    """One customer. Raises BadInput and Forbidden."""
    if [id, code, attribute].count(None) != 2:
        raise BadInput("Give one of `id`, `code` and `attribute`.", ("id",))
    if attribute is not None:
        context.demand("customers.view_pii")
        return partial(customer_with_attribute, context, attribute)
    if code is not None:
        return customer_led_to_by("code", code.strip().upper())
    return customer_led_to_by("id", key_of(id or "", "customer", "id", instead="code"))


Search = Annotated[
    str | None,
    strawberry.argument(
        description="Only customers in whose name, code, e-mail or phone all of these words are found; without case, accents "
        "and punctuation, in any order. Words of one or two letters are found where a word begins, longer ones anywhere. E-mail "
        "and phone are looked into for who holds `customers.view_pii`. Customers who were put away are found only where a "
        "condition asks for a status."
    ),
]


@root_rows(
    CUSTOMER,
    name="customers",
    needs="customers.view",
    returns=Connection[Customer] | None,
    description="All customers, narrowed and ordered as wished. Merged and erased ones are left out unless `where` names "
    "their status.",
    page=True,
    replica=True,
)
def customers(
    context: RequestContext, *, search: Search = None, **arguments: Unpack[CustomersArguments]
) -> Relation | Reader:
    """A page of all customers; those that are searched, or ordered by their statistics, are read otherwise. Raises BadInput and
    Forbidden."""
    window, where = customers_window(context, **arguments)
    if searched := bool(search and search.strip()):
        where = not_put_away(where)
    if searched or window.order.key.tie.startswith("s."):
        return partial(
            page_of_customers,
            context.database,
            window,
            where,
            search,
            searchable(context),
            context.shop.settings.country,
        )
    return (ALL_CUSTOMERS if where is NOT_GONE else FILTERED_CUSTOMERS).page(window, where)


@root_rows(
    CUSTOMER,
    name="customerSearch",
    needs="customers.view",
    returns=list[Customer] | None,
    description="Customers found while somebody types. First whose whole code it is, then whose e-mail address or phone "
    "number, then whose unique attribute that is not sensitive, then in whom all of it is found, and if there is hardly anybody, "
    "who is called almost so. Of each those seen last first: the later of registration and latest purchase, for a key that is "
    "bound to stores one of the latest that these have recorded. A whole e-mail address or phone number is found for who holds "
    f"`{CREATE}` too.",
    replica=True,
)
def customer_search(
    context: RequestContext,
    *,
    query: Annotated[
        str,
        strawberry.argument(
            description="What has been typed so far: parts of name and code, and of e-mail and phone for who holds "
            "`customers.view_pii`; a whole e-mail address or phone number for who holds `customers.create` too."
        ),
    ],
    first: Annotated[
        int | None, strawberry.argument(description="How many to answer at most: 0 to 50; 10 if absent.")
    ] = None,
    include_archived: Annotated[
        bool | None,
        strawberry.argument(description="Whether customers who were put away are found too; not if absent."),
    ] = None,
) -> Relation | Reader:
    """As-you-type search, where the caller may look, in an order that tells it no more than it may know. Raises BadInput."""
    limit = 10 if first is None else first
    if not 0 <= limit <= MAX_QUICK_SEARCH:
        raise BadInput(f"A quick search answers 0 to {MAX_QUICK_SEARCH} customers.", ("first",))
    stores, actor = context.actor.stores(VIEW), context.actor
    search = QuickSearch.of(
        query,
        limit,
        bool(include_archived),
        searchable(context),
        LAST_SEEN if stores is None else CREATED,
        country=context.shop.settings.country,
        # Who may register customers learns by that, too, whose a whole address or number is.
        by_contact=actor.may("customers.view_pii") or actor.may(CREATE),
        visits=visits,
        stores=sorted(stores or ()),
    )
    return partial(quick_search, context.database, None) if search is None else customers_found(search)


QUERIES = Extension(Query, [customer, customers, customer_search])
