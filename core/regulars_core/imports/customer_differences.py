"""What a file says of customers that differs from the database; an empty cell says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from regulars_core.customers.rules import ADDRESSES, Address, CustomerChanges, tag_key
from regulars_core.imports.customer_rows import IMPORTED, Entry
from regulars_core.shop.shop import Shop

_NAMES = [column.name for column in IMPORTED]
_PARTS = tuple(part.name for part in fields(Address))


@dataclass(slots=True)
class _Existing:
    """One customer as it is in the database."""

    columns: Mapping[str, Any]
    group_id: str
    is_company: bool
    tags: list[str] = field(default_factory=list)
    addresses: dict[str, Address] = field(default_factory=dict)


async def differences(
    shop: Shop, entries: Sequence[tuple[str, Entry]], groups: Mapping[str, str]
) -> list[CustomerChanges]:
    """For each (id, entry) what is to be changed of that customer; nothing, if all is as the entry tells."""
    existing = await _existing_customers(shop, [id_ for id_, _ in entries])
    return [_changes(existing[id_], entry, groups.get(entry.group)) for id_, entry in entries]


async def _existing_customers(shop: Shop, ids: Sequence[str]) -> dict[str, _Existing]:
    database, among = shop.database, shop.database.dialect.among
    rows = await database.rows(
        f"SELECT id, group_id, is_company, {', '.join(_NAMES)} FROM customer WHERE {among('id', 1)}", ids
    )
    existing = {row[0]: _Existing(dict(zip(_NAMES, tuple(row)[3:], strict=True)), row[1], bool(row[2])) for row in rows}
    where = among("customer_id", 1)
    for row in await database.rows(f"SELECT customer_id, tag FROM customer_tag WHERE {where} ORDER BY tag_key", ids):
        existing[row[0]].tags.append(row[1])
    columns = ", ".join(_PARTS)
    for row in await database.rows(f"SELECT customer_id, kind, {columns} FROM customer_address WHERE {where}", ids):
        existing[row[0]].addresses[row[1]] = Address(*tuple(row)[2:])
    return existing


def _changes(existing: _Existing, entry: Entry, group_id: str | None) -> CustomerChanges:
    customer = entry.customer
    changes: CustomerChanges = {}
    different: dict[str, Any] = {}
    for column in IMPORTED:
        value = customer.columns[column.name]
        if value and value != existing.columns[column.name]:
            different[column.name] = date.fromisoformat(value) if column.is_day else value
    if entry.tells_kind and customer.is_company != existing.is_company:
        different["is_company"] = customer.is_company
    if group_id is not None and group_id != existing.group_id:
        different["group_id"] = group_id
    known_tags = {tag_key(tag) for tag in existing.tags}
    if new_tags := [tag for tag, key in customer.tags if key not in known_tags]:
        different["tags"] = [*existing.tags, *new_tags]
    for kind, name in ADDRESSES.items():
        before = existing.addresses.get(kind, Address())
        address = _overlaid(before, customer.addresses.get(kind, Address()))
        if address != before:
            different[name] = address
    changes.update(different)  # type: ignore[typeddict-item]
    return changes


def _overlaid(before: Address, row: Address) -> Address:
    """The address with those parts that the row has."""
    return Address(**{part: getattr(row, part) or getattr(before, part) for part in _PARTS})
