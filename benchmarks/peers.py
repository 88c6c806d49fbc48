"""How quick is Regulars over HTTP, beside PostGraphile and beside the limit?

    python -m benchmarks.peers [--ops Q1,Q2] [--concurrency 1,8,32] [--rounds 7] [--seconds 2] [--data DIR]
        [--engine postgres|sqlite] [--customers 50000] [--postgraphile] [--beside TREE | --plugins-alone] [--write]

Everything is started here, on free ports of this machine: a PostgreSQL server as it comes, Regulars as in production, the
limit, and PostGraphile if it is asked for. First all of them must give the same answers, and afterwards what was recorded
must add up. With --data the filled database is kept for the next run, with --write the table goes into RESULTS.md.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path

import uvloop

from benchmarks import answers, peer, results
from benchmarks.client import ask
from benchmarks.contestants import SETTINGS, Contestant, Served, all_served, another_tree, limit, regulars
from benchmarks.filled import FilledShop, Size, opened, places, prove
from benchmarks.operations import OPERATIONS, TITLES, Subjects
from benchmarks.turns import Figures, Pace, by_turns, times_as_quick, times_the_work, work_beside

OURS, CORE_ALONE = "Regulars", "Regulars without plugins"
_COMPARED = 12
"""Requests of a read whose answers are compared."""
_COUNTED = ("statistics",)
"""What must add up afterwards; of tiers nobody has told what others record past Regulars."""


async def agree(running: Sequence[Served], operation: str, subjects: Subjects) -> str:
    """A sentence about the answers. Raises AssertionError unless all contestants say the same to some requests; of
    writes, unless they answer well."""
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
    return f"{operation} {TITLES[operation]}: {objects:,} objects with {scalars:,} scalars"


async def subjects_of(shop: FilledShop) -> Subjects:
    """Whom the operations are about."""
    async with opened(shop.url) as opened_shop:
        return await Subjects.of(opened_shop.database)


async def _add_up(shop: FilledShop) -> None:
    async with opened(shop.url) as opened_shop:
        await prove(opened_shop, _COUNTED)


@dataclass(frozen=True)
class Measured:
    """What one operation gave at one concurrency, by the names of the contestants that were asked."""

    operation: str
    concurrency: int
    figures: Mapping[str, Figures]

    def __str__(self) -> str:
        told = [f"{name} {one.rate}, {one.work} ms" for name, one in self.figures.items()]
        return f"{self.operation}, {self.concurrency} at once: {'; '.join(told)}"

    def compared(self, ours: str, other: str) -> str:
        """The speed and the work of one contestant, as multiples of another one's."""
        if other not in self.figures or ours == other:
            return ""
        one, theirs = self.figures[ours], self.figures[other]
        return f"{times_as_quick(one, theirs)}; {times_the_work(one, theirs):.1f}"


def tables(measured: Sequence[Measured], names: Sequence[str]) -> list[str]:
    """Speed, work and ratios, as lines."""
    others = [name for name in names if name != OURS]

    def table(title: str, columns: Sequence[str], rows: Iterable[tuple[Measured, str, Sequence[str]]]) -> Iterator[str]:
        yield f"{title}\n"
        yield f"| | at once | {' | '.join(columns)} |"
        yield "|---" * (2 + len(columns)) + "|"
        for one, added, cells in rows:
            yield f"| {one.operation} {TITLES[one.operation]}{added} | {one.concurrency} | {' | '.join(cells)} |"
        yield ""

    def each(cell: Callable[[Figures], str]) -> Iterator[tuple[Measured, str, Sequence[str]]]:
        for one in measured:
            yield one, "", [cell(one.figures[name]) if name in one.figures else "" for name in names]

    def ratios() -> Iterator[tuple[Measured, str, Sequence[str]]]:
        for one in measured:
            yield one, "", [one.compared(OURS, name) for name in others]
            if CORE_ALONE in one.figures:
                yield one, ", without plugins", [one.compared(CORE_ALONE, name) for name in others]

    return [
        *table("Requests a second; medians and quartiles.", names, each(lambda figures: figures.rate)),
        *table(
            "Milliseconds of processor time for a request, server + database.",
            names,
            each(lambda figures: figures.work),
        ),
        *table(
            "How many times as quick Regulars is as each of the others, with quartiles; and how many times the processor"
            " time it takes.",
            others,
            ratios(),
        ),
    ]


def _without_jobs(contestant: Contestant) -> Contestant:
    """The same, whose jobs are off: of two servers on one database, the one that is there first does them all."""
    return replace(contestant, environment={**contestant.environment, "REGULARS_JOBS": "false"})


def measure_beside(
    shop: FilledShop, operations: Sequence[str], paces: Sequence[Pace], one: Contestant, other: Contestant
) -> list[str]:
    """The processor time of a server beside that of another one, as lines; both on the database of this shop."""
    subjects = uvloop.run(subjects_of(shop))
    # Whoever buys first may gain a tier, and the second purchase of the same customer finds everything warm.
    halves = [replace(subjects, buyers=subjects.buyers[n::2]) for n in range(2)]
    lines = [
        f"| | at once | processor time of {one.name}, times that of {other.name} | {one.name}, ms | {other.name}, ms |",
        "|---|---|---|---|---|",
    ]
    this, that = _without_jobs(one), _without_jobs(other)
    found: dict[tuple[str, Pace], tuple[Figures, Figures]] = {}
    # Of two that are the same, the one that is started and asked first takes some percent more; so each has both places.
    for first, second in ((this, that), (that, this)):
        with all_served([first, second]) as served:
            for operation, pace in product(operations, paces):
                uvloop.run(agree(served, operation, subjects))
                asked = dict(zip(("first", "second"), zip(served, halves, strict=True), strict=True))
                figures = uvloop.run(by_turns(asked, operation, shop.server, pace))
                pair = found.setdefault((operation, pace), (Figures(), Figures()))
                for kept, name in zip(pair, ("first", "second") if first is this else ("second", "first"), strict=True):
                    kept.add(figures[name])
    for (operation, pace), (ours, theirs) in found.items():
        lines.append(
            f"| {operation} | {pace.concurrency} | {work_beside(ours, theirs)} | {ours.work} | {theirs.work} |"
        )
        print(lines[-1], flush=True)
    return lines


def measure(shop: FilledShop, operations: Sequence[str], paces: Sequence[Pace], *, with_peer: bool) -> list[str]:
    """Measure everything, print it while it comes, and answer the tables as lines."""
    subjects = uvloop.run(subjects_of(shop))
    contestants = {OURS: regulars(shop), "the limit": limit(shop)}
    if with_peer:
        contestants["PostGraphile"] = peer.postgraphile(shop)
    if "M1" in operations:
        contestants[CORE_ALONE] = regulars(shop, plugins="")
    measured = []
    with all_served(list(contestants.values())) as servers:
        running = dict(zip(contestants, servers, strict=True))
        compared = [server for name, server in running.items() if name != CORE_ALONE]
        sizes = "; ".join(uvloop.run(agree(compared, one, subjects)) for one in operations)
        for operation in operations:
            asked = {name: (one, subjects) for name, one in running.items() if operation == "M1" or name != CORE_ALONE}
            for pace in paces:
                figures = uvloop.run(by_turns(asked, operation, shop.server, pace))
                measured.append(Measured(operation, pace.concurrency, figures))
                print(measured[-1], flush=True)
    if "M1" in operations:
        uvloop.run(_add_up(shop))
    return [f"All answer the same: {sizes}.", "", *tables(measured, list(contestants))]


def main() -> None:
    """Measure, print a table, and write it down if that is wished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ops", default=",".join(OPERATIONS))
    parser.add_argument("--concurrency", default="1,8,32")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--engine", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--customers", type=int, help="50000 if absent, a tenth on SQLite; ten purchases each.")
    parser.add_argument("--data", type=Path, help="A folder that keeps the filled database; one run at a time.")
    parser.add_argument("--postgraphile", action="store_true", help="Beside PostGraphile, from npm.")
    parser.add_argument(
        "--beside", type=Path, help="Another checkout, set up: processor time by turns, and nothing else."
    )
    parser.add_argument(
        "--plugins-alone", action="store_true", help="Processor time with the plugins in the box, by turns with none."
    )
    parser.add_argument("--write", action="store_true", help="Write the table into RESULTS.md.")
    chosen = parser.parse_args()
    operations = chosen.ops.split(",")
    paces = [Pace(int(number), chosen.rounds, chosen.seconds) for number in chosen.concurrency.split(",")]
    versions = [f"PostGraphile {peer.installed()}"] if chosen.postgraphile else []
    customers = chosen.customers or (50_000 if chosen.engine == "postgres" else 5_000)
    with places(chosen.engine, chosen.data) as place:
        shop = uvloop.run(place.shop(Size(customers, customers * 10), changing="M1" in operations))
        if chosen.beside or chosen.plugins_alone:
            one, other = (
                (another_tree(shop, Path.cwd()), another_tree(shop, chosen.beside))
                if chosen.beside
                else (regulars(shop), regulars(shop, plugins=""))
            )
            measure_beside(shop, operations, paces, one, other)
            return
        lines = measure(shop, operations, paces, with_peer=chosen.postgraphile)
        print("", *lines, sep="\n")
        versions = [results.version_of(place.server), *versions]
    if chosen.write:
        settings = ", ".join(f"`REGULARS_{name}={value}`" for name, value in SETTINGS.items())
        results.write(
            f"peers-{chosen.engine}",
            f"## Over HTTP: {', '.join(versions)}",
            f"{results.today()} One worker; {customers:,} customers, {customers * 10:,} purchases, {customers * 30:,}"
            f" lines; {chosen.rounds} rounds of {chosen.seconds:g} s. All settings are the default ones but {settings}.",
            *lines,
        )


if __name__ == "__main__":
    main()
