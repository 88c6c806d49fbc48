"""Reading erasures."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page
from regulars_core.queries.where import Values

SCHEDULED, CANCELLED, DONE = "SCHEDULED", "CANCELLED", "DONE"


@dataclass(slots=True)
class ErasureRow:
    """An erasure as it is shown."""

    id: str
    customer_id: str
    ground: str
    state: str
    requested_at: Instant
    requested_by: str
    scheduled_for: Instant
    cancelled_at: Instant | None
    done_at: Instant | None
    erased_json: str

    @property
    def erased(self) -> Mapping[str, int]:
        """How much was overwritten or deleted, by kind."""
        found: Mapping[str, int] = orjson.loads(self.erased_json)
        return found


_COLUMNS = [f"e.{'erased' if name == 'erased_json' else name}" for name in ErasureRow.__slots__]
ERASURES = Readable("erasure e", "e.id", _COLUMNS, ErasureRow)
LATEST_FIRST = Order(SortKey("REQUESTED_AT", "e.requested_at", "e.id", int), descending=True)


async def erasures_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ErasureRow]:
    """Erasures by id."""
    return await by_ids(database, ERASURES, ids)


async def latest_erasures(database: Database, customer_ids: Collection[str]) -> Mapping[str, ErasureRow]:
    """The erasure that was asked for last of each of these customers, by customer; whatever has become of it."""
    rows = await database.rows(
        f"SELECT {ERASURES.column_list} FROM {ERASURES.source} WHERE {database.dialect.among('e.customer_id', 1)}"
        " ORDER BY e.requested_at, e.id",
        sorted(set(customer_ids)),
    )
    return {row.customer_id: row for row in (ErasureRow(*row) for row in rows)}


async def page_of_erasures(database: Database, window: Window, state: str | None = None) -> Page[ErasureRow]:
    """A page of all erasures, or of those of which this has become."""

    def narrowed(values: Values) -> str:
        return "1 = 1" if state is None else f"e.state = {values.bind(state)}"

    return await page(database, ERASURES, window, condition=narrowed)


async def scheduled_erasures(database: Database, customer_ids: Collection[str]) -> Mapping[str, str]:
    """Those of these customers who are going to be erased, each with the id of the erasure: there is one at most."""
    # A customer has few; asked for the state too, SQLite would walk through all that are scheduled.
    rows = await database.rows(
        f"SELECT customer_id, id, state FROM erasure WHERE {database.dialect.among('customer_id', 1)}",
        sorted(customer_ids),
    )
    return {customer_id: id_ for customer_id, id_, state in rows if state == SCHEDULED}
