"""Eight writers, and readers of the journal that are killed and started again: no event is missed, none is told twice."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.database import Database, migrations
from regulars_core.events.events import announce
from regulars_core.events.replay import catch_up, switch_on
from regulars_core.plugins.host import Plugins
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.support import stamps
from tests.support.stamps import told

EVENTS = int(os.environ.get("EVENTS", "800"))
WRITERS, READERS = 8, 2
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def _shop(url: str, plugins: Plugins | None = None) -> AsyncIterator[Shop]:
    on = plugins or plugins_on()
    database = await Database.open(url, on.apps, pool_size=WRITERS)
    try:
        yield Shop(database, Settings(database_url=url), on)
    finally:
        await database.close()


async def _write(shop: Shop, customer: str, events: int) -> None:
    """Announce so many changes of this customer, each in a transaction that lasts as long as it pleases."""

    async def work() -> None:
        await announce(shop, "customers_changed", [customer])
        await asyncio.sleep(random.uniform(0, 0.01))

    for _ in range(events):
        await shop.database.transaction(work)


async def _read_and_die(url: str, done: asyncio.Event) -> int:
    """Read in a process of its own, killed at any moment and started again, until all is written. How often it was killed."""
    kills = 0
    while not done.is_set():
        reader = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.journal_reader", url, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert reader.stdout is not None
        assert await reader.stdout.readline() == b"reading\n"
        await asyncio.sleep(random.uniform(0, 2))
        reader.kill()
        await reader.wait()
        kills += 1
    return kills


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_readers_that_are_killed_miss_nothing(database_url: str) -> None:
    on = plugins_on({"stamps": stamps})
    async with _shop(database_url, on) as reading, _shop(database_url) as writing:
        await migrations.migrate(reading.database)
        await switch_on(reading)
        await switch_on(writing)
        person = checked(writing.settings, NewCustomer("Ana", "Li"))
        ids = [(await find_or_register(writing, person, ())).id for _ in range(WRITERS)]
        done = asyncio.Event()
        readers = [asyncio.create_task(_read_and_die(database_url, done)) for _ in range(READERS)]
        await asyncio.gather(*(_write(writing, customer, EVENTS // WRITERS) for customer in ids))
        done.set()
        kills = sum(await asyncio.gather(*readers))
        await catch_up(reading, "stamps")
        found = await told(reading)
    wanted = {f"customers_changed:{customer}": EVENTS // WRITERS for customer in ids}
    times = {key: found[key][1] if key in found else 0 for key in wanted}
    missed = sum(max(0, wanted[key] - times[key]) for key in wanted)
    twice = sum(max(0, times[key] - wanted[key]) for key in wanted)
    print(
        f"\npostgres: {sum(wanted.values())} events, readers killed {kills} times: {missed} missed, {twice} told twice"
    )
    assert (missed, twice) == (0, 0)
