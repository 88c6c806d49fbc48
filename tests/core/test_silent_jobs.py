"""D2: a job that gets nowhere, as behind a connection that has fallen silent, does not keep its lease from a healthy process."""

import asyncio
import time

import pytest

from regulars_core.database.postgres import connection
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.leases import state_of
from regulars_core.jobs.runner import Attempt, Runner, running
from regulars_core.primitives.clock import now
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, plugins_on
from regulars_core.testing import OpenShop
from tests.support.silent import Silence

LONGEST = 1.5


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_d2_a_job_behind_a_silent_connection_moves_to_a_healthy_process(shop: Shop, engine: str) -> None:
    begun, moved = asyncio.Event(), asyncio.Event()

    async def get_stuck(far: Shop) -> None:
        async def work() -> None:
            await far.database.allow(1_800)
            begun.set()
            await far.database.rows("SELECT pg_sleep(600)")

        await far.database.transaction(work)

    async def sweep(_: Shop) -> None:
        moved.set()

    silence = Silence.to(shop.database.url)
    async with (
        silence.before(shop.database.url) as url,
        opened(Settings(database_url=url, country="MX"), plugins_on()) as far,
    ):
        sick = Runner(far, [Job("sweep", "Sweeps.", 3_600, get_stuck, LONGEST)], renew_every_seconds=0.2)
        healthy = Runner(shop, [Job("sweep", "Sweeps.", 3_600, sweep, LONGEST)])
        async with running(sick):
            await begun.wait()
            began = time.monotonic()
            await asyncio.sleep(0.1)
            silence.fall()
            async with running(healthy):
                await asyncio.sleep(LONGEST / 2)
                held = await state_of(shop.database, "sweep")
                assert held.holder == sick.holder
                assert held.held_until is not None
                assert held.held_until - now() <= LONGEST * 1_000
                async with asyncio.timeout(10):
                    await moved.wait()
                assert time.monotonic() - began < LONGEST + 0.5
        assert far.database._root._pool.lent == 0


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_what_a_job_asks_ends_on_our_side(shop: Shop, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STATEMENT_SECONDS", 0)
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.5)
    silence = Silence.to(shop.database.url)

    async def sweep(far: Shop) -> None:
        silence.fall()
        await far.database.rows("SELECT 1")

    async with (
        silence.before(shop.database.url) as url,
        opened(Settings(database_url=url, country="MX"), plugins_on()) as far,
    ):
        runner = Runner(far, [Job("sweep", "Sweeps.", 3_600, sweep)])
        assert (await runner.attempt(runner.jobs[0])).outcome == "failed"
    assert (await state_of(shop.database, "sweep")).holder is None


async def test_a_job_that_takes_too_long_is_stopped_and_left_to_others(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture
) -> None:
    stopped = asyncio.Event()

    async def sweep(_: Shop) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async def quick(_: Shop) -> None: ...

    slow = Runner(await open_shop(), [Job("sweep", "Sweeps.", 3_600, sweep, 0.2)], renew_every_seconds=0.05)
    attempt = await slow.attempt(slow.jobs[0])
    assert attempt.outcome == "took too long"
    assert stopped.is_set()
    assert f"error {attempt.error_id} in the job 'sweep'" in caplog.text
    assert "it took more than 0.2 seconds" in caplog.text
    found = await state_of(slow.shop.database, "sweep")
    assert (found.holder, found.failures, found.error_id) == (None, 1, attempt.error_id)
    other = Runner(await open_shop(), [Job("sweep", "Sweeps.", 3_600, quick)])
    assert await other.attempt(other.jobs[0]) == Attempt("done")
