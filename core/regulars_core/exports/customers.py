"""Customers as files: a row for each, in chosen columns."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from regulars_core.customers.columns import COLUMNS
from regulars_core.customers.completeness.reads import Completeness, completeness_of
from regulars_core.customers.filters import not_gone
from regulars_core.customers.reads import (
    ADDRESSES,
    CUSTOMERS,
    SORT_KEYS,
    AddressRow,
    StatsRow,
    stats_of,
    tags_of,
)
from regulars_core.customers.rules import Address
from regulars_core.customers.sealed import opened_tax_ids
from regulars_core.database.seals import Sealed
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
from regulars_core.groups.reads import GroupRow, groups_by_ids
from regulars_core.primitives.cells import joined
from regulars_core.primitives.clock import Instant, start_of
from regulars_core.purchases.statistics import stats_in_stores
from regulars_core.queries.pages import Order, Window
from regulars_core.queries.rows import listed_of
from regulars_core.queries.slices import slices
from regulars_core.queries.where import Leaf, Where, compared
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import StoreRow, stores_by_ids

_BATCH = 1_000
_PII = "customers.view_pii"
_NAMES = ("first_name", "last_name", "company_name", "preferred_name")
_NEEDS = {**dict.fromkeys(_NAMES, "customers.view"), "tax_id": "customers.view_sensitive"}
"""What a plain column of customers needs that is not personal as all others are."""

_OF_CUSTOMER: Mapping[str, Any] = {
    "code": lambda c: c.code,
    **{column.name: attrgetter(column.name) for column in COLUMNS if column.is_exported},
    "is_company": lambda c: written(c.is_company),
    "status": lambda c: c.status,
    "created_at": lambda c: time_written(c.created_at),
}
_OF_STATS: Mapping[str, Any] = {
    "total_spent": lambda s: s.total_spent.amount,
    "purchase_count": lambda s: s.purchase_count,
    "average_purchase": lambda s: s.average_purchase and s.average_purchase.amount,
    "first_purchase_at": lambda s: time_written(s.first_purchase_at),
    "last_purchase_at": lambda s: time_written(s.last_purchase_at),
}
COUNTED = ("status", "completeness", *_OF_STATS)
"""Columns that an import passes over: what they say is counted or decided here, and no file sets it."""
_PARTS = tuple(part.name for part in dataclass_fields(Address))
DEFAULTS = (
    "code", "first_name", "last_name", "email", "phone", "group", "status", "total_spent", "purchase_count", "last_purchase_at",
)  # fmt: skip
"""What is exported where nothing is said of it."""


async def _tax_ids(batch: ExportBatch) -> Sequence[str | None]:
    """Opened where they are sealed. Raises Sealed: a file does not leave out what it cannot tell."""
    opened = await opened_tax_ids(batch.shop.database, [(customer.id, customer.tax_id) for customer in batch.rows])
    if lost := next((one for one in opened if isinstance(one, Sealed)), None):
        raise lost
    return [None if isinstance(one, Sealed) else one for one in opened]


async def _stats(batch: ExportBatch) -> Mapping[str, StatsRow]:
    if batch.stores is None and batch.days == (None, None):
        return await stats_of(batch.shop, batch.ids)
    return await stats_in_stores(batch.shop, batch.ids, batch.stores, *batch.days)


async def _completeness(batch: ExportBatch) -> Mapping[str, Completeness]:
    return await completeness_of(batch.shop, batch.ids)


async def _groups(batch: ExportBatch) -> Mapping[str, GroupRow]:
    return await groups_by_ids(batch.shop.database, [customer.group_id for customer in batch.rows])


async def _stores(batch: ExportBatch) -> Mapping[str, StoreRow]:
    return await stores_by_ids(batch.shop.database, [c.origin_store_id for c in batch.rows if c.origin_store_id])


async def _tags(batch: ExportBatch) -> Mapping[str, list[str]]:
    return await tags_of(batch.shop.database, batch.ids)


async def _addresses(batch: ExportBatch) -> Mapping[tuple[str, str], AddressRow]:
    """The addresses of the customers, by id and kind."""
    found = await listed_of(batch.shop.database, ADDRESSES, "a.customer_id", batch.ids, "a.kind")
    return {(id_, address.kind): address for id_, addresses in found.items() for address in addresses}


def _part(kind: str, part: str) -> Callable[[ExportBatch], Awaitable[Sequence[Any]]]:
    return of_batch(_addresses, lambda found, customer: getattr(found.get((customer.id, kind)), part, None))


def _of_stats(name: str) -> Callable[[ExportBatch], Awaitable[Sequence[Any]]]:
    return of_batch(_stats, lambda found, customer: _OF_STATS[name](found[customer.id]))


def _column(name: str, read: Any, needs: str = "customers.view") -> ExportColumn:
    return ExportColumn(name, labelled(name), read, needs, is_default=name in DEFAULTS)


_PLAIN = {column.name for column in COLUMNS}

CUSTOMER_COLUMNS: Sequence[ExportColumn] = (
    *(
        _column(
            name,
            _tax_ids if name == "tax_id" else of_rows(cell),
            _NEEDS.get(name, _PII if name in _PLAIN else "customers.view"),
        )
        for name, cell in _OF_CUSTOMER.items()
    ),
    _column(
        "completeness", of_batch(_completeness, lambda found, c: found[c.id].percent if c.id in found else None), _PII
    ),
    *(_column(name, _of_stats(name), "purchases.view") for name in _OF_STATS),
    _column("group", of_batch(_groups, lambda found, c: found[c.group_id].name), "groups.view"),
    _column(
        "origin_store",
        of_batch(_stores, lambda found, c: found[c.origin_store_id].code if c.origin_store_id else None),
        "stores.view",
    ),
    _column("tags", of_batch(_tags, lambda found, c: joined(found[c.id]))),
    *(
        _column(f"{kind}_{part}", _part(kind.upper(), part), _PII)
        for kind in ("billing", "shipping")
        for part in _PARTS
    ),
)
"""Core's columns of customers."""
FIELDS = tuple(column.name for column in CUSTOMER_COLUMNS)
"""Their names."""


async def export_customers(
    shop: Shop,
    target: Target,
    fields: Sequence[str],
    first_day: date | None = None,
    last_day: date | None = None,
    *,
    where: Where | None = None,
    days: tuple[Instant | None, Instant | None] = (None, None),
) -> int:
    """Write customers registered from one day to another, where the shop is, as CSV, without who was merged into another one or
    erased; answers how many. `where` narrows them further; `days` are the instants between which purchases count.

    Raises UnknownColumns before anything is written.
    """
    columns = await columns_named(shop, "CUSTOMERS", fields)
    target.write(rows_written([fields]))
    count = 0
    window = Window(Order(SORT_KEYS["CREATED_AT"]), _BATCH, backward=False, after=None, before=None)
    async for customers in slices(shop.database, CUSTOMERS, window, _registered(shop, first_day, last_day, where)):
        target.write(rows_written(await cells_of(columns, ExportBatch(shop, customers, None, days))))
        count += len(customers)
    return count


def _registered(shop: Shop, first_day: date | None, last_day: date | None, where: Where | None) -> Where:
    conditions: list[tuple[str, Any]] = []
    if first_day is not None:
        conditions.append((">=", start_of(first_day, shop.settings.zone)))
    if last_day is not None and last_day < date.max:
        conditions.append(("<", start_of(last_day + timedelta(days=1), shop.settings.zone)))
    registered = Where("leaf", leaf=Leaf("createdAt", compared("c.created_at")), conditions=tuple(conditions))
    return Where("all", (not_gone(where), registered))
