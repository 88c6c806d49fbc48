"""The log of what was taken out in files: who, what, of whom, how much, and the digest of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, listed_of, page
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken out: the task of a bulk job, the columns, what it was narrowed by as JSON without anything personal, and the
    rows, if it has any."""

    task: str
    columns: Sequence[str]
    narrowed_by: str | None
    row_count: int | None
    sha256: str


@dataclass(slots=True)
class ExportEntryRow:
    """An entry of the log."""

    id: str
    at: Instant
    key_id: str
    key_name: str
    task: str
    columns_json: str
    narrowed_by: str | None
    row_count: int | None
    sha256: str

    @property
    def columns(self) -> list[str]:
        """The columns, or what else was chosen."""
        found: list[str] = orjson.loads(self.columns_json)
        return found


_NAMES = [name.removesuffix("_json") for name in ExportEntryRow.__slots__]
ENTRIES = Readable("export_entry e", "e.id", [f"e.{name}" for name in _NAMES], ExportEntryRow)
_FETCHES: Readable[int] = Readable("export_fetch x", "x.number", ["x.at"], int)
LATEST_FIRST = Order(SortKey("AT", "e.at", "e.id", int), descending=True)
OPERATOR = "operator"
"""What the log calls whoever runs commands."""


async def log_export(shop: Shop, taken: Taken, key: tuple[str, str], file_id: str | None = None) -> None:
    """Write down that something was taken out, by the API key of this (id, name), in the caller's transaction."""
    row = (
        new_id(), now(), *key, taken.task, orjson.dumps(list(taken.columns)).decode(), taken.narrowed_by, taken.row_count,
        taken.sha256, file_id,
    )  # fmt: skip
    await shop.database.defer([inserting("export_entry", (*_NAMES, "file_id"), [row])])


async def log_fetch(shop: Shop, file_id: str) -> None:
    """Write down that a file was fetched, in the caller's transaction."""
    await shop.database.run(
        "INSERT INTO export_fetch (entry_id, at) SELECT id, CAST($2 AS BIGINT) FROM export_entry WHERE file_id = $1",
        file_id,
        now(),
    )


async def entries_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, ExportEntryRow]:
    """Entries by id."""
    return await by_ids(database, ENTRIES, ids)


async def page_of_entries(database: Database, window: Window) -> Page[ExportEntryRow]:
    """A page of the whole log."""
    return await page(database, ENTRIES, window)


async def fetches_of(database: Database, entry_ids: Sequence[str]) -> Mapping[str, list[int]]:
    """When each was fetched."""
    return await listed_of(database, _FETCHES, "x.entry_id", entry_ids, "x.number")
