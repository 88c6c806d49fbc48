"""Baskets as purchases: cells become values, and the values must add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from regulars_core.customers.names import parted, proper
from regulars_core.imports.baskets import KEY, Basket
from regulars_core.imports.batch import LeftOut
from regulars_core.imports.buyers import Buyer, BuyerReader
from regulars_core.imports.files.columns import Header, Layout
from regulars_core.imports.files.numbers import Numbers, numbers
from regulars_core.imports.files.profiles import Profile
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.values import Unreadable, store_code, times, truth
from regulars_core.imports.options import ImportOptions
from regulars_core.imports.purchase_totals import Parts, check_subtotal, check_total, discounted
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.money import CurrencyCode, divided_half_up, exponent_of
from regulars_core.primitives.text import tidy
from regulars_core.purchases.rules import CheckedPurchase, NewLine, NewPayment, NewPurchase, checked
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import MAIN

_OF_BASKET = (
    "purchased_at", "customer_code", "email", "phone", "first_name", "last_name", "currency", "prices_include_tax",
    "shipping", "tax", "shipping_tax", "rounding", "due", "purchase_subtotal", "purchase_total", "purchase_discount", "refunded",
    "payment_method", "channel", "note", "full_name", "phone_country", "time_zone", "status", "refunded_at",
)  # fmt: skip
_OF_LINE = ("quantity", "unit_price", "discount", "total", "line_tax", "name", "sku", "brand", "category")
_COLUMNS = {"shippingTax": "shipping_tax", "unitPrice": "unit_price"}
"""Columns that purchases call otherwise; the tax of a line is `line_tax`."""
_AMOUNTS = (
    "shipping", "tax", "shipping_tax", "rounding", "due", "purchase_subtotal", "purchase_total", "purchase_discount", "refunded",
)  # fmt: skip
PAID, PENDING, REFUNDED, VOIDED, PASSED_OVER = STATUSES = ("paid", "pending", "refunded", "voided", "passed over")
"""What a purchase can be by its file: paid; recorded, with everything due; given back whole; recorded and undone; none at all."""
BY_TOTAL = "by total"
"""Whether prices include the tax, where the file says it by its own total alone."""
_PLACES_OF_QUANTITY = 6
_FINER = 6
"""Decimals more than the currency's that a price may have where amounts are rounded."""
_ONE = 1_000_000

PURCHASES = Layout(
    (*KEY, *_OF_BASKET, *_OF_LINE),
    required=("reference", "purchased_at"),
    one_of=(("unit_price", "total"), ("name", "sku")),
    numbers=("quantity", "unit_price", "discount", "total", "line_tax", *_AMOUNTS),
)
"""The columns of a file of purchases."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What a file says became of a purchase later: an amount of it that was given back in all, and when; or that it was
    undone."""

    refunded: int = 0
    refunded_at: Instant | None = None
    voided: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """A basket that adds up. The purchase names no store and no customer yet: those are looked up for many at once."""

    basket: Basket
    purchase: CheckedPurchase
    store_code: str
    store_name: str
    buyer: Buyer | None
    undone: "Undone"
    unread: Sequence[Problem] = ()
    """What could not be read of who bought, and was not needed."""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the basket."""
        return self.basket.rows


SaleKey = tuple[str, str, str, str]
"""What a sale goes by: the code of its store, its reference, till and session."""


def key_of(sale: Sale) -> SaleKey:
    """What a sale goes by."""
    return (sale.store_code, sale.purchase.reference, sale.purchase.register, sale.purchase.session)


def written(key: SaleKey) -> str:
    """A key as text."""
    return "\0".join(key)


def read_key(text: str) -> SaleKey:
    """The key that was written."""
    store, reference, register, session = text.split("\0")
    return (store, reference, register, session)


class SaleReader:
    """Reads the baskets of one file."""

    def __init__(self, shop: Shop, options: ImportOptions, header: Header) -> None:
        self._header, self._currency, self._coin, self._settings = header, shop.currency, shop.coin, shop.settings
        self._file_currency = options.currency or shop.currency
        self._places, self._replaces = exponent_of(shop.currency), options.replace_voided
        profile = options.profile or Profile()
        self._full_names, self._rounded, self._proper = profile.full_names, header.style.rounded, options.proper_case
        self._count = numbers(header.style, header.delimiter, amounts=False)
        self._money = numbers(header.style, header.delimiter, amounts=True)
        self._time = times(options.date_formats, profile.zone or shop.settings.zone)
        self._buyer = BuyerReader(shop.settings, may_be_nobody=options.may_be_nobody)
        self._pick_key = header.picker(KEY)
        self._pick_basket = header.picker(_OF_BASKET)
        self._pick_line = header.picker(_OF_LINE)

    def read(self, basket: Basket) -> Sale:
        """The sale that a basket is. Raises Refused with what its first wrong row has against it, LeftOut where it is to be
        none."""
        if basket.fault:
            raise Refused(basket.fault)
        for row in basket.rows:
            if row.fault:
                raise Refused(_on(row, row.fault))
        padded = [self._header.padded(row.cells) for row in basket.rows]
        shared = self._pick_basket(padded[0])
        of = dict(zip(_OF_BASKET, shared, strict=True))
        unread = self._contradictions(basket, of, padded)
        try:
            status = _status(of["status"])
        except Refused as refused:
            raise Refused(*(_placed(basket, problem) for problem in refused.problems)) from None
        lines = [self._line(row, self._pick_line(cells)) for row, cells in zip(basket.rows, padded, strict=True)]
        reference, store, register, session = self._pick_key(padded[0])
        try:
            buyer, unneeded = self._buyer_of(of)
            unread += unneeded
            purchase = self._purchase((reference, register, session), of, status, lines, buyer)
            undone = self._undone(of, status, purchase)
        except Refused as refused:
            raise Refused(*(_placed(basket, problem) for problem in refused.problems)) from None
        name = tidy(store)
        return Sale(basket, purchase, store_code(name) if name else MAIN, name[:120], buyer, undone, unread)

    def _contradictions(self, basket: Basket, of: Mapping[str, str], padded: Sequence[list[str]]) -> list[Problem]:
        """What later rows say of the buyer otherwise than the first that is not needed to tell who it is. Raises Refused for
        anything else that they say otherwise."""
        shared, unneeded, found = tuple(of.values()), _unneeded(of), list[Problem]()
        for row, cells in zip(basket.rows[1:], padded[1:], strict=True):
            others = self._pick_basket(cells)
            if others == shared:
                continue
            for column, first, other in zip(_OF_BASKET, shared, others, strict=True):
                if other.strip() not in {"", first.strip(), self._header.defaults.get(column)}:
                    message = f"{column} is not what the first row of the purchase says."
                    problem = _on(row, Problem("CONTRADICTION", message))
                    if column not in unneeded:
                        raise Refused(problem)
                    found.append(problem)
        return found

    def _purchase(
        self,
        key: tuple[str, str, str],
        of: Mapping[str, str],
        status: str,
        lines: Sequence[NewLine],
        buyer: Buyer | None,
    ) -> CheckedPurchase:
        if (currency := of["currency"].strip().upper() or self._file_currency) != self._currency:
            message = f"The shop sells in {self._currency}, not {currency}."
            raise Refused(Problem("CURRENCY_MISMATCH", message, ("currency",)))
        told = {column: self._amount(column, of[column]) for column in _AMOUNTS}
        if discount := told["purchase_discount"]:
            lines = discounted(lines, discount)
        parts = Parts(lines, told["shipping"] or 0, told["tax"], told["shipping_tax"] or 0, told["rounding"] or 0)
        if self._rounded:
            parts = parts.as_told(told["purchase_total"])
        include = self._includes_tax(of["prices_include_tax"], parts, told["purchase_total"])
        check_total(parts, told["purchase_total"], self._currency, include=include)
        check_subtotal(parts, told["purchase_subtotal"], self._currency)
        total = parts.total(include=include) + parts.rounding
        due = told["due"] if told["due"] is not None or status != PENDING else max(total, 0)
        paid, method, (reference, register, session) = total - (due or 0), of["payment_method"], key
        purchase = NewPurchase(
            reference=reference,
            store_id="",
            customer_id=None,
            purchased_at=self._instant("purchased_at", of["purchased_at"], of["time_zone"]),
            currency=CurrencyCode(currency),
            lines=parts.lines,
            shipping=parts.shipping,
            tax=parts.tax,
            prices_include_tax=include,
            payments=[NewPayment(method, paid)] if method.strip() and (paid or not due) else (),
            channel=of["channel"],
            note=of["note"],
            customer_named=("import", buyer.identifier if buyer else None),
            origin="IMPORT",
            shipping_tax=told["shipping_tax"],
            rounding=parts.rounding,
            due=due or 0,
            register=register,
            session=session,
            replaces_voided=self._replaces,
        )
        return checked(purchase, self._currency, coin=self._coin)

    def _buyer_of(self, of: Mapping[str, str]) -> tuple[Buyer | None, Sequence[Problem]]:
        first, last = of["first_name"], of["last_name"]
        if of["full_name"].strip() and not (first.strip() or last.strip()):
            name = parted(of["full_name"], self._full_names)
            first, last = name.first_name, name.last_name
        if self._proper:
            name = proper(tidy(first), tidy(last))
            first, last = name.first_name, name.last_name
        return self._buyer.read(of["customer_code"], of["email"], of["phone"], first, last, of["phone_country"])

    def _includes_tax(self, cell: str, parts: "Parts", told: int | None) -> bool:
        """Whether prices include the tax: as told, or whatever the file's own total comes to."""
        if cell.strip().casefold() != BY_TOTAL:
            return _truth("prices_include_tax", cell)
        return told is not None and parts.is_total(told, include=True) and not parts.is_total(told, include=False)

    def _undone(self, of: Mapping[str, str], status: str, purchase: CheckedPurchase) -> Undone:
        """What became of a purchase. Raises Refused."""
        refunded = self._amount("refunded", of["refunded"])
        if not refunded:
            refunded = max(purchase.total, 0) if status == REFUNDED else 0
        if refunded < 0:
            raise Refused(Problem("INVALID_AMOUNT", "This must not be negative.", ("refunded",)))
        if refunded > max(purchase.total, 0):
            message = "More was given back than was paid."
            raise Refused(Problem("REFUND_EXCEEDS_PAID", message, ("refunded",)))
        at = self._instant("refunded_at", of["refunded_at"], of["time_zone"]) if of["refunded_at"].strip() else None
        if at is not None and at < purchase.input.purchased_at:
            raise Refused(Problem("INVALID_DATE", "A refund cannot come before its purchase.", ("refunded_at",)))
        return Undone(refunded, at, voided=status == VOIDED)

    def _line(self, row: Row, cells: Sequence[str]) -> NewLine:
        quantity, unit_price, discount, total, tax, name, sku, brand, category = cells
        try:
            count = _number("quantity", quantity, _PLACES_OF_QUANTITY, self._count)
            line = NewLine(
                name,
                _ONE if count is None else count,
                self._amount("unit_price", unit_price),
                self._amount("discount", discount) or 0,
                self._amount("total", total),
                sku,
                brand,
                category,
                self._amount("line_tax", tax),
            )
        except Refused as refused:
            raise Refused(*(_on(row, problem) for problem in refused.problems)) from None
        return self._exact(line, unit_price) if self._rounded and line.total is None else line

    def _exact(self, line: NewLine, unit_price: str) -> NewLine:
        """A line whose price has more decimals than the currency: what it comes to is rounded once, and not each piece."""
        try:
            fine = self._money(unit_price, self._places + _FINER)
        except Unreadable:
            return line  # far too much for that, and refused later
        if fine is None:
            return line
        return replace(line, total=divided_half_up(line.quantity * fine, _ONE * 10**_FINER) - line.discount)

    def _amount(self, column: str, cell: str) -> int | None:
        return _number(column, cell, self._places, self._money)

    def _instant(self, column: str, cell: str, zone: str) -> Instant:
        try:
            at = self._time(cell, zone.strip())
        except Unreadable as error:
            raise Refused(Problem("INVALID_DATE", str(error), (column,))) from None
        checks = Checks()
        checks.not_after(at, latest_believed(self._settings), column)
        checks.refuse()
        return at


def _status(cell: str) -> str:
    """What a purchase is. Raises Refused for a word that was not told, LeftOut for what is no purchase."""
    said = cell.strip().casefold().replace("_", " ") or PAID
    if said == PASSED_OVER:
        raise LeftOut
    if said not in STATUSES:
        message = f"This is none of {', '.join(STATUSES)}; a profile may say which of them it stands for."
        raise Refused(Problem("INVALID_STATUS", message, ("status",)))
    return said


_CONTACT = frozenset({"phone", "phone_country"})
_OF_BUYER = _CONTACT | {"email", "first_name", "last_name", "full_name"}


def _unneeded(of: Mapping[str, str]) -> frozenset[str]:
    """The columns of the buyer that others stand before: a code stands before all of them, an e-mail before the phone."""
    if of["customer_code"].strip():
        return _OF_BUYER
    return _CONTACT if of["email"].strip() else frozenset()


def _number(column: str, cell: str, places: int, read: Numbers) -> int | None:
    try:
        return read(cell, places)
    except Unreadable as error:
        code = "INVALID_QUANTITY" if column == "quantity" else "INVALID_AMOUNT"
        raise Refused(Problem(code, str(error), (column,))) from None


def _truth(column: str, cell: str) -> bool:
    try:
        return truth(cell)
    except Unreadable as error:
        raise Refused(Problem("INVALID_BOOLEAN", str(error), (column,))) from None


def _on(row: Row, problem: Problem) -> Problem:
    """The problem with the place where it is, for a reason that stands on every row of the basket."""
    where = ", ".join((f"Line {row.line}", *(_COLUMNS.get(part, part) for part in problem.path)))
    return Problem(problem.code, f"{where}: {problem.message}")


def _placed(basket: Basket, problem: Problem) -> Problem:
    match problem.path:
        case ("lines", number, *rest):
            path = ("line_tax",) if rest == ["tax"] else tuple(rest)
            return _on(basket.rows[int(number)], Problem(problem.code, problem.message, path))
        case _:
            return _on(basket.rows[0], problem)
