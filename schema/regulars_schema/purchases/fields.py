"""What hangs on purchases, and on customers by purchases: the fields that need more than a row."""

from collections.abc import Sequence
from typing import Any

from regulars_core.customers.notes.reads import NoteRow
from regulars_core.primitives.clock import Instant
from regulars_core.purchases.reads import (
    LineRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
    lines_by_ids,
    purchases_by_ids,
    returns_of,
)
from regulars_core.stores.reads import StoreRow, last_recorded
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.notes.types import Note
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.relations import related, related_pages
from regulars_schema.fields.store_scope import VIEW, visible_purchases
from regulars_schema.purchases.json_rows import (
    CUSTOMER_OF,
    LINES_OF,
    PAYMENTS_OF,
    PURCHASES_OF,
    REFUND_LINES_OF,
    REFUND_PAYMENTS_OF,
    REFUNDS_OF,
    REPLACED_BY,
    REPLACES,
    STORE_OF,
)
from regulars_schema.purchases.types import (
    Payment,
    Purchase,
    PurchaseLine,
    Refund,
    RefundLine,
    purchases_page,
)
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.stores import Store


@batched(name="line", returns=PurchaseLine | None, description="The line that was taken back.")
async def line_of(found: Sequence[RefundLineRow], context: RequestContext) -> Sequence[LineRow | None]:
    """The line that was taken back."""
    keys = [line.line_id for line in found]
    return in_order(keys, await lines_by_ids(context.database, keys, visible_purchases(context)))


async def returns_together(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[Sequence[RefundRow]]:
    """The refunds that were made together with each purchase, as far as the caller may see what they gave back."""
    keys = [purchase.id for purchase in found]
    returns = await returns_of(context.database, keys, visible_purchases(context))
    return [returns[key] for key in keys]


async def exchanged_for(found: Sequence[RefundRow], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchase that each refund was made together with."""
    keys = [refund.exchanged_for_id for refund in found]
    known = [key for key in keys if key is not None]
    return in_order(keys, await purchases_by_ids(context.database, known, visible_purchases(context)))


async def purchase_of(found: Sequence[Any], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchase that a line, payment or refund belongs to."""
    keys = [part.purchase_id for part in found]
    return in_order(keys, await purchases_by_ids(context.database, keys, visible_purchases(context)))


@batched(
    name="purchase",
    needs=VIEW,
    returns=Purchase | None,
    description="The purchase that it is about.",
)
async def purchase_of_note(found: Sequence[NoteRow], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchase that each note is about, in the stores whose purchases the caller sees."""
    keys = [note.purchase_id for note in found]
    known = [key for key in keys if key is not None]
    return in_order(keys, await purchases_by_ids(context.database, known, visible_purchases(context)))


@batched(
    name="lastRecordedAt",
    needs=VIEW,
    returns=Instant | None,
    description="When a purchase of this store was last recorded here: whether its tills are still connected. Null "
    "also for stores whose purchases the caller may not see.",
)
async def last_recorded_at(stores: Sequence[StoreRow], context: RequestContext) -> Sequence[Instant | None]:
    """Of each store in which the caller sees purchases."""
    keys, visible = [store.id for store in stores], context.actor.stores(VIEW)
    seen = keys if visible is None else [key for key in keys if key in visible]
    return in_order(keys, await last_recorded(context.database, seen))


EXTENSIONS = [
    Extension(Store, [last_recorded_at]),
    Extension(Note, [purchase_of_note]),
    Extension(
        Customer,
        [
            related_pages(
                PURCHASES_OF,
                purchases_page,
                name="purchases",
                needs="purchases.view",
                returns=Connection[Purchase] | None,
                description="What the customer has bought, the latest first if no order is asked for.",
            )
        ],
    ),
    Extension(
        Purchase,
        [
            related(
                CUSTOMER_OF,
                name="customer",
                needs="customers.view",
                returns=Customer | None,
                description="Who bought; null for a stranger.",
            ),
            related(
                STORE_OF,
                name="store",
                needs="stores.view",
                returns=Store | None,
                description="Where it was bought.",
            ),
            related(
                LINES_OF,
                name="lines",
                returns=list[PurchaseLine],
                description="What was bought, as on the receipt.",
            ),
            related(
                PAYMENTS_OF,
                name="payments",
                returns=list[Payment],
                description="How it was paid; empty if not told.",
            ),
            related(
                REPLACES,
                name="replaces",
                needs="purchases.view",
                returns=Purchase | None,
                description="The voided purchase whose place this one took.",
            ),
            related(
                REPLACED_BY,
                name="replacedBy",
                needs="purchases.view",
                returns=Purchase | None,
                description="The purchase that took the place of this one after it was voided.",
            ),
            related(
                REFUNDS_OF,
                name="refunds",
                returns=list[Refund],
                description="What was given back, the first one first.",
            ),
            batched(
                returns_together,
                name="returns",
                returns=list[Refund],
                description="Refunds of earlier purchases that were made together with this one, and paid for a part of it.",
            ),
        ],
    ),
    Extension(
        PurchaseLine,
        [batched(purchase_of, name="purchase", returns=Purchase | None, description="The purchase it belongs to.")],
    ),
    Extension(
        Payment,
        [
            batched(
                purchase_of,
                name="purchase",
                returns=Purchase | None,
                description="The purchase that was paid.",
            )
        ],
    ),
    Extension(
        Refund,
        [
            batched(purchase_of, name="purchase", returns=Purchase | None, description="The purchase it gives back."),
            batched(
                exchanged_for,
                name="exchangedFor",
                needs="purchases.view",
                returns=Purchase | None,
                description="The purchase that it was made together with, as an exchange; null for none.",
            ),
            related(
                REFUND_LINES_OF,
                name="lines",
                returns=list[RefundLine],
                description="What was taken back; empty where an amount was given back.",
            ),
            related(
                REFUND_PAYMENTS_OF,
                name="payments",
                returns=list[Payment],
                description="How it was given back; empty if not told.",
            ),
        ],
    ),
    Extension(
        RefundLine,
        [line_of],
    ),
]
