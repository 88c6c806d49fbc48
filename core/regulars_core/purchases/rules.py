"""What a purchase amounts to. Pure: whole numbers in, whole numbers out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import orjson

from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import MAX_MINOR, divided_half_up
from regulars_core.purchases.totals import Taxes, check_due, check_rounding, check_sum, smallest_coin, taxes

MILLION = 1_000_000
"""Quantities are whole millionths: 1.5 kg is 1_500_000."""
MAX_LINES = 1_000
MAX_PAYMENTS = 100
MAX_RETURNS = 100


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
    tax: int | None = None


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A part of the money, as given: below 0 where it is paid out. `tendered` is what was handed over."""

    method: str
    amount: int
    reference: str | None = None
    tendered: int | None = None


@dataclass(frozen=True, slots=True)
class NewReturn:
    """Goods of an earlier purchase that come back with a new one, of a line in millionths; and what they count for, their
    worth if None."""

    line_id: str
    quantity: int
    amount: int | None = None


Origin = Literal["TILL", "IMPORT", "SYNC"]
"""How a purchase came here: sent by a program, read from a file, brought over from a store's own server."""


@dataclass(frozen=True, slots=True)
class NewPurchase:
    """A purchase as given.

    `time_named` says whether `purchased_at` is the caller's word, or the moment of arrival, which is another one when the
    same purchase is sent again. `customer_named` is whom the caller named as the customer, in the caller's own words: it
    tells a purchase that is sent again from another one under the same reference. `tax` is that of the whole purchase, or what
    its parts say if None. `register` and `session` are the till and its day, to which a reference belongs where they are told;
    `replaces_voided` says that a voided purchase of this reference does not stand in the way. `returns` are goods of
    earlier purchases that come back, and pay for a part of this one.

    `extras` are for the plugins, and may hold `lines` and `payments`: what each of those carries for one of them. `basket` is the
    caller's own name of what is sold.

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
    tax: int | None = None
    prices_include_tax: bool = False
    payments: Sequence[NewPayment] = ()
    channel: str | None = None
    note: str | None = None
    customer_named: Sequence[str | None] = ()
    time_named: bool = True
    extras: Extras = field(default_factory=dict)
    origin: Origin = "TILL"
    basket: str | None = None
    shipping_tax: int | None = None
    rounding: int = 0
    due: int = 0
    returns: Sequence[NewReturn] = ()
    register: str | None = None
    session: str | None = None
    replaces_voided: bool = False


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
    tax: int | None = None


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
    taxes: Taxes
    basket: str | None = None
    register: str = ""
    session: str = ""


def quantity_text(millionths: int) -> str:
    """A quantity without needless zeros: 1500000 → `1.5`."""
    whole, part = divmod(abs(millionths), MILLION)
    text = f"{whole}.{part:06}".rstrip("0") if part else str(whole)
    return f"-{text}" if millionths < 0 else text


def line_total(line: NewLine) -> int:
    """The line's total where it is given, else quantity × unit price - discount, half-up to the minor unit."""
    if line.total is not None:
        return line.total
    return divided_half_up(line.quantity * (line.unit_price or 0), MILLION) - line.discount


def checked(
    purchase: NewPurchase, shop_currency: str, latest: Instant | None = None, coin: int | None = None
) -> CheckedPurchase:
    """The purchase, if it adds up and was made up to `latest`, if that is given; `coin` is what cash is rounded to, that of the
    currency if None. Raises Refused with every mistake."""
    checks = Checks()
    if latest is not None:
        checks.not_after(purchase.purchased_at, latest, "purchasedAt")
    reference = checks.text(purchase.reference, "reference", 120, required=True) or ""
    if purchase.currency != shop_currency:
        checks.fail("CURRENCY_MISMATCH", f"The shop sells in {shop_currency}, not {purchase.currency}.", "currencyCode")
    channel, note = checks.text(purchase.channel, "channel", 40), checks.prose(purchase.note, "note", 2_000)
    basket = checks.text(purchase.basket, "basket", 120)
    register, session = checks.text(purchase.register, "register", 40), checks.text(purchase.session, "session", 40)
    lines = checked_lines(checks, purchase.lines)
    goes_back = any(line.quantity < 0 for line in lines) or bool(purchase.returns)
    _check_returns(checks, purchase.returns)
    checks.at_least(purchase.shipping, 0, "shipping")
    parts = _checked_taxes(checks, purchase, lines)
    discount, net = sum(line.discount for line in lines), sum(line.total for line in lines)
    total = net + purchase.shipping + (0 if purchase.prices_include_tax else parts.total)
    if (
        max(abs(total), *(abs(line.total) for line in lines), 0) > MAX_MINOR
    ):  # what comes back may hide a line in the total
        checks.fail("INVALID_AMOUNT", "The total is beyond what can be kept.", "lines")
    payments = _checked_payments(checks, purchase, total, coin or smallest_coin(purchase.currency), goes_back)
    checks.refuse()
    digest = _digest(purchase, channel, note, lines, payments)
    return CheckedPurchase(
        purchase, reference, channel, note, lines, payments, net + discount, discount, total, digest, parts, basket,
        register or "", session or "",
    )  # fmt: skip


def _check_returns(checks: Checks, returns: Sequence[NewReturn]) -> None:
    if len(returns) > MAX_RETURNS:
        checks.fail("TOO_MANY", f"At most {MAX_RETURNS} returns; {len(returns)} were given.", "returns")
    named = set[str]()
    for n, one in enumerate(returns):
        if one.line_id in named:
            checks.fail("INVALID_RETURN", "This line is named twice.", "returns", str(n), "lineId")
        named.add(one.line_id)


def _checked_taxes(checks: Checks, purchase: NewPurchase, lines: Sequence[CheckedLine]) -> Taxes:
    if not any(line.quantity < 0 for line in lines):
        checks.at_least(purchase.tax or 0, 0, "tax")
    checks.at_least(purchase.shipping_tax or 0, 0, "shippingTax")
    for n, line in enumerate(lines):
        if line.tax is not None and ((line.tax > 0 > line.quantity) or (line.tax < 0 <= line.quantity)):
            checks.fail(
                "INVALID_AMOUNT",
                "The tax is above 0 for what is bought, below 0 for what comes back.",
                "lines",
                str(n),
                "tax",
            )
        elif line.tax is not None and purchase.prices_include_tax and abs(line.tax) > abs(line.total):
            checks.fail("TAX_MISMATCH", "The line includes no such tax.", "lines", str(n), "tax")
    return taxes(
        checks,
        purchase.tax,
        purchase.shipping_tax,
        [line.tax for line in lines],
        purchase.shipping,
        [line.total for line in lines],
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
    inner.at_least(line.discount, 0, "discount")
    if name is None and not inner.problems:
        inner.fail("REQUIRED", "A line needs a name or an sku.", "name")
    if line.unit_price is not None:
        inner.at_least(line.unit_price, 0, "unitPrice")
    if line.unit_price is None and line.total is None:
        inner.fail("REQUIRED", "A line needs a unit price or a total.", "unitPrice")
    total = line_total(line)
    if line.quantity >= 0 > total and (line.total is not None or not inner.problems):
        inner.fail("INVALID_AMOUNT", "A line's total must not be negative.", "total")
    if line.quantity < 0 < total:
        inner.fail("INVALID_AMOUNT", "What comes back is worth 0 or less.", "total")
    return CheckedLine(
        sku,
        name or "",
        inner.text(line.brand, "brand", 120),
        inner.text(line.category, "category", 120),
        line.quantity,
        line.unit_price,
        line.discount,
        total,
        line.tax,
    )


def _checked_payments(
    checks: Checks, purchase: NewPurchase, total: int, coin: int, goes_back: bool
) -> list[NewPayment]:
    check_due(checks, purchase.due, total + purchase.rounding)
    tidied = checked_payments(checks, purchase.payments, paid_out=goes_back, nothing=total == 0)
    check_rounding(checks, purchase.rounding, coin, paid=bool(tidied))
    if not checks.problems and not purchase.returns:  # what those pay is known when they are given back
        amounts = [payment.amount for payment in tidied]
        check_sum(checks, purchase.currency, amounts, None, total, purchase.rounding, purchase.due)
    return tidied


def checked_payments(
    checks: Checks, payments: Sequence[NewPayment], *, paid_out: bool = False, nothing: bool = False
) -> list[NewPayment]:
    """Payments in the form in which they are kept. They are above 0; below where something may be `paid_out`, and 0 of a purchase
    of `nothing`. Problems are noted in `checks`."""
    tidied = []
    for n, payment in enumerate(payments):
        inner = checks.nested("payments", str(n))
        method = inner.text(payment.method, "method", 40, required=True) or ""
        if not paid_out:
            inner.at_least(payment.amount, 0 if nothing else 1, "amount")
        if payment.tendered is not None and payment.tendered < payment.amount:
            inner.fail("INVALID_AMOUNT", "What is handed over is the amount or more.", "tendered")
        reference = inner.text(payment.reference, "reference", 120)
        tidied.append(NewPayment(method, payment.amount, reference, payment.tendered))
    if len(tidied) > MAX_PAYMENTS:
        checks.fail("TOO_MANY", f"A purchase has at most {MAX_PAYMENTS} payments.", "payments")
    return tidied


def _digest(
    purchase: NewPurchase,
    channel: str | None,
    note: str | None,
    lines: Sequence[CheckedLine],
    payments: Sequence[NewPayment],
) -> str:
    content: list[object] = [
        purchase.purchased_at if purchase.time_named else None, purchase.currency, purchase.prices_include_tax,
        purchase.shipping, purchase.tax or 0, channel, note, list(purchase.customer_named),
        [[li.sku, li.name, li.brand, li.category, li.quantity, li.unit_price, li.discount, li.total] for li in lines],
        [[p.method, p.amount, p.reference] for p in payments],
    ]  # fmt: skip
    if told := _told_since(purchase, lines, payments):
        content.append(told)
    return hashlib.sha256(orjson.dumps(content)).hexdigest()


def _told_since(purchase: NewPurchase, lines: Sequence[CheckedLine], payments: Sequence[NewPayment]) -> list[object]:
    """What purchases could not say at first: of one that says nothing of it the digest is what it always was."""
    returns = [[one.line_id, one.quantity, one.amount] for one in purchase.returns]
    own = [purchase.shipping_tax, purchase.rounding or None, purchase.due or None, returns or None]
    parts = [line.tax for line in lines], [payment.tendered for payment in payments]
    return [own, *parts] if any(one is not None for each in (own, *parts) for one in each) else []
