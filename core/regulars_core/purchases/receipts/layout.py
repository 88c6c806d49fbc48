"""A receipt as text for a printer all of whose characters are as wide as each other, or twice as wide. Pure."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars_core.primitives.clock import Instant, datetime_of
from regulars_core.primitives.money import Money
from regulars_core.purchases.given_back.returns import EXCHANGE
from regulars_core.purchases.payments.payment_rows import PaymentRow
from regulars_core.purchases.reads import LineRow, RefundRow
from regulars_core.purchases.receipts.rows import ReceiptRow
from regulars_core.purchases.rules import MILLION

MIN_WIDTH, DEFAULT_WIDTH, MAX_WIDTH = 24, 42, 80
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class ReceiptParts:
    """Everything that is printed of a purchase: `refunds` gave back of it, and what came back of earlier ones is a payment."""

    shop: str
    store: str
    zone: ZoneInfo
    receipt: ReceiptRow
    lines: Sequence[LineRow]
    payments: Sequence[PaymentRow]
    refunds: Sequence[RefundRow]


def receipt_text(parts: ReceiptParts, width: int) -> str:
    """The receipt in lines of at most so many characters. Notes and reasons are not on it."""
    blocks = (_head(parts), _goods(parts), _sums(parts), _money(parts), _customer(parts.receipt))
    rule = "-" * width
    printed = [
        "\n".join(line for item in block for line in _laid_out(item, width)) for block in map(list, blocks) if block
    ]
    return f"\n{rule}\n".join(printed) + "\n"


@dataclass(frozen=True, slots=True)
class _Item:
    """A text and what stands to its right, so far from the margin; in the middle if `centered`."""

    text: str
    right: str = ""
    indent: int = 0
    centered: bool = False


def _head(parts: ReceiptParts) -> Iterator[_Item]:
    purchase = parts.receipt.purchase
    yield _Item(parts.shop, centered=True)
    if parts.store and parts.store != parts.shop:
        yield _Item(parts.store, centered=True)
    yield _Item(f"Receipt {purchase.reference}")
    if purchase.register:
        yield _Item(f"Till {purchase.register}")
    if purchase.session:
        yield _Item(f"Session {purchase.session}")
    yield _Item(f"{_day(purchase.purchased_at, parts.zone)} {_time(purchase.purchased_at, parts.zone)}")
    if purchase.status == "VOIDED":
        yield _Item("*** VOIDED ***", centered=True)


def _goods(parts: ReceiptParts) -> Iterator[_Item]:
    for line in parts.lines:
        yield _Item(line.name, Money(line.total_minor + line.discount_minor, line.currency).amount)
        if line.quantity_millionths != MILLION:
            price = f" x {line.unit_price.amount}" if line.unit_price else ""
            yield _Item(f"{line.quantity}{price}", indent=2)
        if line.discount_minor:
            yield _Item("Discount", f"-{line.discount.amount}", indent=2)
        if line.refunded_millionths:
            yield _Item(f"Given back {line.refunded_quantity}", indent=2)


def _sums(parts: ReceiptParts) -> Iterator[_Item]:
    purchase = parts.receipt.purchase
    goods = purchase.subtotal_minor - purchase.discount_minor
    included = goods + purchase.shipping_minor == purchase.total_minor
    if goods != purchase.total_minor:
        yield _Item("Subtotal", Money(goods, purchase.currency).amount)
    if purchase.shipping_minor:
        yield _Item("Delivery", purchase.shipping.amount)
    if purchase.tax_minor and not included:
        yield _Item("Tax", purchase.tax.amount)
    yield _Item(f"TOTAL {purchase.currency}", purchase.total.amount)
    if purchase.tax_minor and included:
        yield _Item("Tax included", purchase.tax.amount)


def _money(parts: ReceiptParts) -> Iterator[_Item]:
    purchase = parts.receipt.purchase
    if purchase.rounding_minor:
        yield _Item("Rounding", purchase.rounding.amount)
    for payment in parts.payments:
        yield _Item("Goods returned" if payment.method == EXCHANGE else payment.method, payment.amount.amount)
        if payment.tendered and payment.tendered.minor != payment.amount_minor:
            change = Money(payment.tendered.minor - payment.amount_minor, payment.currency)
            yield _Item(f"Handed over {payment.tendered.amount}, change {change.amount}", indent=2)
    if purchase.due_minor:
        yield _Item("Still to pay", purchase.due.amount)
    for refund in parts.refunds:
        yield _Item(f"Given back {_day(refund.refunded_at, parts.zone)}", refund.amount.amount)


def _customer(receipt: ReceiptRow) -> Iterator[_Item]:
    if receipt.customer_name:
        yield _Item(receipt.customer_name)
    if receipt.customer_tax_id:
        yield _Item(f"Tax id {receipt.customer_tax_id}")
    yield from (_Item(line) for line in receipt.billing_address if line != receipt.customer_name)


def _day(at: Instant, zone: ZoneInfo) -> str:
    return datetime_of(at).astimezone(zone).date().isoformat()


def _time(at: Instant, zone: ZoneInfo) -> str:
    return datetime_of(at).astimezone(zone).strftime("%H:%M")


def _laid_out(item: _Item, width: int) -> Iterator[str]:
    """The lines of an item: what stands to the right is on the last of them, or below where there is no room."""
    *lines, last = _wrapped(_printable(item.text), width - item.indent)
    margin = " " * item.indent
    for line in lines:
        yield _centered(line, width) if item.centered else margin + line
    if item.centered:
        yield _centered(last, width)
        return
    if not item.right:
        yield margin + last
        return
    room = width - item.indent - columns(last) - columns(item.right)
    if room < 1:
        yield margin + last
        yield item.right.rjust(width)
    else:
        yield margin + last + " " * room + item.right


def _centered(line: str, width: int) -> str:
    return " " * ((width - columns(line)) // 2) + line


def _printable(text: str) -> str:
    """Without what a printer would take for an order, or what turns the direction of writing."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def columns(text: str) -> int:
    """How many characters wide a printer sets a text: Chinese, Japanese and Korean ones are two wide, accents none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines, broken between words, and within those that are longer than a line."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if columns(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines
