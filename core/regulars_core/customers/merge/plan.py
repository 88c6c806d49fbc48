"""What becomes of the details of customers who are made one. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from regulars_core.customers.columns import NAMES
from regulars_core.customers.merge.attributes import Kept, KeptAttribute
from regulars_core.customers.merge.facts import MergeEffect, PlannedMerge
from regulars_core.customers.reads import CustomerRow
from regulars_core.customers.rules import ADDRESSES, CONTACT, Address
from regulars_core.database.seals import Opaque
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.text import camel

_RESTRICTIVE = ("ACTIVE", "INACTIVE", "SUSPENDED")
"""From the least to the most."""
_SAID = {"INACTIVE": "put away", "SUSPENDED": "suspended"}


@dataclass(frozen=True, slots=True)
class Override:
    """A field whose value is kept from this customer."""

    field: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class MergeField:
    """A field in which the customers differ: whose value is kept, and the values as text, the survivor's first."""

    field: str
    kept_from: str
    values: Sequence[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What else a customer has: addresses by kind, tags as (as written, folded), and values of declared attributes."""

    addresses: Mapping[str, Address]
    tags: Sequence[tuple[str, str]]
    attributes: Kept


@dataclass(frozen=True, slots=True)
class Plan:
    """What a merge does to the survivor: columns, addresses and attributes with (before, since), and tags that are added; and the
    fields in which they differ."""

    fields: Sequence[MergeField]
    columns: Mapping[str, tuple[Any, Any]]
    addresses: Mapping[str, tuple[Address, Address]]
    attributes: Mapping[str, tuple[KeptAttribute | None, KeptAttribute | None]]
    tags: Sequence[tuple[str, str]]
    effects: Sequence[MergeEffect]


def plan(
    merge: PlannedMerge, belongings: Mapping[str, Belongings], overrides: Sequence[Override]
) -> tuple[Plan, Sequence[Problem]]:
    """Fields are the survivor's, gaps are filled by whoever was changed last of those who have something, unless somebody is
    named for a field. Whether it is a company is as with the first of them who has a name. Tags are united, the status is the
    most restrictive one, and the date of registration the earliest. With what is wrong with the overrides: UNKNOWN_FIELD,
    NOT_FOUND."""
    everybody = merge.everybody
    latest_first = [merge.survivor, *sorted(merge.absorbed, key=attrgetter("updated_at", "id"), reverse=True)]
    wanted = {one.field: one.customer_id for one in overrides}
    told: list[MergeField] = []
    columns: dict[str, tuple[Any, Any]] = {}
    addresses: dict[str, tuple[Address, Address]] = {}
    for name in (*NAMES, "is_company", "group_id"):
        values = {one.id: getattr(one, name) for one in everybody}
        texts = {id_: written(value) for id_, value in values.items()}
        # Whether it is a company says what the name is, so it comes from who has a name.
        order = sorted(latest_first, key=_is_nameless) if name == "is_company" else latest_first
        if field := _differing(camel(name), values, texts, order, wanted):
            told.append(field)
            if values[field.kept_from] != getattr(merge.survivor, name):
                columns[name] = (getattr(merge.survivor, name), values[field.kept_from])
    for kind, name in ADDRESSES.items():
        own = {one.id: belongings[one.id].addresses.get(kind, Address()) for one in everybody}
        texts = {id_: written(address) for id_, address in own.items()}
        if field := _differing(camel(name), own, texts, latest_first, wanted):
            told.append(field)
            if own[field.kept_from] != own[merge.survivor.id]:
                addresses[kind] = (own[merge.survivor.id], own[field.kept_from])
    attributes = _attributes(merge, belongings, latest_first, wanted, told)
    _note_checked(merge, belongings, told, columns)
    effects = _restricted(merge, columns)
    return Plan(told, columns, addresses, attributes, _added_tags(merge, belongings), effects), _wrong(
        overrides, told, everybody
    )


def _note_checked(
    merge: PlannedMerge,
    belongings: Mapping[str, Belongings],
    told: Sequence[MergeField],
    columns: dict[str, tuple[Any, Any]],
) -> None:
    """Contact details that come from several were right when all of them were: at the earliest of their times, and at none that
    is known where one of these is not. Told even where that is as before, for an undo."""
    survivor = merge.survivor
    kept_from = dict.fromkeys(CONTACT, survivor.id) | {
        name: one.kept_from for one in told for name in CONTACT if one.field == camel(name)
    }
    kinds = {name: kind for kind, name in ADDRESSES.items()}
    reached = {
        one.id: {name for name in CONTACT if name not in kinds and getattr(one, name)}
        | {name for name, kind in kinds.items() if belongings[one.id].addresses.get(kind, Address()) != Address()}
        for one in merge.everybody
    }
    givers = {id_ for name, id_ in kept_from.items() if name in reached[id_]}
    if set(kept_from.values()) != {survivor.id}:
        earliest = earlier(one.contact_checked_at for one in merge.everybody if one.id in (givers or {survivor.id}))
        columns["contact_checked_at"] = (survivor.contact_checked_at, earliest)


def earlier(times: Iterable[Instant | None]) -> Instant | None:
    """The earliest of some times; None, which is not known, if one of them is."""
    return min(times, key=lambda at: (at is not None, at or 0))


def _attributes(
    merge: PlannedMerge,
    belongings: Mapping[str, Belongings],
    latest_first: Sequence[CustomerRow],
    wanted: Mapping[str, str],
    told: list[MergeField],
) -> Mapping[str, tuple[KeptAttribute | None, KeptAttribute | None]]:
    """What becomes of values of attributes; the fields in which they differ are told, as they are kept."""
    changes: dict[str, tuple[KeptAttribute | None, KeptAttribute | None]] = {}
    for name in sorted({name for one in belongings.values() for name in one.attributes}):
        own = {one.id: belongings[one.id].attributes.get(name) for one in merge.everybody}
        keys = {id_: one.compared if one else None for id_, one in own.items()}
        texts = {id_: one.value if one else None for id_, one in own.items()}
        if field := _differing(name, keys, texts, latest_first, wanted):
            told.append(field)
            if keys[field.kept_from] != keys[merge.survivor.id]:
                changes[name] = (own[merge.survivor.id], own[field.kept_from])
    return changes


def _differing(
    field: str,
    values: Mapping[str, Any],
    texts: Mapping[str, str | None],
    latest_first: Sequence[CustomerRow],
    wanted: Mapping[str, str],
) -> MergeField | None:
    """The field, if not all have the same."""
    if len(set(values.values())) == 1:
        return None
    usual = next((one.id for one in latest_first if values[one.id] not in {None, "", Address()}), latest_first[0].id)
    kept = wanted.get(field, usual)
    return MergeField(field, kept if kept in values else usual, list(texts.items()))


def _is_nameless(customer: CustomerRow) -> bool:
    return not (customer.first_name or customer.last_name or customer.company_name)


def written(value: Any) -> str | None:
    """A value as text: an address in a line, and `true` or `false`."""
    if isinstance(value, Address):
        return ", ".join(part for one in fields(Address) if (part := getattr(value, one.name))) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None or isinstance(value, Opaque) else str(value)


def most_restrictive(statuses: Iterable[str]) -> str:
    """The status that leaves the least."""
    return max((one for one in statuses if one in _RESTRICTIVE), key=_RESTRICTIVE.index)


def _wrong(
    overrides: Sequence[Override], told: Sequence[MergeField], everybody: Sequence[CustomerRow]
) -> Sequence[Problem]:
    known, ids, problems = {one.field for one in told}, {one.id for one in everybody}, []
    for n, one in enumerate(overrides):
        if one.field not in known:
            message = "This is no field in which these customers differ."
            problems.append(Problem("UNKNOWN_FIELD", message, ("overrides", str(n), "field")))
        elif one.customer_id not in ids:
            message = "This is none of these customers."
            problems.append(Problem("NOT_FOUND", message, ("overrides", str(n), "customerId")))
    return problems


def _added_tags(merge: PlannedMerge, belongings: Mapping[str, Belongings]) -> Sequence[tuple[str, str]]:
    own = {key for _, key in belongings[merge.survivor.id].tags}
    added = {key: tag for one in merge.absorbed for tag, key in belongings[one.id].tags if key not in own}
    return [(tag, key) for key, tag in added.items()]


def _restricted(merge: PlannedMerge, columns: dict[str, tuple[Any, Any]]) -> Sequence[MergeEffect]:
    """The status and the date of registration, which nobody chooses."""
    effects, survivor = [], merge.survivor
    status = most_restrictive(one.status for one in merge.everybody)
    if status != survivor.status:
        columns["status"] = (survivor.status, status)
        effects.append(MergeEffect("STATUS", f"{survivor.code} will be {_SAID[status]}, as one of the others is."))
    created = min(one.created_at for one in merge.everybody)
    if created != survivor.created_at:
        columns["created_at"] = (survivor.created_at, created)
        message = f"{survivor.code} counts as registered when the first of them was."
        effects.append(MergeEffect("CREATED_AT", message))
    return effects
