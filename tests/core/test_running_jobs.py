"""Jobs under their leases: each once in its period, however many processes there are and whatever becomes of them."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
import time_machine

from regulars_core.contribution import JOBS
from regulars_core.database import Database
from regulars_core.jobs import leases
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.leases import JobState, state_of
from regulars_core.jobs.runner import Attempt, Runner, running
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import new_id
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from regulars_core.testing import OpenShop
from regulars_server.app import create_app

SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgres": "SELECT pg_sleep(60)",
}
SECRET = "ana@example.com"


def job(run: Callable[[Shop], Awaitable[None]], every_seconds: int = 3_600) -> Job:
    return Job("sweep", "Sweeps.", every_seconds, run)


@pytest.fixture
async def both(open_shop: OpenShop) -> tuple[Shop, Shop]:
    """One shop, opened by two processes."""
    return await open_shop(), await open_shop()


@pytest.fixture
async def runs(shop: Shop) -> AsyncIterator[Callable[..., None]]:
    """Begins to run jobs in the background, as often as it is called; all are stopped at the end."""
    open_ones = []

    async def start(runner: Runner) -> None:
        open_ones.append(running(runner))
        await open_ones[-1].__aenter__()

    yield start  # type: ignore[misc]
    for one in open_ones:
        await one.__aexit__(None, None, None)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


async def state(shop: Shop) -> JobState:
    return await state_of(shop.database, "sweep")


async def test_many_runners_run_it_once(both: tuple[Shop, Shop]) -> None:
    ran = []

    async def sweep(shop: Shop) -> None:
        ran.append(shop)
        await asyncio.sleep(0.05)

    runners = [Runner(shop, [job(sweep)]) for shop in both * 4]
    outcomes = [attempt.outcome for attempt in await asyncio.gather(*(one.attempt(one.jobs[0]) for one in runners))]
    assert len(ran) == 1
    assert outcomes.count("done") == 1
    assert set(outcomes) <= {"done", "held by another", "not due"}
    found = await state(both[0])
    assert found.started_at is not None
    assert (found.holder, found.failures, found.error_id) == (None, 0, None)
    assert found.due_at == found.started_at + 3_600_000


async def test_once_in_a_period(both: tuple[Shop, Shop]) -> None:
    ran = 0

    async def sweep(_: Shop) -> None:
        nonlocal ran
        ran += 1

    runners = [Runner(shop, [job(sweep, 600)]) for shop in both]
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        for _ in range(4):
            for runner in runners:
                await runner.attempt(runner.jobs[0])
            clock.shift(300)
    assert ran == 2


async def test_each_period_brings_a_run_while_it_goes_on(shop: Shop, runs: Callable[..., Awaitable[None]]) -> None:
    ran = 0

    async def sweep(_: Shop) -> None:
        nonlocal ran
        ran += 1

    await runs(Runner(shop, [job(sweep, 0)]))

    async def thrice() -> bool:
        return ran >= 3

    await until(thrice)


async def test_a_long_job_keeps_its_lease(both: tuple[Shop, Shop], runs: Callable[..., Awaitable[None]]) -> None:
    go = asyncio.Event()

    async def sweep(_: Shop) -> None:
        await go.wait()

    mine, other = (Runner(shop, [job(sweep)], renew_every_seconds=0.01) for shop in both)
    await runs(mine)

    async def held() -> bool:
        return (await state(both[0])).holder == mine.holder

    await until(held)
    first = (await state(both[0])).held_until
    assert first is not None

    async def renewed() -> bool:
        return ((await state(both[0])).held_until or 0) > first

    await until(renewed)
    assert (await other.attempt(other.jobs[0], early=True)).outcome == "held by another"
    go.set()

    async def given_back() -> bool:
        return (await state(both[0])).holder is None

    await until(given_back)


async def test_who_lost_its_lease_stops(both: tuple[Shop, Shop]) -> None:
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def sweep(_: Shop) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    slow = Runner(both[0], [job(sweep)], renew_every_seconds=0.05)
    attempt = asyncio.create_task(slow.attempt(slow.jobs[0]))
    await begun.wait()
    database, thief = both[1].database, new_id()
    with time_machine.travel(time.time() + 61, tick=False):  # the holder's process was asleep for a minute
        assert await leases.take(database, "sweep", thief)
    assert await attempt == Attempt("lost")
    assert stopped.is_set()
    assert (await state(both[1])).holder == thief


KILLED = """
import asyncio, sys
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.runner import Runner
from regulars_core.shop.settings import Settings
from regulars_core.start import opened, plugins_on

async def sweep(shop):
    print("begun", flush=True)
    await asyncio.sleep(600)

async def main():
    async with opened(Settings(database_url=sys.argv[1]), plugins_on()) as shop:
        await Runner(shop, [Job("sweep", "Sweeps.", 3_600, sweep)]).go_on()

asyncio.run(main())
"""


async def test_a_killed_holders_lease_ends_by_itself(shop: Shop, database_url: str) -> None:
    ran = []

    async def sweep(_: Shop) -> None:
        ran.append(now())

    mine = Runner(shop, [job(sweep)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, database_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    assert (await mine.attempt(mine.jobs[0])).outcome == "held by another"
    process.kill()
    await process.wait()
    assert (await mine.attempt(mine.jobs[0])).outcome == "held by another"
    with time_machine.travel(time.time() + 61):
        assert (await mine.attempt(mine.jobs[0])).outcome == "done"
    assert len(ran) == 1


async def test_a_job_that_fails_is_logged_and_tried_again_later(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    fails = True

    async def sweep(_: Shop) -> None:
        if fails:
            raise ValueError(SECRET)

    runner = Runner(shop, [job(sweep, 300)])
    [one] = runner.jobs
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
        pauses = []
        for _ in range(6):
            attempt = await runner.attempt(one)
            assert attempt.outcome == "failed"
            assert attempt.error_id
            assert f"error {attempt.error_id} in the job 'sweep'" in caplog.text
            found = await state(shop)
            assert found.error_id == attempt.error_id
            pauses.append((found.due_at - now()) / 1_000)
            assert (await runner.attempt(one)).outcome == "not due"
            clock.shift(pauses[-1])
        assert pauses == [30, 60, 120, 240, 300, 300]
        fails = False
        assert (await runner.attempt(one)).outcome == "done"
    found = await state(shop)
    assert (found.failures, found.error_id) == (0, None)
    kept = await shop.database.rows("SELECT * FROM job_lease")
    assert SECRET not in str([tuple(row) for row in kept])


async def test_one_that_fails_stops_no_other(shop: Shop, runs: Callable[..., Awaitable[None]]) -> None:
    ran = 0

    async def bad(_: Shop) -> None:
        raise RuntimeError

    def worse(_: Shop) -> Awaitable[None]:
        return None  # type: ignore[return-value]

    async def good(_: Shop) -> None:
        nonlocal ran
        ran += 1

    named = [("bad", bad), ("worse", worse), ("good", good)]
    await runs(Runner(shop, [Job(name, "x", 0, run) for name, run in named]))

    async def thrice() -> bool:
        return ran >= 3 and all([(await state_of(shop.database, name)).failures > 1 for name in ("bad", "worse")])

    await until(thrice)


@pytest.mark.parametrize("writing", [False, True])
async def test_stopping_interrupts_its_statement_and_gives_the_lease_back(shop: Shop, writing: bool) -> None:
    begun = asyncio.Event()

    async def sweep(shop: Shop) -> None:
        async def work() -> None:
            await shop.database.run("UPDATE store SET name = 'swept'")
            begun.set()
            await shop.database.rows(SLOW[shop.database.engine])

        if writing:
            await shop.database.transaction(work)
        begun.set()
        await shop.database.rows(SLOW[shop.database.engine])

    async with running(Runner(shop, [job(sweep)])):
        await begun.wait()
        await asyncio.sleep(0.05)
    found = await state(shop)
    assert found.started_at is not None
    assert (found.holder, found.held_until, found.finished_at) == (None, None, None)
    assert found.due_at <= now()
    assert await shop.database.row("SELECT 1 FROM store WHERE name = 'swept'") is None


async def test_a_lost_database_is_waited_for(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """The task goes on looking, and says why it cannot."""
    ran = 0

    async def sweep(_: Shop) -> None:
        nonlocal ran
        ran += 1

    gone = await Database.open(shop.database.url, shop.database.apps)
    await gone.close()
    async with running(Runner(replace(shop, database=gone), [job(sweep)])):

        async def said() -> bool:
            return "the job 'sweep' could not be looked at" in caplog.text

        await until(said)
    assert ran == 0


@pytest.mark.parametrize("on", [True, False])
async def test_the_server_runs_them(database_url: str, shop: Shop, on: bool) -> None:
    app = create_app(Settings(database_url=database_url, jobs=on), plugins_on())
    async with app.router.lifespan_context(app):

        async def all_ran() -> bool:
            known = await leases.states(shop.database)
            return {one.name for one in JOBS} == {name for name, found in known.items() if found.finished_at}

        if on:
            await until(all_ran)
    assert bool(await leases.states(shop.database)) is on


async def test_refreshing_takes_longer_than_a_customer_may(shop: Shop) -> None:
    [job] = [job for job in JOBS if job.name == "refresh-planner"]
    if shop.database.engine == "sqlite":
        await job.run(shop)
        assert await shop.database.row("SELECT 1 FROM sqlite_stat1 WHERE tbl = 'customer_group'")
        return

    async def work() -> str:
        await shop.database.allow(1_800)
        row = await shop.database.row("SHOW statement_timeout")
        assert row is not None
        return str(row[0])

    assert await shop.database.transaction(work) == "30min"
    assert tuple((await shop.database.row("SHOW statement_timeout")) or ()) == ("5s",)
    await job.run(shop)
    [counted] = await shop.database.rows(
        "SELECT count(*) FROM pg_class WHERE relname = 'customer_group' AND reltuples >= 1"
    )
    assert counted[0] == 1
