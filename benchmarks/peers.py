"""How quick is Regulars over HTTP, beside PostGraphile and beside the limit?

    python -m benchmarks.peers [--ops Q1,Q2] [--concurrency 1,8,32] [--rounds 7] [--seconds 2] [--data DIR]
        [--engine postgres|sqlite] [--customers 50000] [--postgraphile]

Everything is started here, on free ports of this machine: a PostgreSQL server as it comes, Regulars as in production, the
limit, and PostGraphile if it is asked for. The contestants are measured by turns, in short rounds, so that whatever else
the machine does happens to all of them. With --data the filled database is kept for the next run.
"""

import argparse
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import uvloop

from benchmarks import answers, peer, processor
from benchmarks.client import ask
from benchmarks.contestants import Contestant, Served, all_served, limit, regulars
from benchmarks.filled import FilledShop, Size, opened, places
from benchmarks.operations import OPERATIONS, Subjects

_WARM = 0.5
"""Of the time of a round, before each operation."""
_COMPARED = 12
"""Requests of a read whose answers are compared."""
_VARIANTS = 200
"""Requests made beforehand; those of a write are made as they are sent."""


@dataclass
class Figures:
    """What the rounds of one contestant gave: requests per second, and milliseconds of processor time per request of the
    server, of the database, and of the client."""

    rates: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        low, middle, high = quartiles(self.rates)
        work = f"{statistics.median(self.server):.2f} + {statistics.median(self.database):.2f}"
        return f"{middle:,.{0 if middle >= 100 else 1}f} ({low:,.0f}–{high:,.0f}); {work}"


def quartiles(numbers: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    if len(numbers) < 2:
        return (numbers[0],) * 3
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, middle, high


Table = Mapping[str, Figures]
"""By the names of contestants."""


def requests_of(contestant: Contestant, operation: str, subjects: Subjects) -> Iterator[bytes]:
    """The requests of one operation, without end."""
    variables = subjects.variables(operation)
    if operation == "M1":
        return (contestant.request(operation, one) for one in variables)
    made = [contestant.request(operation, one) for one in islice(variables, _VARIANTS)]
    return chain.from_iterable(iter(lambda: made, None))


async def by_turns(
    running: Sequence[Served],
    operation: str,
    subjects: Subjects,
    shop: FilledShop,
    *,
    concurrency: int,
    rounds: int,
    seconds: float,
) -> Table:
    """Measure contestants in short rounds, beginning with another one each time."""
    figures = {one.contestant.name: Figures() for one in running}
    requests = {one.port: requests_of(one.contestant, operation, subjects) for one in running}
    check = answers.check_of(operation)
    for one in running:
        await ask(one.port, requests[one.port], concurrency, seconds * _WARM, check)
    for turn in range(rounds):
        shift = turn % len(running)
        for one in [*running[shift:], *running[:shift]]:
            groups = one.processes, shop.server.processes() if shop.server else [], [os.getpid()]
            before = [processor.spent(group) for group in groups]
            done = await ask(one.port, requests[one.port], concurrency, seconds, check)
            used = [processor.spent(group) - was for group, was in zip(groups, before, strict=True)]
            found = figures[one.contestant.name]
            found.rates.append(done.answers / done.seconds)
            for numbers, milliseconds in zip((found.server, found.database, found.client), used, strict=True):
                numbers.append(milliseconds / done.answers)
    return figures


async def agree(running: Sequence[Served], operation: str, subjects: Subjects) -> None:
    """Raise AssertionError unless all contestants say the same to some requests; of writes, unless they answer well."""
    for variables in islice(subjects.variables(operation), 1 if operation == "M1" else _COMPARED):
        said: list[bytes] = []
        for one in running:
            own = subjects.another(variables) if operation == "M1" else variables
            await ask(one.port, iter([one.contestant.request(operation, own)]), 1, 0, said.append)
        for body in said:
            answers.check_of(operation)(body)
            if operation != "M1":
                answers.same(answers.data_of(said[0]), answers.data_of(body))
        objects, scalars = answers.counted(answers.data_of(said[0]))
    print(f"{operation}: all say the same; {objects:,} objects with {scalars:,} scalars", flush=True)


async def subjects_of(shop: FilledShop) -> Subjects:
    """Whom the operations are about."""
    async with opened(shop.url) as opened_shop:
        return await Subjects.of(opened_shop.database)


def ratio(table: Table, one: str, other: str) -> str:
    """How many times as quick the one is as the other: the median and the quartiles of the rounds' ratios."""
    low, middle, high = quartiles([a / b for a, b in zip(table[one].rates, table[other].rates, strict=True)])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default=",".join(OPERATIONS))
    parser.add_argument("--concurrency", default="1,8,32")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--engine", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--customers", type=int, help="50000 if absent, a tenth on SQLite; ten purchases each.")
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled database.")
    parser.add_argument("--postgraphile", action="store_true", help="Beside PostGraphile, from npm.")
    chosen = parser.parse_args()
    customers = chosen.customers or (50_000 if chosen.engine == "postgres" else 5_000)
    with places(chosen.engine, chosen.data) as place:
        shop = uvloop.run(place.shop(Size(customers, customers * 10)))
        contestants = [regulars(shop), limit(shop)]
        if chosen.postgraphile:
            peer.installed()
            contestants.append(peer.postgraphile(shop))
        subjects = uvloop.run(subjects_of(shop))
        others = [one.name for one in contestants[1:]]
        with all_served(contestants) as running:
            for operation in chosen.ops.split(","):
                uvloop.run(agree(running, operation, subjects))
            names = [one.name for one in contestants]
            print(f"\n| op | concurrency | {' | '.join(names)} | {' | '.join(f'to {name}' for name in others)} |")
            print("|---" * (2 + len(names) + len(others)) + "|")
            for operation in chosen.ops.split(","):
                for concurrency in map(int, chosen.concurrency.split(",")):
                    table = uvloop.run(
                        by_turns(
                            running, operation, subjects, shop,
                            concurrency=concurrency, rounds=chosen.rounds, seconds=chosen.seconds,
                        )
                    )  # fmt: skip
                    figures = " | ".join(str(table[name]) for name in names)
                    ratios = " | ".join(ratio(table, names[0], name) for name in others)
                    print(f"| {operation} | {concurrency} | {figures} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
