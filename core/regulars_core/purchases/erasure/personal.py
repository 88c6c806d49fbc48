"""What the tables of purchases hold of customers, and how that is erased: what was bought stays, what was typed goes."""

from collections.abc import Mapping, Sequence

from regulars_core.customers.aliases import hold
from regulars_core.customers.erasure.holdings import (
    AMOUNT,
    ERASED,
    FLAG,
    INNER,
    KEPT,
    KEPT_TAX_ID,
    QUANTITY,
    WHEN,
    Holding,
    counted_by,
    derived,
    erase_held,
)
from regulars_core.shop.shop import Shop

_PURCHASE = "JOIN purchase p ON p.id = t.purchase_id"
_REFUND = "JOIN refund r ON r.id = t.refund_id JOIN purchase p ON p.id = r.purchase_id"
_GIVEN = {"id": INNER, "purchase_id": KEPT, "at": WHEN, "before_id": INNER, "after_id": INNER, "reason": ERASED}

HOLDINGS: Sequence[Holding] = (
    Holding(
        "purchase",
        {
            "id": KEPT, "reference": KEPT, "store_id": KEPT, "customer_id": KEPT, "purchased_at": WHEN, "recorded_at": WHEN,
            "status": KEPT, "currency": KEPT, "channel": KEPT, "note": ERASED, "prices_include_tax": FLAG, "subtotal": AMOUNT,
            "discount": AMOUNT, "shipping": AMOUNT, "tax": AMOUNT, "total": AMOUNT, "refunded": AMOUNT,
            # A SHA-256 of what was typed, names and telephone numbers too, beside what is kept: those few can be tried.
            "digest": derived(""),
            "origin": KEPT, "register": KEPT, "session": KEPT, "basket": KEPT, "shipping_tax": AMOUNT, "rounding": AMOUNT,
            "due": AMOUNT, "replaces_id": INNER, "generation": INNER, "pieces": QUANTITY,
        },
        kind="purchases",
    ),
    Holding(
        "purchase_line",
        {
            "id": KEPT, "purchase_id": KEPT, "position": INNER, "sku": KEPT, "name": KEPT, "brand": KEPT, "category": KEPT,
            "quantity": QUANTITY, "unit_price": AMOUNT, "discount": AMOUNT, "total": AMOUNT, "refunded_quantity": QUANTITY,
            "tax": AMOUNT, "refunded_amount": AMOUNT,
        },
        customer="p.customer_id",
        joined=_PURCHASE,
    ),
    Holding(
        "payment",
        {
            "id": INNER, "purchase_id": KEPT, "position": INNER, "method": KEPT, "amount": AMOUNT, "reference": ERASED,
            "tendered": AMOUNT, "paid_at": WHEN,
        },
        customer="p.customer_id",
        joined=_PURCHASE,
        kind="payments",
    ),
    Holding(
        "refund",
        {
            "id": KEPT, "purchase_id": KEPT, "refunded_at": WHEN, "amount": AMOUNT, "reason": ERASED, "shipping": AMOUNT,
            "due": AMOUNT, "exchanged_for_id": KEPT, "undone_at": WHEN,
        },
        customer="p.customer_id",
        joined=_PURCHASE,
        kind="refunds",
    ),
    Holding(
        "refund_line",
        {"id": INNER, "refund_id": KEPT, "line_id": KEPT, "quantity": QUANTITY, "amount": AMOUNT, "worth": AMOUNT},
        customer="p.customer_id",
        joined=_REFUND,
    ),
    Holding(
        "refund_payment",
        {
            "id": INNER, "refund_id": KEPT, "position": INNER, "method": KEPT, "amount": AMOUNT, "reference": ERASED,
            "tendered": AMOUNT,
        },
        customer="p.customer_id",
        joined=_REFUND,
        kind="refundPayments",
    ),
    Holding(
        "purchase_receipt",
        {
            "purchase_id": KEPT, "customer_name": KEPT, "customer_tax_id": KEPT_TAX_ID, "recipient": KEPT, "line1": KEPT,
            "line2": KEPT, "city": KEPT, "region": KEPT, "postal_code": KEPT, "country": KEPT,
        },
        customer="p.customer_id",
        joined=_PURCHASE,
        key="purchase_id",
        is_removed=True,
        kind="receipts",
    ),
    # From whom a purchase came and to whom it went is told to neither of them: that is the other one.
    Holding("purchase_reassignment", _GIVEN, customer="t.before_id", kind="reassignedPurchases"),
    Holding("purchase_reassignment", _GIVEN, customer="t.after_id", kind="reassignedPurchases"),
)  # fmt: skip
"""Column by column."""


async def erase_purchases(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase what the tables of purchases hold of these customers, in the caller's transaction; of how many rows, by kind.

    Nobody else moves anything of theirs until then. A sale that has found one of them a moment before is gone over by the
    second run of the erasure.
    """
    await hold(shop.database, customer_ids)
    # What was theirs may tell by its digest what was typed of them, whoever has it now.
    moved = f"SELECT purchase_id FROM purchase_reassignment WHERE {shop.database.dialect.among('before_id', 1)}"
    sql = f"UPDATE purchase SET digest = '' WHERE id IN ({moved}) AND digest <> ''"
    await shop.database.run(sql, sorted(customer_ids))
    return await erase_held(shop.database, HOLDINGS, customer_ids)


async def references(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """What in the tables of purchases keeps each of these customers from being deleted: what is theirs, and what was."""
    return await counted_by(shop.database, _REFERENCES, customer_ids)


_REFERENCES = {"purchases": "purchase.customer_id", "reassignedPurchases": "purchase_reassignment.before_id"}
