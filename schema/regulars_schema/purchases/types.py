"""Purchases in the language of the API: their types and fields."""

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType, Unpack

import strawberry

from regulars_core.primitives.clock import Instant
from regulars_core.purchases.payments.payment_rows import PaymentRow
from regulars_core.purchases.reads import (
    LATEST_FIRST,
    SORT_KEYS,
    LineRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
)
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Where
from regulars_schema.composition.contributions import SortField
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.fields.pagination import PageArguments, window_of
from regulars_schema.fields.sort_orders import OrderDirection, order_of
from regulars_schema.fields.store_scope import visible_purchases
from regulars_schema.fields.where_trees import where_input
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import identified
from regulars_schema.types.money import Money


@strawberry.enum(description="What has become of a purchase.")
class PurchaseStatus(Enum):
    """Values of purchase.status."""

    PAID = strawberry.enum_value("PAID", description="Nothing was given back; what is still to be paid is `due`.")
    PARTIALLY_REFUNDED = strawberry.enum_value("PARTIALLY_REFUNDED", description="A part was given back.")
    REFUNDED = strawberry.enum_value(
        "REFUNDED",
        description="All goods were given back, whether or not delivery was, or the whole amount; it no longer counts.",
    )
    VOIDED = strawberry.enum_value("VOIDED", description="Undone as if it had not been; it never counted.")


@strawberry.enum(description="How a purchase came here.")
class PurchaseOrigin(Enum):
    """Values of purchase.origin."""

    IMPORT = strawberry.enum_value("IMPORT", description="Read from a file; it pays with nothing that is kept here.")
    SYNC = strawberry.enum_value("SYNC", description="Brought over from a store's own server, where it was recorded.")
    TILL = strawberry.enum_value(
        "TILL", description="Recorded by `purchaseRecord`, by a till, a web shop or another program."
    )


@requires("purchases.view")
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
        description="How much was bought, in pieces or in whatever it is sold by; negative for what came back without its "
        "purchase being known, and for empties."
    )
    unit_price: Money | None = strawberry.field(
        description="The price of one before discount; null where only the line's total was recorded."
    )
    discount: Money = strawberry.field(description="What was taken off the whole line.")
    total: Money = strawberry.field(description="What the line came to, net of its discount. This is what counts.")
    tax: Money = strawberry.field(
        description="The tax on the line: as it was told, or its share of what was told for the purchase alone."
    )
    refunded_quantity: Decimal = strawberry.field(
        description="How much of the quantity went back, by refunds that named lines."
    )


@requires("purchases.view")
@strawberry.type(description="How a part of a purchase was paid, or of a refund given back.")
class Payment(Node):
    """Over regulars_core.purchases.payments.payment_rows.PaymentRow."""

    is_type_of = backed_by(PaymentRow)
    id: strawberry.ID = identified("payment")
    method: str = strawberry.field(description="The way of paying, in the shop's own words, such as `card`.")
    amount: Money = strawberry.field(description="How much was paid this way, or given back.")
    reference: str | None = strawberry.field(
        description="What the payment goes by elsewhere, such as a terminal's receipt."
    )
    tendered: Money | None = strawberry.field(
        description="What was handed over, of which the rest was change; null where it was not told."
    )


@requires("purchases.view")
@strawberry.type(description="What a refund took from one line.")
class RefundLine:
    """Over regulars_core.purchases.reads.RefundLineRow."""

    is_type_of = backed_by(RefundLineRow)
    quantity: Decimal = strawberry.field(description="How much of the line went back.")
    amount: Money = strawberry.field(description="What was given back for it, tax included.")


@requires("purchases.view")
@strawberry.type(description="Money given back for a purchase.")
class Refund(Node):
    """Over regulars_core.purchases.reads.RefundRow."""

    is_type_of = backed_by(RefundRow)
    id: strawberry.ID = identified("refund")
    at: Instant = strawberry.field(resolver=lambda root: root.refunded_at, description="When it was given back.")
    amount: Money = strawberry.field(description="How much was given back.")
    reason: str | None = strawberry.field(description="Why, in the words of whoever did it.")
    shipping: Money = strawberry.field(description="What of it was given back for delivery, tax included.")


@requires("purchases.view")
@strawberry.type(
    description="What somebody bought at one time in one store. total = subtotal - discount + shipping + tax; where prices "
    "include the tax, the tax is not added again."
)
class Purchase(Node):
    """Over regulars_core.purchases.reads.PurchaseRow."""

    is_type_of = backed_by(PurchaseRow)
    id: strawberry.ID = identified("purchase")
    reference: str = strawberry.field(
        description="What the store knows it by, such as the receipt's number; unique in the store, the till and the session "
        "among purchases that are not voided; a voided one is replaced only on request."
    )
    purchased_at: Instant = strawberry.field(description="When it was made.")
    recorded_at: Instant = strawberry.field(description="When it was recorded here.")
    status: PurchaseStatus = strawberry.field(description="What has become of it.")
    origin: PurchaseOrigin = strawberry.field(description="How it came here.")
    channel: str | None = strawberry.field(
        description="How it was made, in the shop's own words, such as `till` or `web`."
    )
    note: str | None = strawberry.field(description="What the team wrote down about this sale.")
    subtotal: Money = strawberry.field(description="The lines before discounts.")
    discount: Money = strawberry.field(description="All discounts of the lines together.")
    shipping: Money = strawberry.field(description="What delivery cost.")
    tax: Money = strawberry.field(description="The tax; part of the lines where prices include it, else on top.")
    total: Money = strawberry.field(
        description="What it came to; with `rounding` and without `due` this is what was paid."
    )
    due: Money = strawberry.field(description="What is still to be paid; 0 where nothing is.")
    rounding: Money = strawberry.field(description="What cash was rounded by: payments sum to total + rounding - due.")
    shipping_tax: Money = strawberry.field(description="The tax on delivery, a part of the tax.")
    register: str | None = strawberry.field(description="The till; null where it was not told.")
    session: str | None = strawberry.field(
        description="The day or shift in which the till gave the reference; null where it was not told."
    )
    refunded_total: Money = strawberry.field(description="What was given back since.")


PurchaseOrderField = NewType("PurchaseOrderField", str)
"""What purchases can be ordered by; a plugin adds a value with a SortField."""
PurchaseOrderField.__doc__ = "What purchases can be ordered by. Those with equal values are ordered by id."


@strawberry.input(description="An order of purchases.")
class PurchaseOrderBy:
    """Input of every list of purchases."""

    field: PurchaseOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@where_input("PurchaseWhere", "Conditions on purchases. Several in one node must all hold; `{}` holds for each.")
class PurchaseWhere:
    """Marker: the leaves are composed per schema, and what arrives is a regulars_core.queries.where.Where."""


PurchaseOrder = Annotated[
    PurchaseOrderBy | None, strawberry.argument(description="The order; the latest purchases first if absent.")
]
PurchaseConditions = Annotated[
    PurchaseWhere | None, strawberry.argument(description="Only purchases for which these conditions hold.")
]


class PurchasesArguments(PageArguments, total=False):
    """The arguments of every list of purchases."""

    where: PurchaseConditions
    order_by: PurchaseOrder


SORTS = [
    SortField(PurchaseOrderField, SORT_KEYS["PURCHASED_AT"], "By the time of purchase."),
    SortField(PurchaseOrderField, SORT_KEYS["TOTAL"], "By what they came to."),
]


def purchases_page(context: RequestContext, **arguments: Unpack[PurchasesArguments]) -> tuple[Window, Where | None]:
    """Which page the arguments of a list of purchases ask for, the latest first if no order is given; and under which
    conditions: theirs, in the stores where the caller sees purchases. Raises BadInput and Forbidden."""
    where: Any = arguments.get("where")
    window = window_of(order_of(arguments.get("order_by"), LATEST_FIRST, context), arguments)
    return window, visible_purchases(context, where)
