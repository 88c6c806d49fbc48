"""Does a request cost more in a shop with ten times as many customers?

    python -m benchmarks.growth [--ops Q1,Q2,Q3,Q4] [--customers 50000] [--times 10] [--concurrency 8] [--data DIR] [--write]

Two shops on one PostgreSQL server, the one ten times the other, each served by a Regulars of its own and asked by turns.
Filling the large one takes most of an hour: with --data it is kept for the next run.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import uvloop

from benchmarks import results
from benchmarks.contestants import all_served, regulars
from benchmarks.filled import Size, places
from benchmarks.operations import TITLES
from benchmarks.peers import subjects_of
from benchmarks.turns import Figures, Pace, by_turns, times_as_quick, times_the_work

MAX_RATIO = 1.2


def line(operation: str, figures: Mapping[str, Figures]) -> str:
    """What one operation costs in both shops."""
    small, large = figures.values()
    cells = [f"{operation} {TITLES[operation]}", small.rate, large.rate, small.work, large.work]
    return f"| {' | '.join([*cells, times_as_quick(small, large), f'{times_the_work(large, small):.2f}'])} |"


def main() -> None:
    """Measure, print a table, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default="Q1,Q2,Q3,Q4")
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled databases.")
    parser.add_argument("--write", action="store_true", help="Write the table into RESULTS.md.")
    chosen = parser.parse_args()
    sizes = [Size(number, number * 10) for number in (chosen.customers, chosen.customers * chosen.times)]
    with places("postgres", chosen.data) as place:
        shops = {f"{size.customers:,}": uvloop.run(place.shop(size)) for size in sizes}
        subjects = [uvloop.run(subjects_of(shop)) for shop in shops.values()]
        names = list(shops)
        columns = [f"{name}, a second" for name in names] + [f"{name}, ms" for name in names]
        lines = [f"| | {' | '.join(columns)} | times as slow | times the work |", "|---" * 7 + "|"]
        print(*lines, sep="\n", flush=True)
        with all_served([regulars(shop) for shop in shops.values()]) as servers:
            running = dict(zip(names, zip(servers, subjects, strict=True), strict=True))
            for operation in chosen.ops.split(","):
                pace = Pace(chosen.concurrency, chosen.rounds, chosen.seconds)
                lines.append(line(operation, uvloop.run(by_turns(running, operation, place.server, pace))))
                print(lines[-1], flush=True)
        version = results.version_of(place.server)
    if chosen.write:
        results.write(
            "growth",
            f"## {names[0]} and {names[1]} customers: {version}",
            f"{results.today()} {chosen.concurrency} at once, {chosen.rounds} rounds of {chosen.seconds:g} s by turns;"
            f" ten purchases each. Below {MAX_RATIO} is wanted.",
            *lines,
        )


if __name__ == "__main__":
    main()
