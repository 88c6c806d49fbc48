"""The team's notes about customers."""

from typing import Annotated, Any

import strawberry

from regulars_core.customers import notes
from regulars_core.customers.reads import notes_by_ids
from regulars_core.plugins.owners import CORE
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind
from regulars_schema.customers.mutations import customer_row
from regulars_schema.customers.types import Customer, Note
from regulars_schema.fields.declarations import mutation
from regulars_schema.fields.nodes import in_every_store
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.types.ids import key_of


@strawberry.input(description="A new note about a customer.")
class NoteAddInput(IdempotentInput):
    """Input of noteAdd."""

    customer_id: strawberry.ID = strawberry.field(description="Whom it is about.")
    body: str = strawberry.field(description="The text; at most 10000 characters.")


@strawberry.type(description="What noteAdd answers.")
class NoteAddPayload(Payload):
    """Payload of noteAdd."""

    note: Note | None = guarded("notes.view", default=None, description="The new note.")


@mutation(
    name="noteAdd",
    needs="notes.edit",
    description="Writes a note about a customer. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def note_add(
    context: RequestContext, *, input: Annotated[NoteAddInput, strawberry.argument(description="What to write down.")]
) -> NoteAddPayload:
    """Write a note."""
    key = key_of(input.customer_id, "customer", "customerId")
    return NoteAddPayload(
        note=await _note(context, await notes.add_note(context.shop, key, input.body, context.actor.name))
    )


@strawberry.input(description="A note to rewrite.")
class NoteUpdateInput(IdempotentInput):
    """Input of noteUpdate."""

    id: strawberry.ID = strawberry.field(description="The note.")
    body: str = strawberry.field(description="The new text; at most 10000 characters.")


@strawberry.type(description="What noteUpdate answers.")
class NoteUpdatePayload(Payload):
    """Payload of noteUpdate."""

    note: Note | None = guarded("notes.view", default=None, description="The note as it is now.")


@mutation(
    name="noteUpdate",
    needs="notes.edit",
    description="Rewrites a note. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def note_update(
    context: RequestContext, *, input: Annotated[NoteUpdateInput, strawberry.argument(description="What it shall say.")]
) -> NoteUpdatePayload:
    """Rewrite a note."""
    key = key_of(input.id, "note", "id")
    await notes.change_note(context.shop, key, input.body)
    return NoteUpdatePayload(note=await _note(context, key))


@strawberry.input(description="A note to delete.")
class NoteDeleteInput(IdempotentInput):
    """Input of noteDelete."""

    id: strawberry.ID = strawberry.field(description="The note.")


@strawberry.type(description="What noteDelete answers.")
class NoteDeletePayload(Payload):
    """Payload of noteDelete."""

    deleted_note_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the note that is gone."
    )
    customer: Customer | None = guarded("customers.view", default=None, description="Whom the note was about.")


@mutation(name="noteDelete", needs="notes.edit", description="Deletes a note. Codes: `NOT_FOUND`.")
async def note_delete(
    context: RequestContext, *, input: Annotated[NoteDeleteInput, strawberry.argument(description="What to delete.")]
) -> NoteDeletePayload:
    """Delete a note."""
    customer_id = await notes.delete_note(context.shop, key_of(input.id, "note", "id"))
    return NoteDeletePayload(deleted_note_id=input.id, customer=await customer_row(context, customer_id))


async def _note(context: RequestContext, key: str) -> Any:
    return await load_one(notes_by_ids, context.database, key)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Mutation, [note_add, note_update, note_delete])],
        nodes=[NodeKind("note", in_every_store(notes_by_ids), "notes.view")],
    )
