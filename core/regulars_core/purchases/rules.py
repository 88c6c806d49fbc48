"""What a purchase amounts to, and how much of it a refund takes back. Pure: whole numbers in, whole numbers out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import orjson

from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import MAX_MINOR, divided_half_up, spread

MILLION = 1_000_000
"""Quantities are whole millionths: 1.5 kg is 1_500_000."""
MAX_LINES = 1_000
MAX_PAYMENTS = 100


@dataclass(frozen=True, slots=True)
class NewLine:
    """One article as given. Amounts are minor units; `total` rules where it is given."""

    name: str | None
    quantity: int
    unit_price: int | None = None
    discount: int = 0
    total: int | None = None
    sku: str | None = None
    brand: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A part of the money, as given."""

    method: str
    amount: int
    reference: str | None = None


Origin = Literal["TILL", "IMPORT", "SYNC"]
"""How a purchase came here: sent by a program, read from a file, brought over from a store's own server."""


@dataclass(frozen=True, slots=True)
class NewPurchase:
    """A purchase as given.

    `time_named` says whether `purchased_at` is the caller's word, or the moment of arrival, which is another one when the
    same purchase is sent again. `customer_named` is whom the caller named as the customer, in the caller's own words: it
    tells a purchase that is sent again from another one under the same reference. `extras` are for the plugins, and may hold
    `lines` and `payments`: what each of those carries for one of them. `basket` is the caller's own name of what is sold.

    Extras, `basket` and `origin` are not part of what a purchase is, and do not tell two of them apart: a till that lost its
    parked baskets sends the same receipt again under another name, and what was read from a file first is the same sale.
    """

    reference: str
    store_id: str
    customer_id: str | None
    purchased_at: Instant
    currency: str
    lines: Sequence[NewLine]
    shipping: int = 0
    tax: int = 0
    prices_include_tax: bool = False
    payments: Sequence[NewPayment] = ()
    channel: str | None = None
    note: str | None = None
    customer_named: Sequence[str | None] = ()
    time_named: bool = True
    extras: Extras = field(default_factory=dict)
    origin: Origin = "TILL"
    basket: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One article in the form in which it is kept."""

    sku: str | None
    name: str
    brand: str | None
    category: str | None
    quantity: int
    unit_price: int | None
    discount: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckedPurchase:
    """A purchase that adds up, in the form in which it is kept; `input` is what was given."""

    input: NewPurchase
    reference: str
    channel: str | None
    note: str | None
    lines: Sequence[CheckedLine]
    payments: Sequence[NewPayment]
    subtotal: int
    discount: int
    total: int
    digest: str
    basket: str | None = None


def line_total(line: NewLine) -> int:
    """The line's total where it is given, else quantity × unit price - discount, half-up to the minor unit."""
    if line.total is not None:
        return line.total
    return divided_half_up(line.quantity * (line.unit_price or 0), MILLION) - line.discount


def checked(purchase: NewPurchase, shop_currency: str) -> CheckedPurchase:
    """The purchase, if it adds up. Raises Refused with every mistake."""
    checks = Checks()
    reference = checks.text(purchase.reference, "reference", 120, required=True) or ""
    if purchase.currency != shop_currency:
        checks.fail("CURRENCY_MISMATCH", f"The shop sells in {shop_currency}, not {purchase.currency}.", "currencyCode")
    channel, note = checks.text(purchase.channel, "channel", 40), checks.prose(purchase.note, "note", 2_000)
    basket = checks.text(purchase.basket, "basket", 120)
    lines = checked_lines(checks, purchase.lines)
    checks.at_least(purchase.shipping, 0, "shipping")
    checks.at_least(purchase.tax, 0, "tax")
    discount, net = sum(line.discount for line in lines), sum(line.total for line in lines)
    total = net + purchase.shipping + (0 if purchase.prices_include_tax else purchase.tax)
    if total > MAX_MINOR:
        checks.fail("INVALID_AMOUNT", "The total is beyond what can be kept.", "lines")
    payments = _checked_payments(checks, purchase.payments, total)
    checks.refuse()
    digest = _digest(purchase, channel, note, lines, payments)
    return CheckedPurchase(
        purchase, reference, channel, note, lines, payments, net + discount, discount, total, digest, basket
    )


def checked_lines(checks: Checks, lines: Sequence[NewLine]) -> list[CheckedLine]:
    """What was bought, in the form in which it is kept. Problems are noted in `checks`."""
    if not 1 <= len(lines) <= MAX_LINES:
        checks.fail("INVALID_LINES", f"There are 1 to {MAX_LINES} lines; {len(lines)} were given.", "lines")
    return [_checked_line(checks, n, line) for n, line in enumerate(lines)]


def _checked_line(checks: Checks, n: int, line: NewLine) -> CheckedLine:
    inner = checks.nested("lines", str(n))
    sku = inner.text(line.sku, "sku", 120)
    name = inner.text(line.name, "name", 240) or sku
    inner.at_least(line.quantity, 0, "quantity", "INVALID_QUANTITY")
    inner.at_least(line.discount, 0, "discount")
    if name is None and not inner.problems:
        inner.fail("REQUIRED", "A line needs a name or an sku.", "name")
    if line.unit_price is not None:
        inner.at_least(line.unit_price, 0, "unitPrice")
    if line.unit_price is None and line.total is None:
        inner.fail("REQUIRED", "A line needs a unit price or a total.", "unitPrice")
    total = line_total(line)
    if total < 0 and (line.total is not None or not inner.problems):
        inner.fail("INVALID_AMOUNT", "A line's total must not be negative.", "total")
    return CheckedLine(
        sku,
        name or "",
        inner.text(line.brand, "brand", 120),
        inner.text(line.category, "category", 120),
        line.quantity,
        line.unit_price,
        line.discount,
        total,
    )


def _checked_payments(checks: Checks, payments: Sequence[NewPayment], total: int) -> list[NewPayment]:
    tidied = []
    for n, payment in enumerate(payments):
        inner = checks.nested("payments", str(n))
        method = inner.text(payment.method, "method", 40, required=True) or ""
        inner.at_least(payment.amount, 0 if total == 0 else 1, "amount")
        tidied.append(NewPayment(method, payment.amount, inner.text(payment.reference, "reference", 120)))
    if len(tidied) > MAX_PAYMENTS:
        checks.fail("TOO_MANY", f"A purchase has at most {MAX_PAYMENTS} payments.", "payments")
    if tidied and not checks.problems and sum(payment.amount for payment in tidied) != total:
        checks.fail("PAYMENTS_MISMATCH", "The payments do not sum to the total.", "payments")
    return tidied


def _digest(
    purchase: NewPurchase,
    channel: str | None,
    note: str | None,
    lines: Sequence[CheckedLine],
    payments: Sequence[NewPayment],
) -> str:
    content = [
        purchase.purchased_at if purchase.time_named else None, purchase.currency, purchase.prices_include_tax,
        purchase.shipping, purchase.tax, channel, note, list(purchase.customer_named),
        [[li.sku, li.name, li.brand, li.category, li.quantity, li.unit_price, li.discount, li.total] for li in lines],
        [[p.method, p.amount, p.reference] for p in payments],
    ]  # fmt: skip
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line of a recorded purchase, and what refunds of lines have taken from it so far."""

    id: str
    quantity: int
    total: int
    refunded_quantity: int
    refunded_amount: int
    touched: bool


@dataclass(frozen=True, slots=True)
class Paid:
    """A recorded purchase, as refunds see it."""

    total: int
    refunded: int
    tax_on_top: int
    lines: Sequence[PaidLine]


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """What a refund takes from one line."""

    line_id: str
    quantity: int
    amount: int


def refundable_of_lines(paid: Paid) -> dict[str, int]:
    """What each line was paid with: its total, net of its discount, and its share of the tax on top."""
    shares = spread(paid.tax_on_top, [line.total for line in paid.lines])
    return {line.id: line.total + share for line, share in zip(paid.lines, shares, strict=True)}


def refund_of_lines(paid: Paid, wanted: Mapping[str, int], checks: Checks) -> list[RefundedLine]:
    """What goes back for quantities of lines; cumulative, so that the parts of a line sum to it exactly.

    Quantities are millionths. A line sold in quantity 0 goes back whole. Problems are noted in `checks`.
    """
    refundable, taken = refundable_of_lines(paid), []
    lines = {line.id: line for line in paid.lines}
    for n, (line_id, quantity) in enumerate(wanted.items()):
        line = lines.get(line_id)
        if line is None:
            checks.fail("NOT_FOUND", "The purchase has no such line.", "lines", str(n), "lineId")
            continue
        after = line.refunded_quantity + quantity
        if quantity < 0 or (quantity == 0 and line.quantity > 0):
            checks.fail("INVALID_QUANTITY", "This must be more than zero.", "lines", str(n), "quantity")
        elif after > line.quantity or (line.quantity == 0 and line.touched):
            checks.fail("REFUND_EXCEEDS_PAID", "More than was bought of this line.", "lines", str(n), "quantity")
        else:
            whole = refundable[line_id]
            due = whole if after == line.quantity else divided_half_up(whole * after, line.quantity)
            taken.append(RefundedLine(line_id, quantity, due - line.refunded_amount))
    return taken


def is_refunded_whole(paid: Paid, amount: int, taken: Sequence[RefundedLine]) -> bool:
    """Whether nothing of the purchase is left after a further refund. One of 0.00 is gone when all of its lines are."""
    if paid.total > 0:
        return paid.refunded + amount == paid.total
    gone = {line.line_id: line.quantity for line in taken}
    return all(
        (line.touched or line.id in gone) and line.refunded_quantity + gone.get(line.id, 0) == line.quantity
        for line in paid.lines
    )
