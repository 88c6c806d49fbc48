"""Does writing a report take more memory where there are more rows? Of everybody who has bought, by name, as CSV.

    python -m benchmarks.reports --data DIR [--customers 1000000] [--write]

The shop is that of `benchmarks.many`. Told are the rows, the seconds, and the megabytes that this process had when a twentieth
was written, and at most until the end.
"""

import argparse
import asyncio
import os
import time
from pathlib import Path

import regulars_analytics
from benchmarks import processor, results
from benchmarks.crowd import crowd
from benchmarks.filled import Place, opened, places
from regulars_analytics.reports.csv_files import csv_of
from regulars_analytics.reports.kinds import KINDS
from regulars_analytics.reports.metrics import Scope
from regulars_core.plugin import LATEST, Shop, operator, plugins_on


async def written(shop: Shop, customers: int) -> str:
    """What it took, in a sentence."""
    [metric] = [one for one in KINDS["LIFETIME_VALUE"].metrics if one.name == "customers"]
    table = await metric.find(Scope(shop, operator(shop.permissions), None, LATEST, None, None))
    begun, rows, size, early = time.perf_counter(), 0, 0, 0.0
    async for content in csv_of(table, shop.currency):
        rows, size = rows + content.count(b"\n"), size + len(content)
        if not early and rows >= customers // 20:
            early = processor.memory(os.getpid())
    late = processor.memory(os.getpid())
    seconds = time.perf_counter() - begun
    return (
        f"{rows - 1:,} rows, {size / 1e6:.0f} MB, in {seconds:.0f} s: {early:.0f} MB of memory when a twentieth was written,"
        f" {late:.0f} MB at most."
    )


async def measured(place: Place, customers: int) -> str:
    """The same in a shop that is filled."""
    url = await crowd(place, customers)
    async with opened(url, plugins_on({"analytics": regulars_analytics})) as shop:
        return await written(shop, customers)


def main() -> None:
    """Measure, print, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="A folder that keeps the filled database.")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--write", action="store_true", help="Write it into RESULTS.md.")
    chosen = parser.parse_args()
    with places("postgres", chosen.data) as place:
        told = asyncio.run(measured(place, chosen.customers))
        version = results.version_of(place.server)
    print(told)
    if chosen.write:
        load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
        results.write(
            "reports",
            f"## A report of everybody by name: {version}",
            f"{results.today()} Load {load}. `python -m benchmarks.reports --data …`.",
            told,
        )


if __name__ == "__main__":
    main()
