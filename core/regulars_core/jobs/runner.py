"""Running jobs, in as many processes as there are: each job once in its period, under a lease in the database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from regulars_core.database import Unavailable
from regulars_core.jobs import leases
from regulars_core.jobs.jobs import Job
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import logged
from regulars_core.primitives.ids import new_id
from regulars_core.shop.shop import Shop

GRACE_SECONDS = 10.0
"""In this, jobs that are cancelled have to stop."""
_MAX_NAP_SECONDS = 60.0  # whoever was killed is noticed after its lease and this, at the latest
_MIN_NAP_SECONDS = 0.05
_AFTER_TROUBLE_SECONDS = 5.0  # also what a process leaves to others after a job that took too long
_BEHIND_SECONDS = 1.0

log = logging.getLogger(__name__)


_Kept = Literal["ended", "lost", "too long"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an attempt to run a job; `error_id` is that of a failure, as it stands in the log."""

    outcome: Literal["done", "failed", "took too long", "not due", "held by another", "lost"]
    error_id: str | None = None


def _ms(seconds: float) -> int:
    return int(seconds * 1_000)


def _unheard(_: Job, __: Attempt) -> None: ...


@dataclass
class Runner:
    """Runs the jobs of a shop, as one of several that may do so. `hear` is told of what was run."""

    shop: Shop
    jobs: Sequence[Job]
    lease_ms: int = leases.LEASE_MS
    renew_every_seconds: float = leases.LEASE_MS / 3_000
    hear: Callable[[Job, Attempt], None] = _unheard
    holder: str = field(default_factory=new_id)

    async def go_on(self) -> None:
        """Run each job when it is due, for ever. Nothing that a job raises, and no lost database, ends this."""
        async with asyncio.TaskGroup() as group:
            for job in self.jobs:
                group.create_task(self._attend(job), name=f"job {job.name}")

    async def run_once(self) -> Sequence[tuple[Job, Attempt]]:
        """Run each job now, due or not, one after another; what others are running is left to them."""
        return [(job, await self.attempt(job, early=True)) for job in self.jobs]

    async def attempt(self, job: Job, *, early: bool = False) -> Attempt:
        """Run a job if its lease is to be had and it is due, or `early`. Raises Unavailable."""
        database = self.shop.database
        state = await leases.state_of(database, job.name)
        if not early and state.due_at > now():
            return Attempt("not due")
        try:
            lease_ms = min(self.lease_ms, _ms(job.longest_seconds))
            if not await leases.take(database, job.name, self.holder, lease_ms=lease_ms, early=early):
                return Attempt("held by another")
            attempt = await self._held(job, state)
        except asyncio.CancelledError:
            await self._let_go(job)
            raise
        self.hear(job, attempt)
        return attempt

    async def _held(self, job: Job, state: leases.JobState) -> Attempt:
        """Run a job whose lease we hold, renewing it, and end the lease when the job has ended, or has taken too long."""

        async def run() -> None:
            await job.run(self.shop)

        work = asyncio.create_task(run())
        try:
            kept = await self._renewing(job, work)
        except asyncio.CancelledError:
            await _stopped(work, job)
            raise
        if kept != "ended":
            await _stopped(work, job)
        if kept == "lost":
            log.warning("the job '%s' lost its lease, and was stopped", job.name)
            return Attempt("lost")
        if kept == "too long":
            return await self._ended(job, state, TimeoutError(f"it took more than {job.longest_seconds} seconds"), kept)
        error = asyncio.CancelledError("it cancelled itself") if work.cancelled() else work.exception()
        return await self._ended(job, state, error, kept)

    async def _ended(self, job: Job, state: leases.JobState, error: BaseException | None, kept: _Kept) -> Attempt:
        """End the lease. What took too long is due at once, for whoever looks: another process may get further."""
        error_id = None if error is None else logged(error, f"the job '{job.name}'")
        period_ms = 0 if kept == "too long" else _ms(job.every_seconds)
        await leases.finish(self.shop.database, state, self.holder, period_ms=period_ms, error_id=error_id)
        if error is None:
            return Attempt("done")
        return Attempt("took too long" if kept == "too long" else "failed", error_id)

    async def _renewing(self, job: Job, work: "asyncio.Future[None]") -> _Kept:
        """Renew the lease until the work has ended, or takes too long, or the lease is another's: which it may be as well when it
        could not be renewed for as long as it lasts."""
        clock = asyncio.get_running_loop().time
        renewed = clock()
        last = renewed + job.longest_seconds
        while (left := last - clock()) > 0:
            done, _ = await asyncio.wait({work}, timeout=min(self.renew_every_seconds, left))
            if done:
                return "ended"
            if (left := last - clock()) <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    lease_ms = min(self.lease_ms, _ms(left))
                    if not await leases.renew(self.shop.database, job.name, self.holder, lease_ms=lease_ms):
                        return "ended" if work.done() else "lost"
                renewed = clock()
            except (Unavailable, TimeoutError) as error:
                log.warning("the lease of the job '%s' could not be renewed: %s", job.name, error)
                if clock() - renewed > self.lease_ms / 1_000:
                    return "lost"
        return "ended" if work.done() else "too long"

    async def _let_go(self, job: Job) -> None:
        try:
            async with asyncio.timeout(GRACE_SECONDS / 2):
                await leases.give_back(self.shop.database, job.name, self.holder)
        except Exception as error:  # whatever it is, whoever cancelled us waits
            log.warning("the lease of the job '%s' could not be given back and will end by itself: %s", job.name, error)

    async def _attend(self, job: Job) -> None:
        while True:
            if job.plugin in self.shop.behind:  # it would go by what the plugin knows, which is of then
                await asyncio.sleep(_BEHIND_SECONDS)
                continue
            try:
                attempt = await self.attempt(job)
                nap = max(await self._nap(job), _AFTER_TROUBLE_SECONDS if attempt.outcome == "took too long" else 0)
            except Exception as error:  # the database is away, or refuses what we ask of it: neither is for ever
                log.warning("the job '%s' could not be looked at: %s", job.name, error)
                nap = _AFTER_TROUBLE_SECONDS
            await asyncio.sleep(nap)

    async def _nap(self, job: Job) -> float:
        """Seconds until somebody may have to run the job."""
        state = await leases.state_of(self.shop.database, job.name)
        then = max(state.due_at, state.held_until or 0)
        return min(max((then - now()) / 1_000, _MIN_NAP_SECONDS), _MAX_NAP_SECONDS)


async def _stopped(work: "asyncio.Future[None]", job: Job) -> None:
    """Cancel the work, and wait until its statements are interrupted and its transaction is undone."""
    work.cancel()
    try:
        await asyncio.wait({work}, timeout=GRACE_SECONDS / 2)
    except asyncio.CancelledError:  # who is stopped meanwhile waits all the same
        await asyncio.wait({work}, timeout=GRACE_SECONDS / 2)
        raise
    if not work.done():
        log.warning("the job '%s' does not stop", job.name)
    elif not work.cancelled() and (error := work.exception()) is not None:
        logged(error, f"the job '{job.name}', while it was stopped")


@asynccontextmanager
async def running(runner: Runner) -> AsyncIterator[None]:
    """The jobs go on in the background while this is open. At its end they are cancelled, and their leases given back."""
    task = asyncio.create_task(runner.go_on(), name="jobs")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_SECONDS)
        if not task.done():
            log.warning("jobs did not stop within %s seconds", GRACE_SECONDS)
