"""Bulk tasks of plugins."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from regulars_core.bulk import worker
from regulars_core.bulk.reads import bulk_jobs_by_ids
from regulars_core.bulk.service import cancel_bulk_job, close, forget_old_jobs, request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, WholeJob, bulk_tasks
from regulars_core.bulk.worker import do_bulk_jobs, do_whole_jobs
from regulars_core.database.postgres import connection
from regulars_core.jobs.jobs import jobs_of
from regulars_core.plugins.owners import PluginError
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import CatchingUp, Shop
from regulars_core.start import plugins_on
from tests.hooks.conftest import OpenWith
from tests.hooks.test_plugins import plugin


async def count(shop: Shop, batch: BulkBatch) -> BulkStep:
    """Count to what was asked for, one after another."""
    at = int(batch.place or "0") + 1
    if batch.input.get("breaks"):
        raise RuntimeError("secret")
    return BulkStep(None if at == batch.input["to"] else str(at), 1, {"counted": 1})


async def to(_: Shop, given: Mapping[str, Any]) -> int | None:
    found: int | None = given["to"]
    return found


COUNT = BulkTask("COUNTING_COUNT", "Counts.", count, to)
counting = plugin(regulars_bulk_tasks=lambda: [COUNT])


def test_they_come_after_cores_and_each_name_is_ones() -> None:
    cores = [
        "GROUP_DELETE",
        "ATTRIBUTE_DELETE",
        "CUSTOMERS_MERGE",
        "CUSTOMERS_UNMERGE",
        "CUSTOMERS_EXPORT",
        "PURCHASES_EXPORT",
        "DATA_REQUEST",
        "CUSTOMERS_IMPORT",
        "PURCHASES_IMPORT",
    ]
    assert list(bulk_tasks(plugins_on({"counting": counting}))) == [*cores, "COUNTING_COUNT"]
    assert list(bulk_tasks(plugins_on({"counting": counting}), without=frozenset({"counting"}))) == cores
    with pytest.raises(PluginError, match="The bulk task 'COUNTING_COUNT' is defined by 'a' and by 'b'"):
        bulk_tasks(plugins_on({"a": counting, "b": plugin(regulars_bulk_tasks=lambda: [COUNT])}))


async def test_they_are_done_and_told_of(open_with: OpenWith, caplog: pytest.LogCaptureFixture) -> None:
    shop = await open_with(plugins_on({"counting": counting}))
    by, database = operator(shop.permissions), shop.database

    async def asked(task: str, **given: Any) -> str:
        job = await database.transaction(lambda: request_bulk_job(shop, task, given, by))
        return job.id

    counted, broken, unknown = (
        await asked(COUNT.name, to=7),
        await asked(COUNT.name, to=7, breaks=1),
        await asked("GONE"),
    )
    await do_bulk_jobs(shop)
    jobs = await bulk_jobs_by_ids(database, [counted, broken, unknown])
    assert (jobs[counted].stage, jobs[counted].progress, jobs[counted].counts) == ("DONE", 100, {"counted": 7})
    assert jobs[broken].stage == "FAILED"
    assert "secret" not in str(jobs[broken].problem)
    assert "secret" in caplog.text
    assert (jobs[unknown].stage, jobs[unknown].progress) == ("QUEUED", None)  # its plugin is off
    assert (await cancel_bulk_job(shop, unknown, by)).stage == "CANCELLED"
    await database.transaction(lambda: database.run("UPDATE bulk_job SET requested_at = 0"))
    left = await asked(COUNT.name, to=1)
    await forget_old_jobs(shop)
    assert [row[0] for row in await database.rows("SELECT id FROM bulk_job")] == [left]
    await database.transaction(lambda: close(shop, left, "DONE"))


async def wait(shop: Shop, batch: BulkBatch) -> BulkStep:
    """Wait for as long as the database lets nobody wait, where at least so many are done at once."""
    if batch.most >= batch.input["from"]:
        await shop.database.rows("SELECT pg_sleep(60)")
    place = int(batch.place or "0") + batch.most
    return BulkStep(None if place >= 20 else str(place), batch.most, {"waited": batch.most})


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_one_that_takes_too_long_keeps_nobody_waiting(
    open_with: OpenWith, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "300ms")
    waiting = BulkTask("WAITING_WAIT", "Waits.", wait)
    shop = await open_with(plugins_on({"waiting": plugin(regulars_bulk_tasks=lambda: [waiting, COUNT])}))
    by, database = operator(shop.permissions), shop.database

    async def asked(task: str, **given: Any) -> str:
        return (await database.transaction(lambda: request_bulk_job(shop, task, given, by))).id

    stopped, less, counted = (
        await asked(waiting.name, **{"from": 1}),
        await asked(waiting.name, **{"from": 5}),
        await asked(COUNT.name, to=7),
    )
    await do_bulk_jobs(shop)
    jobs = await bulk_jobs_by_ids(database, [stopped, less, counted])
    assert (jobs[stopped].stage, "stopped for its length" in str(jobs[stopped].problem)) == ("FAILED", True)
    assert (jobs[less].stage, jobs[counted].stage) == ("DONE", "DONE")
    assert jobs[less].done >= 20


async def whole(shop: Shop, job: WholeJob) -> Mapping[str, int]:
    """Be one that a process cannot end, or one that it can."""
    match job.input.get("as"):
        case "long statement":
            await shop.database.rows("SELECT pg_sleep(60)")
        case "long":
            await asyncio.sleep(60)
        case "waits":
            raise CatchingUp("whole")
        case "kills":
            raise KeyboardInterrupt
    return {"counted": 1}


async def test_one_that_is_done_as_a_whole_keeps_nobody_waiting(
    open_with: OpenWith, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "300ms")
    monkeypatch.setattr(worker, "LONGEST_SECONDS", 0.5)
    task = BulkTask("WHOLE_COUNT", "Counts all at once.", None, whole=whole)
    shop = await open_with(plugins_on({"whole": plugin(regulars_bulk_tasks=lambda: [task])}))
    by, database = operator(shop.permissions), shop.database

    async def asked(of: str = task.name, **given: Any) -> str:
        return (await database.transaction(lambda: request_bulk_job(shop, of, given, by))).id

    for _ in range(100):
        await asked("GONE")  # its plugin is off
    killer, waiting, long = (
        await asked(**{"as": "kills"}),
        await asked(**{"as": "waits"}),
        await asked(**{"as": "long"}),
    )
    stopped = await asked(**{"as": "long statement" if engine == "postgres" else "long"})
    counted = await asked()
    with pytest.raises(KeyboardInterrupt):
        await do_whole_jobs(shop, imports=False)
    with pytest.raises(KeyboardInterrupt):  # whoever comes next tries it again when all others had their turn
        await do_whole_jobs(shop, imports=False)
    jobs = await bulk_jobs_by_ids(database, [killer, waiting, long, stopped, counted])
    assert [jobs[id_].stage for id_ in (killer, waiting, counted)] == ["QUEUED", "QUEUED", "DONE"]
    for id_ in (long, stopped):
        assert (jobs[id_].stage, "stopped for its length" in str(jobs[id_].problem)) == ("FAILED", True)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_note_that_has_to_wait_does_not_end_the_job(
    open_with: OpenWith, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "300ms")
    noted = asyncio.Event()

    async def long(shop: Shop, job: WholeJob) -> Mapping[str, int]:
        async def hold() -> None:
            await shop.database.run("UPDATE bulk_job SET done = done WHERE id = $1", job.id)
            held.set()
            await noted.wait()

        held = asyncio.Event()
        holding = asyncio.create_task(shop.database.transaction(hold))
        await held.wait()
        try:
            await worker.note(shop, job.id, 1, 2, {"counted": 1})  # is left out
        finally:
            asyncio.get_running_loop().call_later(0.5, noted.set)  # the last one waits for this
        return {"counted": 2, "held": int(not holding.done())}

    task = BulkTask("WHOLE_COUNT", "Counts all at once.", None, whole=long)
    shop = await open_with(plugins_on({"whole": plugin(regulars_bulk_tasks=lambda: [task])}))
    asked = await shop.database.transaction(lambda: request_bulk_job(shop, task.name, {}, operator(shop.permissions)))
    await do_whole_jobs(shop, imports=False)
    job = (await bulk_jobs_by_ids(shop.database, [asked.id]))[asked.id]
    assert (job.stage, job.counts) == ("DONE", {"counted": 2, "held": 1})


async def test_what_was_interrupted_comes_again_and_what_was_stopped_does_not(
    open_with: OpenWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LONGEST_SECONDS", 1)
    done: list[str] = []

    async def whole(shop: Shop, job: WholeJob) -> Mapping[str, int]:
        done.append(job.input["as"])
        if done == ["interrupted"]:
            raise KeyboardInterrupt
        if job.input["as"] == "stops the next":
            await cancel_bulk_job(shop, asked["stopped"], by)
        return {}

    task = BulkTask("WHOLE", "Is done at once.", None, whole=whole)
    shop = await open_with(plugins_on({"whole": plugin(regulars_bulk_tasks=lambda: [task])}))
    by, asked = operator(shop.permissions), dict[str, str]()

    async def ask(name: str) -> None:
        job = await shop.database.transaction(lambda: request_bulk_job(shop, "WHOLE", {"as": name}, by))
        asked[name] = job.id

    await ask("interrupted")
    with pytest.raises(KeyboardInterrupt):
        await do_whole_jobs(shop, imports=False)
    await asyncio.sleep(1.1)
    for name in (
        "stops the next",
        "stopped",
    ):  # asked for after its longest time: no more wait for ever for those that come
        await ask(name)
    await do_whole_jobs(shop, imports=False)
    assert done == ["interrupted", "interrupted", "stops the next"]
    jobs = await bulk_jobs_by_ids(shop.database, list(asked.values()))
    assert {name: jobs[id_].stage for name, id_ in asked.items()} == {
        "interrupted": "DONE", "stops the next": "DONE", "stopped": "CANCELLED",
    }  # fmt: skip


async def test_imports_keep_nobody_waiting_who_is_none(open_with: OpenWith) -> None:
    async def whole(shop: Shop, job: WholeJob) -> Mapping[str, int]:
        return {}

    tasks = [BulkTask(name, "Is done.", None, whole=whole, is_import=name == "TAKE_IN") for name in ("TAKE_IN", "TELL")]
    shop = await open_with(plugins_on({"whole": plugin(regulars_bulk_tasks=lambda: tasks)}))
    by, database = operator(shop.permissions), shop.database
    names = {
        (await database.transaction(lambda name=task.name: request_bulk_job(shop, name, {}, by))).id: task.name  # type: ignore[misc]
        for task in tasks
    }

    async def stages() -> dict[str, str]:
        return {names[id_]: job.stage for id_, job in (await bulk_jobs_by_ids(database, list(names))).items()}

    jobs = {job.name: job for job in jobs_of(shop.plugins)}
    await jobs["bulk-wholes"].run(shop)
    assert await stages() == {"TAKE_IN": "QUEUED", "TELL": "DONE"}
    await jobs["bulk-imports"].run(shop)
    assert await stages() == {"TAKE_IN": "DONE", "TELL": "DONE"}


def test_a_task_is_done_in_steps_or_as_a_whole() -> None:
    for step, all_of_it in ((None, None), (count, whole)):
        with pytest.raises(ValueError, match="'COUNT' is done in steps or as a whole"):
            BulkTask("COUNT", "Counts.", step, whole=all_of_it)
