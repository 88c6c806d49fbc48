"""What clients give of purchases, and how it reaches the core."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property

import strawberry

from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.primitives.money import CurrencyCode, to_minor
from regulars_core.purchases.ahead import NamedAhead
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase
from regulars_schema.customers.inputs import PHONE, MatchOn
from regulars_schema.inputs.extensible import extras_of, open_input
from regulars_schema.inputs.idempotent import RequiredKeyInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.readers import ExtensibleInput
from regulars_schema.types.ids import key_of
from regulars_schema.types.scalars import EmailAddress


@open_input
@strawberry.input(description="One article of a new purchase.")
class PurchaseLineInput(ExtensibleInput):
    """Input form of PurchaseLine."""

    sku: strawberry.Maybe[str | None] = strawberry.field(
        description="The shop's code of the article; at most 120 characters."
    )
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is called on the receipt, at most 240 characters; the sku if absent."
    )
    brand: strawberry.Maybe[str | None] = strawberry.field(description="Its brand; at most 120 characters.")
    category: strawberry.Maybe[str | None] = strawberry.field(description="Its category; at most 120 characters.")
    quantity: strawberry.Maybe[Decimal | None] = strawberry.field(description="How much; never negative; 1 if absent.")
    unit_price: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The price of one; needed without a total."
    )
    discount: strawberry.Maybe[Decimal | None] = strawberry.field(description="What is taken off the whole line.")
    total: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What the line comes to, net of its discount; quantity × unitPrice - discount, half-up, if absent."
    )


@open_input
@strawberry.input(description="How a part of a new purchase is paid.")
class PaymentInput(ExtensibleInput):
    """Input form of Payment."""

    method: str = strawberry.field(description="The way of paying, such as `card`; at most 40 characters.")
    amount: Decimal = strawberry.field(description="How much is paid this way.")
    reference: strawberry.Maybe[str | None] = strawberry.field(
        description="What it goes by elsewhere; at most 120 characters."
    )


@strawberry.input(description="A customer as named at the till: found by contact, or else registered.")
class PurchaseCustomerInput:
    """Find-or-create form of Customer."""

    first_name: str = strawberry.field(description="First name; at most 120 characters.")
    last_name: str = strawberry.field(description="Last name; at most 120 characters.")
    email: strawberry.Maybe[EmailAddress | None] = strawberry.field(description="E-mail address.")
    phone: strawberry.Maybe[str | None] = strawberry.field(description=PHONE)
    match_on: strawberry.Maybe[list[MatchOn] | None] = strawberry.field(
        description="What the customer is recognised by, asked in this order; e-mail, then phone if absent."
    )


@open_input
@strawberry.input(description="A new purchase. At most one of customerId, customerCode and customer says who buys.")
class PurchaseRecordInput(ExtensibleInput, RequiredKeyInput):
    """Input of purchaseRecord."""

    reference: str = strawberry.field(
        description="What the store knows it by, such as the receipt's number; unique in the store."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(description="Where it is made; `MAIN` if absent.")
    purchased_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it was made; now if absent.")
    currency_code: strawberry.Maybe[CurrencyCode | None] = strawberry.field(
        description="The currency of all amounts; the shop's own if absent, and no other."
    )
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="Who buys, by id.")
    customer_code: strawberry.Maybe[str | None] = strawberry.field(description="Who buys, by code.")
    customer: strawberry.Maybe[PurchaseCustomerInput | None] = strawberry.field(
        description="Who buys, found or registered."
    )
    lines: list[PurchaseLineInput] = strawberry.field(description="What is bought: 1 to 1000 lines.")
    shipping: strawberry.Maybe[Decimal | None] = strawberry.field(description="What delivery costs.")
    tax: strawberry.Maybe[Decimal | None] = strawberry.field(description="The tax on the whole purchase.")
    prices_include_tax: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether the lines contain the tax already; not if absent, and then it is added."
    )
    payments: strawberry.Maybe[list[PaymentInput] | None] = strawberry.field(
        description="How it is paid; if given, the payments sum to the total."
    )
    channel: strawberry.Maybe[str | None] = strawberry.field(
        description="How it is made, such as `till`; at most 40 characters."
    )
    basket: strawberry.Maybe[str | None] = strawberry.field(
        description="The caller's own name of the basket that is sold; at most 120 characters."
    )
    note: strawberry.Maybe[str | None] = strawberry.field(
        description="What to remember about this sale; at most 2000 characters."
    )

    @cached_property
    def made_at(self) -> Instant:
        """When it was made: as given, or at the moment of arrival, which stays the same however often it is asked."""
        given: Instant | None = value_or_none(self.purchased_at)
        return now() if given is None else given

    @cached_property
    def named_ahead(self) -> list[NamedAhead]:
        """What plugins have named of it already in this attempt; nothing, or one."""
        return []


@strawberry.input(description="A quantity of one line to give back.")
class RefundLineInput:
    """Input form of RefundLine."""

    line_id: strawberry.ID = strawberry.field(description="The line of the purchase.")
    quantity: Decimal = strawberry.field(description="How much of it goes back.")


@strawberry.input(description="Money to give back: either an amount or lines.")
class PurchaseRefundInput(RequiredKeyInput):
    """Input of purchaseRefund."""

    purchase_id: strawberry.ID = strawberry.field(description="The purchase.")
    amount: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="How much to give back, in the purchase's currency."
    )
    lines: strawberry.Maybe[list[RefundLineInput] | None] = strawberry.field(
        description="What to take back; each line's share of tax on top goes back with it."
    )
    reason: strawberry.Maybe[str | None] = strawberry.field(description="Why; at most 240 characters.")
    refunded_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it was given back; now if absent."
    )


@strawberry.input(description="A purchase to void.")
class PurchaseVoidInput(RequiredKeyInput):
    """Input of purchaseVoid."""

    purchase_id: strawberry.ID = strawberry.field(description="The purchase.")


def carried(given: PurchaseRecordInput) -> Extras:
    """What a purchase carries for plugins, its lines and payments too."""
    return extras_of(given, lines=given.lines, payments=value_or_none(given.payments) or ())


class _Amounts:
    """Decimals into minor units, with every mistake noted."""

    def __init__(self, checks: Checks, currency: str) -> None:
        self._checks, self._currency = checks, currency

    def minor(self, amount: Decimal | None, *path: str) -> int | None:
        if amount is None:
            return None
        minor = to_minor(amount, self._currency)
        if minor is None:
            self._checks.fail("INVALID_AMOUNT", f"This is no amount in {self._currency}.", *path)
        return minor or 0


def millionths(quantity: Decimal | None, checks: Checks, *path: str) -> int:
    """A quantity as the core keeps it; 1 where none is given."""
    scaled = (Decimal(1) if quantity is None else quantity) * MILLION
    if abs(scaled) > 10**15:
        checks.fail("INVALID_QUANTITY", "This quantity is too large.", *path)
        return 0
    return int(scaled)


def new_purchase(
    given: PurchaseRecordInput,
    *,
    store_id: str | None,
    customer_id: str | None,
    named: Sequence[str | None],
    currency: str,
) -> NewPurchase:
    """The core's form of a purchase. Raises Refused for amounts that the currency does not have."""
    checks = Checks()
    code = value_or_none(given.currency_code) or currency
    amounts = _Amounts(checks, code)
    purchase = NewPurchase(
        reference=given.reference,
        store_id=store_id or MAIN_STORE_ID,
        customer_id=customer_id,
        purchased_at=given.made_at,
        currency=code,
        lines=_lines(amounts, checks, given.lines),
        shipping=amounts.minor(value_or_none(given.shipping), "shipping") or 0,
        tax=amounts.minor(value_or_none(given.tax), "tax") or 0,
        prices_include_tax=bool(value_or_none(given.prices_include_tax)),
        payments=[
            NewPayment(
                payment.method,
                amounts.minor(payment.amount, "payments", str(n), "amount") or 0,
                value_or_none(payment.reference),
            )
            for n, payment in enumerate(value_or_none(given.payments) or ())
        ],
        channel=value_or_none(given.channel),
        note=value_or_none(given.note),
        basket=value_or_none(given.basket),
        customer_named=named,
        time_named=value_or_none(given.purchased_at) is not None,
        extras=carried(given),
    )
    checks.refuse()
    return purchase


def new_lines(given: Sequence[PurchaseLineInput], currency: str, checks: Checks) -> list[NewLine]:
    """The core's form of lines, whose amounts are in this currency. Problems are noted in `checks`."""
    return _lines(_Amounts(checks, currency), checks, given)


def _lines(amounts: _Amounts, checks: Checks, given: Sequence[PurchaseLineInput]) -> list[NewLine]:
    return [_line(amounts, checks, n, line) for n, line in enumerate(given)]


def _line(amounts: _Amounts, checks: Checks, n: int, line: PurchaseLineInput) -> NewLine:
    path = ("lines", str(n))
    return NewLine(
        name=value_or_none(line.name),
        quantity=millionths(value_or_none(line.quantity), checks, *path, "quantity"),
        unit_price=amounts.minor(value_or_none(line.unit_price), *path, "unitPrice"),
        discount=amounts.minor(value_or_none(line.discount), *path, "discount") or 0,
        total=amounts.minor(value_or_none(line.total), *path, "total"),
        sku=value_or_none(line.sku),
        brand=value_or_none(line.brand),
        category=value_or_none(line.category),
    )


def refund_parts(given: PurchaseRefundInput, currency: str) -> tuple[int | None, Mapping[str, int] | None]:
    """The amount in minor units, and quantities in millionths by line. Raises Refused."""
    checks = Checks()
    amount = _Amounts(checks, currency).minor(value_or_none(given.amount), "amount")
    wanted: dict[str, int] | None = None
    if (lines := value_or_none(given.lines)) is not None:
        wanted = {}
        for n, line in enumerate(lines):
            key = key_of(line.line_id, "line", "lines", str(n), "lineId")
            if key in wanted:
                checks.fail("INVALID_REFUND", "This line is named twice.", "lines", str(n), "lineId")
            wanted[key] = millionths(line.quantity, checks, "lines", str(n), "quantity")
    checks.refuse()
    return amount, wanted
