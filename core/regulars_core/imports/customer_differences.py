"""What a file says of customers that differs from what is kept of them; only what it tells counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from regulars_core.customers.rules import Address, CheckedCustomer, CustomerChanges, tag_key
from regulars_core.imports.customer_rows import IMPORTED, Entry
from regulars_core.shop.shop import Shop

_NAMES = [column.name for column in IMPORTED]
_PARTS = tuple(part.name for part in fields(Address))


@dataclass(slots=True)
class _Kept:
    """What is kept of one customer."""

    columns: Mapping[str, Any]
    group_id: str
    tags: list[str] = field(default_factory=list)
    addresses: dict[str, Address] = field(default_factory=dict)


async def differences(
    shop: Shop, entries: Sequence[tuple[str, Entry]], groups: Mapping[str, str]
) -> list[CustomerChanges]:
    """For each (id, entry) what is to be changed of that customer; nothing, if all is as the entry tells."""
    kept = await _kept(shop, [id_ for id_, _ in entries])
    return [_changes(kept[id_], entry.customer, groups.get(entry.group)) for id_, entry in entries]


async def _kept(shop: Shop, ids: Sequence[str]) -> dict[str, _Kept]:
    database, among = shop.database, shop.database.dialect.among
    rows = await database.rows(f"SELECT id, group_id, {', '.join(_NAMES)} FROM customer WHERE {among('id', 1)}", ids)
    kept = {row[0]: _Kept(dict(zip(_NAMES, tuple(row)[2:], strict=True)), row[1]) for row in rows}
    where = among("customer_id", 1)
    for row in await database.rows(f"SELECT customer_id, tag FROM customer_tag WHERE {where} ORDER BY tag_key", ids):
        kept[row[0]].tags.append(row[1])
    columns = ", ".join(_PARTS)
    for row in await database.rows(f"SELECT customer_id, kind, {columns} FROM customer_address WHERE {where}", ids):
        kept[row[0]].addresses[row[1]] = Address(*tuple(row)[2:])
    return kept


def _changes(kept: _Kept, told: CheckedCustomer, group_id: str | None) -> CustomerChanges:
    changes: CustomerChanges = {}
    different: dict[str, Any] = {}
    for column in IMPORTED:
        value = told.columns[column.name]
        if value is not None and value != kept.columns[column.name]:
            different[column.name] = date.fromisoformat(value) if column.is_day else value
    if group_id is not None and group_id != kept.group_id:
        different["group_id"] = group_id
    known_tags = {tag_key(tag) for tag in kept.tags}
    if new_tags := [tag for tag, key in told.tags if key not in known_tags]:
        different["tags"] = [*kept.tags, *new_tags]
    for kind, name in (("BILLING", "billing_address"), ("SHIPPING", "shipping_address")):
        had = kept.addresses.get(kind, Address())
        address = _overlaid(had, told.addresses.get(kind, Address()))
        if address != had:
            different[name] = address
    changes.update(different)  # type: ignore[typeddict-item]
    return changes


def _overlaid(had: Address, told: Address) -> Address:
    """The address with those parts that are told."""
    return Address(**{part: getattr(told, part) or getattr(had, part) for part in _PARTS})
