"""Files that are long: stopped in the middle, killed in the middle, and read in memory that does not grow."""

import asyncio
import signal
import subprocess
import sys
import time
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from regulars_core.imports import ImportOptions, import_customers, import_purchases
from regulars_core.purchases.statistics import differences

HEAD = "reference,store,purchased_at,email,first_name,last_name,sku,quantity,unit_price\n"


def purchases(count: int) -> str:
    """So many baskets of two lines, of a third as many customers who are recognised by e-mail alone."""
    return HEAD + "".join(
        f"R{n},S{n % 7},2026-01-{n % 28 + 1:02}T10:00Z,c{n // 3}@example.com,C,{n // 3},{sku},{n % 5 + 1},2.50\n"
        for n in range(count)
        for sku in ("BEANS", "MILK")
    )


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


async def _totals(shop):
    row = await shop.database.row("SELECT count(*), sum(total) FROM purchase")
    lines = await shop.database.row("SELECT count(*) FROM purchase_line")
    people = await shop.database.row(
        "SELECT count(*), sum(total_spent), sum(purchase_count) FROM customer c"
        " JOIN customer_stats s ON s.customer_id = c.id"
    )
    assert [difference async for difference in differences(shop.database)] == []
    return tuple(map(int, (*row, *lines, *people)))


def _expected(count: int) -> tuple[int, ...]:
    cents = sum(2 * 250 * (n % 5 + 1) for n in range(count))
    return count, cents, 2 * count, -(-count // 3), cents, count


async def test_others_go_on_while_a_long_file_is_read(shop, files):
    """Before its first batch all of it is looked at: lines of one purchase may stand apart."""
    path, beats = files.write(purchases(8_000)), []

    def stop(*_: int) -> None:
        raise Stopped

    async def beat() -> None:
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(0.001)

    heart, begun = asyncio.create_task(beat()), time.perf_counter()
    with pytest.raises(Stopped):
        await import_purchases(shop, path, ImportOptions(batch_size=1, check=True), stop)
    ended = time.perf_counter()
    reading = asyncio.create_task(import_purchases(shop, path, ImportOptions(check=True), stop))
    await asyncio.sleep((ended - begun) / 10)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert time.perf_counter() - ended < (ended - begun) / 2, "it does not read on for nobody"
    heart.cancel()
    longest = max(after - before for before, after in pairwise([begun, *beats, time.perf_counter()]))
    assert longest < (ended - begun) / 3, f"nobody else had a turn for {longest:.3f} s"


async def test_stopped_halfway_and_run_again_nothing_is_missing_or_doubled(shop, files):
    path = files.write(purchases(100))
    told = []

    def stop(done: int, size: int) -> None:
        told.append((done, size))
        if len(told) == 4:
            raise Stopped

    with pytest.raises(Stopped):
        await import_purchases(shop, path, ImportOptions(batch_size=10), stop)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert (await _totals(shop))[0] == 40
    report = await import_purchases(shop, path, ImportOptions(batch_size=10), lambda done, size: None)
    assert (report.created, report.unchanged, report.rejected) == (60, 40, 0)
    assert await _totals(shop) == _expected(100)


_KILLED = """
import asyncio, sys
from pathlib import Path
from regulars_core.contribution import CORE_APP
from regulars_core.database import Database
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on

async def main(url, path):
    shop = Shop(await Database.open(url, [CORE_APP]), Settings(database_url=url), plugins_on())
    await import_purchases(shop, Path(path), ImportOptions(batch_size=20), lambda done, size: print(done, flush=True))

asyncio.run(main(*sys.argv[1:]))
"""


def _kill_after(lines: int, command: list[str]) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("after", [1, 5])
async def test_killed_halfway_and_run_again_nothing_is_missing_or_doubled(shop, database_url, files, after):
    path = files.write(purchases(1_000))
    _kill_after(after, [sys.executable, "-c", _KILLED, database_url, str(path)])
    done = (await _totals(shop))[0]
    assert 20 * after <= done < 1_000
    report = await import_purchases(shop, path, ImportOptions(), lambda done, size: None)
    assert (report.created + report.unchanged, report.rejected) == (1_000, 0)
    assert await _totals(shop) == _expected(1_000)


async def _peak(run, shop, path: Path) -> int:
    tracemalloc.start()
    try:
        await run(shop, path, ImportOptions(batch_size=50), lambda done, size: None)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_memory_does_not_grow_with_a_file_of_purchases(shop, files):
    small, large = files.write(purchases(400), "small.csv"), files.write(purchases(4_000), "large.csv")
    await import_purchases(
        shop, small, ImportOptions(batch_size=50), lambda done, size: None
    )  # fills what is kept for good
    few, many = await _peak(import_purchases, shop, small), await _peak(import_purchases, shop, large)
    assert many < few + 3_000_000, "caches of a few thousand e-mails and the like are all that may grow"


async def test_memory_does_not_grow_with_broken_rows(shop, files):
    head, row = HEAD.encode(), b"R\xff,,2026-01-01,,,,X,1,1\n"
    small = files.write(head + row * 1_000, "small.csv")
    large = files.write(head + b"".join(b"R%d\xff,?\n" % n for n in range(12_000)), "large.csv")
    await import_purchases(shop, small, ImportOptions(batch_size=50), lambda done, size: None)
    few, many = await _peak(import_purchases, shop, small), await _peak(import_purchases, shop, large)
    assert many < few + 1_000_000
    assert len(files.rejects("large.csv")) == 12_000


async def test_memory_does_not_grow_with_a_file_of_customers(shop, files):
    def people(count: int, name: str) -> Path:
        rows = "".join(f"{name}{n},Ana,Ruiz\n" for n in range(count))
        return files.write(f"code,first_name,last_name\n{rows}", f"{name}.csv")

    small, large = people(400, "small"), people(4_000, "large")
    await import_customers(shop, people(100, "first"), ImportOptions(batch_size=50), lambda done, size: None)
    few, many = await _peak(import_customers, shop, small), await _peak(import_customers, shop, large)
    assert many < few + 1_000_000
