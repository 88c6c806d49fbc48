"""Purchases in the language of the API: their types and fields."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry

from regulars_core.clock import Instant
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.filtering import Where
from regulars_core.paging import Order, Page
from regulars_core.purchases.reads import (
    LATEST_FIRST,
    SORT_KEYS,
    LineRow,
    PaymentRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
    lines_by_ids,
    lines_of,
    payments_of,
    purchases_by_ids,
    purchases_of,
    refund_lines_of,
    refunds_of,
)
from regulars_core.rendering import Relation
from regulars_core.stores.reads import StoreRow, stores_by_ids
from regulars_schema.batching import Batch, batched
from regulars_schema.composition import Extension, SortField
from regulars_schema.customer_types import Customer
from regulars_schema.filters import where_input
from regulars_schema.ids import identified
from regulars_schema.money import Money
from regulars_schema.nodes import Node, backed_by, in_order
from regulars_schema.ordering import OrderDirection, order_of
from regulars_schema.pagination import After, Before, Connection, First, Last, window
from regulars_schema.permissions import under
from regulars_schema.purchase_rendering import (
    CUSTOMER_OF,
    LINES_OF,
    PAYMENTS_OF,
    PURCHASE,
    PURCHASES_OF,
    REFUND_LINES_OF,
    REFUNDS_OF,
    STORE_OF,
)
from regulars_schema.rendering import Rendered
from regulars_schema.scope import visible
from regulars_schema.stores import Store


@strawberry.enum(description="What has become of a purchase.")
class PurchaseStatus(Enum):
    """Values of purchase.status."""

    PAID = strawberry.enum_value("PAID", description="Nothing was given back.")
    PARTIALLY_REFUNDED = strawberry.enum_value("PARTIALLY_REFUNDED", description="A part was given back.")
    REFUNDED = strawberry.enum_value("REFUNDED", description="All of it was given back; it no longer counts.")
    VOIDED = strawberry.enum_value("VOIDED", description="Undone as if it had not been; it never counted.")


@under("purchases.view")
@strawberry.type(description="One article of a purchase.")
class PurchaseLine(Node):
    """Over regulars_core.purchases.reads.LineRow."""

    is_type_of = backed_by(LineRow)
    id: strawberry.ID = identified("line")
    sku: str | None = strawberry.field(description="The shop's code of the article.")
    name: str = strawberry.field(description="What it is called on the receipt.")
    brand: str | None = strawberry.field(description="Its brand.")
    category: str | None = strawberry.field(description="Its category.")
    quantity: Decimal = strawberry.field(
        description="How much was bought, in pieces or in whatever it is sold by; never negative."
    )
    unit_price: Money | None = strawberry.field(
        description="The price of one before discount; null where only the line's total was recorded."
    )
    discount: Money = strawberry.field(description="What was taken off the whole line.")
    total: Money = strawberry.field(description="What the line came to, net of its discount. This is what counts.")
    refunded_quantity: Decimal = strawberry.field(
        description="How much of the quantity went back, by refunds that named lines."
    )


@under("purchases.view")
@strawberry.type(description="How a part of a purchase was paid.")
class Payment(Node):
    """Over regulars_core.purchases.reads.PaymentRow."""

    is_type_of = backed_by(PaymentRow)
    id: strawberry.ID = identified("payment")
    method: str = strawberry.field(description="The way of paying, in the shop's own words, such as `card`.")
    amount: Money = strawberry.field(description="How much was paid this way.")
    reference: str | None = strawberry.field(
        description="What the payment goes by elsewhere, such as a terminal's receipt."
    )


@under("purchases.view")
@strawberry.type(description="What a refund took from one line.")
class RefundLine:
    """Over regulars_core.purchases.reads.RefundLineRow."""

    is_type_of = backed_by(RefundLineRow)
    quantity: Decimal = strawberry.field(description="How much of the line went back.")
    amount: Money = strawberry.field(description="What was given back for it, tax included.")


@under("purchases.view")
@strawberry.type(description="Money given back for a purchase.")
class Refund(Node):
    """Over regulars_core.purchases.reads.RefundRow."""

    is_type_of = backed_by(RefundRow)
    id: strawberry.ID = identified("refund")
    at: Instant = strawberry.field(resolver=lambda root: root.refunded_at, description="When it was given back.")
    amount: Money = strawberry.field(description="How much was given back.")
    reason: str | None = strawberry.field(description="Why, in the words of whoever did it.")


@under("purchases.view")
@strawberry.type(
    description="What somebody bought at one time in one store. total = subtotal - discount + shipping + tax; where prices "
    "include the tax, the tax is not added again."
)
class Purchase(Node):
    """Over regulars_core.purchases.reads.PurchaseRow."""

    is_type_of = backed_by(PurchaseRow)
    id: strawberry.ID = identified("purchase")
    reference: str = strawberry.field(
        description="What the store knows it by, such as the receipt's number; unique in the store."
    )
    purchased_at: Instant = strawberry.field(description="When it was made.")
    recorded_at: Instant = strawberry.field(description="When it was recorded here.")
    status: PurchaseStatus = strawberry.field(description="What has become of it.")
    channel: str | None = strawberry.field(
        description="How it was made, in the shop's own words, such as `till` or `web`."
    )
    note: str | None = strawberry.field(description="What the team wrote down about this sale.")
    subtotal: Money = strawberry.field(description="The lines before discounts.")
    discount: Money = strawberry.field(description="All discounts of the lines together.")
    shipping: Money = strawberry.field(description="What delivery cost.")
    tax: Money = strawberry.field(description="The tax; part of the lines where prices include it, else on top.")
    total: Money = strawberry.field(description="What was paid.")
    refunded_total: Money = strawberry.field(description="What was given back since.")


PurchaseOrderField = NewType("PurchaseOrderField", str)
PurchaseOrderField.__doc__ = "What purchases can be ordered by. Those with equal values are ordered by id."


@strawberry.input(description="An order of purchases.")
class PurchaseOrderBy:
    """Input of every list of purchases."""

    field: PurchaseOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@where_input("PurchaseWhere", "Conditions on purchases. Several in one node must all hold; `{}` holds for each.")
class PurchaseWhere:
    """Marker: the leaves are composed per schema, and what arrives is a regulars_core.filtering.Where."""


PurchaseOrder = Annotated[
    PurchaseOrderBy | None, strawberry.argument(description="The order; the latest purchases first if absent.")
]
PurchaseConditions = Annotated[
    PurchaseWhere | None, strawberry.argument(description="Only purchases for which these conditions hold.")
]

SORTS = [
    SortField(PurchaseOrderField, SORT_KEYS["PURCHASED_AT"], "By the time of purchase."),
    SortField(PurchaseOrderField, SORT_KEYS["TOTAL"], "By what was paid."),
]


def purchase_order(given: PurchaseOrderBy | None, batch: Batch) -> Order:
    """The order asked for, or the latest first. Raises Forbidden."""
    return order_of(given, LATEST_FIRST, batch)


async def purchases(
    customers: Sequence[CustomerRow],
    batch: Batch,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    where: PurchaseConditions = None,
    order_by: PurchaseOrder = None,
) -> Sequence[Page[PurchaseRow]]:
    """A page of each customer's purchases."""
    wanted = window(purchase_order(order_by, batch), first, after, last, before)
    narrowed = visible(batch, where)  # type: ignore[arg-type]
    return await purchases_of(batch.database, [customer.id for customer in customers], wanted, narrowed)


def _page(
    batch: Batch,
    *,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    where: Where | None = None,
    order_by: PurchaseOrderBy | None = None,
) -> Relation | None:
    """The same page, for the database to write."""
    wanted = window(purchase_order(order_by, batch), first, after, last, before)
    return PURCHASES_OF.page(wanted, visible(batch, where))


async def customer_of(found: Sequence[PurchaseRow], batch: Batch) -> Sequence[CustomerRow | None]:
    """Who bought."""
    keys = [purchase.customer_id for purchase in found]
    return in_order(keys, await customers_by_ids(batch.database, [key for key in keys if key]))


async def store_of(found: Sequence[PurchaseRow], batch: Batch) -> Sequence[StoreRow | None]:
    """Where it was bought."""
    keys = [purchase.store_id for purchase in found]
    return in_order(keys, await stores_by_ids(batch.database, keys))


async def lines(found: Sequence[PurchaseRow], batch: Batch) -> Sequence[list[LineRow]]:
    """What was bought."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await lines_of(batch.database, keys))


async def payments(found: Sequence[PurchaseRow], batch: Batch) -> Sequence[list[PaymentRow]]:
    """How it was paid."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await payments_of(batch.database, keys))


async def refunds(found: Sequence[PurchaseRow], batch: Batch) -> Sequence[list[RefundRow]]:
    """What was given back."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await refunds_of(batch.database, keys))


async def refund_lines(found: Sequence[RefundRow], batch: Batch) -> Sequence[list[RefundLineRow]]:
    """Which lines a refund took back."""
    keys = [refund.id for refund in found]
    return in_order(keys, await refund_lines_of(batch.database, keys))


async def line_of(found: Sequence[RefundLineRow], batch: Batch) -> Sequence[LineRow | None]:
    """The line that was taken back."""
    keys = [line.line_id for line in found]
    return in_order(keys, await lines_by_ids(batch.database, keys, visible(batch)))


async def purchase_of(found: Sequence[Any], batch: Batch) -> Sequence[PurchaseRow | None]:
    """The purchase that a line, payment or refund belongs to."""
    keys = [part.purchase_id for part in found]
    return in_order(keys, await purchases_by_ids(batch.database, keys, visible(batch)))


EXTENSIONS = [
    Extension(
        Customer,
        [
            batched(
                purchases,
                name="purchases",
                needs="purchases.view",
                returns=Connection[Purchase] | None,
                description="What the customer has bought, the latest first if no order is asked for.",
                rendered=Rendered(PURCHASE, _page, page=True),
            )
        ],
    ),
    Extension(
        Purchase,
        [
            batched(
                customer_of,
                name="customer",
                needs="customers.view",
                returns=Customer | None,
                description="Who bought; null for a stranger.",
                rendered=CUSTOMER_OF,
            ),
            batched(
                store_of,
                name="store",
                needs="stores.view",
                returns=Store | None,
                description="Where it was bought.",
                rendered=STORE_OF,
            ),
            batched(
                lines,
                name="lines",
                returns=list[PurchaseLine],
                description="What was bought, as on the receipt.",
                rendered=LINES_OF,
            ),
            batched(
                payments,
                name="payments",
                returns=list[Payment],
                description="How it was paid; empty if not told.",
                rendered=PAYMENTS_OF,
            ),
            batched(
                refunds,
                name="refunds",
                returns=list[Refund],
                description="What was given back, the first one first.",
                rendered=REFUNDS_OF,
            ),
        ],
    ),
    Extension(
        PurchaseLine,
        [batched(purchase_of, name="purchase", returns=Purchase | None, description="The purchase it belongs to.")],
    ),
    Extension(
        Payment,
        [batched(purchase_of, name="purchase", returns=Purchase | None, description="The purchase that was paid.")],
    ),
    Extension(
        Refund,
        [
            batched(purchase_of, name="purchase", returns=Purchase | None, description="The purchase it gives back."),
            batched(
                refund_lines,
                name="lines",
                returns=list[RefundLine],
                description="What was taken back; empty where an amount was given back.",
                rendered=REFUND_LINES_OF,
            ),
        ],
    ),
    Extension(
        RefundLine,
        [batched(line_of, name="line", returns=PurchaseLine | None, description="The line that was taken back.")],
    ),
]
