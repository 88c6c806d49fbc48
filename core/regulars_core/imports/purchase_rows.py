"""Baskets as purchases: cells become values, and the values must add up."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.imports.baskets import KEY, Basket
from regulars_core.imports.buyers import Buyer, BuyerReader
from regulars_core.imports.files.columns import Header, Layout
from regulars_core.imports.files.records import Row
from regulars_core.imports.files.values import Unreadable, scaled, store_code, times, truth
from regulars_core.imports.options import ImportOptions
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.money import CurrencyCode, exponent_of
from regulars_core.primitives.text import tidy
from regulars_core.purchases.rules import CheckedPurchase, NewLine, NewPayment, NewPurchase, checked, line_total
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.shop import Shop
from regulars_core.stores.service import MAIN

_OF_BASKET = (
    "purchased_at", "customer_code", "email", "phone", "first_name", "last_name", "currency", "prices_include_tax",
    "shipping", "tax", "shipping_tax", "rounding", "due", "payment_method", "channel", "note",
)  # fmt: skip
_OF_LINE = ("quantity", "unit_price", "discount", "total", "line_tax", "name", "sku", "brand", "category")
_COLUMNS = {"shippingTax": "shipping_tax", "unitPrice": "unit_price"}
"""Columns that purchases call otherwise; the tax of a line is `line_tax`."""
_AMOUNTS = ("shipping", "tax", "shipping_tax", "rounding", "due")
_PLACES_OF_QUANTITY = 6
_ONE = 1_000_000

PURCHASES = Layout(
    (*KEY, *_OF_BASKET, *_OF_LINE),
    required=("reference", "purchased_at"),
    one_of=(("unit_price", "total"), ("name", "sku")),
)
"""The columns of a file of purchases."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A basket that adds up. The purchase names no store and no customer yet: those are looked up for many at once."""

    basket: Basket
    purchase: CheckedPurchase
    store_code: str
    store_name: str
    buyer: Buyer | None

    @property
    def rows(self) -> Sequence[Row]:
        """The rows of the basket."""
        return self.basket.rows


class SaleReader:
    """Reads the baskets of one file."""

    def __init__(self, shop: Shop, options: ImportOptions, header: Header) -> None:
        self._header, self._currency, self._coin, self._settings = header, shop.currency, shop.coin, shop.settings
        self._file_currency = options.currency or shop.currency
        self._places = exponent_of(shop.currency)
        self._comma = header.delimiter == ";"
        self._time = times(options.date_format, shop.settings.zone)
        self._buyer = BuyerReader(shop.settings)
        self._pick_key = header.picker(KEY)
        self._pick_basket = header.picker(_OF_BASKET)
        self._pick_line = header.picker(_OF_LINE)

    def read(self, basket: Basket) -> Sale:
        """The sale that a basket is. Raises Refused with what its first wrong row has against it."""
        if basket.fault:
            raise Refused(basket.fault)
        for row in basket.rows:
            if row.fault:
                raise Refused(_on(row, row.fault))
        padded = [self._header.padded(row.cells) for row in basket.rows]
        shared = self._pick_basket(padded[0])
        self._refuse_contradiction(basket, shared, padded)
        lines = [self._line(row, self._pick_line(cells)) for row, cells in zip(basket.rows, padded, strict=True)]
        reference, store, register, session = self._pick_key(padded[0])
        try:
            purchase, buyer = self._purchase((reference, register, session), shared, lines)
        except Refused as refused:
            raise Refused(*(_placed(basket, problem) for problem in refused.problems)) from None
        name = tidy(store)
        return Sale(basket, purchase, store_code(name) if name else MAIN, name[:120], buyer)

    def _refuse_contradiction(self, basket: Basket, shared: Sequence[str], padded: Sequence[list[str]]) -> None:
        for row, cells in zip(basket.rows[1:], padded[1:], strict=True):
            others = self._pick_basket(cells)
            if others == shared:
                continue
            for column, first, other in zip(_OF_BASKET, shared, others, strict=True):
                if other.strip() and other.strip() != first.strip():
                    message = f"{column} is not what the first row of the purchase says."
                    raise Refused(_on(row, Problem("CONTRADICTION", message)))

    def _purchase(
        self, key: tuple[str, str, str], shared: Sequence[str], lines: Sequence[NewLine]
    ) -> tuple[CheckedPurchase, Buyer | None]:
        at, code, email, phone, first, last, currency, included, *amounts, method, channel, note = shared
        if (currency := currency.strip().upper() or self._file_currency) != self._currency:
            message = f"The shop sells in {self._currency}, not {currency}."
            raise Refused(Problem("CURRENCY_MISMATCH", message, ("currency",)))
        buyer = self._buyer.read(code, email, phone, first, last)
        shipping, tax, shipping_tax, rounding, due = map(self._amount, _AMOUNTS, amounts)
        include, (reference, register, session) = _truth("prices_include_tax", included), key
        parts = sum(line.tax or 0 for line in lines) + (shipping_tax or 0)
        on_top = 0 if include else parts if tax is None else tax
        paid = sum(map(line_total, lines)) + (shipping or 0) + on_top + (rounding or 0) - (due or 0)
        purchase = NewPurchase(
            reference=reference,
            store_id="",
            customer_id=None,
            purchased_at=self._instant(at),
            currency=CurrencyCode(currency),
            lines=lines,
            shipping=shipping or 0,
            tax=tax,
            prices_include_tax=include,
            payments=[NewPayment(method, paid)] if method.strip() and (paid or not due) else (),
            channel=channel,
            note=note,
            customer_named=("import", buyer.identifier if buyer else None),
            origin="IMPORT",
            shipping_tax=shipping_tax,
            rounding=rounding or 0,
            due=due or 0,
            register=register,
            session=session,
        )
        return checked(purchase, self._currency, coin=self._coin), buyer

    def _line(self, row: Row, cells: Sequence[str]) -> NewLine:
        quantity, unit_price, discount, total, tax, name, sku, brand, category = cells
        try:
            count = _number("quantity", quantity, _PLACES_OF_QUANTITY, self._comma)
            return NewLine(
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

    def _amount(self, column: str, cell: str) -> int | None:
        return _number(column, cell, self._places, self._comma)

    def _instant(self, cell: str) -> Instant:
        try:
            at = self._time(cell)
        except Unreadable as error:
            raise Refused(Problem("INVALID_DATE", str(error), ("purchased_at",))) from None
        checks = Checks()
        checks.not_after(at, latest_believed(self._settings), "purchased_at")
        checks.refuse()
        return at


def _number(column: str, cell: str, places: int, comma: bool) -> int | None:
    try:
        return scaled(cell, places, comma)
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
