"""What a purchase has posted so far, and what has become of it."""

import json
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Any

from regulars_core.plugin import Dialect, Lookup, RecordedPurchase, Shop
from regulars_loyalty.ledger.book import Lot
from regulars_loyalty.ledger.storage import LOT_COLUMNS
from regulars_loyalty.purchases.standing import LineState, Posted, PurchaseState

_POSTED = (
    "id", "unit", "kind", "source", "target", "amount", "payment_id", "refund_id", "reverses_id", "program", "rule", "base",
)  # fmt: skip


def _lookups(dialect: Dialect, purchase_ids: Sequence[str]) -> Sequence[Lookup]:
    of = dialect.among("t.purchase_id", 1)
    columns = ", ".join(f"t.{name}" for name in _POSTED)
    lots = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    whose = "coalesce(s.merged_into_id, t.customer_id)"
    return [
        (
            f"SELECT t.purchase_id, {whose}, {columns}, t.shares FROM loyalty_transfer t"
            f" LEFT JOIN customer_stats s ON s.customer_id = t.customer_id WHERE {of} ORDER BY t.id",
            [list(purchase_ids)],
        ),
        (
            f"SELECT u.transfer_id, u.amount AS used, {lots}, l.customer_id FROM loyalty_transfer t JOIN loyalty_lot_use u ON u.transfer_id = t.id"
            f" JOIN loyalty_lot l ON l.id = u.lot_id WHERE {of} ORDER BY t.id, u.position",
            [list(purchase_ids)],
        ),
        (
            f"SELECT {lots}, l.customer_id FROM loyalty_transfer t JOIN loyalty_lot l ON l.transfer_id = t.id WHERE {of} ORDER BY l.id",
            [list(purchase_ids)],
        ),
    ]


async def posted_by(shop: Shop, purchase_ids: Sequence[str]) -> Mapping[str, Sequence[Posted]]:
    """What each purchase has posted, its refunds and whatever else became of it included, in the order of posting."""
    found: dict[str, list[Posted]] = {id_: [] for id_ in purchase_ids}
    if not found:
        return found
    rows, used, opened = await shop.database.read_together(_lookups(shop.database.dialect, list(found)))
    lots: dict[str, Lot] = {}

    def lot(values: Sequence[Any]) -> Lot:
        if values[0] not in lots:
            *columns, bought, grace, owner = values
            made: Any = (*columns, bool(bought), bool(grace), owner)
            lots[values[0]] = Lot(*made)
        return lots[values[0]]

    uses: dict[str, list[tuple[Lot, int]]] = {}
    for transfer_id, amount, *values in used:
        uses.setdefault(transfer_id, []).append((lot(values), amount))
    openings = {(one := lot(list(values))).transfer_id: one for values in opened}
    for purchase_id, customer_id, id_, *columns, shares in rows:
        made: Any = (id_, customer_id, *columns, json.loads(shares) if shares else None)
        found[purchase_id].append(Posted(*made, tuple(uses.get(id_, ())), openings.get(id_)))
    return found


def is_tax_on_top(purchase: RecordedPurchase) -> bool:
    """Whether the tax of a purchase is not in its prices."""
    goods = purchase.subtotal_minor - purchase.discount_minor
    return purchase.tax_minor != 0 and purchase.total_minor == goods + purchase.shipping_minor + purchase.tax_minor


async def states_of(
    shop: Shop, purchases: Mapping[str, RecordedPurchase], later: Mapping[str, Fraction] | None = None
) -> Mapping[str, PurchaseState]:
    """What has become of each of these purchases, which are as an event tells them. `later` is which part of each was paid
    afterwards by points or credit that was given."""
    lines, refunds, told = await _money_back(shop, list(purchases))
    states = {}
    for id_, purchase in purchases.items():
        on_top = is_tax_on_top(purchase)
        own = refunds.get(id_, [])
        is_void = purchase.status == "VOIDED"
        states[id_] = PurchaseState(
            purchase.customer_id,
            is_void,
            purchase.status == "REFUNDED",
            {
                line.id: LineState(
                    max(line.total_minor + (line.tax_minor if on_top else 0), 0),
                    lines.get(line.id, 0),
                    line.refunded_millionths >= line.quantity_millionths and bool(own),
                )
                for line in purchase.lines
            },
            paid=max(purchase.total_minor - purchase.due_minor - sum(due for _, _, due in own), 0),
            back=sum(amount - due for refund_id, amount, due in own if refund_id not in told),
            credit_back={refund_id: told[refund_id].get("credit", 0) for refund_id, _, _ in own if refund_id in told},
            points_back=sum(told[refund_id].get("points", 0) for refund_id, _, _ in own if refund_id in told),
            paid_later=(later or {}).get(id_, Fraction(0)),
        )
    return states


async def _money_back(
    shop: Shop, purchase_ids: Collection[str]
) -> tuple[Mapping[str, int], Mapping[str, list[tuple[str, int, int]]], Mapping[str, Mapping[str, int]]]:
    """What money was given back for each line; the refunds of each purchase that count, as (id, amount, what of it lowered what
    was due); and of those that were told how, what went to credit and to points."""
    among = shop.database.dialect.among
    ids = sorted(purchase_ids)
    lines, refunds = await shop.database.read_together(
        [
            (
                "SELECT l.id, CAST(l.refunded_amount + coalesce(sum(r.amount), 0) AS BIGINT) FROM purchase_line l"
                " LEFT JOIN refund_line r ON r.line_id = l.id AND NOT EXISTS"
                " (SELECT 1 FROM refund f WHERE f.id = r.refund_id AND f.undone_at IS NOT NULL)"
                f" WHERE {among('l.purchase_id', 1)} GROUP BY l.id, l.refunded_amount",
                [ids],
            ),
            (
                f"SELECT purchase_id, id, amount, due FROM refund WHERE {among('purchase_id', 1)} AND undone_at IS NULL"
                " ORDER BY refunded_at, id",
                [ids],
            ),
        ]
    )
    by_purchase: dict[str, list[tuple[str, int, int]]] = {}
    for purchase_id, *refund in refunds:
        by_purchase.setdefault(purchase_id, []).append((refund[0], refund[1], refund[2]))
    return {row[0]: row[1] for row in lines}, by_purchase, {}
