"""Eight writers, and processes that run a consumer and are killed, or held up beyond their lease: it is told of every event, in
the order of commits, of some more than once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.database import Database
from regulars_core.events.replay import begin_cursor
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.rules import NewLine, NewPurchase, checked
from regulars_core.purchases.service import record
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.support.mailer import Closed, letters, mailing
from tests.support.servers import environment

KILLS = int(os.environ.get("CONSUMER_KILLS", "2"))
WRITERS, MAILERS = 8, 2
LEASE_MS = 400
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def _shop(url: str) -> AsyncIterator[Shop]:
    """A shop that keeps a journal."""
    database = await Database.open(url, plugins_on().apps, pool_size=WRITERS)
    try:
        shop = Shop(database, Settings(database_url=url), plugins_on())
        shop.keeps_journal = True
        yield shop
    finally:
        await database.close()


@dataclass
class Written:
    """A purchase: its writer began at one instant of the clock and knew at another that it was committed."""

    purchase: str
    began: float
    committed: float


@dataclass
class Writer:
    """Sells to one customer, in transactions that last as long as they please."""

    shop: Shop
    customer: str
    done: asyncio.Event
    written: list[Written] = field(default_factory=list)

    async def write(self) -> None:
        """Until the event."""
        while not self.done.is_set():
            began = time.monotonic()
            id_ = await self.shop.database.transaction(self._sell)
            self.written.append(Written(id_, began, time.monotonic()))
            await asyncio.sleep(random.uniform(0, 0.1))

    async def _sell(self) -> str:
        lines = [NewLine("Tea", 1_000_000, unit_price=500)]
        reference = f"{self.customer}-{len(self.written)}"
        new = NewPurchase(reference, MAIN_STORE_ID, self.customer, now(), self.shop.currency, lines)
        [recorded] = await record(self.shop, [checked(new, self.shop.currency)])
        assert recorded.id is not None
        if self.shop.database.engine == "postgres":  # SQLite lets nobody else write meanwhile
            await self.shop.database.rows("SELECT 1")
            await asyncio.sleep(random.uniform(0, 0.01))
        return recorded.id


class Mailer:
    """A process that runs the consumer."""

    def __init__(self, url: str, file: Path, lease_ms: int) -> None:
        self._command = [sys.executable, "-m", "tests.support.mailer", url, str(file), str(lease_ms)]
        self._environment = environment(url)
        self.process: asyncio.subprocess.Process

    async def start(self) -> None:
        """Start it, and wait until it runs."""
        self.process = await asyncio.create_subprocess_exec(
            *self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env=self._environment
        )
        assert self.process.stdout is not None
        assert await self.process.stdout.readline() == b"running\n"

    async def kill(self) -> None:
        """As a power cut would."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        await self.process.wait()

    async def hold_up(self, seconds: float) -> None:
        """Let it stand still, and go on as if nothing had been."""
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)


async def _break(mailer: Mailer, kills: int) -> None:
    """Kill it so often at any moment and start it again; hold it up now and then, for longer than its lease."""
    for _ in range(kills):
        await asyncio.sleep(random.uniform(0.1, 1.2))
        if random.random() < 0.3:
            await mailer.hold_up(2.5 * LEASE_MS / 1_000)
            await asyncio.sleep(random.uniform(0, 0.2))
        await mailer.kill()
        await mailer.start()


async def _to_the_end(shop: Shop, file: Path) -> None:
    """Run the job until there is nothing left."""
    job = mailing(file, breaks=0.01)
    while True:
        try:
            await job.run(shop)
            return
        except Closed:
            continue


@pytest.mark.parametrize("mailers", ["two", "two without leases"])
async def test_consumers_that_are_killed_miss_nothing(
    database_url: str, engine: str, tmp_path: Path, mailers: str
) -> None:
    file, done = tmp_path / "letters", asyncio.Event()
    lease_ms = 0 if "without" in mailers else LEASE_MS
    async with _shop(database_url) as shop:
        await shop.database.transaction(lambda: begin_cursor(shop, "recount"))  # whose entries nobody may forget
        await _to_the_end(shop, file)  # it begins with the present
        people = [checked_customer(shop.settings, NewCustomer("Ana", f"Of {n}")) for n in range(WRITERS)]
        ids = [(await find_or_register(shop, person, ())).id for person in people]
        writers = [Writer(shop, id_, done) for id_ in ids]
        running = [Mailer(database_url, file, lease_ms) for _ in range(MAILERS)]
        try:
            await asyncio.gather(*(mailer.start() for mailer in running))
            writing = [asyncio.create_task(writer.write()) for writer in writers]
            await asyncio.gather(*(_break(mailer, KILLS // MAILERS) for mailer in running))
            done.set()
            await asyncio.gather(*writing)
        finally:
            await asyncio.gather(*(mailer.kill() for mailer in running))
        before = len(letters(file))
        await _to_the_end(shop, file)
        rows = await shop.database.rows("SELECT position, ids FROM journal WHERE kind = 'purchases_recorded'")
    told, written = letters(file), [one for writer in writers for one in writer.written]
    first = list(dict.fromkeys(told))
    print(
        f"\n{engine}, {mailers}: {len(written)} purchases by {WRITERS} writers, killed {KILLS} times;"
        f" {len(first)} told, {before} times until then and {len(told)} times with what was left"
    )
    assert len(told) >= len(first) == len(written) > KILLS
    assert {purchase for _, purchase in first} == {one.purchase for one in written}
    assert {(position, f'["{purchase}"]') for position, purchase in first} == {tuple(row) for row in rows}
    assert [position for position, _ in first] == sorted(position for position, _ in first)
    assert _swapped([purchase for _, purchase in first], written) == []


def _swapped(told: Sequence[str], written: Sequence[Written]) -> list[str]:
    """What was told after something that began only when it was committed already."""
    by_purchase, latest, wrong = {one.purchase: one for one in written}, 0.0, []
    for purchase in told:
        one = by_purchase[purchase]
        if one.committed < latest:
            wrong.append(purchase)
        latest = max(latest, one.began)
    return wrong
