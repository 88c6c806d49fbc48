"""What hangs on customers: the fields of theirs that need more than a row."""

from collections.abc import Sequence
from typing import Any, Unpack

from regulars_core.customers.reads import (
    NOTES_NEWEST_FIRST,
    CustomerRow,
    NoteRow,
    StatsRow,
    customers_by_ids,
    notes_of,
    stats_of,
)
from regulars_core.purchases.statistics import stats_in_stores
from regulars_core.queries.pages import Page
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
from regulars_schema.fields.relations import related
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.stores import Store


def _ids(customers: Sequence[CustomerRow]) -> list[str]:
    return [customer.id for customer in customers]


@batched(
    name="stats",
    needs="purchases.view",
    returns=CustomerStats | None,
    description="What the customer's purchases amount to.",
    sql_field=STATS_OF,
)
async def stats(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StatsRow | None]:
    """Each customer's statistics."""
    keys, stores = _ids(customers), context.actor.stores(VIEW)
    if stores is None:
        return in_order(keys, await stats_of(context.shop, keys))
    return in_order(keys, await stats_in_stores(context.shop, keys, stores))


@batched(
    name="notes",
    needs="notes.view",
    returns=Connection[Note] | None,
    description="What the team wrote down about the customer, the latest first.",
)
async def notes(
    customers: Sequence[CustomerRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[NoteRow]]:
    """A page of each customer's notes."""
    return await notes_of(context.database, _ids(customers), window(NOTES_NEWEST_FIRST, **arguments))


@batched(name="customer", needs="customers.view", returns=Customer | None, description="Whom the note is about.")
async def customer_of_note(notes: Sequence[NoteRow], context: RequestContext) -> Sequence[Any]:
    """Whom each note is about."""
    keys = [note.customer_id for note in notes]
    return in_order(keys, await customers_by_ids(context.database, keys))


EXTENSIONS = [
    Extension(
        Customer,
        [
            related(
                GROUP_OF,
                name="group",
                needs="groups.view",
                returns=CustomerGroup | None,
                description="The group that the customer is in.",
            ),
            related(
                ORIGIN_STORE_OF,
                name="originStore",
                needs="stores.view",
                returns=Store | None,
                description="The store where the customer was registered; null for headquarters.",
            ),
            related(
                TAGS_OF,
                name="tags",
                returns=list[str],
                description="Words that the team put on the customer, by alphabet.",
                value="tag",
            ),
            stats,
            related(
                BILLING_ADDRESS_OF,
                name="billingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where invoices go.",
            ),
            related(
                SHIPPING_ADDRESS_OF,
                name="shippingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where goods go.",
            ),
            notes,
        ],
    ),
    Extension(
        Note,
        [customer_of_note],
    ),
]
