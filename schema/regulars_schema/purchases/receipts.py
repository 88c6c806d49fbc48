"""Receipts in the language of the API."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from regulars_core.database.seals import Sealed
from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.reads import PurchaseRow
from regulars_core.purchases.receipts.layout import DEFAULT_WIDTH, MAX_WIDTH, MIN_WIDTH
from regulars_core.purchases.receipts.rows import ReceiptRow, receipts_of
from regulars_core.purchases.receipts.text import receipt_texts
from regulars_schema.composition.contributions import Extension
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import backed_by, in_order
from regulars_schema.purchases.types import Purchase
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires

VIEW_RECEIPTS = "receipts.view"


@requires(VIEW_RECEIPTS)
@strawberry.type(
    description="What is printed for a customer: name, tax id and address as they were when the purchase was recorded, until "
    "they are erased; what was given back as it is now. It tells them to who may print receipts, and that is audited. Needs "
    "`receipts.view`."
)
class Receipt:
    """Over regulars_core.purchases.receipts.rows.ReceiptRow."""

    is_type_of = backed_by(ReceiptRow)
    customer_name: str | None = strawberry.field(
        description="The customer's name; null for a stranger, and after the customer's erasure."
    )
    billing_address: list[str] = strawberry.field(
        description="Where the invoice goes, line by line; empty where it was not known or is erased."
    )


@batched(
    name="customerTaxId",
    returns=str | None,
    description="The customer's tax id; null where there was none, and after the customer's erasure.",
)
async def customer_tax_id(receipts: Sequence[ReceiptRow], _: RequestContext) -> Sequence[str | Sealed | None]:
    """The tax id of each receipt; why it cannot be told where its key is lost."""
    return [one.lost or one.customer_tax_id for one in receipts]


@batched(
    name="receipt",
    needs=VIEW_RECEIPTS,
    returns=Receipt | None,
    description="What is printed for the customer.",
)
async def receipt(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[ReceiptRow | None]:
    """The receipt of each purchase of a store where the caller may see receipts; that it was read is written down."""
    stores = context.actor.stores(VIEW_RECEIPTS)
    seen = [one for one in purchases if stores is None or one.store_id in stores]
    found = await receipts_of(context.database, seen)
    if found:
        context.note_read(VIEW_RECEIPTS, "purchase", (one.purchase.id for one in found))
    return in_order([one.id for one in purchases], {one.purchase.id: one for one in found})


@batched(
    name="text",
    returns=str,
    description="The receipt for a printer of so many characters a line: shop, lines, tax, payments, what was given back; notes "
    "never.",
)
async def text(
    receipts: Sequence[ReceiptRow],
    context: RequestContext,
    *,
    width: Annotated[
        int | None, strawberry.argument(description="Characters of a line, 24 to 80; 42 if absent.")
    ] = None,
) -> Sequence[str]:
    """Each receipt as it is printed. Raises BadInput."""
    if width is not None and not MIN_WIDTH <= width <= MAX_WIDTH:
        raise BadInput(f"A line has {MIN_WIDTH} to {MAX_WIDTH} characters.", ("width",))
    return await receipt_texts(context.shop, receipts, DEFAULT_WIDTH if width is None else width)


EXTENSIONS = [Extension(Purchase, [receipt]), Extension(Receipt, [customer_tax_id, text])]
