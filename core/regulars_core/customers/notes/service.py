"""Writing notes about customers, changing and deleting them."""

from collections.abc import Collection, Mapping
from typing import Any

from regulars_core.audit import Change, changed
from regulars_core.customers.changes import VersionConflict, locked_customer
from regulars_core.customers.notes.heard import keep_heard
from regulars_core.customers.notes.reads import NOTES, RETURNED, NoteRow
from regulars_core.customers.notes.rules import (
    MAX_BODY,
    NOTE,
    NoteDetails,
    answer_due,
    checked_due,
    checked_texts,
    done_at,
    is_to_be_done,
    urgency,
)
from regulars_core.customers.priorities import priority_of
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import camel
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

_CHANGED = (
    "body", "outcome", "topic", "assignee", "priority", "is_open", "due_at", "done_at", "urgency",
)  # fmt: skip
_LOCKED = ("id", "customer_id", "version", "created_at", *_CHANGED)
_GONE = Problem("NOT_FOUND", "There is no note with this id.", ("id",))
_NOT_PERSONAL = frozenset({"priority", "is_open"})
_FOLLOWING = frozenset({"done_at", "urgency"})
"""Columns that follow from others."""


async def add_note(
    shop: Shop,
    customer_id: str,
    details: NoteDetails,
    author: str,
    *,
    max_body: int = MAX_BODY,
    stores: Collection[str] | None = None,
    of_anybody: bool = False,
) -> str:
    """Write a note about a customer and answer its id.

    A purchase that it is about is the customer's or nobody's, unless it may be `of_anybody`; one of a store that is not among
    `stores`, if they are given, is as good as none. Raises Refused, with everything that is wrong.
    """
    given: NoteDetails = {"body": None, "type": NOTE, **details}

    async def work() -> str:
        checks, written = Checks(), now()
        columns = checked_texts(checks, given, max_body)
        # Locked, or a merge would leave the note behind.
        customer = await checks.looked_up(locked_customer(shop, customer_id, "customerId"))
        kind = columns["type"] or NOTE
        hours = shop.settings.response_hours
        due_at = checked_due(
            checks, given["due_at"] if "due_at" in given else answer_due(kind, written, hours), written
        )
        if (purchase_id := given.get("purchase_id")) is not None:
            owner = customer["id"] if customer and not of_anybody else None
            await checks.looked_up(_refuse_unseen(shop, purchase_id, stores, owner))
        checks.refuse()
        assert customer is not None
        asks = is_to_be_done(given)
        is_open = asks if given.get("is_open") is None else bool(given["is_open"])
        priority = given.get("priority")
        if priority is None:
            priority = await priority_of(shop, customer["id"])
        row = {
            **columns,
            "id": new_id(),
            "customer_id": customer["id"],
            "author": author,
            "created_at": written,
            "updated_at": written,
            "type": kind,
            "priority": priority,
            "is_open": is_open,
            "due_at": due_at,
            "done_at": done_at(None, is_open=is_open, at=written) if asks else None,
            "urgency": urgency(priority, due_at),
            "purchase_id": purchase_id,
        }
        await insert(shop.database, "customer_note", list(row), [tuple(row.values())])
        return str(row["id"])

    return await shop.database.transaction(work)


async def change_note(shop: Shop, note_id: str, changes: NoteDetails, expected: int | None = None) -> NoteRow:
    """Change a note; answers it as it is now. Its version grows by one where anything is different. Raises Refused: NOT_FOUND,
    VERSION_CONFLICT where it is at another version than the expected one, and whatever is wrong with the input."""

    async def work() -> NoteRow:
        checks, at = Checks(), now()
        columns = checked_texts(checks, changes)
        before = await checks.looked_up(_locked(shop, note_id, expected))
        if "due_at" in changes:
            columns["due_at"] = checked_due(checks, changes["due_at"], Instant(before["created_at"] if before else at))
        if "is_open" in changes and changes["is_open"] is None:
            checks.fail("REQUIRED", "It is open or it is not.", "isOpen")
        checks.refuse()
        assert before is not None
        if "priority" in changes:
            priority = changes["priority"]
            columns["priority"] = await priority_of(shop, before["customer_id"]) if priority is None else priority
        if "is_open" in changes:
            columns["is_open"] = bool(changes["is_open"])
            columns["done_at"] = done_at(before, is_open=columns["is_open"], at=at)
        after = {**before, **columns}
        columns["urgency"] = urgency(after["priority"], after["due_at"])
        different = {name: value for name, value in columns.items() if before[name] != value}
        changed(_audited(before, different))
        sql, values = f"SELECT {NOTES.column_list} FROM {NOTES.table} WHERE n.id = $1", []
        if different:
            sets = {**different, "version": before["version"] + 1, "updated_at": at}
            text, values = ", ".join(f"{name} = ${n}" for n, name in enumerate(sets, 2)), list(sets.values())
            sql = f"UPDATE customer_note SET {text} WHERE id = $1 RETURNING {RETURNED}"
        [row] = await shop.database.rows(sql, note_id, *values)
        return NOTES.make(*row)

    return await shop.database.transaction(work)


async def delete_note(shop: Shop, note_id: str, expected: int | None = None) -> str:
    """Remove a note and answer whose it was. Raises Refused: NOT_FOUND, VERSION_CONFLICT."""

    async def work() -> str:
        await keep_heard(shop.database, [note_id])
        at_version = "" if expected is None else " AND version = $2"
        sql = f"DELETE FROM customer_note WHERE id = $1{at_version} RETURNING customer_id"
        rows = await shop.database.rows(sql, note_id, *(() if expected is None else (expected,)))
        if not rows:
            await _locked(shop, note_id, expected)  # tells why
            raise Refused(_GONE)
        return str(rows[0][0])

    return await shop.database.transaction(work)


async def _locked(shop: Shop, note_id: str, expected: int | None) -> Mapping[str, Any]:
    """The columns of a note that can change, by name, locked until the transaction ends."""
    rows = await lock(shop.database, "customer_note", [note_id], _LOCKED)
    if not rows:
        raise Refused(_GONE)
    note = dict(zip(_LOCKED, rows[0], strict=True))
    note["is_open"] = bool(note["is_open"])
    if expected is not None and note["version"] != expected:
        message = f"The note was changed meanwhile and is at version {note['version']}."
        raise Refused(
            VersionConflict("VERSION_CONFLICT", message, ("expectedVersion",), note["customer_id"], note["id"])
        )
    return note


async def _refuse_unseen(shop: Shop, purchase_id: str, stores: Collection[str] | None, owner: str | None) -> None:
    """Raise Refused with NOT_FOUND for a purchase that is not there, not in these stores, or of another one than the owner."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    rows = await shop.database.rows(f"SELECT customer_id FROM purchase WHERE id = $1{here}", *values.all)
    if not rows or (owner is not None and rows[0][0] not in (None, owner)):
        raise Refused(Problem("NOT_FOUND", "There is no purchase of theirs with this id.", ("purchaseId",)))


def _audited(before: Mapping[str, Any], different: Mapping[str, Any]) -> dict[str, Change]:
    """The changes in the API's spelling, with values where they are not what somebody typed."""
    return {
        camel(name): (before[name], value) if name in _NOT_PERSONAL else None
        for name, value in different.items()
        if name not in _FOLLOWING
    }
