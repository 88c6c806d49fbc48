"""Reading pairs, as they are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page
from regulars_core.queries.where import Values

MOST_OF_ONE = 20
"""Pairs that are told of one customer."""


@dataclass(slots=True)
class PairRow:
    """Two customers who may be the same, as they are shown."""

    id: str
    customer_id: str
    other_id: str
    score: int
    reasons_told: str
    found_at: Instant
    dismissed_at: Instant | None

    @property
    def reasons(self) -> Sequence[str]:
        """Why, the likeliest reason first."""
        return self.reasons_told.split()

    @property
    def audited(self) -> Sequence[tuple[str, str]]:
        """What the audit says that it was about, as (kind, key)."""
        return [("customer", self.customer_id), ("customer", self.other_id)]


_COLUMNS = [f"p.{'reasons' if name == 'reasons_told' else name}" for name in PairRow.__slots__]
PAIRS = Readable("duplicate_pair p", "p.id", _COLUMNS, PairRow)
LIKELIEST_FIRST = Order(SortKey("SCORE", "p.score", "p.id", int), descending=True)


async def pairs_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, PairRow]:
    """Pairs by id."""
    return await by_ids(database, PAIRS, ids)


async def page_of_pairs(database: Database, window: Window, *, dismissed: bool, minimum_score: int) -> Page[PairRow]:
    """A page of the pairs that were dismissed, or of those that were not, of at least this score."""

    def narrowed(values: Values) -> str:
        return f"p.is_dismissed = {values.bind(dismissed)} AND p.score >= {values.bind(minimum_score)}"

    return await page(database, PAIRS, window, condition=narrowed)


async def pairs_of_customers(database: Database, customer_ids: Sequence[str]) -> Mapping[str, Sequence[PairRow]]:
    """Of each customer the pairs that nobody has dismissed, the likeliest first, MOST_OF_ONE at most."""
    found: dict[str, list[PairRow]] = {id_: [] for id_ in customer_ids}
    sides = [
        f"SELECT p.{side} AS owner, p.* FROM duplicate_pair p WHERE {database.dialect.among(f'p.{side}', 1)}"
        " AND NOT p.is_dismissed"  # compared with a value, SQLite would walk through all that nobody has dismissed
        for side in ("customer_id", "other_id")
    ]
    numbered = (
        "SELECT p.*, row_number() OVER (PARTITION BY p.owner ORDER BY p.score DESC, p.id DESC) AS place"
        f" FROM ({' UNION ALL '.join(sides)}) p"
    )
    sql = f"SELECT p.owner, {', '.join(_COLUMNS)} FROM ({numbered}) p WHERE p.place <= {MOST_OF_ONE} ORDER BY p.place"
    for owner, *columns in await database.rows(sql, sorted(found)) if found else ():
        found[owner].append(PairRow(*columns))
    return found
