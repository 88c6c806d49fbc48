"""Does a worker remember every document that it was ever sent? And how long does it take to start?

    python -m benchmarks.documents [--documents 100000] [--starts 7] [--customers 2000] [--data DIR] [--write]

Starts Regulars as in production on PostgreSQL, several times over, and tells how long it takes until it is ready; then sends it
as many documents as wanted, no two of which are the same, and tells the memory of its process: after some requests of the
workload, and at the end.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import orjson
import uvloop

from benchmarks import processor, results
from benchmarks.answers import data_of
from benchmarks.client import ask, post
from benchmarks.contestants import Contestant, Served, all_served, regulars
from benchmarks.filled import FilledShop, Size, places
from benchmarks.operations import OPERATIONS
from benchmarks.peers import subjects_of
from benchmarks.turns import quartiles, requests_of

_FIELDS = ("id", "code", "firstName", "lastName", "displayName", "email", "phone", "status", "version", "createdAt")
_WORKLOAD = 1.0
"""Seconds of each operation before memory is looked at."""
MAX_MEGABYTES = 120
MAX_SECONDS = 1.5


@dataclass(frozen=True)
class Memory:
    """Megabytes of a server's process: when it was ready, after the workload, and after the documents; and the most that
    it ever had."""

    ready: float
    worked: float
    after: float
    most: float


def documents(key: str) -> Iterator[bytes]:
    """Requests with small documents, all different: other aliases, fields, and sizes of pages."""
    for number in count():
        fields = [name for place, name in enumerate(_FIELDS) if number >> place & 1] or ["id"]
        query = f"{{ d{number}: customers(first: {number % 3}) {{ nodes {{ {' '.join(fields)} }} }} }}"
        yield post("/graphql", orjson.dumps({"query": query}), authorization=f"Bearer {key}")


async def remembered(served: Served, shop: FilledShop, wanted: int) -> Memory:
    """What sending so many documents does to the memory of a server."""
    subjects = await subjects_of(shop)
    ready = processor.memory(served.pid, "VmRSS")
    for operation in OPERATIONS:
        await ask(served.port, requests_of(served.contestant, operation, subjects), 8, _WORKLOAD, data_of)
    worked = processor.memory(served.pid, "VmRSS")
    done = await ask(served.port, islice(documents(shop.key), wanted), 8, None, data_of)
    assert done.answers + done.refused == wanted
    return Memory(ready, worked, processor.memory(served.pid, "VmRSS"), processor.memory(served.pid))


def starts(contestant: Contestant, times: int) -> Sequence[tuple[float, float]]:
    """How many seconds a server takes from the start of its process until it is ready, again and again; and how many of
    the processor."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        with all_served([contestant]) as [served]:
            found.append((time.perf_counter() - began, processor.spent(served.processes) / 1000))
    return found


def main() -> None:
    """Measure, print, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled database.")
    parser.add_argument("--write", action="store_true", help="Write it into RESULTS.md.")
    chosen = parser.parse_args()
    with places("postgres", chosen.data) as place:
        shop = uvloop.run(place.shop(Size(chosen.customers, 10 * chosen.customers), changing=True))
        contestant = regulars(shop)
        began = starts(contestant, chosen.starts)
        low, middle, high = quartiles([seconds for seconds, _ in began])
        work = statistics.median(work for _, work in began)
        start = (
            f"`regulars serve` with all plugins is ready after {middle:.2f} s ({low:.2f}–{high:.2f}), {work:.2f} s of them"
            f" of the processor; {MAX_SECONDS} s are wanted."
        )
        print(start, flush=True)
        with all_served([contestant]) as [served]:
            found = uvloop.run(remembered(served, shop, chosen.documents))
    memory = (
        f"Its memory: {found.ready:.0f} MB when ready, {found.worked:.0f} MB after the workload with 8 at once,"
        f" {found.after:.0f} MB after {chosen.documents:,} different documents, {found.most:.0f} MB at most;"
        f" {MAX_MEGABYTES} MB are wanted."
    )
    print(memory)
    if chosen.write:
        results.write("documents", "## Start and memory", results.today(), f"{start} {memory}")


if __name__ == "__main__":
    main()
