"""A mixed load on a server with the plugins in the box and jobs: nothing goes wrong, and its memory stays where it is."""

import asyncio
import os
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.population import fill
from regulars_core.plugins.host import Plugins
from regulars_core.purchases.statistics import differences
from regulars_core.start import plugins_wanted
from tests.support.servers import Server
from tests.support.shoppers import MIX, Shopper, shop_together, shoppers
from tests.support.tills import looking_at

SECONDS = float(os.environ.get("SOAK_SECONDS", "5")) / 2
"""How long on each of the two engines."""
LONG = SECONDS >= 600
"""Whether the server has had the time to fill its caches before its memory is compared."""
CUSTOMERS = 20_000 if LONG else 500
SPANS = round(SECONDS / 120) if LONG else 6
"""Of two minutes each. The first one is for warming up; memory is compared between the second one and the last."""
MAX_GROWTH = 0.05
_MIN_PURCHASES = 50
"""Requests of each client at least, on however slow a machine."""
_PAUSE = SECONDS / SPANS / 60
"""Seconds between two looks at the memory."""


@pytest.fixture
def plugins() -> Plugins:
    """Those in the box."""
    return plugins_wanted(None)


class Megabytes(NamedTuple):
    """What a process has of the machine's memory."""

    resident: float
    """All that is in memory, with the parts of files that are mapped into it. SQLite maps its database, so on SQLite this
    goes with the size of the file, and the kernel may take it back at any time."""
    own: float
    """What is in no file: where a leak shows."""

    @classmethod
    def of(cls, process: int) -> "Megabytes":
        """At this moment."""
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        found = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.strip()}
        return cls(int(found["VmRSS"]) / 1024, int(found["RssAnon"]) / 1024)

    @classmethod
    def median(cls, samples: Sequence["Megabytes"]) -> "Megabytes":
        return cls(statistics.median(one.resident for one in samples), statistics.median(one.own for one in samples))

    def __str__(self) -> str:
        return f"{self.own:.1f} ({self.resident:.1f} with files)"


@dataclass
class Memory:
    """A process' memory while something is done."""

    samples: list[Megabytes] = field(default_factory=list)

    @asynccontextmanager
    async def watched(self, process: int) -> AsyncIterator[None]:
        """Look at it at equal distances of time meanwhile."""
        watching = asyncio.create_task(self._watch(process))
        try:
            yield
        finally:
            watching.cancel()

    async def _watch(self, process: int) -> None:
        while True:
            self.samples.append(Megabytes.of(process))
            await asyncio.sleep(_PAUSE)

    @property
    def spans(self) -> list[Megabytes]:
        """The median of each span."""
        cuts = [len(self.samples) * n // SPANS for n in range(SPANS + 1)]
        return [Megabytes.median(self.samples[begin:end]) for begin, end in pairwise(cuts)]

    @property
    def growth(self) -> float:
        """The share of its own memory that came on top between the second span and the last."""
        return self.spans[-1].own / self.spans[1].own - 1

    def __str__(self) -> str:
        return (
            f"memory, MB: {self.samples[0]} at the start, {self.spans[1]} warm, {self.spans[-1]} at the end, {self.growth:+.1%};"
            f" by spans: {' '.join(f'{one.own:.1f}' for one in self.spans)}"
        )


async def test_a_mixed_load(database_url: str, engine: str, plugins: Plugins, tmp_path: Path) -> None:
    async with looking_at(database_url) as shop:
        population = await fill(shop.database, CUSTOMERS)
    with Server(database_url, tmp_path, plugins=",".join(plugins.names)) as server:
        async with looking_at(database_url) as shop:
            clients = await shoppers(shop.database, server.address, population.names)
        memory = Memory()
        async with memory.watched(server.process.pid):
            await shop_together(clients, SECONDS, _MIN_PURCHASES)
    print(f"\n{engine}: {len(clients)} clients, {CUSTOMERS:,} customers, {SECONDS:.0f} s\n{_table(clients)}\n{memory}")
    async with looking_at(database_url) as shop:
        assert [different async for different in differences(shop.database)] == []
    assert all(_seconds(clients, kind) for kind in MIX)
    assert not LONG or memory.growth < MAX_GROWTH


def _seconds(clients: Sequence[Shopper], kind: str) -> list[float]:
    return [seconds for one in clients for seconds in one.seconds[kind]]


def _table(clients: Sequence[Shopper]) -> str:
    """A line for each kind of request."""
    lines = []
    for kind in MIX:
        all_ = _seconds(clients, kind)
        milliseconds = [one * 1000 for one in statistics.quantiles(all_, n=100)]
        lines.append(
            f"{kind:8} {len(all_):7,} answers, {len(all_) / SECONDS:6.1f} a second,"
            f" median {milliseconds[49]:.1f} ms, 99th percentile {milliseconds[98]:.1f} ms"
        )
    return "\n".join(lines)
