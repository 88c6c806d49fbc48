"""What hangs on purchases, and on customers by purchases: the fields that need more than a row."""

from collections.abc import Sequence
from typing import Any, Unpack

from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.purchases.reads import (
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
from regulars_core.queries.json_rows import Relation
from regulars_core.queries.pages import Page
from regulars_core.stores.reads import StoreRow, stores_by_ids
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.types import Customer
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.store_scope import visible_purchases
from regulars_schema.purchases.json_rows import (
    CUSTOMER_OF,
    LINES_OF,
    PAYMENTS_OF,
    PURCHASE,
    PURCHASES_OF,
    REFUND_LINES_OF,
    REFUNDS_OF,
    STORE_OF,
)
from regulars_schema.purchases.types import (
    Payment,
    Purchase,
    PurchaseLine,
    PurchasesArguments,
    Refund,
    RefundLine,
    purchases_asked,
)
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.stores import Store


async def purchases(
    customers: Sequence[CustomerRow], context: RequestContext, **asked: Unpack[PurchasesArguments]
) -> Sequence[Page[PurchaseRow]]:
    """A page of each customer's purchases."""
    ids = [customer.id for customer in customers]
    return await purchases_of(context.database, ids, *purchases_asked(context, **asked))


def _page(context: RequestContext, **asked: Unpack[PurchasesArguments]) -> Relation | None:
    """The same page, for the database to write."""
    return PURCHASES_OF.page(*purchases_asked(context, **asked))


async def customer_of(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Who bought."""
    keys = [purchase.customer_id for purchase in found]
    return in_order(keys, await customers_by_ids(context.database, [key for key in keys if key]))


async def store_of(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[StoreRow | None]:
    """Where it was bought."""
    keys = [purchase.store_id for purchase in found]
    return in_order(keys, await stores_by_ids(context.database, keys))


async def lines(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[LineRow]]:
    """What was bought."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await lines_of(context.database, keys))


async def payments(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[PaymentRow]]:
    """How it was paid."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await payments_of(context.database, keys))


async def refunds(found: Sequence[PurchaseRow], context: RequestContext) -> Sequence[list[RefundRow]]:
    """What was given back."""
    keys = [purchase.id for purchase in found]
    return in_order(keys, await refunds_of(context.database, keys))


async def refund_lines(found: Sequence[RefundRow], context: RequestContext) -> Sequence[list[RefundLineRow]]:
    """Which lines a refund took back."""
    keys = [refund.id for refund in found]
    return in_order(keys, await refund_lines_of(context.database, keys))


async def line_of(found: Sequence[RefundLineRow], context: RequestContext) -> Sequence[LineRow | None]:
    """The line that was taken back."""
    keys = [line.line_id for line in found]
    return in_order(keys, await lines_by_ids(context.database, keys, visible_purchases(context)))


async def purchase_of(found: Sequence[Any], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchase that a line, payment or refund belongs to."""
    keys = [part.purchase_id for part in found]
    return in_order(keys, await purchases_by_ids(context.database, keys, visible_purchases(context)))


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
                sql_field=SqlField(PURCHASE, _page, page=True),
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
                sql_field=CUSTOMER_OF,
            ),
            batched(
                store_of,
                name="store",
                needs="stores.view",
                returns=Store | None,
                description="Where it was bought.",
                sql_field=STORE_OF,
            ),
            batched(
                lines,
                name="lines",
                returns=list[PurchaseLine],
                description="What was bought, as on the receipt.",
                sql_field=LINES_OF,
            ),
            batched(
                payments,
                name="payments",
                returns=list[Payment],
                description="How it was paid; empty if not told.",
                sql_field=PAYMENTS_OF,
            ),
            batched(
                refunds,
                name="refunds",
                returns=list[Refund],
                description="What was given back, the first one first.",
                sql_field=REFUNDS_OF,
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
                sql_field=REFUND_LINES_OF,
            ),
        ],
    ),
    Extension(
        RefundLine,
        [batched(line_of, name="line", returns=PurchaseLine | None, description="The line that was taken back.")],
    ),
]
