"""What clients give of notes, and how it reaches the core."""

from typing import Any

import strawberry

from regulars_core.customers.notes.rules import CORRECTION, NoteDetails
from regulars_core.primitives.clock import Instant
from regulars_schema.customers.notes.types import NoteDirection, NoteType
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.types.ids import key_of

_ASSIGNEE = "Who is to see to it; at most 120 characters."
_OUTCOME = "What came of it; at most 240 characters."
_TOPIC = "What it is about; at most 64 characters."


@strawberry.input(description="A new note about a customer.")
class NoteAddInput(IdempotentInput):
    """Input of noteAdd."""

    customer_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    body: str = strawberry.field(description="The text; at most 10000 characters.")
    type: strawberry.Maybe[NoteType | None] = strawberry.field(description="What it is; `NOTE` if absent.")
    channel: strawberry.Maybe[str | None] = strawberry.field(
        description="How the contact came about, such as `phone`; at most 40 characters."
    )
    direction: strawberry.Maybe[NoteDirection | None] = strawberry.field(description="Which way the contact went.")
    outcome: strawberry.Maybe[str | None] = strawberry.field(description=_OUTCOME)
    topic: strawberry.Maybe[str | None] = strawberry.field(description=_TOPIC)
    assignee: strawberry.Maybe[str | None] = strawberry.field(description=_ASSIGNEE)
    priority: strawberry.Maybe[int | None] = strawberry.field(
        description="How urgent, from -1000 to 1000; the customer's priority if absent."
    )
    is_open: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether something is still to be done; if absent, true for inquiries, complaints, corrections and whatever "
        "has a time to be done by or an assignee."
    )
    due_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="Until when it is to be done; for an inquiry or complaint the shop's time to respond if absent."
    )
    purchase_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The purchase that it is about, one of the customer's or of nobody's. Needs `purchases.view`."
    )


@strawberry.input(description="What somebody has looked at of a note.")
class ExpectingNote:
    """Base of inputs that change a note; not a type of its own."""

    expected_version: strawberry.Maybe[int | None] = strawberry.field(
        description="The `version` that was looked at; if the note has been changed since, nothing is done and the answer is "
        "`VERSION_CONFLICT`. Absent: whatever it is."
    )


@strawberry.input(description="Changes of a note; what is absent stays, null clears.")
class NoteUpdateInput(ExpectingNote, IdempotentInput):
    """Input of noteUpdate."""

    id: strawberry.ID = strawberry.field(description="The note.")
    body: strawberry.Maybe[str | None] = strawberry.field(description="The new text; at most 10000 characters.")
    outcome: strawberry.Maybe[str | None] = strawberry.field(description=_OUTCOME)
    topic: strawberry.Maybe[str | None] = strawberry.field(description=_TOPIC)
    assignee: strawberry.Maybe[str | None] = strawberry.field(description=_ASSIGNEE)
    priority: strawberry.Maybe[int | None] = strawberry.field(
        description="How urgent, from -1000 to 1000; null for the customer's priority as it is now."
    )
    is_open: strawberry.Maybe[bool | None] = strawberry.field(description="Whether something is still to be done.")
    due_at: strawberry.Maybe[Instant | None] = strawberry.field(description="Until when it is to be done.")


@strawberry.input(description="A note to delete.")
class NoteDeleteInput(ExpectingNote, IdempotentInput):
    """Input of noteDelete."""

    id: strawberry.ID = strawberry.field(description="The note.")


@strawberry.input(description="Something about a customer that is wrong.")
class CorrectionRequestInput(IdempotentInput):
    """Input of correctionRequest."""

    customer_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    body: str = strawberry.field(description="What is wrong and what is right; at most 2000 characters.")
    purchase_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The purchase at which it was noticed. Needs `purchases.view`."
    )


_CHANGEABLE = ("body", "outcome", "topic", "assignee", "priority", "due_at", "is_open")


def new_note(input: NoteAddInput) -> NoteDetails:
    """The core's form of a new note. Raises BadInput for an id of a purchase that is none."""
    return {**_details(input, *_CHANGEABLE[1:], "type", "channel", "direction"), "body": input.body, **_about(input)}


def correction(input: CorrectionRequestInput) -> NoteDetails:
    """The note that a request to correct something becomes. Raises BadInput for an id of a purchase that is none."""
    return {"type": CORRECTION, "body": input.body, **_about(input)}


def note_changes(input: NoteUpdateInput) -> NoteDetails:
    """What is present in a change of a note, and nothing else."""
    return _details(input, *_CHANGEABLE)


def _details(input: Any, *names: str) -> NoteDetails:
    given: Any = {name: value_or_none(maybe) for name in names if (maybe := getattr(input, name)) is not None}
    return given  # type: ignore[no-any-return]


def _about(input: NoteAddInput | CorrectionRequestInput) -> NoteDetails:
    purchase = value_or_none(input.purchase_id)
    return {} if purchase is None else {"purchase_id": key_of(purchase, "purchase", "purchaseId")}
