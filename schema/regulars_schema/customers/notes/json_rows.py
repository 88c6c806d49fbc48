"""Notes as the database writes them."""

from regulars_core.customers.notes.reads import NOTES
from regulars_core.queries.relations import Relation, RowShape

NOTE = RowShape.of(NOTES, "note")
ALL_NOTES = Relation(NOTE, None)
NOTES_OF = Relation(NOTE, "n.customer_id")
