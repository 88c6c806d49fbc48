"""What notes can be filtered by."""

import strawberry

from regulars_core.customers.notes.reads import LEAVES as SQL
from regulars_core.primitives.text import tidy
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.notes.types import NoteType, NoteWhere
from regulars_schema.fields.filters import (
    InstantComparison,
    TextComparison,
    enum_conditions,
    flag_conditions,
    instant_conditions,
    text_conditions,
)


@strawberry.input(description="Compares with a list of types of notes.")
class NoteTypeComparison:
    """Conditions over customer_note.type."""

    in_: list[NoteType] = strawberry.field(name="in", description="One of these.")


_WORDS = text_conditions(tidy)
_ABOUT = {
    "type": (NoteTypeComparison, enum_conditions, "What it is."),
    "isOpen": (bool, flag_conditions, "Whether something is still to be done."),
    "assignee": (TextComparison, _WORDS, "Who is to see to it, as it was written."),
    "channel": (TextComparison, _WORDS, "How the contact came about, as it was written."),
    "topic": (TextComparison, _WORDS, "What it is about, as it was written."),
    "createdAt": (InstantComparison, instant_conditions, "When it was written."),
    "dueAt": (InstantComparison, instant_conditions, "Until when it is to be done."),
}
LEAVES = [
    FilterLeaf(NoteWhere, name, comparison, SQL[name], conditions, description)
    for name, (comparison, conditions, description) in _ABOUT.items()
]
