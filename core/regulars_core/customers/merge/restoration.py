"""What an undo puts back of the survivor, and what it leaves to later merges of the same one to put back. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.customers.attributes.rules import Declared
from regulars_core.customers.merge.attributes import worded
from regulars_core.customers.merge.plan import MergeField, earlier, most_restrictive, written
from regulars_core.customers.merge.snapshots import Snapshot
from regulars_core.customers.rules import ADDRESSES, CONTACT, Address
from regulars_core.primitives.text import camel

Change = tuple[Any, Any]
"""A value (before, since)."""
_CHECKED = "contact_checked_at"


@dataclass(frozen=True, slots=True)
class Later:
    """A merge into the same survivor that came later and stands: its snapshot, and when whom it absorbed was registered."""

    snapshot: Snapshot
    created: Sequence[int]


@dataclass(frozen=True, slots=True)
class PutBack:
    """What the survivor gets back, and those snapshots of later merges that are others from now on."""

    columns: Mapping[str, Any]
    addresses: Mapping[str, Address]
    attributes: Mapping[str, str | None]
    mended: Mapping[str, Snapshot]


def reworded(snapshot: Snapshot, declared: Declared) -> Snapshot:
    """The snapshot with choices as they are worded now, which may be otherwise than when the merge was made."""
    told = [
        replace(one, values=[(id_, worded(declared, one.field, value)) for id_, value in one.values])
        for one in snapshot.fields
    ]
    values = {
        field: (worded(declared, field, before), worded(declared, field, since))
        for field, (before, since) in snapshot.attributes.items()
    }
    return replace(snapshot, fields=told, attributes=values)


def put_back(
    undone: Snapshot,
    columns: Mapping[str, Any],
    addresses: Mapping[str, Address],
    attributes: Mapping[str, str | None],
    later: Mapping[str, Later],
) -> PutBack:
    """What undoing a merge puts back, given the survivor's columns, addresses and attributes as they are, and later merges in
    their order.

    A detail is put back where it still is as the merge made it. If a later merge has changed it once more, what was before both
    is the later one's to put back. Contact details that are put back were not found right since. Status and date of registration
    become those of all who are still part.
    """
    plain = {name: change for name, change in undone.columns.items() if name not in _DECIDED}
    back, changes = _settled(plain, columns, {id_: one.snapshot.columns for id_, one in later.items()})
    placed, moves = _settled(undone.addresses, addresses, {id_: one.snapshot.addresses for id_, one in later.items()})
    current = {name: attributes.get(name) for name in undone.attributes}
    described, again = _settled(
        undone.attributes, current, {id_: one.snapshot.attributes for id_, one in later.items()}
    )
    for name in _DECIDED.keys() & undone.columns.keys():
        decided, decisions = _decided(name, undone.columns[name], columns[name], later)
        back |= decided
        changes = {id_: {**one, **decisions.get(id_, {})} for id_, one in changes.items()}
    back |= _checked(undone, columns, back, placed)
    untold, mended = _untold(undone, later), dict[str, Snapshot]()
    for id_, one in later.items():
        kept = {name: change for name, change in {**one.snapshot.columns, **changes[id_]}.items() if change}
        since = {**one.snapshot.addresses, **moves[id_]}
        values = {**one.snapshot.attributes, **again[id_]}
        snapshot = replace(one.snapshot, fields=untold[id_], columns=kept, addresses=since, attributes=values)
        if snapshot != one.snapshot:
            mended[id_] = snapshot
    return PutBack(back, placed, described, mended)


def _checked(
    undone: Snapshot, current: Mapping[str, Any], back: Mapping[str, Any], placed: Mapping[str, Address]
) -> dict[str, Any]:
    """When contact details were right if some are put back, though the time was changed since: as early as these were."""
    returned = any(back.get(name) for name in CONTACT) or any(one != Address() for one in placed.values())
    if not returned or _CHECKED in back or _CHECKED not in undone.columns:
        return {}
    return {_CHECKED: earlier((undone.columns[_CHECKED][0], current[_CHECKED]))}


def _settled(
    undone: Mapping[str, Change], current: Mapping[str, Any], later: Mapping[str, Mapping[str, Change]]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What is put back, and by later merge what that one puts back instead, as (before, since)."""
    back: dict[str, Any] = {}
    changes: dict[str, dict[str, Any]] = {id_: {} for id_ in later}
    for name, (before, since) in undone.items():
        over = next((id_ for id_, one in later.items() if name in one), None)
        if over is None:
            if current[name] == since:
                back[name] = before
        elif later[over][name][0] == since:
            changes[over][name] = (before, later[over][name][1])
    return back, changes


_DECIDED: Mapping[str, Callable[[Sequence[Any]], Any]] = {"status": most_restrictive, "created_at": min}
"""Columns that nobody chooses, and how they are decided."""


def _decided(
    name: str, undone: Change, current: Any, later: Mapping[str, Later]
) -> tuple[dict[str, Any], dict[str, dict[str, Change | None]]]:
    """As `_settled`, for what is decided by all who are part: a later merge that changed nothing may do so without this one, and
    one that changed something nothing any more, which is None."""
    value, was = undone
    certain: dict[str, dict[str, Change | None]] = {}
    likely: dict[str, dict[str, Change | None]] = {}
    for id_, one in later.items():
        known = one.snapshot.columns.get(name)
        if known and known[0] != was:  # somebody has changed it in between
            return {}, certain
        theirs = list(one.snapshot.statuses.values()) if name == "status" else one.created
        then = _DECIDED[name]([value, *theirs])
        likely[id_] = {name: None if then == value else (value, then)}
        value = then
        if known:
            was, certain, likely = known[1], certain | likely, {}
    if current != was:
        return {}, certain
    return ({name: value} if value != was else {}), certain | likely


def _untold(undone: Snapshot, later: Mapping[str, Later]) -> Mapping[str, Sequence[MergeField]]:
    """The fields of later merges as they tell them from now on: what the survivor had from the undone one alone it never had."""
    names = {name: camel(ADDRESSES.get(name, name)) for name in (*undone.columns, *undone.addresses)}
    names |= {name: name for name in undone.attributes}
    given = {**undone.columns, **undone.addresses, **undone.attributes}
    told = {id_: list(one.snapshot.fields) for id_, one in later.items()}
    for name, (before, since) in given.items():
        for id_, one in later.items():
            told[id_] = [
                _without(each, written(before), written(since)) if each.field == names[name] else each
                for each in told[id_]
            ]
            if any(name in own for own in (one.snapshot.columns, one.snapshot.addresses, one.snapshot.attributes)):
                break
    return {id_: [one for one in fields if len({value for _, value in one.values}) > 1] for id_, fields in told.items()}


def _without(field: MergeField, before: str | None, since: str | None) -> MergeField:
    """The field with what the survivor, whose value stands first, had before instead of since."""
    (survivor, value), *others = field.values
    return replace(field, values=[(survivor, before), *others]) if value == since else field
