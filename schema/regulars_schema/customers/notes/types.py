"""Notes in the language of the API: their types, what they are narrowed by, and in which orders they are listed."""

from enum import Enum
from typing import Annotated, Any, NewType, Unpack

import strawberry

from regulars_core.customers.notes.reads import NEWEST_FIRST, SORT_KEYS, NoteRow
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Where
from regulars_schema.composition.contributions import SortField
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.fields.pagination import PageArguments, window_of
from regulars_schema.fields.sort_orders import OrderDirection, order_of
from regulars_schema.fields.where_trees import where_input
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import identified


@strawberry.enum(description="What a note is.")
class NoteType(Enum):
    """Values of customer_note.type."""

    COMPLAINT = strawberry.enum_value("COMPLAINT", description="Somebody complained.")
    CONTACT = strawberry.enum_value("CONTACT", description="Somebody spoke or met with the customer.")
    CORRECTION = strawberry.enum_value(
        "CORRECTION", description="Something about the customer is wrong and to be corrected."
    )
    INQUIRY = strawberry.enum_value("INQUIRY", description="The customer asked something.")
    MESSAGE = strawberry.enum_value("MESSAGE", description="A message that was sent or received, by whatever program.")
    NOTE = strawberry.enum_value("NOTE", description="Something to remember.")
    PREFERENCE = strawberry.enum_value("PREFERENCE", description="What the customer likes.")


@strawberry.enum(description="Which way a contact went.")
class NoteDirection(Enum):
    """Values of customer_note.direction."""

    INCOMING = strawberry.enum_value("INCOMING", description="From the customer to the shop.")
    OUTGOING = strawberry.enum_value("OUTGOING", description="From the shop to the customer.")


@requires("notes.view")
@strawberry.type(
    description="What the team wrote down about a customer: something to remember, a contact, an inquiry, a complaint, a "
    "correction to make. Never shown to the customer nor printed on receipts."
)
class Note(Node):
    """Over regulars_core.customers.notes.reads.NoteRow."""

    is_type_of = backed_by(NoteRow)
    id: strawberry.ID = identified("note")
    type: NoteType = strawberry.field(description="What it is.")
    body: str = strawberry.field(description="The text.")
    author: str = strawberry.field(description="Who wrote it: the name of the key that was used.")
    channel: str | None = strawberry.field(
        description="How the contact came about, in the shop's own words, such as `phone` or `counter`."
    )
    direction: NoteDirection | None = strawberry.field(
        description="Which way the contact went; null where it was none."
    )
    outcome: str | None = strawberry.field(description="What came of it.")
    topic: str | None = strawberry.field(
        description="What it is about, in the shop's own words, for counting what comes up often."
    )
    assignee: str | None = strawberry.field(
        description="Who is to see to it, in the shop's own words; null where nobody is."
    )
    priority: int = strawberry.field(
        description="How urgent: the customer's priority when it was written, or what was said instead."
    )
    is_open: bool = strawberry.field(description="Whether something is still to be done.")
    due_at: Instant | None = strawberry.field(
        description="Until when it is to be done; null where nothing is, or no time was set."
    )
    done_at: Instant | None = strawberry.field(
        description="When it was done; null while it is open, and of a note with nothing to do."
    )
    version: int = strawberry.field(description="Grows by one with every change of the note.")
    created_at: Instant = strawberry.field(description="When it was written.")
    updated_at: Instant = strawberry.field(description="When it was last changed.")


NoteOrderField = NewType("NoteOrderField", str)
"""What notes can be ordered by; a plugin adds a value with a SortField."""
NoteOrderField.__doc__ = "What notes can be ordered by. Those with equal values are ordered by id."


@strawberry.input(description="An order of notes.")
class NoteOrderBy:
    """Input of the list of all notes."""

    field: NoteOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@where_input("NoteWhere", "Conditions on notes. Several in one node must all hold; `{}` holds for each.")
class NoteWhere:
    """Marker: the leaves are composed per schema, and what arrives is a regulars_core.queries.where.Where."""


class NotesArguments(PageArguments, total=False):
    """The arguments of the list of all notes."""

    where: Annotated[NoteWhere | None, strawberry.argument(description="Only notes for which these conditions hold.")]
    order_by: Annotated[
        NoteOrderBy | None, strawberry.argument(description="The order; the latest written first if absent.")
    ]


SORTS = [
    SortField(NoteOrderField, SORT_KEYS["CREATED_AT"], "By when they were written."),
    SortField(
        NoteOrderField,
        SORT_KEYS["DUE_AT"],
        "By when they are to be done; without a time, below all others.",
    ),
    SortField(
        NoteOrderField,
        SORT_KEYS["PRIORITY"],
        "By urgency, then by when they are to be done: what is due sooner is more urgent, and what has no time is the least. So "
        "`DESC` begins with what to do first.",
    ),
]


def notes_window(context: RequestContext, **arguments: Unpack[NotesArguments]) -> tuple[Window, Where | None]:
    """Which page the arguments of the list ask for, the latest written first if no order is given. Raises BadInput."""
    where: Any = arguments.get("where")
    return window_of(order_of(arguments.get("order_by"), NEWEST_FIRST, context), arguments), where
