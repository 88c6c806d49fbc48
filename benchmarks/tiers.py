"""What do tiers cost an import, and how long does it take to reassess everybody?

    python -m benchmarks.tiers [--households 60] [--rounds 3] [--customers 5000] [--engine sqlite|postgres|both]
        [--plugins tiers,loyalty]

Imports the Complete Journey (see examples/complete_journey.py), by turns without plugins and with them, each time into a new
database; where loyalty is among them a program of points without expiry is in force all the time. Then fills a shop with
customers, gives it a new policy, and lets the job do its work. Processor time is that of this process, and of the PostgreSQL
server where there is one; it needs Linux's /proc.
"""

import argparse
import asyncio
import csv
import ctypes
import gc
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processor
from benchmarks.filled import PROGRAM
from benchmarks.population import fill
from regulars_core.database import Engine
from regulars_core.imports import ImportOptions, ImportReport, import_customers, import_purchases
from regulars_core.primitives.clock import NEVER
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_loyalty.points.program_changes import change_program
from regulars_tiers.policy_versions import change_policy, checked
from regulars_tiers.reassessment import work_off
from regulars_tiers.rules.policy import SEED

CONVERTER = Path(__file__).parents[1] / "examples" / "complete_journey.py"
TIERS = ("tiers",)
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Cost:
    """Seconds: by the clock on the wall, of this process, and of the database server."""

    wall: float = 0.0
    process: float = 0.0
    server: float = 0.0
    more_memory: int = 0
    """Bytes that this process has had more at most than at the beginning."""

    @property
    def processor(self) -> float:
        """All processor time."""
        return self.process + self.server


@asynccontextmanager
async def measured(shop: Shop) -> AsyncIterator[Cost]:
    """What is done inside."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    _forget_the_most()
    before = processor.memory(os.getpid(), "VmRSS")
    cost, wall, process, server = Cost(), time.perf_counter(), time.process_time(), await _server_seconds(shop)
    yield cost
    cost.more_memory = round((processor.memory(os.getpid()) - before) * 2**20)
    cost.wall, cost.process = time.perf_counter() - wall, time.process_time() - process
    cost.server = await _server_seconds(shop) - server


def _forget_the_most() -> None:
    """How much memory this process has used at most is counted from here on."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


async def _server_seconds(shop: Shop) -> float:
    if shop.database.engine == "sqlite":
        return 0.0
    [row] = await shop.database.rows("SELECT pg_backend_pid()")
    return _seconds_of_all(_stat(str(row[0]))[1])


def _seconds_of_all(postmaster: str) -> float:
    """Processor time of all processes of a PostgreSQL server, those included that have ended."""
    times = [int(tick) for tick in _stat(postmaster)[11:15]]  # its own, and that of children it has waited for
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found = _stat(folder.name)
        except OSError:  # has just ended
            continue
        if found[1] == postmaster:
            times += [int(found[11]), int(found[12])]
    return sum(times) / _TICKS


def _stat(pid: str) -> list[str]:
    """What stands in /proc after the program's name, from the state on."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()


def baskets_of(households: int, folder: Path) -> Path:
    """The files of the first so many households."""
    subprocess.run([sys.executable, CONVERTER, folder], check=True)
    with (folder / "customers.csv").open(newline="") as file:
        first = list(itertools.islice(csv.reader(file), households + 1))
    kept, chosen = {row[0] for row in first}, folder / "chosen"
    chosen.mkdir()
    with (
        (folder / "purchases.csv").open(newline="") as file,
        (chosen / "purchases.csv").open("w", newline="") as target,
    ):
        csv.writer(target).writerows(row for row in csv.reader(file) if row[3] in kept or row[3] == "customer_code")
    with (chosen / "customers.csv").open("w", newline="") as target:
        csv.writer(target).writerows(first)
    return chosen


async def imported(url: str, names: Sequence[str], files: Path) -> tuple[Cost, int]:
    """What it costs to import everything into a new database, and how many purchases that are."""
    async with opened_shop(url, plugins_wanted(tuple(names)), country="US") as shop:
        if "loyalty" in names:
            await change_program(shop, PROGRAM.model_copy(update={"expire_after": None}), None, "benchmark")
            # As if it had been there before the first purchase: nobody can say so afterwards.
            sql = "UPDATE loyalty_program SET starts_at = $1"
            await shop.database.transaction(lambda: shop.database.run(sql, NEVER))
        async with measured(shop) as cost:
            report = await _imported(shop, files)
        if "loyalty" in names:
            [row] = await shop.database.rows("SELECT count(*) FROM loyalty_transfer")
            print(f"  {row[0]:,} entries of points", flush=True)
    return cost, report.created


async def _imported(shop: Shop, files: Path) -> ImportReport:
    await import_customers(shop, files / "customers.csv", ImportOptions(), lambda _, __: None)
    return await import_purchases(shop, files / "purchases.csv", ImportOptions(), lambda _, __: None)


async def imports(databases: Databases, engine: Engine, files: Path, rounds: int, plugins: tuple[str, ...]) -> None:
    """Print what an import costs with plugins and without."""
    costs: dict[tuple[str, ...], list[Cost]] = {(): [], plugins: []}
    purchases = 0
    for turn in range(rounds):
        for names in [*costs][:: -1 if turn % 2 else 1]:
            url = databases.empty(engine)
            cost, purchases = await imported(url, names, files)
            costs[names].append(cost)
            print(f"  with {' and '.join(names) or 'no plugins'}: {cost}", flush=True)
            databases.drop(url)
    for name in ("processor", "process", "wall"):
        without, more = (statistics.median(getattr(cost, name) for cost in costs[names]) for names in costs)
        told = f"{without:.1f} s without {' and '.join(plugins)}, {more:.1f} s with them, ratio {more / without:.2f}"
        print(f"{engine}, import of {purchases:,} purchases, {name} time: {told}", flush=True)


async def reassessment(databases: Databases, engine: Engine, customers: int) -> None:
    """Print what a new policy costs."""
    url = databases.empty(engine)
    async with opened_shop(url, plugins_wanted(TIERS)) as shop:
        await fill(shop.database, customers)
        await shop.database.transaction(lambda: _analyze(shop))
        async for _ in work_off(shop):
            pass
        stricter = SEED.model_copy(update={"grace_days": 30})
        await change_policy(shop, checked(shop, stricter.model_dump(mode="json")), NEVER, "benchmark")
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # what filling has left behind would hide what is taken now
        done, before = 0, _memory()
        most = before
        async with measured(shop) as cost:
            async for count in work_off(shop):
                done, most = done + count, max(most, _memory())
        rate = 100_000 / done
        print(
            f"{engine}, reassessing {done:,} of {customers:,} customers after a new policy: {cost.processor * rate:.1f} s of"
            f" processor time per 100,000 ({cost.process * rate:.1f} s in this process), {cost.wall * rate:.1f} s by the"
            f" clock; {(most - before) / 1e6:.1f} MB more memory at most",
            flush=True,
        )
    databases.drop(url)


async def _analyze(shop: Shop) -> None:
    await shop.database.run("ANALYZE")


def _memory() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--customers", type=int, default=5_000)
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--plugins", default="tiers", help="Those that an import is measured with, by commas.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="regulars-bench-") as name, PostgresServer() as server:
        folder = Path(name)
        databases = Databases(folder, lambda: server)
        files = baskets_of(chosen.households, folder) if chosen.rounds else folder
        for engine in ENGINES if chosen.engine == "both" else [chosen.engine]:
            if chosen.rounds:
                asyncio.run(imports(databases, engine, files, chosen.rounds, tuple(chosen.plugins.split(","))))
            if chosen.customers:
                asyncio.run(reassessment(databases, engine, chosen.customers))


if __name__ == "__main__":
    main()
