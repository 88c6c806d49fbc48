"""Reading purchases and what hangs on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.customers.aliases import ERASED
from regulars_core.customers.search import texts as searching
from regulars_core.customers.search.typed import read
from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import CurrencyCode, Money
from regulars_core.primitives.text import tidy
from regulars_core.purchases.rules import quantity_text
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, listed_of, page
from regulars_core.queries.where import Values, Where


@dataclass(slots=True)
class PurchaseRow:
    """A purchase as it is shown; the `_minor` columns are minor units of its currency."""

    id: str
    reference: str
    store_id: str
    customer_id: str | None
    purchased_at: Instant
    recorded_at: Instant
    status: str
    currency: CurrencyCode
    channel: str | None
    note: str | None
    subtotal_minor: int
    discount_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    refunded_minor: int
    origin: str
    basket: str | None
    shipping_tax_minor: int
    rounding_minor: int
    due_minor: int
    register_key: str
    session_key: str
    replaces_id: str | None

    @property
    def subtotal(self) -> Money:
        """The lines before discounts."""
        return Money(self.subtotal_minor, self.currency)

    @property
    def discount(self) -> Money:
        """All discounts of the lines."""
        return Money(self.discount_minor, self.currency)

    @property
    def shipping(self) -> Money:
        """What delivery cost."""
        return Money(self.shipping_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax, on top of the lines unless prices include it."""
        return Money(self.tax_minor, self.currency)

    @property
    def total(self) -> Money:
        """What was paid."""
        return Money(self.total_minor, self.currency)

    @property
    def refunded_total(self) -> Money:
        """What was given back."""
        return Money(self.refunded_minor, self.currency)

    @property
    def shipping_tax(self) -> Money:
        """The part of the tax that is on delivery."""
        return Money(self.shipping_tax_minor, self.currency)

    @property
    def rounding(self) -> Money:
        """What cash was rounded by."""
        return Money(self.rounding_minor, self.currency)

    @property
    def due(self) -> Money:
        """What is still to be paid."""
        return Money(self.due_minor, self.currency)

    @property
    def register(self) -> str | None:
        """The till, if it was told."""
        return self.register_key or None

    @property
    def session(self) -> str | None:
        """The till's day or shift, if it was told."""
        return self.session_key or None


def _columns(alias: str, row: Any, **renamed: str) -> list[str]:
    return [f"{alias}.{renamed.get(name, name.removesuffix('_minor'))}" for name in row.__slots__]


PURCHASES = Readable(
    "purchase p", "p.id", _columns("p", PurchaseRow, register_key="register", session_key="session"), PurchaseRow
)
SORT_KEYS = {
    "PURCHASED_AT": SortKey("PURCHASED_AT", "p.purchased_at", "p.id", int),
    "TOTAL": SortKey("TOTAL", "p.total", "p.id", int),
}
LATEST_FIRST = Order(SORT_KEYS["PURCHASED_AT"], descending=True)


async def purchases_by_ids(
    database: Database, ids: Sequence[str], where: Where | None = None
) -> Mapping[str, PurchaseRow]:
    """Purchases by id; only those for which conditions on purchases hold."""
    return await by_ids(database, PURCHASES, ids, where)


async def purchase_by_reference(
    database: Database, store_code: str, reference: str, register: str = "", session: str = ""
) -> PurchaseRow | None:
    """The purchase that a store recorded under a reference, of a till and its session if it tells them; the new one of a
    reference that was voided and recorded anew."""
    row = await database.row(
        f"SELECT {PURCHASES.column_list} FROM purchase p JOIN store st ON st.id = p.store_id WHERE st.code = $1"
        " AND p.reference = $2 AND p.register = $3 AND p.session = $4 AND p.generation = 0",
        store_code.strip().upper(),
        tidy(reference),
        tidy(register),
        tidy(session),
    )
    return PurchaseRow(*row) if row else None


async def page_of_purchases(
    database: Database,
    window: Window,
    where: Where | None = None,
    customers: str | None = None,
    columns: Sequence[str] = searching.NAMES_AND_CONTACT,
    country: str = "US",
) -> Page[PurchaseRow]:
    """A page of all purchases, narrowed by conditions and by a search in these columns of the customers' texts, typed
    in this country, or for the reference itself."""
    typed = read(customers, country) if customers and customers.strip() else None

    def matches(values: Values) -> str:
        reference = values.bind(tidy(customers or ""))
        needles = [values.bind(needle) for needle in typed.needles] if typed and columns else []
        customer_ids = searching.matching(typed.shape if typed else (), needles, database.engine, columns)
        return f"(p.reference = {reference} OR p.customer_id IN ({customer_ids}))"

    return await page(database, PURCHASES, window, where, condition=matches if typed is not None else None)


@dataclass(slots=True)
class LineRow:
    """One article of a purchase."""

    id: str
    purchase_id: str
    sku: str | None
    name: str
    brand: str | None
    category: str | None
    quantity_millionths: int
    unit_price_minor: int | None
    discount_minor: int
    total_minor: int
    refunded_millionths: int
    tax_minor: int
    currency: CurrencyCode

    @property
    def quantity(self) -> str:
        """How much was bought, as decimal text."""
        return quantity_text(self.quantity_millionths)

    @property
    def refunded_quantity(self) -> str:
        """How much of it went back, as decimal text."""
        return quantity_text(self.refunded_millionths)

    @property
    def unit_price(self) -> Money | None:
        """The price of one, where it is known."""
        return None if self.unit_price_minor is None else Money(self.unit_price_minor, self.currency)

    @property
    def discount(self) -> Money:
        """What was taken off this line."""
        return Money(self.discount_minor, self.currency)

    @property
    def total(self) -> Money:
        """What this line came to, net of its discount."""
        return Money(self.total_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax on this line, as it was told or as its share."""
        return Money(self.tax_minor, self.currency)


_LINE_NAMES = {
    "quantity_millionths": "quantity",
    "refunded_millionths": "refunded_quantity",
}
LINES = Readable(
    "purchase_line l",
    "l.id",
    [*_columns("l", LineRow, **_LINE_NAMES)[:-1], "p.currency"],
    LineRow,
    {"p": "JOIN purchase p ON p.id = l.purchase_id"},
)


async def lines_by_ids(database: Database, ids: Sequence[str], where: Where | None = None) -> Mapping[str, LineRow]:
    """Lines by id; only those for whose purchases conditions hold."""
    return await by_ids(database, LINES, ids, where)


async def lines_of(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, list[LineRow]]:
    """Each purchase's lines, in the order of the receipt."""
    return await listed_of(database, LINES, "l.purchase_id", purchase_ids, "l.purchase_id, l.position")


@dataclass(slots=True)
class RefundRow:
    """Money given back for a purchase."""

    id: str
    purchase_id: str
    refunded_at: Instant
    amount_minor: int
    reason: str | None
    shipping_minor: int
    due_minor: int
    exchanged_for_id: str | None
    currency: CurrencyCode

    @property
    def amount(self) -> Money:
        """How much was given back."""
        return Money(self.amount_minor, self.currency)

    @property
    def shipping(self) -> Money:
        """What of it was for delivery."""
        return Money(self.shipping_minor, self.currency)


REFUNDS = Readable(
    "refund f",
    "f.id",
    [*_columns("f", RefundRow)[:-1], "p.currency"],
    RefundRow,
    {"p": "JOIN purchase p ON p.id = f.purchase_id"},
)


OF_AN_ERASED_ONE = f"EXISTS (SELECT 1 FROM customer c WHERE c.id = purchase.customer_id AND c.status = '{ERASED}')"
"""Whether a purchase, of the table by its own name, is of a customer who was erased: nothing that is typed about it is kept."""
STANDS = "f.undone_at IS NULL"
"""Whether a refund `f` counts: not if it was made together with a purchase that is voided."""
LINE_STANDS = "NOT EXISTS (SELECT 1 FROM refund f WHERE f.id = r.refund_id AND f.undone_at IS NOT NULL)"
"""The same of what a refund took from a line, `r`."""


async def refunds_by_ids(database: Database, ids: Sequence[str], where: Where | None = None) -> Mapping[str, RefundRow]:
    """Refunds by id, those that were undone too; only those for whose purchases conditions hold."""
    return await by_ids(database, REFUNDS, ids, where)


async def standing_refunds(
    database: Database, ids: Sequence[str], where: Where | None = None
) -> Mapping[str, RefundRow]:
    """Refunds by id that count; only those for whose purchases conditions hold."""
    values = Values(database.dialect, list(dict.fromkeys(ids)))
    conditions = [database.dialect.among("f.id", 1), STANDS, *([where.compile(values)] if where else [])]
    sql = f"SELECT {REFUNDS.column_list} FROM {REFUNDS.source} WHERE {' AND '.join(conditions)}"
    rows = [RefundRow(*row) for row in await database.read(sql, *values.all)] if ids else []
    return {row.id: row for row in rows}


async def returns_of(
    database: Database, purchase_ids: Sequence[str], where: Where | None = None
) -> Mapping[str, list[RefundRow]]:
    """The refunds that were made together with each purchase and count, the first one first; only those for whose purchases
    conditions hold."""
    returns: dict[str, list[RefundRow]] = {id_: [] for id_ in purchase_ids}
    if returns:
        values = Values(database.dialect, list(returns))
        among = database.dialect.among("f.exchanged_for_id", 1)
        conditions = [among, STANDS, *([where.compile(values)] if where else [])]
        sql = f"SELECT {REFUNDS.column_list} FROM {REFUNDS.source} WHERE {' AND '.join(conditions)} ORDER BY f.refunded_at, f.id"
        for row in await database.read(sql, *values.all):
            refund = RefundRow(*row)
            assert refund.exchanged_for_id is not None
            returns[refund.exchanged_for_id].append(refund)
    return returns


@dataclass(slots=True)
class RefundLineRow:
    """What a refund took from one line."""

    id: str
    refund_id: str
    line_id: str
    quantity_millionths: int
    amount_minor: int
    worth_minor: int
    currency: CurrencyCode

    @property
    def quantity(self) -> str:
        """How much of the line went back, as decimal text."""
        return quantity_text(self.quantity_millionths)

    @property
    def amount(self) -> Money:
        """What was given back for it."""
        return Money(self.amount_minor, self.currency)


REFUND_LINES = Readable(
    "refund_line rl",
    "rl.id",
    [*_columns("rl", RefundLineRow, quantity_millionths="quantity")[:-1], "p.currency"],
    RefundLineRow,
    {"f": "JOIN refund f ON f.id = rl.refund_id", "p": "JOIN purchase p ON p.id = f.purchase_id"},
)


async def refund_lines_of(database: Database, refund_ids: Sequence[str]) -> Mapping[str, list[RefundLineRow]]:
    """Each refund's lines; none where an amount was given back."""
    return await listed_of(database, REFUND_LINES, "rl.refund_id", refund_ids, "rl.refund_id, rl.id")
