"""Doing bulk jobs: batch by batch, each in one transaction with the note of how far it is.

Whoever is killed goes on where the last batch ended. Several jobs take turns of some seconds.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import orjson

from regulars_core.bulk import service
from regulars_core.bulk.reads import BULK_JOBS, DONE, FAILED, RUNNING, BulkJobRow, bulk_jobs_by_ids
from regulars_core.bulk.tasks import BulkBatch, BulkTask, Step, Whole, WholeJob, bulk_tasks
from regulars_core.database import StoppedForLength, Unavailable
from regulars_core.primitives.errors import Refused, logged
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import CatchingUp, Shop

TURN_SECONDS = 5.0
"""After so long the next job has its turn."""
LONGEST_SECONDS = 21_600
"""What a job may take that is done as a whole."""
WHOLE_TURN_SECONDS = 60.0
"""After so long no further job is begun that is done as a whole: each has all of its time."""
_FIRST = 100  # of the first batch: how long it takes is not known yet
_TOTAL_SECONDS = 600
_TRIES = 5
_TOO_LONG = "It was stopped for its length: a statement of it took longer than one may."

T = TypeVar("T")

log = logging.getLogger(__name__)


async def do_bulk_jobs(shop: Shop) -> None:
    """Do everything that was asked for, until nothing is left that can be done here and now. Raises Unavailable."""
    goes_on = True
    while goes_on and (jobs := await _open_jobs(shop, lambda task: task.whole is None)):
        goes_on = any([await _turn(shop, job, task, task.step) for job, task in jobs if task.step is not None])
        await asyncio.sleep(0)


class Stopped(Exception):
    """Somebody has stopped the job, or it has ended itself."""


async def do_whole_jobs(shop: Shop, *, imports: bool) -> None:
    """Do those that are done as a whole, the imports or all others, one after another, in the order in which they were asked for;
    whoever was begun already comes after those that were asked for while it might have been done. So whatever cannot be done, or
    ends the process that tries, keeps nobody waiting for long who can, and what was interrupted does not wait for ever for new
    ones. Raises Unavailable."""
    begun = time.monotonic()
    for job, task in await _open_jobs(shop, lambda task: task.whole is not None and task.is_import == imports):
        if task.whole is not None:
            await _done_whole(shop, job, task.whole)
        if time.monotonic() - begun > WHOLE_TURN_SECONDS:
            return


async def _done_whole(shop: Shop, job: BulkJobRow, whole: Whole) -> None:
    """Do a job as a whole. One that fails ends, such as one of which a statement takes longer than one may, or which does itself;
    one that waits for a plugin which does not have everything yet is left for later."""
    row = await shop.database.row("SELECT input FROM bulk_job WHERE id = $1", job.id)
    given: Any = orjson.loads(row[0]) if row else {}
    again = f"UPDATE bulk_job SET place = CAST({_BEGUN} + 1 AS text) WHERE id = $1 AND is_open = $2"
    if not await shop.database.transaction(lambda: shop.database.run(again, job.id, True)):
        return  # somebody has stopped it since it was listed: its input is gone
    try:
        async with asyncio.timeout(LONGEST_SECONDS) as time_limit:
            counts = await whole(shop, WholeJob(job.id, given, (job.key_id, job.key_name)))
            await note(shop, job.id, 1, 1, counts, ended=True)
    except (Stopped, CatchingUp):
        pass
    except StoppedForLength:
        await _fail(shop, job, _TOO_LONG)
    except Unavailable:
        raise
    except Refused as refused:
        await _fail(shop, job, refused.problems[0].message)
    except Exception as error:
        if time_limit.expired():
            message = f"It was stopped for its length: it took longer than {LONGEST_SECONDS // 3_600} hours."
            await _fail(shop, job, message)
            return
        error_id = logged(error, f"the bulk job {job.task}")
        await _fail(shop, job, f"Something went wrong on our side; error {error_id} in the log says what.")


async def note(
    shop: Shop, job_id: str, done: int, total: int, counts: Mapping[str, int], *, ended: bool = False
) -> None:
    """Note how far a job is that is done as a whole. Raises Stopped where somebody has stopped it. A note that has to wait for
    longer than a statement may is written again, since all of the job would be lost with it; one on the way is left out then."""

    async def work() -> bool:
        rows = await lock(shop.database, "bulk_job", [job_id], ("is_open",))
        if not rows or not rows[0][0]:
            return False
        await shop.database.run(
            "UPDATE bulk_job SET stage = $2, done = $3, total = $4, counts = $5 WHERE id = $1",
            job_id,
            RUNNING,
            done,
            total,
            orjson.dumps({word: count for word, count in counts.items() if count}).decode(),
        )
        if ended:
            await service.close(shop, job_id, DONE)
        return True

    try:
        is_open = await persisting(shop, work)
    except StoppedForLength:
        if ended or shop.database.in_transaction:
            raise
        log.warning("Nobody could note how far the bulk job %s is: another one holds it.", job_id)
        return
    if not is_open:
        raise Stopped(job_id)


async def persisting(shop: Shop, work: Callable[[], Awaitable[T]]) -> T:
    """Do this in a transaction, again and again where it has to wait for longer than a statement may; inside a transaction, once.
    Raises StoppedForLength at last."""
    for tries_left in reversed(range(1 if shop.database.in_transaction else _TRIES)):
        try:
            return await shop.database.transaction(work)
        except StoppedForLength:
            if not tries_left:
                raise
    raise AssertionError("tried at least once")


_BEGUN = "CAST(coalesce(place, '0') AS bigint)"
"""How often a job was begun that is done as a whole."""


async def _open_jobs(shop: Shop, chosen: Callable[[BulkTask], bool]) -> Sequence[tuple[BulkJobRow, BulkTask]]:
    """Those of the chosen tasks that are to be done here, with their tasks: none of plugins that are off or behind, which
    would wait in front of all others."""
    known = bulk_tasks(shop.plugins, without=shop.behind)
    tasks = {name: task for name, task in known.items() if chosen(task)}
    is_whole = any(task.whole is not None for task in tasks.values())
    order = f"requested_at + {_BEGUN} * {LONGEST_SECONDS * 1_000}, id" if is_whole else "requested_at, id"
    rows = await shop.database.rows(
        f"SELECT {BULK_JOBS.column_list} FROM {BULK_JOBS.source} WHERE j.is_open = $1"
        f" AND {shop.database.dialect.among('j.task', 2, 'text')} ORDER BY {order} LIMIT 100",
        True,
        list(tasks),
    )
    return [(job, tasks[job.task]) for job in (BulkJobRow(*row) for row in rows)]


async def _turn(shop: Shop, job: BulkJobRow, task: BulkTask, do: Step) -> bool:
    """Do some of a job; False where it waits for a plugin that does not have everything yet. One that fails ends, such as one of
    which not even one thing can be done in the time that a statement may take: it would keep all others waiting for ever."""
    begun, pace = time.monotonic(), Pace(shop.database, task.most, first=_FIRST)
    try:
        if job.total is None:
            await _count(shop, job, task)
        while time.monotonic() - begun < TURN_SECONDS:
            size = pace.size
            try:
                step = await pace.step(lambda size=size: _batch(shop, job.id, do, size))  # type: ignore[misc]
            except StoppedForLength:
                if size == 1:
                    raise
                begun, pace = time.monotonic(), Pace(shop.database, max(size // 4, 1), first=1)
                continue
            if step is None:
                break
    except CatchingUp:
        return False
    except StoppedForLength:
        await _fail(shop, job, _TOO_LONG)
    except Unavailable:
        raise
    except Refused as refused:
        await _fail(shop, job, refused.problems[0].message)
    except Exception as error:
        error_id = logged(error, f"the bulk job {job.task}")
        await _fail(shop, job, f"Something went wrong on our side; error {error_id} in the log says what.")
    return True


async def _count(shop: Shop, job: BulkJobRow, task: BulkTask) -> None:
    """Note how much there is to do."""
    row = await shop.database.row("SELECT input FROM bulk_job WHERE id = $1", job.id)

    async def counted() -> int | None:
        await shop.database.allow(_TOTAL_SECONDS)
        return await task.total(shop, orjson.loads(row[0]) if row else {})

    # SQLite counts beside whoever writes, and needs no time to be given.
    given: Any = orjson.loads(row[0]) if row else {}
    is_postgres = shop.database.engine == "postgres"
    total = await (shop.database.transaction(counted) if is_postgres else task.total(shop, given))
    note = "UPDATE bulk_job SET total = $2 WHERE id = $1 AND total IS NULL"
    if total is not None:
        await shop.database.transaction(lambda: shop.database.run(note, job.id, total))


async def _batch(shop: Shop, job_id: str, do: Step, most: int) -> int | None:
    """Do a batch, in a transaction; of how many that was, None where nothing is left or somebody has stopped it."""
    columns = ("is_open", "input", "place", "counts", "key_id", "key_name")
    rows = await lock(shop.database, "bulk_job", [job_id], columns)
    if not rows or not rows[0][0]:
        return None
    _, given, place, known, *key = rows[0]
    step = await do(shop, BulkBatch(orjson.loads(given), place, most, (key[0], key[1])))
    counts: dict[str, int] = orjson.loads(known)
    for word, number in step.counts.items():
        counts[word] = counts.get(word, 0) + number
    await shop.database.run(
        "UPDATE bulk_job SET stage = $2, place = $3, done = done + $4, counts = $5 WHERE id = $1",
        job_id,
        RUNNING,
        step.place,
        step.done,
        orjson.dumps(counts).decode(),
    )
    if step.place is None:
        await service.close(shop, job_id, DONE)
        return None
    return step.done


async def _fail(shop: Shop, job: BulkJobRow, problem: str) -> None:
    async def work() -> None:
        await lock(shop.database, "bulk_job", [job.id])
        current = (await bulk_jobs_by_ids(shop.database, [job.id])).get(job.id)
        if current is not None and current.finished_at is None:
            await service.end(shop, current, FAILED, problem)

    await shop.database.transaction(work)
