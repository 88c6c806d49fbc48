"""Writing notes, changing and deleting them, and asking that something be corrected."""

from collections.abc import Collection
from typing import Annotated, Any

import strawberry

from regulars_core.customers.notes import service
from regulars_core.customers.notes.reads import notes_by_ids
from regulars_core.customers.notes.rules import MAX_REQUEST, NoteDetails
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.mutations import customer_row
from regulars_schema.customers.notes.inputs import (
    CorrectionRequestInput,
    NoteAddInput,
    NoteDeleteInput,
    NoteUpdateInput,
    correction,
    new_note,
    note_changes,
)
from regulars_schema.customers.notes.types import Note
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import mutation
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.types.ids import key_of


@strawberry.type(description="What noteAdd answers.")
class NoteAddPayload(Payload):
    """Payload of noteAdd."""

    note: Note | None = guarded("notes.view", default=None, description="The new note.")


@mutation(
    name="noteAdd",
    needs="notes.edit",
    description="Writes a note about a customer. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `INVALID_DATE`, "
    "`OUT_OF_RANGE`.",
)
async def note_add(
    context: RequestContext, *, input: Annotated[NoteAddInput, strawberry.argument(description="What to write down.")]
) -> NoteAddPayload:
    """Write a note. Raises Forbidden."""
    key, details = key_of(input.customer_id, "customer", "customerId"), new_note(input)
    stores, author = _stores(context, details), context.actor.name
    note = await service.add_note(context.shop, key, details, author, stores=stores)
    return NoteAddPayload(note=await _note(context, note))


@strawberry.type(description="What noteUpdate answers.")
class NoteUpdatePayload(Payload):
    """Payload of noteUpdate."""

    note: Note | None = guarded("notes.view", default=None, description="The note as it is now.")


@mutation(
    name="noteUpdate",
    needs="notes.edit",
    description="Changes a note. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `INVALID_DATE`, `OUT_OF_RANGE`, "
    "`VERSION_CONFLICT` (VersionConflict).",
)
async def note_update(
    context: RequestContext, *, input: Annotated[NoteUpdateInput, strawberry.argument(description="What to change.")]
) -> NoteUpdatePayload:
    """Change a note."""
    key = key_of(input.id, "note", "id")
    expected = value_or_none(input.expected_version)
    note: Any = await service.change_note(context.shop, key, note_changes(input), expected)
    return NoteUpdatePayload(note=note)


@strawberry.type(description="What noteDelete answers.")
class NoteDeletePayload(Payload):
    """Payload of noteDelete."""

    deleted_note_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the note that is gone."
    )
    customer: Customer | None = guarded("customers.view", default=None, description="Whom the note was about.")


@mutation(
    name="noteDelete",
    needs="notes.edit",
    description="Deletes a note. Codes: `NOT_FOUND`, `VERSION_CONFLICT` (VersionConflict).",
)
async def note_delete(
    context: RequestContext, *, input: Annotated[NoteDeleteInput, strawberry.argument(description="What to delete.")]
) -> NoteDeletePayload:
    """Delete a note."""
    key = key_of(input.id, "note", "id")
    customer_id = await service.delete_note(context.shop, key, value_or_none(input.expected_version))
    return NoteDeletePayload(deleted_note_id=input.id, customer=await customer_row(context, customer_id))


@strawberry.type(description="What correctionRequest answers.")
class CorrectionRequestPayload(Payload):
    """Payload of correctionRequest."""

    note: Note | None = guarded("notes.view", default=None, description="The request.")


@mutation(
    name="correctionRequest",
    needs="corrections.request",
    description="Asks those who may to correct something about a customer: a note of the type `CORRECTION` that is open until "
    "somebody marks it done. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def correction_request(
    context: RequestContext,
    *,
    input: Annotated[CorrectionRequestInput, strawberry.argument(description="What is wrong.")],
) -> CorrectionRequestPayload:
    """Ask for a correction. Raises Forbidden."""
    key, details = key_of(input.customer_id, "customer", "customerId"), correction(input)
    stores, author = _stores(context, details), context.actor.name
    # A sale that is on the wrong profile is somebody else's.
    note = await service.add_note(
        context.shop, key, details, author, max_body=MAX_REQUEST, stores=stores, of_anybody=True
    )
    return CorrectionRequestPayload(note=await _note(context, note))


def _stores(context: RequestContext, details: NoteDetails) -> Collection[str] | None:
    """Where a purchase may be that a note is about; None for any store. Raises Forbidden for who sees no purchases and names
    one."""
    if "purchase_id" in details:
        context.demand(VIEW)
    return context.actor.stores(VIEW)


async def _note(context: RequestContext, key: str) -> Any:
    return await load_one(notes_by_ids, context.database, key)


MUTATIONS = Extension(Mutation, [note_add, note_update, note_delete, correction_request])
