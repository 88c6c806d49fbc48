"""What clients give of purchases, and how it reaches the core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import strawberry

from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.ahead import NamedAhead
from regulars_core.purchases.refundable import WantedLine
from regulars_core.purchases.rules import MAX_RETURNS, CheckedPurchase, NewLine, NewPayment, NewPurchase, NewReturn
from regulars_schema.customers.consents import ConsentEntryInput
from regulars_schema.customers.inputs import (
    BIRTH_DATE,
    COMPANY_NAME,
    CONSENTS,
    EMAIL,
    IS_COMPANY,
    PHONE,
    TAX_ID,
    AddressInput,
    MatchOn,
)
from regulars_schema.inputs.extensible import extras_of, open_input
from regulars_schema.inputs.idempotent import RequiredKeyInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.readers import ExtensibleInput
from regulars_schema.purchases.amounts import Amounts, millionths
from regulars_schema.shop.store_lookup import IF_UNNAMED
from regulars_schema.types.ids import key_of


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
    quantity: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="How much; 1 if absent. Negative for goods that come back without their purchase being known, and for "
        "empties; where it is known, use `returns`."
    )
    unit_price: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The price of one; needed without a total."
    )
    discount: strawberry.Maybe[Decimal | None] = strawberry.field(description="What is taken off the whole line.")
    total: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What the line comes to, net of its discount; quantity × unitPrice - discount, half-up, if absent. Not "
        "above 0 where the quantity is below 0."
    )
    tax: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The tax on the whole line; its share of the tax that nothing tells if absent."
    )


@open_input
@strawberry.input(description="How a part of a purchase is paid, or of a refund given back.")
class PaymentInput(ExtensibleInput):
    """Input form of Payment."""

    method: str = strawberry.field(description="The way of paying, such as `card`; at most 40 characters.")
    amount: Decimal = strawberry.field(
        description="How much is paid this way; of a purchase also below 0, for money that is paid out."
    )
    reference: strawberry.Maybe[str | None] = strawberry.field(
        description="What it goes by elsewhere; at most 120 characters."
    )
    tendered: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What is handed over, the amount or more; the rest is change."
    )


@strawberry.input(
    description="A customer as named at the till: found by contact, or else registered. One of name, company, e-mail and phone "
    "is enough here: a sale is never refused for what a profile still lacks."
)
class PurchaseCustomerInput:
    """Find-or-create form of Customer."""

    first_name: strawberry.Maybe[str | None] = strawberry.field(description="First name; at most 120 characters.")
    last_name: strawberry.Maybe[str | None] = strawberry.field(description="Last name; at most 120 characters.")
    company_name: strawberry.Maybe[str | None] = strawberry.field(description=COMPANY_NAME)
    is_company: strawberry.Maybe[bool | None] = strawberry.field(description=IS_COMPANY)
    email: strawberry.Maybe[str | None] = strawberry.field(description=EMAIL)
    phone: strawberry.Maybe[str | None] = strawberry.field(description=PHONE)
    birth_date: strawberry.Maybe[str | None] = strawberry.field(description=BIRTH_DATE)
    tax_id: strawberry.Maybe[str | None] = strawberry.field(description=TAX_ID)
    billing_address: strawberry.Maybe[AddressInput | None] = strawberry.field(description="Where invoices go.")
    consents: strawberry.Maybe[list[ConsentEntryInput] | None] = strawberry.field(description=CONSENTS)
    match_on: strawberry.Maybe[list[MatchOn] | None] = strawberry.field(
        description="What the customer is recognised by, asked in this order; e-mail, then phone if absent."
    )


@strawberry.input(description="Goods of an earlier purchase that come back.")
class PurchaseReturnInput:
    """Input form of a refund that is made together with a purchase."""

    line_id: strawberry.ID = strawberry.field(description="The line of the earlier purchase.")
    quantity: Decimal = strawberry.field(description="How much of it comes back.")
    amount: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What they count for, at most their worth, tax included; their worth if absent."
    )


@open_input
@strawberry.input(description="A new purchase. At most one of customerId, customerCode and customer says who buys.")
class PurchaseRecordInput(ExtensibleInput, RequiredKeyInput):
    """Input of purchaseRecord."""

    reference: str = strawberry.field(
        description="What the store knows it by, such as the receipt's number; unique in the store, the till and the session."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=f"Where it is made; {IF_UNNAMED}")
    purchased_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it was made, at most as far ahead as the shop's settings allow, a day by default; now if absent."
    )
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
    tax: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The tax on the whole purchase; the lines' and the delivery's tax together if absent."
    )
    prices_include_tax: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether the lines contain the tax already; not if absent, and then it is added."
    )
    payments: strawberry.Maybe[list[PaymentInput] | None] = strawberry.field(
        description="How it is paid; if given, payments and returns sum to total + rounding - due. Below 0 for money that is "
        "paid out."
    )
    returns: strawberry.Maybe[list[PurchaseReturnInput] | None] = strawberry.field(
        description="Goods of earlier purchases that come back with this one: refunds of their own, whose amount pays for this "
        f"one. At most {MAX_RETURNS}. Needs `purchases.refund`."
    )
    due: strawberry.Maybe[Decimal | None] = strawberry.field(description="What is left to be paid later; 0 if absent.")
    rounding: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What cash is rounded by, at most half of the shop's smallest coin either way: `0.02` where 1.98 is paid "
        "with 2.00. 0 if absent."
    )
    register: strawberry.Maybe[str | None] = strawberry.field(description="The till; at most 40 characters.")
    session: strawberry.Maybe[str | None] = strawberry.field(
        description="The day or shift in which the till numbers its receipts, such as `2026-11-28`; at most 40 characters."
    )
    replace_voided: strawberry.Maybe[bool | None] = strawberry.field(
        description="Record it anew although a voided purchase has this reference; not if absent, and then it is "
        "`REFERENCE_VOIDED`."
    )
    shipping_tax: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="The tax on delivery; its share of the tax that no line tells if absent."
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
    def checked(self) -> list[CheckedPurchase]:
        """What it is in the form in which it is kept, where that was found already; nothing, or one."""
        return []

    @cached_property
    def named_ahead(self) -> list[NamedAhead]:
        """What plugins have named of it already in this attempt; nothing, or one."""
        return []


@strawberry.input(description="A quantity of one line to give back.")
class RefundLineInput:
    """Input form of RefundLine."""

    line_id: strawberry.ID = strawberry.field(description="The line of the purchase.")
    quantity: Decimal = strawberry.field(description="How much of it goes back.")
    amount: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What to give back for it, at most its worth, tax included: less a fee, or less what was given back "
        "before. Its worth if absent."
    )


@strawberry.input(description="What to give back: either an amount, or lines and delivery.")
class PurchaseRefundInput(RequiredKeyInput):
    """Input of purchaseRefund."""

    purchase_id: strawberry.ID = strawberry.field(description="The purchase.")
    amount: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="How much to give back, in the purchase's currency."
    )
    lines: strawberry.Maybe[list[RefundLineInput] | None] = strawberry.field(
        description="What to take back; each line's own tax, or share of the tax on top, goes back with it."
    )
    shipping: strawberry.Maybe[Decimal | None] = strawberry.field(
        description="What of the delivery to give back, tax included; only without an amount."
    )
    reason: strawberry.Maybe[str | None] = strawberry.field(
        description="Why; at most 240 characters. Not kept where the customer was erased."
    )
    payments: strawberry.Maybe[list[PaymentInput] | None] = strawberry.field(
        description="How it is given back; if given, the payments sum to the refund, less what was still due of the purchase and "
        "is owed no more. If absent, what was paid with something that is kept here, such as credit, goes back there in its "
        "share, and the rest is not told."
    )
    refunded_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When it was given back, as far ahead as a purchase may be; now if absent."
    )


@strawberry.input(description="A payment of what is due.")
class PurchasePayInput(RequiredKeyInput):
    """Input of purchasePay."""

    purchase_id: strawberry.ID = strawberry.field(description="The purchase.")
    payments: list[PaymentInput] = strawberry.field(description="How it is paid, at most what is due.")


@strawberry.input(description="A purchase to void.")
class PurchaseVoidInput(RequiredKeyInput):
    """Input of purchaseVoid."""

    purchase_id: strawberry.ID = strawberry.field(description="The purchase.")


def carried(given: PurchaseRecordInput) -> Extras:
    """What a purchase carries for plugins, its lines and payments too."""
    return extras_of(given, lines=given.lines, payments=value_or_none(given.payments) or ())


def new_purchase(
    given: PurchaseRecordInput,
    checks: Checks,
    *,
    store_id: str | None,
    customer_id: str | None,
    named: Sequence[str | None],
    currency: str,
) -> NewPurchase:
    """The core's form of a purchase. Amounts that the currency does not have are noted in `checks`, and are 0 in it."""
    code = value_or_none(given.currency_code) or currency
    amounts = Amounts(checks, code)
    return NewPurchase(
        reference=given.reference,
        store_id=store_id or MAIN_STORE_ID,
        customer_id=customer_id,
        purchased_at=given.made_at,
        currency=code,
        lines=_lines(amounts, checks, given.lines),
        shipping=amounts.minor(value_or_none(given.shipping), "shipping") or 0,
        tax=amounts.minor(value_or_none(given.tax), "tax"),
        prices_include_tax=bool(value_or_none(given.prices_include_tax)),
        payments=_payments(amounts, value_or_none(given.payments) or ()),
        channel=value_or_none(given.channel),
        note=value_or_none(given.note),
        basket=value_or_none(given.basket),
        shipping_tax=amounts.minor(value_or_none(given.shipping_tax), "shippingTax"),
        rounding=amounts.minor(value_or_none(given.rounding), "rounding") or 0,
        due=amounts.minor(value_or_none(given.due), "due") or 0,
        returns=_returns(amounts, checks, value_or_none(given.returns) or ()),
        register=value_or_none(given.register),
        session=value_or_none(given.session),
        replaces_voided=bool(value_or_none(given.replace_voided)),
        customer_named=named,
        time_named=value_or_none(given.purchased_at) is not None,
        extras=carried(given),
    )


def new_payments(given: Sequence[PaymentInput], currency: str, checks: Checks) -> list[NewPayment]:
    """The core's form of payments, whose amounts are in this currency. Problems are noted in `checks`."""
    return _payments(Amounts(checks, currency), given)


def _payments(amounts: Amounts, given: Sequence[PaymentInput]) -> list[NewPayment]:
    return [
        NewPayment(
            payment.method,
            amounts.minor(payment.amount, "payments", str(n), "amount") or 0,
            value_or_none(payment.reference),
            amounts.minor(value_or_none(payment.tendered), "payments", str(n), "tendered"),
        )
        for n, payment in enumerate(given)
    ]


def _returns(amounts: Amounts, checks: Checks, given: Sequence[PurchaseReturnInput]) -> list[NewReturn]:
    return [
        NewReturn(
            key_of(one.line_id, "line", "returns", str(n), "lineId"),
            millionths(one.quantity, checks, "returns", str(n), "quantity"),
            amounts.minor(value_or_none(one.amount), "returns", str(n), "amount"),
        )
        for n, one in enumerate(given)
    ]


def new_lines(given: Sequence[PurchaseLineInput], currency: str, checks: Checks) -> list[NewLine]:
    """The core's form of lines, whose amounts are in this currency. Problems are noted in `checks`."""
    return _lines(Amounts(checks, currency), checks, given)


def _lines(amounts: Amounts, checks: Checks, given: Sequence[PurchaseLineInput]) -> list[NewLine]:
    return [_line(amounts, checks, n, line) for n, line in enumerate(given)]


def _line(amounts: Amounts, checks: Checks, n: int, line: PurchaseLineInput) -> NewLine:
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
        tax=amounts.minor(value_or_none(line.tax), *path, "tax"),
    )


@dataclass(frozen=True)
class RefundParts:
    """What to give back, in minor units and millionths: an amount, or lines and delivery; and how, if that is told."""

    amount: int | None
    lines: Mapping[str, WantedLine] | None
    shipping: int | None
    payments: Sequence[NewPayment]


def refund_parts(given: PurchaseRefundInput, currency: str, checks: Checks) -> RefundParts:
    """The core's form of what is to be given back. Problems are noted in `checks`, and amounts that cannot be are 0 in it."""
    amounts = Amounts(checks, currency)
    amount = amounts.minor(value_or_none(given.amount), "amount")
    shipping = amounts.minor(value_or_none(given.shipping), "shipping")
    wanted: dict[str, WantedLine] | None = None
    if (lines := value_or_none(given.lines)) is not None:
        wanted = {}
        for n, line in enumerate(lines):
            path = ("lines", str(n))
            key = key_of(line.line_id, "line", *path, "lineId")
            if key in wanted:
                checks.fail("INVALID_REFUND", "This line is named twice.", *path, "lineId")
            own = amounts.minor(value_or_none(line.amount), *path, "amount")
            wanted[key] = WantedLine(millionths(line.quantity, checks, *path, "quantity"), own)
    payments = _payments(amounts, value_or_none(given.payments) or ())
    return RefundParts(amount, wanted, shipping, payments)
