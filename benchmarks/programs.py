"""What does a profile cost an import, and does its memory grow with the file?

    python -m benchmarks.programs [--rows 100000] [--rounds 2] [--engine sqlite|postgres] [--write]

Writes the same orders twice, two lines each: in the columns of Shopify and in our own. Imports them by turns, each time in a
process of its own into a new database, and once more a tenth of them, whose memory is compared. Both must come
to the same sums. It needs Linux's /proc.
"""

import argparse
import asyncio
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import results
from regulars_core.database import Engine
from regulars_core.imports import ImportOptions, import_purchases, profile_of
from regulars_core.start import plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop

SAMPLE = Path(__file__).parents[1] / "tests" / "imports" / "samples" / "shopify_orders.csv"
OURS = (
    "reference", "purchased_at", "email", "first_name", "last_name", "currency", "shipping", "tax", "purchase_discount",
    "purchase_total", "payment_method", "quantity", "name", "unit_price", "sku",
)  # fmt: skip
WAYS = ("ours", "shopify")


def orders(rows: int) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Orders of two lines: the first row of each with everything of the order, and the second."""
    for n in range(rows // 2):
        at = f"2026-{n % 9 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:00 +0000"
        shared = {"reference": f"#{n}", "purchased_at": at, "email": f"c{n // 3}@example.com"}
        of_order = {
            "first_name": "Ana", "last_name": f"Ruiz{n // 3}", "currency": "USD", "shipping": "6.00", "tax": "3.29",
            "purchase_discount": "5.00", "purchase_total": f"{n % 40 + 52 + 4.29:.2f}", "payment_method": "card",
        }  # fmt: skip
        yield (
            {**shared, **of_order, "quantity": "2", "name": "Mug", "unit_price": "16.00", "sku": "MUG"},
            {**shared, "quantity": "1", "name": "Pot", "unit_price": f"{n % 40 + 20}.00", "sku": "POT"},
        )


def write(folder: Path, rows: int) -> dict[str, Path]:
    """The file of each way."""
    with SAMPLE.open(newline="", encoding="utf-8") as file:
        theirs = next(csv.reader(file))
    columns = {
        "reference": "Name", "purchased_at": "Created at", "email": "Email", "currency": "Currency", "shipping": "Shipping",
        "tax": "Taxes", "purchase_discount": "Discount Amount", "purchase_total": "Total", "payment_method": "Payment Method",
        "quantity": "Lineitem quantity", "name": "Lineitem name", "unit_price": "Lineitem price", "sku": "Lineitem sku",
    }  # fmt: skip
    paths = {way: folder / f"{way}-{rows}.csv" for way in WAYS}
    with paths["ours"].open("w", newline="") as plain, paths["shopify"].open("w", newline="") as shopify:
        ours, other = csv.DictWriter(plain, OURS), csv.DictWriter(shopify, theirs)
        ours.writeheader()
        other.writeheader()
        for lines in orders(rows):
            ours.writerows(lines)
            for n, line in enumerate(lines):
                cells = {columns[ours]: cell for ours, cell in line.items() if ours in columns}
                if n == 0:
                    name = f"{line['first_name']} {line['last_name']}"
                    cells |= {
                        "Billing Name": name,
                        "Billing Country": "US",
                        "Financial Status": "paid",
                        "Source": "web",
                    }
                    cells |= {"Outstanding Balance": "0.00", "Refunded Amount": "0.00", "Lineitem discount": "0.00"}
                other.writerow(cells)
    return paths


async def bring(url: str, path: Path, way: str) -> dict[str, Any]:
    """Import a file into an empty database; what it took, and what came of it."""
    options = ImportOptions(date_format="%Y-%m-%d %H:%M:%S %z")
    if way != "ours":
        options = ImportOptions(profile=profile_of(way, "purchases"))
    peak = 0

    def look(_done: int, _all: int) -> None:
        """Memory of its own; pages of the database file that the system keeps at hand are not."""
        nonlocal peak
        peak = max(peak, int(Path("/proc/self/status").read_text().partition("RssAnon:")[2].split()[0]))

    async with opened_shop(url, plugins_wanted(()), country="US") as shop:
        before, started = time.process_time(), time.perf_counter()
        report = await import_purchases(shop, path, options, look)
        took, processor = time.perf_counter() - started, time.process_time() - before
        [row] = await shop.database.rows("SELECT count(*), sum(total), sum(discount), sum(tax) FROM purchase")
    if report.rejected or report.rows != 2 * report.created:
        raise SystemExit(f"{way}: {report}")
    return {"wall": took, "processor": processor, "peak": peak, "sums": [int(one) for one in row]}


def apart(databases: Databases, engine: Engine, path: Path, way: str) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.programs", "--bring", databases.empty(engine), str(path), way]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(rows: int, rounds: int, engine: Engine, databases: Databases) -> list[str]:
    """The table of what it cost."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = write(Path(folder), rows // 10), write(Path(folder), rows)
        small = {way: apart(databases, engine, few[way], way) for way in WAYS}
        large: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
        for turn in range(rounds):
            for way in WAYS if turn % 2 == 0 else reversed(WAYS):
                large[way].append(apart(databases, engine, many[way], way))
    if len({tuple(one["sums"]) for each in large.values() for one in each}) != 1:
        raise SystemExit("The two ways do not come to the same sums.")
    plain = statistics.median(one["processor"] for one in large["ours"])
    lines = [
        f"{rows:,} rows, {engine}; {rounds} rounds by turns, load of the machine {os.getloadavg()[0]:.1f}.",
        f"| columns | wall, s | processor, s | ratio | peak memory, MB | of {rows // 10:,} rows, MB |",
        "|---|---|---|---|---|---|",
    ]
    for way in WAYS:
        wall, processor = (statistics.median(one[key] for one in large[way]) for key in ("wall", "processor"))
        peak = max(one["peak"] for one in large[way]) / 1024
        lines.append(
            f"| {way} | {wall:.1f} | {processor:.1f} | {processor / plain:.2f} | {peak:.0f} | {small[way]['peak'] / 1024:.0f} |"
        )
    return lines


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the table."""
    if arguments[:1] == ["--bring"]:
        url, path, way = arguments[1:]
        print(json.dumps(asyncio.run(bring(url, Path(path), way))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        lines = measure(given.rows, given.rounds, given.engine, Databases(Path(folder), lambda: server))
    print("\n".join(lines))
    if given.write:
        title = "## Files of other programs, beside the same in our columns"
        said = f"{results.today()} `python -m benchmarks.programs --rows {given.rows} --engine {given.engine}`."
        results.write("programs", title, said, *lines)


if __name__ == "__main__":
    main(sys.argv[1:])
