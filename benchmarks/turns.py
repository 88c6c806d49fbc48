"""Measuring servers by turns, in short rounds: whatever else the machine does happens to all of them."""

import math
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from benchmarks import processor
from benchmarks.answers import check_of
from benchmarks.client import ask
from benchmarks.contestants import Contestant, Served
from benchmarks.operations import Subjects
from regulars_core.testing import PostgresServer

_WARM = 0.5
"""Of the time of a round, before each operation."""
_VARIANTS = 200
"""Requests made beforehand; those of a write are made as they are sent."""


@dataclass
class Figures:
    """What the rounds of one contestant gave: requests per second, and milliseconds of processor time per request of the
    server, of the database, and of the client; and how many requests were refused in all."""

    refused: int = 0
    rates: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)

    def add(self, more: "Figures") -> None:
        """Take in the rounds of another sitting."""
        self.refused += more.refused
        for mine, other in ((self.rates, more.rates), (self.server, more.server), (self.database, more.database)):
            mine.extend(other)
        self.client.extend(more.client)

    @property
    def rate(self) -> str:
        low, middle, high = quartiles(self.rates)
        refused = f", {self.refused} refused" if self.refused else ""
        return f"{_short(middle)} ({_short(low)}–{_short(high)}){refused}"

    @property
    def work(self) -> str:
        return f"{statistics.median(self.server):.2f} + {statistics.median(self.database):.2f}"

    @property
    def total_work(self) -> list[float]:
        return [server + database for server, database in zip(self.server, self.database, strict=True)]


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


def quartiles(numbers: Sequence[float]) -> tuple[float, float, float]:
    """The lower quartile, the median and the upper quartile."""
    if len(numbers) < 2:
        return (numbers[0],) * 3
    low, middle, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, middle, high


def times_as_quick(one: Figures, other: Figures) -> str:
    """How many times as many requests a second the one answers: the median of the rounds' ratios, and their quartiles."""
    low, middle, high = quartiles([a / b for a, b in zip(one.rates, other.rates, strict=True)])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def times_the_work(one: Figures, other: Figures) -> float:
    """How many times the processor time, of server and database, the one takes for a request."""
    return statistics.median(one.total_work) / statistics.median(other.total_work)


def work_beside(one: Figures, other: Figures) -> str:
    """How many times the processor time of server and database the one takes for a request: the median of the rounds' ratios, and
    the interval in which the median lies with a probability of at least 95 %, by the order of the ratios (the sign test's)."""
    ratios = sorted(a / b for a, b in zip(one.total_work, other.total_work, strict=True))
    outside = 0
    while outside < len(ratios) // 2 and 2 * binomial_below(len(ratios), outside) <= 0.05:
        outside += 1
    low, high = max(outside - 1, 0), len(ratios) - max(outside, 1)
    return f"{statistics.median(ratios):.3f} ({ratios[low]:.3f}–{ratios[high]:.3f})"


def binomial_below(tosses: int, most: int) -> float:
    """The probability that of so many tosses of a coin at most so many show heads."""
    return sum(math.comb(tosses, n) for n in range(most + 1)) / 2**tosses


def requests_of(contestant: Contestant, operation: str, subjects: Subjects) -> Iterator[bytes]:
    """The requests of one operation, without end."""
    variables = subjects.variables(operation)
    if operation in {"M1", "D1"}:
        return (contestant.request(operation, one) for one in variables)
    made = [contestant.request(operation, one) for one in islice(variables, _VARIANTS)]
    return chain.from_iterable(iter(lambda: made, None))


@dataclass(frozen=True)
class Pace:
    """How contestants are asked: over so many connections, in so many rounds of so many seconds."""

    concurrency: int
    rounds: int
    seconds: float


async def by_turns(
    running: Mapping[str, tuple[Served, Subjects]], operation: str, database: PostgresServer | None, pace: Pace
) -> Mapping[str, Figures]:
    """Measure contestants by name, beginning with another one each round."""
    figures = {name: Figures() for name in running}
    requests = {
        name: requests_of(served.contestant, operation, subjects) for name, (served, subjects) in running.items()
    }
    check = check_of(operation)
    for name, (served, _) in running.items():
        await ask(served.port, requests[name], pace.concurrency, pace.seconds * _WARM, check)
    names = list(running)
    for turn in range(pace.rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            served, found = running[name][0], figures[name]
            groups = served.processes, database.processes() if database else [], [os.getpid()]
            before = [processor.spent(group) for group in groups]
            done = await ask(served.port, requests[name], pace.concurrency, pace.seconds, check)
            used = [processor.spent(group) - was for group, was in zip(groups, before, strict=True)]
            answered = max(1, done.answers)  # a round in which all were refused is as good as one answer
            found.refused += done.refused
            found.rates.append(answered / done.seconds)
            for numbers, milliseconds in zip((found.server, found.database, found.client), used, strict=True):
                numbers.append(milliseconds / answered)
    return figures
