"""Asking for bulk jobs, and stopping them."""

from collections.abc import Iterable
from typing import Any

import orjson

from regulars_core.bulk.needs import Needs, needs_of
from regulars_core.bulk.reads import BULK_JOBS, CANCELLED, QUEUED, BulkJobRow, bulk_jobs_by_ids
from regulars_core.bulk.tasks import Input, bulk_tasks
from regulars_core.database import Database
from regulars_core.primitives.clock import DAY_MS, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import inserting
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

KEPT_DAYS = 45
"""How long it can be asked what became of a job."""
_COLUMNS = ("id", "task", "stage", "is_open", "input", "done", "counts", "key_id", "key_name", "requested_at", "needs")


async def request_bulk_job(
    shop: Shop, task: str, given: Input, by: Actor, *, needs: Needs | None = None, job_id: str | None = None
) -> BulkJobRow:
    """Ask for work, in the caller's transaction: it is begun once that is committed, within seconds, by a process that
    runs jobs. `needs` are what it takes to have what it makes, until that is fetched."""
    job_id, at = job_id or new_id(), now()
    written = None if needs is None else orjson.dumps(needs).decode()
    row = (job_id, task, QUEUED, True, orjson.dumps(given).decode(), 0, "{}", by.key_id, by.name, at, written)
    await shop.database.defer([inserting("bulk_job", _COLUMNS, [row])])
    return BulkJobRow(job_id, task, QUEUED, 0, None, "{}", None, by.key_id, by.name, at, None)


async def needs_too(shop: Shop, job_id: str, by: Actor, permissions: Iterable[str]) -> None:
    """Note that it takes these permissions, too, where somebody holds them now, to have what a job makes: of what it turns out to
    tell only while it is done."""

    async def work() -> None:
        [row] = await lock(shop.database, "bulk_job", [job_id], ("needs",))
        known = orjson.loads(row[0]) if row[0] else {}
        more = {name: stores for name, stores in needs_of(by, permissions).items() if name not in known}
        if more:
            written = orjson.dumps(known | more).decode()
            await shop.database.run("UPDATE bulk_job SET needs = $2 WHERE id = $1", job_id, written)

    await shop.database.transaction(work)


async def open_bulk_job(database: Database, task: str, given: Input) -> BulkJobRow | None:
    """The unfinished job that does this task with the same input, whoever asked for it. Whoever asks in order not to ask twice
    holds a lock on what it is about."""
    row = await database.row(
        f"SELECT {BULK_JOBS.column_list} FROM {BULK_JOBS.source} WHERE j.is_open = $1 AND j.task = $2 AND j.input = $3",
        True,
        task,
        orjson.dumps(given).decode(),
    )
    return BulkJobRow(*row) if row else None


async def refuse_too_many(shop: Shop, by: Actor) -> None:
    """Raise Refused (TOO_MANY_JOBS) for a key that has as many unfinished jobs with files as it may have, in the caller's
    transaction: the key is locked, so that two who come at once are counted one after the other."""
    database, most = shop.database, shop.settings.jobs_per_key
    await lock(database, "api_key", [by.key_id], type="text")
    row = await database.row(
        "SELECT count(*) FROM bulk_job WHERE is_open = $1 AND key_id = $2 AND needs IS NOT NULL", True, by.key_id
    )
    if row is not None and row[0] >= most:
        message = f"This key has {most} unfinished jobs; wait for one of them, or cancel it."
        raise Refused(Problem("TOO_MANY_JOBS", message))


def sees(actor: Actor, job: BulkJobRow) -> bool:
    """Whether somebody may know of a job: who has asked for it, and whoever sees the audit."""
    return job.key_id == actor.key_id or actor.covers("audit.view", None)


async def cancel_bulk_job(shop: Shop, job_id: str, by: Actor) -> BulkJobRow:
    """Stop a job; what it has done stays. Raises Refused: NOT_FOUND, also for one of which the caller may not know, and
    JOB_FINISHED."""

    async def work() -> BulkJobRow:
        await lock(shop.database, "bulk_job", [job_id])
        job = (await bulk_jobs_by_ids(shop.database, [job_id])).get(job_id)
        if job is None or not sees(by, job):
            raise Refused(Problem("NOT_FOUND", "There is no job with this id.", ("id",)))
        if job.finished_at is not None:
            raise Refused(Problem("JOB_FINISHED", "The job has ended already.", ("id",)))
        return await end(shop, job, CANCELLED)

    return await shop.database.transaction(work)


async def end(shop: Shop, job: BulkJobRow, stage: str, problem: str | None = None) -> BulkJobRow:
    """Let a job end without being done, in the caller's transaction, which has locked it."""
    row = await shop.database.row("SELECT input FROM bulk_job WHERE id = $1", job.id)
    task = bulk_tasks(shop.plugins).get(job.task)
    if task is not None and row is not None:
        given: Any = orjson.loads(row[0])
        await task.ended(shop, given)
    await close(shop, job.id, stage, problem)
    return (await bulk_jobs_by_ids(shop.database, [job.id]))[job.id]


async def close(shop: Shop, job_id: str, stage: str, problem: str | None = None) -> None:
    """Note that a job has ended, in the caller's transaction."""
    await shop.database.run(
        "UPDATE bulk_job SET stage = $2, problem = $3, finished_at = $4, is_open = $5, input = '{}', place = NULL"
        " WHERE id = $1",
        job_id,
        stage,
        problem,
        now(),
        False,
    )


async def forget_old_jobs(shop: Shop) -> None:
    """Remove jobs that were asked for long ago and have ended, some at a time. Their files are forgotten by themselves."""
    pace, before = Pace(shop.database, 1_000), now() - KEPT_DAYS * DAY_MS
    some = (
        "DELETE FROM bulk_job WHERE id IN (SELECT id FROM bulk_job WHERE is_open = $1 AND requested_at < $2"
        " ORDER BY requested_at, id LIMIT $3)"
    )
    size = pace.size
    while await pace.step(lambda size=size: shop.database.run(some, False, before, size)) == size:  # type: ignore[misc]
        size = pace.size
