"""What the ledger keeps of a customer, and what of it is erased: what somebody typed. Entries and balances stay under the opaque
id, since nothing in them is personal."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import FLAG, INNER, KEPT, WHEN, Claim, Holding, Shop, counted_by, erase_held

BALANCES = Claim(
    "loyalty-balances",
    "EXISTS (SELECT 1 FROM loyalty_account a WHERE a.customer_id = c.id AND (a.amount <> 0 OR a.debt <> 0 OR a.held <> 0))",
)
"""Credit and points that are left or owed."""
HOLDINGS: Sequence[Holding] = (
    Holding(
        "loyalty_account",
        {
            "id": INNER, "customer_id": KEPT, "unit": KEPT, "amount": KEPT, "debt": KEPT, "held": KEPT, "version": INNER,
            "next_at": INNER, "active_at": WHEN, "spendable": INNER, "is_living": INNER,
        },
    ),
    Holding(
        "loyalty_transfer",
        {
            "id": KEPT, "customer_id": KEPT, "unit": KEPT, "version": KEPT, "kind": KEPT, "source": KEPT, "target": KEPT,
            "amount": KEPT, "balance_after": KEPT, "debt_after": KEPT, "at": WHEN, "recorded_at": WHEN, "event_id": INNER,
            "event_kind": KEPT, "actor": INNER, "store_id": KEPT, "purchase_id": KEPT, "payment_id": INNER, "refund_id": KEPT,
            "reverses_id": KEPT, "hold_id": KEPT, "merge_id": KEPT, "reason": KEPT, "program": KEPT, "rule": KEPT, "base": INNER,
            "shares": INNER, "explanation": KEPT,
        },
    ),
    Holding(
        "loyalty_lot",
        {
            "id": INNER, "customer_id": KEPT, "unit": KEPT, "transfer_id": KEPT, "origin_id": INNER, "purchase_id": KEPT,
            "amount": KEPT, "remaining": KEPT, "opened_at": WHEN, "available_at": WHEN, "expires_at": WHEN, "life": KEPT,
            "is_bought": FLAG, "is_grace": FLAG,
        },
    ),
    Holding(
        "loyalty_lot_use",
        {"id": INNER, "transfer_id": INNER, "position": INNER, "lot_id": INNER, "amount": INNER},
        customer="l.customer_id",
        joined="JOIN loyalty_lot l ON l.id = t.lot_id",
    ),
    Holding(
        "loyalty_hold",
        {
            "id": INNER, "customer_id": KEPT, "unit": KEPT, "basket": KEPT, "amount": KEPT, "captured": KEPT,
            "created_at": WHEN, "held_until": WHEN, "closed_at": WHEN,
        },
    ),
    Holding(
        "loyalty_note",
        {"transfer_id": KEPT, "customer_id": KEPT, "note": KEPT},
        key="transfer_id",
        is_removed=True,
        kind="ledgerNotes",
    ),
    Holding("loyalty_once", {"id": INNER, "customer_id": KEPT, "rule": KEPT, "transfer_id": INNER}),
    Holding(
        "loyalty_link",
        {"position": INNER, "customer_id": INNER, "unit": INNER, "version": INNER, "hash": INNER},
        key="position",
    ),
)  # fmt: skip
"""Column by column. Who posted something is not told: that is somebody else."""


async def erase(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase what was typed about these customers; how much, by kind."""
    return await erase_held(shop.database, HOLDINGS, customer_ids)


async def references(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """What keeps each of these customers from being deleted: what was ever posted."""
    places = {"ledgerEntries": "loyalty_transfer.customer_id", "holds": "loyalty_hold.customer_id"}
    return await counted_by(shop.database, places, customer_ids)
