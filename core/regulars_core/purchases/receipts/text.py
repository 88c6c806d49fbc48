"""Printing receipts: everything that stands on many of them, read at once."""

import asyncio
from collections.abc import Sequence
from typing import Any

from regulars_core.purchases.payments.payment_rows import PAYMENTS
from regulars_core.purchases.reads import LINES, REFUNDS, STANDS
from regulars_core.purchases.receipts.layout import ReceiptParts, receipt_text
from regulars_core.purchases.receipts.rows import ReceiptRow
from regulars_core.queries.rows import Readable, by_owner, query_by_ids, query_listed
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import STORES, StoreRow

_LISTED: Sequence[tuple[Readable[Any], str, str, str]] = (
    (LINES, "l.purchase_id", "l.purchase_id, l.position", "TRUE"),
    (PAYMENTS, "y.purchase_id", "y.purchase_id, y.position", "TRUE"),
    (REFUNDS, "f.purchase_id", "f.purchase_id, f.refunded_at, f.id", STANDS),
)
"""What hangs on purchases, by which column, in which order, and under which condition."""


async def receipt_texts(shop: Shop, receipts: Sequence[ReceiptRow], width: int) -> Sequence[str]:
    """Receipts for a printer of so many characters a line, `layout.MIN_WIDTH` to `layout.MAX_WIDTH`."""
    database = shop.database
    ids = list(dict.fromkeys(receipt.purchase.id for receipt in receipts))
    store_ids = [receipt.purchase.store_id for receipt in receipts]
    *listed, stores = await database.read_together(
        [
            *(
                query_listed(database.dialect, kind, column, ids, order, condition)
                for kind, column, order, condition in _LISTED
            ),
            query_by_ids(database.dialect, STORES, store_ids),
        ]
    )
    lines, payments, refunds = (by_owner(kind, ids, rows) for (kind, *_), rows in zip(_LISTED, listed, strict=True))
    names = {row[0]: StoreRow(*row[1:]).name for row in stores}

    printed = []
    for receipt in receipts:
        id_ = receipt.purchase.id
        parts = ReceiptParts(
            shop=shop.settings.shop_name,
            store=names.get(receipt.purchase.store_id, ""),
            zone=shop.settings.zone,
            receipt=receipt,
            lines=lines[id_],
            payments=payments[id_],
            refunds=refunds[id_],
        )
        printed.append(receipt_text(parts, width))
        await asyncio.sleep(0)  # others have their turn: a receipt may be long, and there may be many
    return printed
