"""Purchases and what hangs on them, as the database writes them."""

from regulars_core.purchases.payments.payment_rows import PAYMENTS, REFUND_PAYMENTS
from regulars_core.purchases.reads import LINES, PURCHASES, REFUND_LINES, REFUNDS, STANDS
from regulars_core.queries.json_columns import text
from regulars_core.queries.relations import Relation, RowShape, equal_to
from regulars_core.queries.where import Where
from regulars_schema.customers.json_rows import CUSTOMER
from regulars_schema.shop.json_rows import STORE

PURCHASE = RowShape.of(
    PURCHASES,
    "purchase",
    renamed={"refunded": "refunded_total"},
    without={"basket", "register_key", "session_key"},
    register=text("nullif(p.register, '')"),
    session=text("nullif(p.session, '')"),
)
LINE = RowShape.of(LINES, "line", renamed={"refunded": "refunded_quantity"})
PAYMENT = RowShape.of(PAYMENTS, "payment", without={"paid_at"})
REFUND = RowShape.of(REFUNDS, "refund", renamed={"refunded_at": "at"})
REFUND_PAYMENT = RowShape.of(REFUND_PAYMENTS, "payment", without={"paid_at"})
REFUND_LINE = RowShape.of(REFUND_LINES)

ALL_PURCHASES = Relation(PURCHASE, None)


def purchase_with(id_: str, where: Where | None) -> Relation:
    """The one purchase with this id, if the conditions hold for it."""
    known = equal_to("p.id")
    narrowed = known if where is None else lambda values, id_: [*known(values, id_), where.compile(values)]
    return Relation(PURCHASE, None, conditions=narrowed, filtered=where is not None, given=(id_,))


PURCHASES_OF = Relation(PURCHASE, "p.customer_id")
CUSTOMER_OF = Relation(CUSTOMER, "c.id", "customer_id")
STORE_OF = Relation(STORE, "st.id", "store_id")
LINES_OF = Relation(LINE, "l.purchase_id", order="l.position")
PAYMENTS_OF = Relation(PAYMENT, "y.purchase_id", order="y.position")
REPLACES = Relation(PURCHASE, "p.id", "replaces_id")
REPLACED_BY = Relation(PURCHASE, "p.replaces_id")
REFUNDS_OF = Relation(REFUND, "f.purchase_id", order="f.refunded_at, f.id", conditions=lambda _: [STANDS])
REFUND_PAYMENTS_OF = Relation(REFUND_PAYMENT, "ry.refund_id", order="ry.position")
REFUND_LINES_OF = Relation(REFUND_LINE, "rl.refund_id", order="rl.id")
