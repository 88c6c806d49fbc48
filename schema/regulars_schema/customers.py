"""Asking for customers and changing them."""

from collections.abc import Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers import changes
from regulars_core.customers.quick_search import (
    CREATED,
    LARGEST_QUICK_SEARCH,
    LAST_SEEN,
    QuickSearch,
    quick_search,
)
from regulars_core.customers.reads import CustomerRow, customer_by_code, customers_by_ids, page_of_customers
from regulars_core.customers.rules import checked
from regulars_core.customers.service import find_or_register
from regulars_core.errors import BadInput
from regulars_core.ids import MAIN_STORE_ID
from regulars_core.paging import Page
from regulars_core.plugins.owners import CORE
from regulars_core.rendering import Relation
from regulars_schema import customer_errors
from regulars_schema.batching import Batch, mutation, root
from regulars_schema.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.customer_errors import Expecting
from regulars_schema.customer_fields import EXTENSIONS
from regulars_schema.customer_filters import LEAVES
from regulars_schema.customer_inputs import (
    CustomerCreateInput,
    CustomerUpdateInput,
    changes_of,
    matches,
    new_customer,
    store_id,
    told,
)
from regulars_schema.customer_rendering import CUSTOMER, customer_with, customers_found, customers_in
from regulars_schema.customer_types import (
    SORTS,
    Customer,
    CustomersArguments,
    customers_asked,
    searchable,
)
from regulars_schema.errors import Payload
from regulars_schema.ids import key_of
from regulars_schema.keyed import Keyed
from regulars_schema.nodes import in_every_store
from regulars_schema.pagination import Connection
from regulars_schema.permissions import guarded
from regulars_schema.rendering import Rendered
from regulars_schema.scope import VIEW


async def customer(
    batch: Batch,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The customer's id.")] = None,
    code: Annotated[str | None, strawberry.argument(description="The customer's code, in either case.")] = None,
) -> CustomerRow | None:
    """One customer."""
    if (id is None) is (code is None):
        raise BadInput("Give either `id` or `code`.", ("id",))
    if code is not None:
        return await customer_by_code(batch.database, code)
    key = key_of(id or "", "customer", "id")
    return (await customers_by_ids(batch.database, [key])).get(key)


def _one(batch: Batch, *, id: str | None = None, code: str | None = None) -> Relation | None:
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


async def customers(batch: Batch, *, search: Search = None, **asked: Unpack[CustomersArguments]) -> Page[CustomerRow]:
    """A page of all customers."""
    wanted, conditions = customers_asked(batch, **asked)
    return await page_of_customers(batch.database, wanted, conditions, search, searchable(batch))


def _page(batch: Batch, *, search: str | None = None, **asked: Unpack[CustomersArguments]) -> Relation | None:
    """The same page, for the database to write, unless it has to search for it."""
    return None if search and search.strip() else customers_in(*customers_asked(batch, **asked))


async def customer_search(
    batch: Batch,
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
    search = _search(batch, query=query, first=first, include_archived=include_archived)
    return await quick_search(batch.database, search)


def _search(
    batch: Batch, *, query: str, first: int | None = None, include_archived: bool | None = None
) -> QuickSearch | None:
    """What is looked for, where the caller may look, in an order that tells it no more than it may know."""
    wanted = 10 if first is None else first
    if not 0 <= wanted <= LARGEST_QUICK_SEARCH:
        raise BadInput(f"A quick search answers 0 to {LARGEST_QUICK_SEARCH} customers.", ("first",))
    recency = LAST_SEEN if batch.actor.covers(VIEW, None) else CREATED
    return QuickSearch.of(query, wanted, bool(include_archived), searchable(batch), recency)


def _found(batch: Batch, **asked: Any) -> Relation | None:
    """The same customers, for the database to write, if any can be found."""
    search = _search(batch, **asked)
    return customers_found(search) if search else None


@strawberry.type(description="What customerCreate answers.")
class CustomerCreatePayload(Payload):
    """Payload of customerCreate."""

    customer: Customer | None = guarded(
        "customers.view", default=None, description="The new customer, or the one that was found."
    )
    created: bool = strawberry.field(default=False, description="Whether the customer is new.")


async def customer_create(
    batch: Batch, *, input: Annotated[CustomerCreateInput, strawberry.argument(description="Who it is.")]
) -> CustomerCreatePayload:
    """Register a customer, or find the one it already is."""
    origin = await store_id(batch.shop, told(input.origin_store_code), "originStoreCode")
    new = checked(batch.shop.settings, new_customer(input, None if origin == MAIN_STORE_ID else origin))
    outcome = await find_or_register(batch.shop, new, matches(input))
    return CustomerCreatePayload(customer=await shown(batch, outcome.id), created=outcome.created)


@strawberry.type(description="What changes of a customer answer.")
class CustomerPayload(Payload):
    """Base of the payloads of mutations that change one customer; not a type of its own."""

    customer: Customer | None = guarded("customers.view", default=None, description="The customer as it is now.")


@strawberry.type(description="What customerUpdate answers.")
class CustomerUpdatePayload(CustomerPayload):
    """Payload of customerUpdate."""


async def customer_update(
    batch: Batch, *, input: Annotated[CustomerUpdateInput, strawberry.argument(description="What to change.")]
) -> CustomerUpdatePayload:
    """Change a customer."""
    key = key_of(input.id, "customer", "id")
    await changes.change(batch.shop, key, changes_of(input), told(input.expected_version))
    return CustomerUpdatePayload(customer=await shown(batch, key))


@strawberry.input(description="A customer to deactivate.")
class CustomerDeactivateInput(Expecting, Keyed):
    """Input of customerDeactivate."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerDeactivate answers.")
class CustomerDeactivatePayload(CustomerPayload):
    """Payload of customerDeactivate."""


async def customer_deactivate(
    batch: Batch, *, input: Annotated[CustomerDeactivateInput, strawberry.argument(description="Whom to put away.")]
) -> CustomerDeactivatePayload:
    """Put a customer away."""
    return CustomerDeactivatePayload(customer=await _with_status(batch, input, "INACTIVE"))


@strawberry.input(description="A customer to reactivate.")
class CustomerReactivateInput(Expecting, Keyed):
    """Input of customerReactivate."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerReactivate answers.")
class CustomerReactivatePayload(CustomerPayload):
    """Payload of customerReactivate."""


async def customer_reactivate(
    batch: Batch, *, input: Annotated[CustomerReactivateInput, strawberry.argument(description="Whom to bring back.")]
) -> CustomerReactivatePayload:
    """Bring a customer back."""
    return CustomerReactivatePayload(customer=await _with_status(batch, input, "ACTIVE"))


@strawberry.input(description="A customer to suspend.")
class CustomerSuspendInput(Expecting, Keyed):
    """Input of customerSuspend."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerSuspend answers.")
class CustomerSuspendPayload(CustomerPayload):
    """Payload of customerSuspend."""


async def customer_suspend(
    batch: Batch, *, input: Annotated[CustomerSuspendInput, strawberry.argument(description="Whom to suspend.")]
) -> CustomerSuspendPayload:
    """Suspend a customer."""
    return CustomerSuspendPayload(customer=await _with_status(batch, input, "SUSPENDED"))


async def _with_status(batch: Batch, given: Any, status: str) -> Any:
    key = key_of(given.id, "customer", "id")
    await changes.set_status(batch.shop, key, status, told(given.expected_version))
    return await shown(batch, key)


async def shown(batch: Batch, key: str) -> Any:
    """The customer's row."""
    return (await customers_by_ids(batch.database, [key])).get(key)


@strawberry.input(description="Tags to put on a customer.")
class TagsAddInput(Keyed):
    """Input of tagsAdd."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tags: list[str] = strawberry.field(description="The tags; those that are there already stay as they are.")


@strawberry.type(description="What tagsAdd answers.")
class TagsAddPayload(CustomerPayload):
    """Payload of tagsAdd."""


async def tags_add(
    batch: Batch, *, input: Annotated[TagsAddInput, strawberry.argument(description="Which tags, on whom.")]
) -> TagsAddPayload:
    """Put tags on a customer."""
    key = key_of(input.customer_id, "customer", "customerId")
    await changes.add_tags(batch.shop, key, input.tags)
    return TagsAddPayload(customer=await shown(batch, key))


@strawberry.input(description="Tags to take off a customer.")
class TagsRemoveInput(Keyed):
    """Input of tagsRemove."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tags: list[str] = strawberry.field(description="The tags, in any spelling that differs only in case and accents.")


@strawberry.type(description="What tagsRemove answers.")
class TagsRemovePayload(CustomerPayload):
    """Payload of tagsRemove."""


async def tags_remove(
    batch: Batch, *, input: Annotated[TagsRemoveInput, strawberry.argument(description="Which tags, off whom.")]
) -> TagsRemovePayload:
    """Take tags off a customer."""
    key = key_of(input.customer_id, "customer", "customerId")
    await changes.remove_tags(batch.shop, key, input.tags)
    return TagsRemovePayload(customer=await shown(batch, key))


_DETAILS = "`REQUIRED`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`, `INVALID_PHONE`, `INVALID_DATE`, `INVALID_COUNTRY`, `NOT_FOUND`"
_QUERIES = Extension(
    Query,
    [
        root(
            customer,
            name="customer",
            needs="customers.view",
            returns=Customer | None,
            description="One customer, by id or by code; null if there is none.",
            rendered=Rendered(CUSTOMER, _one),
        ),
        root(
            customers,
            name="customers",
            needs="customers.view",
            returns=Connection[Customer] | None,
            description="All customers, narrowed and ordered as wished.",
            rendered=Rendered(CUSTOMER, _page, page=True),
        ),
        root(
            customer_search,
            name="customerSearch",
            needs="customers.view",
            returns=list[Customer] | None,
            description="Customers found while somebody types, those seen last first: the later of registration and latest "
            "purchase. For callers who may not see the purchases of the whole shop: those registered last first.",
            rendered=Rendered(CUSTOMER, _found),
        ),
    ],
)
_MUTATIONS = Extension(
    Mutation,
    [
        mutation(
            customer_create,
            name="customerCreate",
            needs="customers.create",
            description=f"Registers a customer, or finds the one it already is. Codes: {_DETAILS}.",
        ),
        mutation(
            customer_update,
            name="customerUpdate",
            needs="customers.edit",
            description=f"Changes a customer's details. Codes: `VERSION_CONFLICT`, {_DETAILS}.",
        ),
        mutation(
            customer_deactivate,
            name="customerDeactivate",
            needs="customers.deactivate",
            description="Puts a customer away: no longer found at the till, still in every report. Can be taken back. "
            "Codes: `NOT_FOUND`, `VERSION_CONFLICT`.",
        ),
        mutation(
            customer_reactivate,
            name="customerReactivate",
            needs="customers.deactivate",
            description="Makes an inactive or suspended customer active again. Codes: `NOT_FOUND`, `VERSION_CONFLICT`.",
        ),
        mutation(
            customer_suspend,
            name="customerSuspend",
            needs="customers.deactivate",
            description="Suspends a customer: found at the till, and shown as suspended. Codes: `NOT_FOUND`, "
            "`VERSION_CONFLICT`.",
        ),
        mutation(
            tags_add,
            name="tagsAdd",
            needs="customers.edit",
            description="Puts tags on a customer. Codes: `NOT_FOUND`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`.",
        ),
        mutation(
            tags_remove,
            name="tagsRemove",
            needs="customers.edit",
            description="Takes tags off a customer; those that are not there are passed over. Codes: `NOT_FOUND`.",
        ),
    ],
)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(*EXTENSIONS, customer_errors.EXTENSION, _QUERIES, _MUTATIONS),
        types=[customer_errors.VersionConflict],
        problems=[changes.VersionConflict],
        leaves=LEAVES,
        sorts=SORTS,
        nodes=[NodeKind("customer", in_every_store(customers_by_ids), "customers.view")],
    )
