"""Reading customer groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page


@dataclass(slots=True)
class GroupRow:
    """A group of customers to whom the same terms apply."""

    id: str
    name: str
    description: str | None
    is_default: bool
    created_at: Instant
    updated_at: Instant
    version: int = 1

    def __post_init__(self) -> None:
        self.is_default = bool(self.is_default)


GROUPS = Readable("customer_group g", "g.id", [f"g.{name}" for name in GroupRow.__slots__], GroupRow)
BY_NAME = Order(SortKey("NAME", "g.name_key", "g.id", str))


async def groups_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, GroupRow]:
    """Groups by id."""
    return await by_ids(database, GROUPS, ids)


async def page_of_groups(database: Database, window: Window) -> Page[GroupRow]:
    """A page of all groups."""
    return await page(database, GROUPS, window)
