"""What a file says of customers that differs from the database; an empty cell says nothing.

Of a record that was merged, an old file says what it said before: only what differs from the record itself is new. That is the
survivor's where the survivor has nothing there, as in a merge, and overwrites nothing.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from regulars_core.customers.attributes.reads import attributes_of
from regulars_core.customers.attributes.rules import GivenAttribute
from regulars_core.customers.consents.columns import ConsentColumn
from regulars_core.customers.consents.entries import CheckedConsent
from regulars_core.customers.consents.reads import ConsentRow, consents_said, states_of
from regulars_core.customers.consents.rules import State
from regulars_core.customers.rules import ADDRESSES, Address, CustomerChanges, tag_key
from regulars_core.customers.sealed import opened_columns
from regulars_core.database.seals import Opaque
from regulars_core.exports.declared import attribute_column
from regulars_core.imports.customer_rows import IMPORTED, Entry
from regulars_core.imports.recognition import Known
from regulars_core.primitives.errors import Problem
from regulars_core.shop.shop import Shop

_NAMES = [column.name for column in IMPORTED]
_PARTS = tuple(part.name for part in fields(Address))


@dataclass(slots=True)
class _Existing:
    """One customer as it is in the database."""

    code: str
    columns: Mapping[str, Any]
    group_id: str
    is_company: bool
    tags: list[str] = field(default_factory=list)
    addresses: dict[str, Address] = field(default_factory=dict)
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    """An Opaque for what cannot be opened: nobody knows whether it is the same."""
    consents: State[ConsentRow] = field(default_factory=dict)
    said: Set[tuple[Any, ...]] = frozenset()
    """What was ever said, of consents, in force or not."""

    def has_said(self, one: CheckedConsent) -> bool:
        """Whether this was said before: at the same instant, or where none is told, is in force."""
        before = self.consents.get((one.purpose, one.channel))
        if before is not None and before.decision == one.decision and one.at in (None, before.at):
            return True
        return (one.purpose, one.channel, one.decision, one.at) in self.said


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be changed of a customer; or why the entry cannot be taken."""

    changes: CustomerChanges
    problem: Problem | None = None
    consents: Sequence[CheckedConsent] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether all is as the entry tells."""
        return not self.changes and not self.consents and self.problem is None


async def differences(
    shop: Shop, entries: Sequence[tuple[Known, Entry]], groups: Mapping[str, str], *, tells: bool = True
) -> list[Difference]:
    """What each entry changes of whom it is known as; nothing, if all is as it tells, or was told of a record before that was
    merged. Such a one with something new where the survivor has something else is ALREADY_MERGED; and SAME_PHONE, who is known by
    the phone alone and has something else; the problem `tells` in which columns."""
    ids = sorted({id_ for one, _ in entries for id_ in (one.record_id, one.customer_id)})
    existing = await _existing_customers(shop, ids)
    await _look_further(shop, existing, [entry for _, entry in entries])
    found = []
    for one, entry in entries:
        record, group_id = existing[one.record_id], groups.get(entry.group)
        if one.is_alias:
            found.append(_handed_on(record, existing[one.customer_id], entry, group_id, tells=tells))
        elif one.is_by_phone_alone(entry):
            found.append(_filled_up(record, entry, group_id, tells=tells))
        else:
            changes = _changes(record, entry, group_id)
            found.append(Difference(changes, consents=_new_consents(record, entry)))
    return found


async def _look_further(shop: Shop, existing: Mapping[str, _Existing], entries: Sequence[Entry]) -> None:
    """Look up attributes and consents, too, where any entry tells of them."""
    ids = list(existing)
    if any(entry.customer.attributes for entry in entries):
        for id_, rows in (await attributes_of(shop, ids, sensitive=True)).items():
            existing[id_].attributes = {row.name: Opaque() if row.lost else row.value for row in rows}
    if any(entry.customer.consents for entry in entries):
        for id_, state in (await states_of(shop.database, ids)).items():
            existing[id_].consents = state
        for id_, records in (await consents_said(shop.database, ids)).items():
            existing[id_].said = {(one.purpose, one.channel, one.decision, one.at) for one in records}


def _new_consents(existing: _Existing, entry: Entry) -> list[CheckedConsent]:
    """What was not said before. It is written down as anybody's: what is in force is decided by when it was said."""
    return [one for one in entry.customer.consents if not existing.has_said(one)]


async def _existing_customers(shop: Shop, ids: Sequence[str]) -> dict[str, _Existing]:
    database, among = shop.database, shop.database.dialect.among
    rows = await database.rows(
        f"SELECT id, code, group_id, is_company, {', '.join(_NAMES)} FROM customer WHERE {among('id', 1)}", ids
    )
    existing = {
        row[0]: _Existing(
            row[1],
            opened_columns(database.seals, row[0], dict(zip(_NAMES, tuple(row)[4:], strict=True))),
            row[2],
            bool(row[3]),
        )
        for row in rows
    }
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
    if described := [one for one in customer.attributes if one.value != existing.attributes.get(one.definition.name)]:
        different["attributes"] = [GivenAttribute(one.definition.name, one.value) for one in described]
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


def _handed_on(
    record: _Existing, survivor: _Existing, entry: Entry, group_id: str | None, *, tells: bool
) -> Difference:
    """What an entry tells anew of a record, for the customer into whom it was merged."""
    new, wanted = (dict[str, Any](_changes(one, entry, group_id)) for one in (record, survivor))
    changes = {name: value for name, value in wanted.items() if name in new}
    if "attributes" in changes:  # but for what the record has
        changes["attributes"] = [one for one in changes["attributes"] if one in new["attributes"]]
    if "tags" in changes:  # without those that the record has and the survivor has lost since
        before = {tag_key(tag) for tag in record.tags} - {tag_key(tag) for tag in survivor.tags}
        changes["tags"] = [tag for tag in changes["tags"] if tag_key(tag) not in before]
    if clashing := _clashing(survivor, changes):
        message = (
            f"This customer was merged into {survivor.code}, who has something else{_here(clashing, tells)}."
            " Name that one to change it."
        )
        return Difference({}, Problem("ALREADY_MERGED", message))
    return Difference(changes, consents=_new_consents(survivor, entry))  # type: ignore[arg-type]


def _filled_up(existing: _Existing, entry: Entry, group_id: str | None, *, tells: bool) -> Difference:
    """What an entry tells of whom the phone alone says that it is: it fills what is empty, and overwrites nothing."""
    changes, consents = _changes(existing, entry, group_id), _new_consents(existing, entry)
    spoken = [ConsentColumn(one.purpose, one.channel).name for one in consents if _has_spoken(existing, one)]
    if clashing := ", ".join([*filter(None, [_clashing(existing, changes)]), *spoken]):
        message = (
            f"{existing.code} has this phone, and something else{_here(clashing, tells)}. A phone alone does not tell who it is:"
            " name a customer by code or e-mail."
        )
        return Difference({}, Problem("SAME_PHONE", message))
    return Difference(changes, consents=consents)


def _here(clashing: str, tells: bool) -> str:
    """Where somebody has something else than the file says, for who may know."""
    return f" here: {clashing}" if tells else " than the file says"


def _has_spoken(existing: _Existing, one: CheckedConsent) -> bool:
    return (one.purpose, one.channel) in existing.consents


def _clashing(existing: _Existing, changes: Mapping[str, Any]) -> str:
    """The columns, as the file calls them, of changes where the customer has something else; tags are added."""
    names = [_COLUMN.get(name, name) for name in changes if name not in _OF_SEVERAL and not _lacks(existing, name)]
    given = [one.name for one in changes.get("attributes", ()) if existing.attributes.get(one.name) is not None]
    return ", ".join([*names, *map(attribute_column, given)])


def _lacks(existing: _Existing, name: str) -> bool:
    """Whether a customer has nothing under the name of a change."""
    if name in _KINDS:
        return existing.addresses.get(_KINDS[name], Address()) == Address()
    return name in existing.columns and not existing.columns[name]


_OF_SEVERAL = ("tags", "attributes")
_KINDS = {name: kind for kind, name in ADDRESSES.items()}
_COLUMN = {"group_id": "group", "billing_address": "billing", "shipping_address": "shipping"}
"""What the file calls what is changed, where that is something else."""


def _overlaid(before: Address, row: Address) -> Address:
    """The address with those parts that the row has."""
    return Address(**{part: getattr(row, part) or getattr(before, part) for part in _PARTS})
