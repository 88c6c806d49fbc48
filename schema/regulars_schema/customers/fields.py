"""What hangs on customers: the fields of theirs that need more than a row."""

from collections.abc import Sequence
from typing import Any, Unpack

from regulars_core.customers.reads import (
    NOTES_NEWEST_FIRST,
    AddressRow,
    CustomerRow,
    NoteRow,
    StatsRow,
    addresses_of,
    customers_by_ids,
    notes_of,
    stats_of,
    tags_of,
)
from regulars_core.groups.reads import GroupRow, groups_by_ids
from regulars_core.purchases.statistics import stats_in_stores
from regulars_core.queries.pages import Page
from regulars_core.stores.reads import StoreRow, stores_by_ids
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.json_rows import (
    BILLING_ADDRESS_OF,
    GROUP_OF,
    ORIGIN_STORE_OF,
    SHIPPING_ADDRESS_OF,
    STATS_OF,
    TAGS_OF,
)
from regulars_schema.customers.types import Address, Customer, CustomerGroup, CustomerStats, Note
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.stores import Store


def _ids(customers: Sequence[CustomerRow]) -> list[str]:
    return [customer.id for customer in customers]


async def group_of(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[GroupRow | None]:
    """Each customer's group."""
    keys = [customer.group_id for customer in customers]
    return in_order(keys, await groups_by_ids(context.database, keys))


async def origin_store_of(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StoreRow | None]:
    """Each customer's store of origin."""
    keys = [customer.origin_store_id for customer in customers]
    return in_order(keys, await stores_by_ids(context.database, [key for key in keys if key]))


async def tags(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[list[str]]:
    """Each customer's tags."""
    return in_order(_ids(customers), await tags_of(context.database, _ids(customers)))


async def stats(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StatsRow | None]:
    """Each customer's statistics."""
    keys, stores = _ids(customers), context.actor.stores(VIEW)
    if stores is None:
        return in_order(keys, await stats_of(context.shop, keys))
    return in_order(keys, await stats_in_stores(context.shop, keys, stores))


async def billing_address(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[AddressRow | None]:
    """Each customer's billing address."""
    addresses = await addresses_of(context.database, _ids(customers))
    return [addresses[customer.id].get("BILLING") for customer in customers]


async def shipping_address(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[AddressRow | None]:
    """Each customer's shipping address."""
    addresses = await addresses_of(context.database, _ids(customers))
    return [addresses[customer.id].get("SHIPPING") for customer in customers]


async def notes(
    customers: Sequence[CustomerRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[NoteRow]]:
    """A page of each customer's notes."""
    return await notes_of(context.database, _ids(customers), window(NOTES_NEWEST_FIRST, **arguments))


async def customer_of_note(notes: Sequence[NoteRow], context: RequestContext) -> Sequence[Any]:
    """Whom each note is about."""
    keys = [note.customer_id for note in notes]
    return in_order(keys, await customers_by_ids(context.database, keys))


EXTENSIONS = [
    Extension(
        Customer,
        [
            batched(
                group_of,
                name="group",
                needs="groups.view",
                returns=CustomerGroup | None,
                description="The group that the customer is in.",
                sql_field=GROUP_OF,
            ),
            batched(
                origin_store_of,
                name="originStore",
                needs="stores.view",
                returns=Store | None,
                description="The store where the customer was registered; null for headquarters.",
                sql_field=ORIGIN_STORE_OF,
            ),
            batched(
                tags,
                name="tags",
                returns=list[str],
                description="Words that the team put on the customer, by alphabet.",
                sql_field=TAGS_OF,
            ),
            batched(
                stats,
                name="stats",
                needs="purchases.view",
                returns=CustomerStats | None,
                description="What the customer's purchases amount to.",
                sql_field=STATS_OF,
            ),
            batched(
                billing_address,
                name="billingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where invoices go.",
                sql_field=BILLING_ADDRESS_OF,
            ),
            batched(
                shipping_address,
                name="shippingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where goods go.",
                sql_field=SHIPPING_ADDRESS_OF,
            ),
            batched(
                notes,
                name="notes",
                needs="notes.view",
                returns=Connection[Note] | None,
                description="What the team wrote down about the customer, the latest first.",
            ),
        ],
    ),
    Extension(
        Note,
        [
            batched(
                customer_of_note,
                name="customer",
                needs="customers.view",
                returns=Customer | None,
                description="Whom the note is about.",
            )
        ],
    ),
]
