"""What a note may say, whether something is to be done about it, until when, and how urgent that is. Pure."""

from collections.abc import Mapping
from typing import Any, TypedDict

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import DAY_MS, EARLIEST, HOUR_MS, NEVER, Instant

NOTE, CORRECTION = "NOTE", "CORRECTION"
TYPES = ("COMPLAINT", "CONTACT", CORRECTION, "INQUIRY", "MESSAGE", NOTE, "PREFERENCE")
DIRECTIONS = ("INCOMING", "OUTGOING")
OPENING = frozenset({"COMPLAINT", CORRECTION, "INQUIRY"})
"""Types that ask for something to be done."""
ANSWERED = frozenset({"COMPLAINT", "INQUIRY"})
"""Types that somebody waits for an answer to, whom the shop wants to have answered in its time."""
MAX_BODY, MAX_REQUEST = 10_000, 2_000
MAX_LENGTHS = {"channel": 40, "outcome": 240, "topic": 64, "assignee": 120}
MAX_PRIORITY = 1_000
"""How urgent something can be, and by as much less urgent than usual."""
MAX_DAYS_AHEAD = 3_660
"""How far ahead something can be due: ten years, so that a mistyped year is found."""
_SPAN = 2**49
"""More than all milliseconds that an instant can have."""


class NoteDetails(TypedDict, total=False):
    """What is said of a note, or of a change of one; what is absent is left to the shop, or stays."""

    body: str | None
    type: str | None
    channel: str | None
    direction: str | None
    outcome: str | None
    topic: str | None
    assignee: str | None
    priority: int | None
    due_at: Instant | None
    is_open: bool | None
    purchase_id: str | None


def checked_texts(checks: Checks, details: NoteDetails, max_body: int = MAX_BODY) -> dict[str, Any]:
    """What was said of a note, as it is kept, without what follows from it: the columns of what is present."""
    given, columns = dict[str, Any](details), dict[str, Any]()
    if "body" in given:
        columns["body"] = checks.prose(given["body"], "body", max_body, required=True)
    for name, max_length in MAX_LENGTHS.items():
        if name in given:
            columns[name] = checks.text(given[name], name, max_length)
    if "type" in given:
        columns["type"] = checks.choice(given["type"], TYPES, "type") or NOTE
    if "direction" in given:
        columns["direction"] = checks.choice(given["direction"], DIRECTIONS, "direction")
    if (priority := given.get("priority")) is not None and abs(priority) > MAX_PRIORITY:
        checks.fail("OUT_OF_RANGE", f"From {-MAX_PRIORITY} to {MAX_PRIORITY}.", "priority")
    return columns


def checked_due(checks: Checks, due_at: Instant | None, written: Instant) -> Instant:
    """Until when something is to be done that was written down at an instant; NEVER where no time is set."""
    if due_at is not None and not written - DAY_MS <= due_at <= written + MAX_DAYS_AHEAD * DAY_MS:
        checks.fail(
            "INVALID_DATE", "This must lie within ten years of when it was written, and not before it.", "dueAt"
        )
    return NEVER if due_at is None else due_at


def is_to_be_done(details: NoteDetails) -> bool:
    """Whether something is to be done about a new note of which it was not said."""
    kind, due_at, assignee = details.get("type"), details.get("due_at"), details.get("assignee")
    return kind in OPENING or due_at is not None or bool(assignee)


def answer_due(kind: str, written: Instant, hours: int) -> Instant | None:
    """Until when a new note of a type is to be done of which no time was said, where the shop answers in so many hours."""
    return Instant(written + hours * HOUR_MS) if kind in ANSWERED else None


def done_at(before: Mapping[str, Any] | None, *, is_open: bool, at: Instant) -> Instant | None:
    """When it was done what a note asks for, once that `is_open` or not, by the note that it was `before`."""
    if is_open:
        return None
    return at if before is None or before["is_open"] else before["done_at"]


def urgency(priority: int, due_at: Instant) -> int:
    """The number by which notes are ordered: by priority; of two that are equal in that, the one that is due sooner is more
    urgent, and what has no time the least."""
    return priority * _SPAN + (0 if due_at == NEVER else _SPAN - 1 - (due_at - EARLIEST))


URGENCY = f"priority * {_SPAN} + CASE WHEN due_at = {NEVER + 1} - 1 THEN 0 ELSE {_SPAN - 1 + EARLIEST} - due_at END"
"""The same in SQL."""
