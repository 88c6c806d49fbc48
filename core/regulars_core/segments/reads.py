"""Reading segments, and who is in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.named import tree_of
from regulars_core.customers.reads import CustomerRow, customers_source
from regulars_core.database import Database, Lookup
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, counts_of_lists, page, pages_of_lists
from regulars_core.queries.where import Where


@dataclass(slots=True)
class SegmentRow:
    """Conditions under a name, as JSON."""

    id: str
    name: str
    description: str | None
    conditions: str
    version: int
    created_at: Instant
    updated_at: Instant

    @property
    def tree(self) -> Audience:
        """The conditions, in the shape of `CustomerWhere`; shared, so that nobody may change them."""
        return tree_of(self.conditions)


SEGMENTS = Readable(
    "segment g",
    "g.id",
    [f"g.{name}" for name in SegmentRow.__slots__],
    SegmentRow,
)
BY_NAME = Order(SortKey("NAME", "g.name_key", "g.id", str))


async def segments_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, SegmentRow]:
    """Segments by id."""
    return await by_ids(database, SEGMENTS, ids)


async def page_of_segments(database: Database, window: Window) -> Page[SegmentRow]:
    """A page of all segments."""
    return await page(database, SEGMENTS, window)


ALL_TREES: Lookup = ("SELECT conditions FROM segment ORDER BY id", [])
"""What looks up the conditions of all segments."""


def trees_from(rows: Sequence[Sequence[Any]]) -> Sequence[Audience]:
    """The conditions out of these rows."""
    return [tree_of(row[0]) for row in rows]


async def counts_in(database: Database, trees: Sequence[Where]) -> Sequence[int]:
    """How many customers each of these trees finds, by one statement."""
    return await counts_of_lists(database, customers_source(None), trees)


async def customers_in(database: Database, trees: Sequence[Where], window: Window) -> Sequence[Page[CustomerRow]]:
    """A page of the customers whom each of these trees finds, by one statement."""
    return await pages_of_lists(database, customers_source(window), trees, window)
