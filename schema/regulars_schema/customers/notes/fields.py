"""Notes in lists: those of a customer, and those of all; and what hangs on a note."""

from collections.abc import Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers import changes
from regulars_core.customers.notes.reads import NEWEST_FIRST, NoteRow, notes_by_ids, of_types
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.queries.pages import Window
from regulars_core.queries.relations import Relation
from regulars_core.queries.where import Where
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.errors import VersionConflict
from regulars_schema.customers.notes.json_rows import ALL_NOTES, NOTE, NOTES_OF
from regulars_schema.customers.notes.types import Note, NotesArguments, NoteType, notes_window
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.pagination import Connection, PageArguments, window_of
from regulars_schema.fields.relations import related_pages, root_rows
from regulars_schema.request.context import RequestContext


class NotesOfArguments(PageArguments, total=False):
    """The arguments of a customer's notes."""

    types: Annotated[
        list[NoteType] | None, strawberry.argument(description="Only notes of these types; all if absent.")
    ]


def _page(_: RequestContext, **arguments: Unpack[NotesOfArguments]) -> tuple[Window, Where | None]:
    types = arguments.get("types")
    return window_of(NEWEST_FIRST, arguments), None if types is None else of_types([str(one.value) for one in types])


@root_rows(
    NOTE,
    name="notes",
    needs="notes.view",
    returns=Connection[Note] | None,
    description="Notes of all customers, narrowed and ordered as wished: what is to be followed up, the complaints of a month, "
    "the corrections to make.",
    page=True,
    replica=True,
)
def notes(context: RequestContext, **arguments: Unpack[NotesArguments]) -> Relation:
    """A page of all notes. Raises BadInput."""
    return ALL_NOTES.page(*notes_window(context, **arguments))


# Not written by the database with the note: what hangs on the customer would lie too deep for SQLite's parser.
@batched(name="customer", needs="customers.view", returns=Customer | None, description="Whom the note is about.")
async def customer_of(notes: Sequence[NoteRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whom each note is about."""
    keys = [note.customer_id for note in notes]
    return in_order(keys, await customers_by_ids(context.database, keys))


@batched(
    name="note",
    needs="notes.view",
    returns=Note | None,
    description="The note as it is now, where it was one that was changed.",
)
async def note_of(problems: Sequence[changes.VersionConflict], context: RequestContext) -> Sequence[NoteRow | None]:
    """The notes as they are now."""
    keys = [problem.note_id for problem in problems]
    found: Any = await notes_by_ids(context.database, [key for key in keys if key is not None])
    return in_order(keys, found)


EXTENSIONS = [
    Extension(Query, [notes]),
    Extension(
        Customer,
        [
            related_pages(
                NOTES_OF,
                _page,
                name="notes",
                needs="notes.view",
                returns=Connection[Note] | None,
                description="What the team wrote down about the customer, the latest first.",
            )
        ],
    ),
    Extension(Note, [customer_of]),
    Extension(VersionConflict, [note_of]),
]
