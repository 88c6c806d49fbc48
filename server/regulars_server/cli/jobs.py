"""The commands `regulars jobs …`."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from regulars_core.jobs.jobs import Job, jobs_of
from regulars_core.jobs.leases import JobState, states
from regulars_core.jobs.runner import Attempt, Runner, running
from regulars_core.plugins.owners import PluginError
from regulars_core.primitives.clock import printed
from regulars_core.shop.shop import Shop
from regulars_server.cli.base import configured_or_exit, fail, in_shop, out

jobs_app = typer.Typer(help="Work that comes round again by itself.", no_args_is_help=True)


def _jobs() -> Sequence[Job]:
    _, on = configured_or_exit()
    try:
        return jobs_of(on)
    except PluginError as error:
        fail(str(error))


@jobs_app.command(name="list")
def jobs_list() -> None:
    """List the jobs: when each was run last, how that ended, and when it is due."""
    jobs = _jobs()
    by_name = in_shop(lambda shop: states(shop.database))
    for job in jobs:
        out.print(f"{job.name}: {job.description}", markup=False)
        out.print(f"    every {job.every_seconds} s; {_described(by_name.get(job.name))}", markup=False)


def _described(state: JobState | None) -> str:
    """When it ran last, how that ended, when it is due."""
    if state is None:
        return "never run; due now"
    due = f"due {printed(state.due_at)}"
    if state.started_at is None:
        return f"never run; {due}"
    ended = "well" if state.error_id is None else f"failed, error {state.error_id}"
    if state.holder:
        ended = "runs now" if state.running else "was killed"
    return f"run last {printed(state.started_at)}, {ended}; {due}"


@jobs_app.command(name="run")
def jobs_run(
    once: Annotated[bool, typer.Option("--once", help="Run each job now, due or not, and end.")] = False,
) -> None:
    """Run the jobs when their time comes, beside any other process that does so; or all of them once."""
    jobs = _jobs()
    failed = in_shop(lambda shop: _once(shop, jobs) if once else _go_on(shop, jobs), serving=not once)
    if failed:
        fail(f"Failed: {', '.join(failed)}. The log says why.")


async def _once(shop: Shop, jobs: Sequence[Job]) -> Sequence[str]:
    """The names of those that failed."""
    attempts = await Runner(shop, jobs, hear=_say).run_once()
    for job, attempt in attempts:
        if attempt.outcome == "held by another":
            out.print(f"{job.name} is being run by another process", markup=False)
    return [job.name for job, attempt in attempts if attempt.outcome in {"failed", "took too long"}]


async def _go_on(shop: Shop, jobs: Sequence[Job]) -> Sequence[str]:
    """Run jobs until the process is asked to stop."""
    stop = asyncio.Event()
    with suppress(NotImplementedError):  # Windows ends a process without asking
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(Runner(shop, jobs, hear=_say)):
        await stop.wait()
    return []


def _say(job: Job, attempt: Attempt) -> None:
    error = f", error {attempt.error_id}" if attempt.error_id else ""
    out.print(f"{'ran' if attempt.outcome == 'done' else attempt.outcome} {job.name}{error}", markup=False)
