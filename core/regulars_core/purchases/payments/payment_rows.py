"""Payments of purchases and of refunds, as they are read and written. Those of refunds are read as payments, too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.money import CurrencyCode, Money
from regulars_core.purchases.reads import STANDS
from regulars_core.purchases.rules import NewPayment
from regulars_core.queries.rows import Readable, by_ids, listed_of
from regulars_core.queries.where import Leaf, Where


@dataclass(slots=True)
class PaymentRow:
    """A part of the money for a purchase, or of what was given back of it. `paid_at` is when it was recorded of what was due;
    None of what was paid with the sale, and of what was given back."""

    id: str
    purchase_id: str
    method: str
    amount_minor: int
    reference: str | None
    tendered_minor: int | None
    paid_at: Instant | None
    currency: CurrencyCode

    @property
    def amount(self) -> Money:
        """How much was paid this way."""
        return Money(self.amount_minor, self.currency)

    @property
    def tendered(self) -> Money | None:
        """What was handed over, if it was told."""
        return None if self.tendered_minor is None else Money(self.tendered_minor, self.currency)


PAYMENTS = Readable(
    "payment y",
    "y.id",
    ["y.id", "y.purchase_id", "y.method", "y.amount", "y.reference", "y.tendered", "y.paid_at", "p.currency"],
    PaymentRow,
    {"p": "JOIN purchase p ON p.id = y.purchase_id"},
)
REFUND_PAYMENTS = Readable(
    "refund_payment ry",
    "ry.id",
    ["ry.id", "f.purchase_id", "ry.method", "ry.amount", "ry.reference", "ry.tendered", "NULL", "p.currency"],
    PaymentRow,
    {"f": "JOIN refund f ON f.id = ry.refund_id", "p": "JOIN purchase p ON p.id = f.purchase_id"},
)


_COUNTS = Where("stands", leaf=Leaf("stands", lambda _, __: STANDS))


async def payments_by_ids(
    database: Database, ids: Sequence[str], where: Where | None = None
) -> Mapping[str, PaymentRow]:
    """Payments of purchases by id; only those for whose purchases conditions hold."""
    return await by_ids(database, PAYMENTS, ids, where)


async def all_payments_by_ids(
    database: Database, ids: Sequence[str], where: Where | None = None
) -> Mapping[str, PaymentRow]:
    """Payments by id, of purchases and of refunds that count; only those for whose purchases conditions hold."""
    found = await payments_by_ids(database, ids, where)
    missing = [id_ for id_ in ids if id_ not in found]
    standing = Where("all", (_COUNTS, *([where] if where else [])))
    return {**found, **await by_ids(database, REFUND_PAYMENTS, missing, standing)}


async def payments_of(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, list[PaymentRow]]:
    """Each purchase's payments, in the order given."""
    return await listed_of(database, PAYMENTS, "y.purchase_id", purchase_ids, "y.purchase_id, y.position")


async def refund_payments_of(database: Database, refund_ids: Sequence[str]) -> Mapping[str, list[PaymentRow]]:
    """How each refund was given back, in the order given; nothing where that was not told."""
    return await listed_of(database, REFUND_PAYMENTS, "ry.refund_id", refund_ids, "ry.refund_id, ry.position")


PAYMENT_COLUMNS = ("id", "purchase_id", "position", "method", "amount", "reference", "tendered", "paid_at")
REFUND_PAYMENT_COLUMNS = ("id", "refund_id", "position", "method", "amount", "reference", "tendered")


def payment_row(
    purchase_id: str, currency: CurrencyCode, payment: NewPayment, paid_at: Instant | None = None
) -> PaymentRow:
    """A new payment, as it will be read."""
    return PaymentRow(
        new_id(), purchase_id, payment.method, payment.amount, payment.reference, payment.tendered, paid_at, currency
    )


def payment_values(rows: Sequence[PaymentRow], first: int = 0) -> list[Sequence[Any]]:
    """A purchase's payments, the first of which has this position, as they are written."""
    return [
        (one.id, one.purchase_id, n, one.method, one.amount_minor, one.reference, one.tendered_minor, one.paid_at)
        for n, one in enumerate(rows, first)
    ]


def refund_payment_values(refund_id: str, rows: Sequence[PaymentRow]) -> list[Sequence[Any]]:
    """How a refund is given back, as it is written."""
    return [
        (one.id, refund_id, n, one.method, one.amount_minor, one.reference, one.tendered_minor)
        for n, one in enumerate(rows)
    ]
