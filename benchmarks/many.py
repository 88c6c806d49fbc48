"""Do lists of customers cost the same among ten times as many, and no more than a statement by hand?

    python -m benchmarks.many --data DIR [--engine sqlite|postgres] [--customers 100000] [--times 10] [--rounds 9]
        [--only WORDS] [--others] [--write]

Fills shops of two sizes on one server, or of the smaller one on SQLite, keeps them, and asks each list of `lists.LISTS`: the
first page, one far down, and how many there are. What the API asks of the database is asked again and again by turns in both
shops, and the statement by hand too. With `--others` every order with every filter is asked once, in the larger shop, with the
patience of the API.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processor, results
from benchmarks.asked import SIZE, Client, client_of
from benchmarks.crowd import crowd
from benchmarks.filled import places
from benchmarks.lists import FILTERS, LISTS, Asked
from regulars_core.customers.reads import SORT_KEYS
from regulars_core.database import Lookup, StoppedForLength

FAR = 50_000
"""After so many comes the page far down; after half of the list where it is shorter."""
MAX_GROWTH, MAX_TO_BEST = 1.3, 2.0
_WARM = 6  # PostgreSQL plans a statement five times before it settles on a plan
_LONG_MS = 300.0
_SLOW_MS = 100.0


@dataclass
class Taken:
    """Milliseconds, and those of the processor, of asking something again and again."""

    client: Client
    lookups: Sequence[Lookup]
    wall: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)

    async def once(self) -> None:
        """Ask once."""
        pids = self.client.processes
        before, begun = processor.used(pids), time.perf_counter()
        with suppress(StoppedForLength):  # that took as long as it may
            for sql, values in self.lookups:
                await self.client.shop.database.read(sql, *values)
        self.wall.append((time.perf_counter() - begun) * 1000)
        self.work.append(processor.used(pids) - before)

    @property
    def ms(self) -> float:
        return statistics.median(self.wall)

    @property
    def least(self) -> float:
        return min(self.wall)


async def by_turns(all_taken: Sequence[Taken], rounds: int) -> None:
    """Ask each by turns; what takes long is asked less often."""
    for one in all_taken:
        for _ in range(_WARM):
            await one.once()
            if one.wall[-1] > _LONG_MS:
                break
    long = max(one.wall[-1] for one in all_taken) > _LONG_MS
    for one in all_taken:
        one.wall, one.work = [], []
    for _ in range(max(2, rounds // 3) if long else rounds):
        for one in all_taken:
            await one.once()


Kind = str
_KINDS: Sequence[Kind] = ("page 1", "far", "count")


async def _asked_by(client: Client, asked: Asked, kind: Kind) -> tuple[Taken, Taken]:
    """What the API asks, and what is asked by hand."""
    async with client.watched() as lookups:
        if kind == "count":
            answer, hand = await client.count(asked), client.counted_by_hand(asked)
        elif kind == "far":
            place = await client.place(asked, FAR)
            lookups.clear()
            answer, hand = await client.page(asked, place), client.by_hand(asked, place)
        else:
            answer, hand = await client.page(asked), client.by_hand(asked)
    if answer.errors:
        print(f"  {asked.title}, {kind}, {client.customers:,}: {answer.codes}", flush=True)
    elif kind != "count":
        await _same(client, answer.data["customers"]["nodes"], hand)
    wanted = [
        one for one in lookups if "customer c" in one[0] and one[0].startswith("SELECT count(") == (kind == "count")
    ]
    return Taken(client, wanted), Taken(client, [hand])


async def _same(client: Client, nodes: Sequence[dict[str, str]], hand: Lookup) -> None:
    """Raise AssertionError unless the statement by hand finds the same page."""
    sql, values = hand
    found = [row[1] for row in await client.shop.database.rows(sql, *values)][:SIZE]
    assert [node["code"] for node in nodes] == found, f"{sql}: finds others"


@dataclass
class Report:
    """What is told."""

    rounds: int
    lines: list[str] = field(default_factory=list)

    def tell(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    async def lists(self, clients: Sequence[Client], only: str | None) -> None:
        """Each list in both shops."""
        sizes = [f"{client.customers:,}" for client in clients]
        columns = [cell for size in sizes for cell in (f"{size}, ms", "by hand, ms")]
        growth = ["growth"] if len(clients) > 1 else []
        self.tell(f"| list | order | what | {' | '.join([*columns, 'processor, ms', *growth, '× by hand'])} |")
        self.tell("|---" * (5 + len(columns) + len(growth)) + "|")
        for asked in LISTS:
            if only is None or only in asked.title:
                for kind in _KINDS:
                    await self._line(clients, asked, kind)

    async def _line(self, clients: Sequence[Client], asked: Asked, kind: Kind) -> None:
        pairs = [await _asked_by(client, asked, kind) for client in clients]
        taken = [one for pair in pairs for one in pair]
        for _ in range(3):  # a plan that is not good is slow every time; noise is not
            await by_turns(taken, self.rounds)
            ours, hand = taken[-2], taken[-1]
            growth = [f"{_ratio(ours, taken[0], MAX_GROWTH)}"] if len(clients) > 1 and kind != "count" else []
            told = [*growth, _ratio(ours, hand, MAX_TO_BEST)]
            if not any("!" in one for one in told) or ours.ms > _LONG_MS:
                break
        if len(clients) > 1 and not growth:
            told.insert(0, "")
        times = [_ms(one.ms) for one in taken]
        order = f"{asked.order} {'DESC' if asked.descending else 'ASC'}" if kind != "count" else ""
        work = _ms(statistics.median(ours.work))
        self.tell(f"| {asked.title} | {order} | {kind} | {' | '.join([*times, work, *told])} |")

    async def others(self, client: Client) -> None:
        """Every order with every filter, once."""
        costs = []
        for name, where in FILTERS.items():
            asked = [Asked(name, order, where, "", True) for order in SORT_KEYS]
            costs.append(await self._once(client, name, "count", asked[0]))
            costs += [await self._once(client, name, one.order, one) for one in asked]
        late = [one for one in costs if one[3]]
        self.tell(
            f"\n{len(costs)} lists and counts were asked once in the larger shop; {len(late)} were not answered in time."
        )
        slow = sorted((one for one in costs if one[0] > _SLOW_MS or one[3]), reverse=True)
        self.tell(f"{len(costs) - len(slow)} took less than {_SLOW_MS:.0f} ms. The others, by their cost:\n")
        self.tell("| filter | order | ms | |\n|---|---|---|---|")
        for ms, name, order, problem in slow:
            self.tell(f"| {name} | {order} | {_ms(ms)} | {problem} |")

    async def _once(self, client: Client, name: str, what: str, asked: Asked) -> tuple[float, str, str, str]:
        begun = time.perf_counter()
        answer = await (client.count(asked) if what == "count" else client.page(asked))
        return (time.perf_counter() - begun) * 1000, name, what, ", ".join(answer.codes)


def _ratio(one: Taken, other: Taken, most: float) -> str:
    """How many times as long: by the median, the quickest or the processor's time, whichever is least; others' work only makes
    slower."""
    work = statistics.median(one.work) / max(statistics.median(other.work), 0.01)
    ratio = min(one.ms / other.ms, one.least / other.least, work)
    return f"{ratio:.2f}{' !' if ratio > most else ''}"


def _ms(ms: float) -> str:
    return f"{ms:,.0f}" if ms >= 100 else f"{ms:.2f}"


async def measured(urls: dict[int, str], report: Report, only: str | None, others: bool) -> None:
    """Ask in the shops of these sizes."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(client_of(url, size)) for size, url in urls.items()]
        await report.lists(clients, only)
        if others:
            await report.others(clients[-1])


def main() -> None:
    """Measure, print, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="A folder that keeps the filled databases.")
    parser.add_argument("--engine", choices=("sqlite", "postgres"), default="postgres")
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument(
        "--times", type=int, default=10, help="so many times as many in the larger shop; 1 for one shop alone"
    )
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", help="lists with these words in their title alone")
    parser.add_argument("--others", action="store_true", help="every order with every filter, too")
    parser.add_argument("--write", action="store_true", help="Write the tables into RESULTS.md.")
    chosen = parser.parse_args()
    times = 1 if chosen.engine == "sqlite" else chosen.times
    sizes = sorted({chosen.customers, chosen.customers * times})
    with places(chosen.engine, chosen.data) as place:
        urls = {size: asyncio.run(crowd(place, size)) for size in sizes}
        server = place.server
        report = Report(chosen.rounds)
        asyncio.run(measured(urls, report, chosen.only, chosen.others))
        version = results.version_of(server)
    if chosen.write:
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        results.write(
            f"many, {chosen.engine}",
            f"## Lists among {' and '.join(f'{size:,}' for size in sizes)} customers: {version}",
            f"{results.today()} Load {load}. `python -m benchmarks.many --engine {chosen.engine} --data …`.",
            f"Milliseconds, the median of {chosen.rounds} times by turns, of what the API asks of the database, beside a"
            " statement by hand. Growth: the larger shop beside the smaller one. Ratios are the least of those of medians, of"
            " the quickest, and of the processor's time of PostgreSQL's (SQLite's: ours), which is told of the larger shop;"
            f" above {MAX_GROWTH} and {MAX_TO_BEST} it is marked by !.",
            *report.lines,
        )


if __name__ == "__main__":
    main()
