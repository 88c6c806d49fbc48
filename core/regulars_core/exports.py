"""Customers as files: chosen fields, a range of days, one row a customer, streamed; and all that is known of one, in tables."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from operator import attrgetter
from typing import Any, TextIO

import orjson

from regulars_core.customers.columns import COLUMNS
from regulars_core.customers.filters import NOT_GONE
from regulars_core.customers.reads import SORT_KEYS, CustomerRow, StatsRow, page_of_customers, stats_of, tags_of
from regulars_core.groups.reads import groups_by_ids
from regulars_core.primitives.clock import Instant, printed, start_of
from regulars_core.queries.pages import Order, Window
from regulars_core.queries.where import Leaf, Where, compared
from regulars_core.shop.shop import Shop
from regulars_core.stores.reads import stores_by_ids

_BATCH = 1_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else printed(instant)


_OF_CUSTOMER: Mapping[str, Any] = {
    "code": lambda c: c.code,
    **{column.name: attrgetter(column.name) for column in COLUMNS if column.is_exported},
    "is_company": lambda c: "true" if c.is_company else "false",
    "status": lambda c: c.status,
    "created_at": lambda c: _time(c.created_at),
}
_OF_STATS: Mapping[str, Any] = {
    "total_spent": lambda s: s.total_spent.amount,
    "purchase_count": lambda s: s.purchase_count,
    "average_purchase": lambda s: s.average_purchase and s.average_purchase.amount,
    "first_purchase_at": lambda s: _time(s.first_purchase_at),
    "last_purchase_at": lambda s: _time(s.last_purchase_at),
}
FIELDS = (*_OF_CUSTOMER, *_OF_STATS, "group", "origin_store", "tags")
"""The columns that can be exported."""


class UnknownFields(Exception):
    """Fields were asked for that do not exist."""


def check_fields(fields: Sequence[str]) -> None:
    """Raise UnknownFields, naming them all, or if there is none."""
    if not fields:
        raise UnknownFields(f"Name at least one field. There are: {', '.join(FIELDS)}.")
    if unknown := [field for field in fields if field not in FIELDS]:
        raise UnknownFields(f"There is no field {', '.join(unknown)}. There are: {', '.join(FIELDS)}.")


def safe_cell(value: Any) -> Any:
    """The cell, with an apostrophe before what a spreadsheet would run as a formula. Numbers stay as they are."""
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    return text[1:].isascii() and text[:1] in "+-" and text[1:].replace(".", "", 1).isdigit()


async def export_customers(
    shop: Shop, target: TextIO, fields: Sequence[str], first_day: date | None = None, last_day: date | None = None
) -> int:
    """Write customers registered from one day to another, where the shop is, as CSV, without who was merged into another one or
    erased; answers how many.

    Raises UnknownFields before anything is written.
    """
    check_fields(fields)
    writer = csv.writer(target)
    writer.writerow(fields)
    count = 0
    async for customers in _batches(shop, _registered(shop, first_day, last_day)):
        columns = await _columns(shop, customers, fields)
        writer.writerows([safe_cell(columns[field][n]) for field in fields] for n in range(len(customers)))
        count += len(customers)
    return count


def _registered(shop: Shop, first_day: date | None, last_day: date | None) -> Where | None:
    conditions: list[tuple[str, Any]] = []
    if first_day is not None:
        conditions.append((">=", start_of(first_day, shop.settings.zone)))
    if last_day is not None and last_day < date.max:
        conditions.append(("<", start_of(last_day + timedelta(days=1), shop.settings.zone)))
    registered = Where("leaf", leaf=Leaf("createdAt", compared("c.created_at")), conditions=tuple(conditions))
    return Where("all", (NOT_GONE, registered))


async def _batches(shop: Shop, where: Where | None) -> AsyncIterator[Sequence[CustomerRow]]:
    order, after = Order(SORT_KEYS["CREATED_AT"]), None
    while True:
        page = await page_of_customers(
            shop.database, Window(order, _BATCH, backward=False, after=after, before=None), where
        )
        yield page.rows
        if not page.has_next:
            return
        after = page.positions[-1]


async def _columns(shop: Shop, customers: Sequence[CustomerRow], fields: Sequence[str]) -> Mapping[str, list[Any]]:
    """The values of each field for all customers; what is not asked for is not read."""
    ids, columns = [customer.id for customer in customers], {}
    stats: Mapping[str, StatsRow] = await stats_of(shop, ids) if set(fields) & set(_OF_STATS) else {}
    for field in fields:
        if field in _OF_CUSTOMER:
            columns[field] = [_OF_CUSTOMER[field](customer) for customer in customers]
        elif field in _OF_STATS:
            columns[field] = [_OF_STATS[field](stats[key]) for key in ids]
        elif field == "group":
            groups = await groups_by_ids(shop.database, [customer.group_id for customer in customers])
            columns[field] = [groups[customer.group_id].name for customer in customers]
        elif field == "origin_store":
            stores = await stores_by_ids(shop.database, [c.origin_store_id for c in customers if c.origin_store_id])
            columns[field] = [stores[c.origin_store_id].code if c.origin_store_id else None for c in customers]
        else:
            tags = await tags_of(shop.database, ids)
            columns[field] = ["|".join(tags[key]) for key in ids]
    return columns


def archive_of(known: Mapping[str, Any]) -> bytes:
    """What `data_of` tells of a person as a zip archive: a CSV file for each table, by whose it is, whose first column says of
    which record of the person each row is."""
    tables: dict[str, list[Mapping[str, Any]]] = {}
    for record in known["records"]:
        for owner, parts in record.items():
            if isinstance(parts, Mapping):
                for table, rows in parts.items():
                    told = tables.setdefault(f"{owner}/{table}.csv", [])
                    told += [{"record": record["customerId"], **row} for row in rows]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name, rows in tables.items():
            target = io.StringIO(newline="")
            columns = list(dict.fromkeys(column for row in rows for column in row))
            writer = csv.writer(target)
            writer.writerow(columns)
            writer.writerows([safe_cell(_written(row.get(column))) for column in columns] for row in rows)
            file.writestr(name, target.getvalue())
    return archive.getvalue()


def _written(value: Any) -> Any:
    """A value of JSON as a cell: truth as `true` and `false`, and what has parts as JSON."""
    return orjson.dumps(value).decode() if isinstance(value, bool | list | dict) else value
