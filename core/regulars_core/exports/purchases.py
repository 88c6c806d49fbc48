"""Purchases as files: a row for each line, in the columns that an import reads again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.exports.columns import (
    ExportBatch,
    ExportColumn,
    cells_of,
    columns_named,
    labelled,
    of_batch,
    of_rows,
    time_written,
    written,
)
from regulars_core.exports.csv_text import Target, rows_written
from regulars_core.primitives.money import Money
from regulars_core.purchases.payments.payment_rows import PaymentRow, payments_of
from regulars_core.purchases.reads import PURCHASES, SORT_KEYS, LineRow, PurchaseRow, lines_of
from regulars_core.queries.pages import Order, Window
from regulars_core.queries.slices import slices
from regulars_core.queries.where import Where
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import StoreRow, stores_by_ids

MAX_AT_ONCE = 500
"""Purchases that are read at once: each has some lines."""
IN_ORDER = Order(SORT_KEYS["PURCHASED_AT"])
"""In which they are written."""


@dataclass(frozen=True, slots=True)
class ExportedLine:
    """A row of such a file: a line, and the purchase that it is of, with what its lines came to together."""

    purchase: PurchaseRow
    line: LineRow
    lines_minor: int

    @property
    def includes_tax(self) -> bool:
        """Whether prices include the tax: then the lines, delivery and rounding are all that is paid."""
        p = self.purchase
        return p.tax_minor != 0 and p.total_minor == self.lines_minor + p.shipping_minor + p.rounding_minor


async def lines_to_export(shop: Shop, purchases: Sequence[PurchaseRow]) -> Sequence[ExportedLine]:
    """The rows of these purchases, in their order and in that of the receipts."""
    lines = await lines_of(shop.database, [purchase.id for purchase in purchases])
    sums = {id_: sum(line.total_minor for line in of) for id_, of in lines.items()}
    return [ExportedLine(one, line, sums[one.id]) for one in purchases for line in lines[one.id]]


def _amount(money: Money | None) -> str | None:
    return None if money is None else money.amount


def _amount_if_any(money: Money) -> str | None:
    return money.amount if money.minor else None


_STATUSES = {"PAID": "paid", "PARTIALLY_REFUNDED": "paid", "REFUNDED": "refunded", "VOIDED": "voided"}
"""In the words of an import; that something of one came back is told by how much."""


async def _stores(batch: ExportBatch) -> Mapping[str, StoreRow]:
    return await stores_by_ids(batch.shop.database, list({row.purchase.store_id for row in batch.rows}))


async def _customers(batch: ExportBatch) -> Mapping[str, CustomerRow]:
    ids = {row.purchase.customer_id for row in batch.rows if row.purchase.customer_id}
    return await customers_by_ids(batch.shop.database, list(ids))


async def _payments(batch: ExportBatch) -> Mapping[str, list[PaymentRow]]:
    return await payments_of(batch.shop.database, list({row.purchase.id for row in batch.rows}))


def _code(found: Mapping[str, CustomerRow], row: ExportedLine) -> str | None:
    customer = found.get(row.purchase.customer_id or "")
    return None if customer is None else customer.code


def _method(found: Mapping[str, list[PaymentRow]], row: ExportedLine) -> str | None:
    """The one way in which it was paid; where there were several an import would make one of them."""
    payments = found.get(row.purchase.id, [])
    return payments[0].method if len(payments) == 1 else None


_OF_PURCHASE: Mapping[str, Any] = {
    "reference": lambda p: p.reference,
    "register": lambda p: p.register,
    "session": lambda p: p.session,
    "purchased_at": lambda p: time_written(p.purchased_at),
    "status": lambda p: _STATUSES[p.status],
    "channel": lambda p: p.channel,
    "currency": lambda p: p.currency,
    "shipping": lambda p: _amount_if_any(p.shipping),
    "tax": lambda p: _amount_if_any(p.tax),
    "shipping_tax": lambda p: _amount_if_any(p.shipping_tax),
    "rounding": lambda p: _amount_if_any(p.rounding),
    "due": lambda p: _amount_if_any(p.due),
    "purchase_total": lambda p: p.total.amount,
    "refunded": lambda p: _amount_if_any(p.refunded_total),
    "note": lambda p: p.note,
}
_OF_LINE: Mapping[str, Any] = {
    "name": lambda line: line.name,
    "sku": lambda line: line.sku,
    "brand": lambda line: line.brand,
    "category": lambda line: line.category,
    "quantity": lambda line: line.quantity,
    "unit_price": lambda line: _amount(line.unit_price),
    "discount": lambda line: _amount_if_any(line.discount),
    "total": lambda line: line.total.amount,
    "line_tax": lambda line: _amount_if_any(line.tax),
}
_NOT_BY_DEFAULT = frozenset({"note"})


def _column(name: str, read: Any, needs: str = "purchases.view") -> ExportColumn:
    return ExportColumn(name, labelled(name), read, needs, "PURCHASES", is_default=name not in _NOT_BY_DEFAULT)


def _in_purchase(cell: Any) -> Any:
    return of_rows(lambda row: cell(row.purchase))


def _in_line(cell: Any) -> Any:
    return of_rows(lambda row: cell(row.line))


def _plain() -> Mapping[str, ExportColumn]:
    of_purchase = {name: _column(name, _in_purchase(cell)) for name, cell in _OF_PURCHASE.items()}
    of_line = {name: _column(name, _in_line(cell)) for name, cell in _OF_LINE.items()}
    return {
        **of_purchase,
        "store": _column(
            "store", of_batch(_stores, lambda found, row: found[row.purchase.store_id].code), "stores.view"
        ),
        "customer_code": _column("customer_code", of_batch(_customers, _code), "customers.view"),
        "prices_include_tax": _column("prices_include_tax", of_rows(lambda row: written(row.includes_tax))),
        "payment_method": _column("payment_method", of_batch(_payments, _method)),
        **of_line,
    }


_ORDER = ("reference", "store", "register", "session", "purchased_at", "customer_code")
_BY_NAME = _plain()
PURCHASE_COLUMNS: Sequence[ExportColumn] = [
    _BY_NAME[name] for name in (*_ORDER, *(name for name in _BY_NAME if name not in _ORDER))
]
"""Core's columns of purchases."""


async def export_purchases(shop: Shop, target: Target, names: Sequence[str], where: Where) -> int:
    """Write purchases as CSV, a row for each line; answers how many rows. Raises UnknownColumns before anything is written."""
    columns = await columns_named(shop, "PURCHASES", names)
    target.write(rows_written([names]))
    count = 0
    async for purchases in slices(shop.database, PURCHASES, Window(IN_ORDER, MAX_AT_ONCE, False, None, None), where):
        rows = await lines_to_export(shop, purchases)
        target.write(rows_written(await cells_of(columns, ExportBatch(shop, rows))))
        count += len(rows)
    return count
