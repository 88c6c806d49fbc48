"""Purchases and what hangs on them, as the database writes them."""

from regulars_core.queries.json_rows import Relation, RowShape, equal_to, identity, instant, money, quantity, text
from regulars_core.queries.where import Where
from regulars_schema.customers.json_rows import CUSTOMER
from regulars_schema.executor.pushdown import sql_field
from regulars_schema.shop.json_rows import STORE

PURCHASE = RowShape(
    "p",
    "purchase p",
    {
        "id": identity("purchase", "p.id"),
        "reference": text("p.reference"),
        "purchased_at": instant("p.purchased_at"),
        "recorded_at": instant("p.recorded_at"),
        "status": text("p.status"),
        "channel": text("p.channel"),
        "note": text("p.note"),
        **{name: money(f"p.{name}", "p.currency") for name in ("subtotal", "discount", "shipping", "tax", "total")},
        "refunded_total": money("p.refunded", "p.currency"),
    },
)
LINE = RowShape(
    "l",
    "purchase_line l",
    {
        "id": identity("line", "l.id"),
        **{name: text(f"l.{name}") for name in ("sku", "name", "brand", "category")},
        "quantity": quantity("l.quantity"),
        **{name: money(f"l.{name}", "p.currency") for name in ("unit_price", "discount", "total")},
        "refunded_quantity": quantity("l.refunded_quantity"),
    },
    {"p": "JOIN purchase p ON p.id = l.purchase_id"},
)
PAYMENT = RowShape(
    "y",
    "payment y",
    {
        "id": identity("payment", "y.id"),
        "method": text("y.method"),
        "amount": money("y.amount", "p.currency"),
        "reference": text("y.reference"),
    },
    {"p": "JOIN purchase p ON p.id = y.purchase_id"},
)
REFUND = RowShape(
    "f",
    "refund f",
    {
        "id": identity("refund", "f.id"),
        "at": instant("f.refunded_at"),
        "amount": money("f.amount", "p.currency"),
        "reason": text("f.reason"),
    },
    {"p": "JOIN purchase p ON p.id = f.purchase_id"},
)
REFUND_LINE = RowShape(
    "rl",
    "refund_line rl",
    {"quantity": quantity("rl.quantity"), "amount": money("rl.amount", "p.currency")},
    {"f": "JOIN refund f ON f.id = rl.refund_id", "p": "JOIN purchase p ON p.id = f.purchase_id"},
)

PURCHASES = Relation(PURCHASE, None)
"""All of them; which page, and what narrows it, is for who asks."""


def purchase_with(id_: str, where: Where | None) -> Relation:
    """The one purchase with this id, if the conditions hold for it."""
    known = equal_to("p.id")
    narrowed = known if where is None else lambda values, id_: [*known(values, id_), where.compile(values)]
    return Relation(PURCHASE, None, conditions=narrowed, filtered=where is not None, given=(id_,))


PURCHASES_OF = Relation(PURCHASE, "p.customer_id")
"""A customer's; which page of them, and what narrows it, is for who asks."""
CUSTOMER_OF = sql_field(Relation(CUSTOMER, "c.id", "customer_id"))
STORE_OF = sql_field(Relation(STORE, "st.id", "store_id"))
LINES_OF = sql_field(Relation(LINE, "l.purchase_id", order="l.position"))
PAYMENTS_OF = sql_field(Relation(PAYMENT, "y.purchase_id", order="y.position"))
REFUNDS_OF = sql_field(Relation(REFUND, "f.purchase_id", order="f.refunded_at, f.id"))
REFUND_LINES_OF = sql_field(Relation(REFUND_LINE, "rl.refund_id", order="rl.id"))
