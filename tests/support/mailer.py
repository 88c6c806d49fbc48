"""A process that runs a consumer's job, again and again, until somebody kills it: each entry is a line of a file.

`python -m tests.support.mailer URL FILE LEASE_MS`; with a lease of 0 nobody asks who else is running it.
"""

import asyncio
import os
import random
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from regulars_core.events.consumers import consumer
from regulars_core.events.replay import JournalEntry
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.runner import Runner
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, plugins_on

EVENTS = ("purchases_recorded",)


class Closed(Exception):
    """The post office is, now and then."""


def mailing(file: Path, *, breaks: float, slow: float = 0.0) -> Job:
    """The job that writes a line for each entry: its position and the purchase, which takes up to `slow` seconds. As often as it
    `breaks` it raises instead."""

    async def write(_: Shop, entries: Sequence[JournalEntry]) -> None:
        sheet = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            for entry in entries:
                if random.random() < breaks:
                    raise Closed
                os.write(sheet, f"{entry.position} {' '.join(entry.ids)}\n".encode())
                await asyncio.sleep(random.uniform(0, slow))
        finally:
            os.close(sheet)

    return consumer("mailer", "Writes lines.", EVENTS, write)


def letters(file: Path) -> list[tuple[int, str]]:
    """What was written, in the order of writing."""
    lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    return [(int(position), purchase) for position, purchase in lines]


async def _run(url: str, file: Path, lease_ms: int) -> None:
    job = mailing(file, breaks=0.002, slow=0.004)
    async with opened(Settings(database_url=url), plugins_on()) as shop:
        runner = Runner(shop, [job], lease_ms=lease_ms, renew_every_seconds=lease_ms / 3_000)
        print("running", flush=True)
        while True:
            if lease_ms:
                await runner.attempt(job, early=True)
            else:
                with suppress(Closed):
                    await job.run(shop)
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
