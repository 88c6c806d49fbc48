"""Reading stores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.database import Database, Dialect, Lookup
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page


@dataclass(slots=True)
class StoreRow:
    """A place of sale."""

    id: str
    code: str
    name: str
    is_active: bool
    created_at: Instant
    updated_at: Instant

    def __post_init__(self) -> None:
        self.is_active = bool(self.is_active)


STORES = Readable("store st", "st.id", [f"st.{name}" for name in StoreRow.__slots__], StoreRow)
BY_CODE = Order(SortKey("CODE", "st.code", "st.id", str))


async def stores_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, StoreRow]:
    """Stores by id."""
    return await by_ids(database, STORES, ids)


async def stores_by_codes(database: Database, codes: Sequence[str]) -> Mapping[str, StoreRow]:
    """Stores by code; unknown ones are missing."""
    sql, values = query_by_codes(database.dialect, codes)
    rows = await database.read(sql, *values)
    return {store.code: store for store in (StoreRow(*row) for row in rows)}


def query_by_codes(dialect: Dialect, codes: Sequence[str]) -> Lookup:
    """What `stores_by_codes` looks up."""
    among = dialect.among("st.code", 1, "text")
    return f"SELECT {STORES.column_list} FROM store st WHERE {among}", [sorted(set(codes))]


async def page_of_stores(database: Database, window: Window) -> Page[StoreRow]:
    """A page of all stores."""
    return await page(database, STORES, window)


async def last_recorded(database: Database, store_ids: Sequence[str]) -> Mapping[str, Instant]:
    """When a purchase of each of these stores was last recorded here, whatever day it says; a store without any is missing."""
    if not store_ids:
        return {}
    latest = "SELECT p.recorded_at FROM purchase p WHERE p.store_id = k.key ORDER BY p.recorded_at DESC LIMIT 1"
    rows = await database.rows(
        f"SELECT k.key, ({latest}) FROM {database.dialect.keys(1)}", list(dict.fromkeys(store_ids))
    )
    return {store_id: at for store_id, at in rows if at is not None}
