"""Does a page far down cost what the first one does? And how long do searches and filters take?

    python -m benchmarks.pages [--customers 20000] [--engine sqlite|postgres|both]

Fills a database of its own on each engine (its own PostgreSQL server too) and reads it through the reads that the API
uses. With 100,000 customers or more, and on both engines, it also writes RESULTS.md and the query plans beside this file.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks import results
from benchmarks.plans import Watched
from benchmarks.population import TODAY, Population, fill
from regulars_core.contribution import CORE_APP
from regulars_core.customers.filters import LEAVES
from regulars_core.customers.quick_search import QuickSearch, quick_search
from regulars_core.customers.reads import NEWEST_FIRST, SORT_KEYS, customers_of_groups, page_of_customers
from regulars_core.customers.search import texts as searching
from regulars_core.customers.search.recent import renew
from regulars_core.customers.search.typed import read
from regulars_core.database import Database, migrations
from regulars_core.primitives.clock import DAY_MS
from regulars_core.queries.pages import Order, Window
from regulars_core.queries.where import Where
from regulars_core.testing import PostgresServer

HERE = Path(__file__).parent
SIZE = 50
FAR = 1_000
"""The page that is compared with the first; the middle one where there are not so many."""
TIMES = 60
WRITTEN_FROM = 100_000
MAX_RATIO = 1.3

Work = Callable[[], Awaitable[Any]]


@dataclass(frozen=True)
class Times:
    """How long something took, again and again, in milliseconds."""

    all: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.all)

    def __str__(self) -> str:
        low, _, high = statistics.quantiles(self.all, n=4)
        return f"{self.median:.2f} ({low:.2f}–{high:.2f})"


async def taken(*works: Work, times: int = TIMES) -> list[Times]:
    """Each work's times, by turns, so that whatever else the machine does happens to all of them."""
    for work in works:
        for _ in range(6):  # PostgreSQL plans a statement five times before it settles on a plan
            await work()
    measured: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for work, times_ in zip(works, measured, strict=True):
            begun = time.perf_counter()
            await work()
            times_.append((time.perf_counter() - begun) * 1000)
    return [Times(times_) for times_ in measured]


@dataclass
class Bench:
    """One engine, filled."""

    database: Database
    population: Population
    lines: list[str]
    plans: list[str]

    def tell(self, line: str) -> None:
        print(line, flush=True)
        self.lines.append(line)

    @property
    def far(self) -> int:
        return min(FAR, self.population.customers // 2 // SIZE)

    async def pages(self) -> None:
        """The first page against the one far down: every order, both ways, from the start and from the end."""
        self.tell(f"\n| order | walk | page 1, ms | page {self.far:,}, ms | ratio |\n|---|---|---|---|---|")
        for key, descending, backward in product(SORT_KEYS.values(), (False, True), (False, True)):
            order = Order(key, descending)
            near = Window(order, SIZE, backward, None, None)
            position = await self._position(order, (self.far - 1) * SIZE, backward)
            far = Window(order, SIZE, backward, None if backward else position, position if backward else None)
            for _ in range(3):  # a plan that does not seek is slow every time; noise is not
                first, deep = await taken(self._page(near), self._page(far))
                if (ratio := deep.median / first.median) <= MAX_RATIO:
                    break
            walk = "last, before" if backward else "first, after"
            self.tell(f"| {order.name} | {walk} | {first} | {deep} | {ratio:.2f}{' !' if ratio > MAX_RATIO else ''} |")
            if not backward:
                await self._explain(
                    f"{order.name}, page 1", self._page(near, watched := Watched(self.database)), watched
                )
                await self._explain(f"{order.name}, page {self.far:,}", self._page(far, watched), watched)

    def _page(self, window: Window, on: Any = None, **narrowed: Any) -> Work:
        return lambda: page_of_customers(on or self.database, window, **narrowed)

    async def _position(self, order: Order, rows: int, backward: bool) -> Any:
        """Where the last of so many rows stands; the benchmark may count rows, the API never does."""
        table = "customer c" if order.key.tie.startswith("c.") else "customer_stats s"
        way = "DESC" if order.descending is not backward else "ASC"
        column, tie = order.key.column, order.key.tie
        sql = f"SELECT {column}, {tie} FROM {table} ORDER BY {column} {way}, {tie} {way} LIMIT 1 OFFSET {rows - 1}"
        row = await self.database.row(sql)
        assert row is not None
        return row[0], row[1]

    async def _explain(self, title: str, work: Work, watched: Watched) -> None:
        await work()
        for text in await watched.explained():
            self.plans.append(f"{title}\n{text}\n")

    async def searches(self) -> None:
        """As somebody types: what many have and what few have, by length; and the same words in a page of the list."""
        self.tell("\n| search | found by | customerSearch of 10, ms | of 50, ms | page of 50 by CREATED_AT, ms |")
        self.tell("|---|---|---|---|---|")
        for query in _queries(self.population):
            typed = read(query, "MX")
            places = [f"${number}" for number in range(1, len(typed.needles) + 1)]
            matching = searching.matching(typed.shape, places, self.database.engine, searching.NAMES_AND_CONTACT)
            row = await self.database.row(f"SELECT count(*) FROM ({matching}) AS found", *typed.needles)
            window = Window(NEWEST_FIRST, SIZE, False, None, None)
            ten, fifty, listed = await taken(
                lambda q=query: quick_search(self.database, QuickSearch.of(q, 10, False)),  # type: ignore[misc]
                lambda q=query: quick_search(self.database, QuickSearch.of(q, 50, False)),  # type: ignore[misc]
                self._page(window, search=query),
                times=TIMES // 4,
            )
            self.tell(f"| `{query}` | {row[0] if row else 0:,} | {ten} | {fifty} | {listed} |")
        watched = Watched(self.database)
        await self._explain("customerSearch, first among the latest, then by the index",
                            lambda: quick_search(watched, QuickSearch.of("zzzz", 10, False)), watched)  # type: ignore[arg-type]  # fmt: skip

    async def filters(self) -> None:
        """Lists narrowed by statistics, and the members of all groups."""
        self.tell("\n| list | time, ms |\n|---|---|")
        trees = {
            "totalSpent ≥ 2000.00 by TOTAL_SPENT": ("TOTAL_SPENT", _leaf("totalSpent", (">=", 200_000))),
            "totalSpent ≥ 2000.00 by CREATED_AT": ("CREATED_AT", _leaf("totalSpent", (">=", 200_000))),
            "purchaseCount ≥ 3 by NAME": ("NAME", _leaf("purchaseCount", (">=", 3))),
            "not purchaseCount ≥ 1 by CREATED_AT": ("CREATED_AT", Where("not", (_leaf("purchaseCount", (">=", 1)),))),
            "lastPurchaseAt within 30 days by TOTAL_SPENT": (
                "TOTAL_SPENT",
                _leaf("lastPurchaseAt", (">=", TODAY - 30 * DAY_MS)),
            ),
            "lastPurchaseAt within 1 day by NAME": ("NAME", _leaf("lastPurchaseAt", (">=", TODAY - DAY_MS))),
        }
        for title, (key, where) in trees.items():
            window = Window(Order(SORT_KEYS[key], True), SIZE, False, None, None)
            [times] = await taken(self._page(window, where=where), times=TIMES // 4)
            self.tell(f"| {title} | {times} |")
        groups = [row[0] for row in await self.database.rows("SELECT id FROM customer_group")]
        for name in ("CREATED_AT", "TOTAL_SPENT"):
            window = Window(Order(SORT_KEYS[name], True), 20, False, None, None)
            [times] = await taken(lambda w=window: customers_of_groups(self.database, groups, w), times=TIMES // 4)  # type: ignore[misc]
            self.tell(f"| 20 members of each of {len(groups)} groups by {name} | {times} |")


def _leaf(name: str, *conditions: tuple[str, Any]) -> Where:
    return Where(name, leaf=LEAVES[name], conditions=conditions)


def _queries(population: Population) -> list[str]:
    """The most and the least common beginnings of names of 1, 2, 3 and 8 letters, and a few by hand."""
    found = []
    for length in (1, 2, 3, 8):
        counts: Counter[str] = Counter()
        for names in population.names:
            words = (word for word in names.split() if word.isalpha())
            counts.update({word[:length] for word in words if len(word) >= length})
        ranked = sorted(counts, key=lambda part: (-counts[part], part))
        found += [ranked[0], ranked[len(ranked) // 10], ranked[-1]]
    return [*found, "maria garcia", "m g", "5512", "cust00042", "example"]


async def measured(url: str, customers: int, flush: Callable[[], object]) -> Bench:
    """Fill a database and measure it."""
    database = await Database.open(url, [CORE_APP], pool_size=1, readers=1)
    try:
        await migrations.migrate(database)
        begun = time.perf_counter()
        bench = Bench(database, await fill(database, customers), [], [])
        print(f"{database.engine}: {customers:,} customers in {time.perf_counter() - begun:.0f} s", flush=True)
        await renew(database)
        await database.transaction(lambda: _analyze(database))
        flush()
        await bench.pages()
        await bench.searches()
        await bench.filters()
        return bench
    finally:
        await database.close()


async def _analyze(database: Database) -> None:
    await database.run("ANALYZE")


Ready = tuple[str, str, str, Callable[[], object]]
"""Engine, version, URL, and what to do with the database once it is full."""


@contextmanager
def databases(engines: Sequence[str]) -> Iterator[Iterator[Ready]]:
    """An empty database of each engine, one after the other."""

    def each() -> Generator[Ready, None, None]:
        if "sqlite" in engines:
            with tempfile.TemporaryDirectory(prefix="regulars-bench-") as directory:
                yield "sqlite", f"SQLite {sqlite3.sqlite_version}", f"sqlite://{directory}/bench.db", lambda: None
        if "postgres" in engines:
            with PostgresServer() as server:
                version = server.execute("SHOW server_version").split()[0]
                url = server.create_database()
                # What autovacuum would do soon, and then in the middle of measuring.
                yield "postgres", f"PostgreSQL {version}", url, lambda: server.execute("VACUUM", url.rpartition("/")[2])

    databases = each()
    try:
        yield databases
    finally:
        databases.close()


def main() -> None:
    """Measure, print, and write what is worth keeping."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    chosen = parser.parse_args()
    engines = ("sqlite", "postgres") if chosen.engine == "both" else (chosen.engine,)
    parts, plans = [], {}
    with databases(engines) as opened:
        for engine, version, url, flush in opened:
            bench = asyncio.run(measured(url, chosen.customers, flush))
            parts.append(f"### {version}\n" + "\n".join(bench.lines))
            plans[engine] = "\n".join(bench.plans)
    if chosen.customers < WRITTEN_FROM or len(engines) < 2:
        return
    head = (
        f"## Pages, searches and filters over {chosen.customers:,} customers\n\n{results.today()}"
        f" `python -m benchmarks.pages --customers {chosen.customers}`.\n\n"
        f"Medians of {TIMES} times by turns (searches and filters: {TIMES // 4}), the middle half of them in brackets, through"
        " the reads that the API uses: the database's work and the rows' way into Python. A page has 50 customers.\n\nBoth"
        " databases are analyzed, PostgreSQL is vacuumed too. A ratio above 1.3 would be measured again, twice at most.\n"
    )
    results.write("pages", head.rstrip(), *parts)
    for engine, text in plans.items():
        (HERE / "plans" / f"{engine}.txt").write_text(text)


if __name__ == "__main__":
    main()
