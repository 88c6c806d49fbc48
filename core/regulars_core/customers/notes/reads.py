"""Reading notes: of one customer or of all of them, narrowed and ordered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.customers.filters import happened
from regulars_core.database import Database
from regulars_core.primitives.clock import NEVER, Instant
from regulars_core.queries.pages import Order, SortKey
from regulars_core.queries.rows import Readable, by_ids
from regulars_core.queries.where import Leaf, Where, compared, one_of
from regulars_core.queries.words import Word


@dataclass(slots=True)
class NoteRow:
    """What the team wrote down about a customer."""

    id: str
    customer_id: str
    purchase_id: str | None
    type: str
    body: str
    author: str
    channel: str | None
    direction: str | None
    outcome: str | None
    topic: str | None
    assignee: str | None
    priority: int
    is_open: bool
    due_at: Instant | None
    done_at: Instant | None
    version: int
    created_at: Instant
    updated_at: Instant

    def __post_init__(self) -> None:
        self.is_open = bool(self.is_open)


def _columns(table: str) -> list[str]:
    derived = {"due_at": f"nullif({table}due_at, {NEVER + 1} - 1)"}
    return [derived.get(name, f"{table}{name}") for name in NoteRow.__slots__]


NOTES = Readable("customer_note n", "n.id", _columns("n."), NoteRow)
RETURNED = ", ".join(_columns(""))
"""The same columns, as they stand behind RETURNING."""
SORT_KEYS = {
    "CREATED_AT": SortKey("CREATED_AT", "n.created_at", "n.id", int),
    "DUE_AT": SortKey("DUE_AT", "n.due_at", "n.id", int),
    "PRIORITY": SortKey("PRIORITY", "n.urgency", "n.id", int),
}
NEWEST_FIRST = Order(SORT_KEYS["CREATED_AT"], descending=True)


LEAVES = {
    leaf.name: leaf
    for leaf in (
        Leaf("type", one_of("n.type")),
        Leaf("isOpen", compared("n.is_open")),
        Leaf("assignee", one_of("n.assignee")),
        Leaf("channel", one_of("n.channel")),
        Leaf("topic", one_of("n.topic")),
        Leaf("createdAt", compared("n.created_at")),
        Leaf("dueAt", happened("n.due_at")),
    )
}


def of_types(types: Sequence[str]) -> Where:
    """Notes of these types."""
    return Where("type", leaf=LEAVES["type"], conditions=(("in", list(types)),))


async def notes_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, NoteRow]:
    """Notes by id."""
    return await by_ids(database, NOTES, ids)


async def topics_in_use(database: Database, number: int) -> Sequence[Word]:
    """What notes are about, as it was written, the most frequent first."""
    return await _words(database, "topic", number)


async def channels_in_use(database: Database, number: int) -> Sequence[Word]:
    """How contacts came about, as it was written, the most frequent first."""
    return await _words(database, "channel", number)


async def _words(database: Database, column: str, number: int) -> Sequence[Word]:
    rows = await database.rows(
        f"SELECT {column}, count(*) AS n FROM customer_note WHERE {column} IS NOT NULL GROUP BY {column}"
        f" ORDER BY n DESC, {column} LIMIT $1",
        number,
    )
    return [Word(word, word, count) for word, count in rows]
