"""Reading bulk jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from regulars_core.database import Database
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Order, Page, SortKey, Window
from regulars_core.queries.rows import Readable, by_ids, page
from regulars_core.queries.where import Values

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "QUEUED", "RUNNING", "DONE", "FAILED", "CANCELLED"


@dataclass(slots=True)
class BulkJobRow:
    """A bulk job as it is shown."""

    id: str
    task: str
    stage: str
    done: int
    total: int | None
    counts_json: str
    problem: str | None
    key_id: str
    key_name: str
    requested_at: Instant
    finished_at: Instant | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many, by what became of them."""
        found: Mapping[str, int] = orjson.loads(self.counts_json)
        return found

    @property
    def progress(self) -> int | None:
        """How far it is in percent; None where nobody can tell yet."""
        if self.stage == DONE:
            return 100
        return None if self.total is None else min(99, self.done * 100 // max(self.total, 1))


_COLUMNS = [f"j.{'counts' if name == 'counts_json' else name}" for name in BulkJobRow.__slots__]
BULK_JOBS = Readable("bulk_job j", "j.id", _COLUMNS, BulkJobRow)
LATEST_FIRST = Order(SortKey("REQUESTED_AT", "j.requested_at", "j.id", int), descending=True)


async def bulk_jobs_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, BulkJobRow]:
    """Jobs by id, whoever asked for them."""
    return await by_ids(database, BULK_JOBS, ids)


async def page_of_bulk_jobs(
    database: Database, window: Window, *, key_id: str | None = None, tasks: Sequence[str] | None = None
) -> Page[BulkJobRow]:
    """A page of all jobs, or of those that this key asked for, and of those that do one of these tasks."""

    def narrowed(values: Values) -> str:
        conditions = ["1 = 1"]
        if key_id is not None:
            conditions.append(f"j.key_id = {values.bind(key_id)}")
        if tasks is not None:
            values.bind(list(tasks))
            conditions.append(database.dialect.among("j.task", len(values.all), "text"))
        return " AND ".join(conditions)

    return await page(database, BULK_JOBS, window, condition=narrowed)
