"""Is everybody found who is there twice, and nobody who is not? And what does it cost?

    python -m benchmarks.pairs [--customers 100000] [--planted 5000] [--engine sqlite|postgres] [--csv FOLDER]

Puts customers into an empty shop of whom some are there twice, and it is known who (`benchmarks.doubles`), lets the job find
them, and says of each kind how many were found from a score of 70 on, and how many of what was found for the same reasons is
right: what is wrong counts against every kind that has these reasons. `--csv` writes the same customers for `benchmarks.linkage`.
"""

import argparse
import asyncio
import csv
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.doubles import EXACT, KINDS, Doubles, Person, doubles
from regulars_core.customers.pairs.discovery import find_duplicates
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_wanted
from regulars_core.testing import ENGINES, Databases, PostgresServer, opened_shop
from regulars_schema.testing import Api

LIKELY = 70
_BATCH = 1_000
_PAGE = (
    "{ customerDuplicates(first: 20, minimumScore: 70) { nodes { score reasons customer { code } other { code } } } }"
)
_COUNT = "{ customerDuplicates(first: 20, minimumScore: 70) { totalCount nodes { score } } }"


def _new(person: Person) -> NewCustomer:
    return NewCustomer(
        first_name=person.first or None, last_name=person.last or None, company_name=person.company, email=person.email,
        phone=person.phone, birth_date=person.born, tax_id=person.tax_id,
    )  # fmt: skip


async def _fill(shop: Shop, made: Doubles) -> list[str]:
    """Register everybody in their order; their ids."""
    ids: list[str] = []
    for start in range(0, len(made.people), _BATCH):
        some = [checked(shop.settings, _new(person), complete=False) for person in made.people[start : start + _BATCH]]
        ids += await register(shop, await give_codes(shop, some))
    return ids


Found = Mapping[tuple[int, int], tuple[int, str]]
"""By places: a score, and the likeliest reason."""


async def _found(shop: Shop, places: Mapping[str, int]) -> Found:
    rows = await shop.database.rows("SELECT customer_id, other_id, score, reasons FROM duplicate_pair")
    sides = [(sorted((places[one], places[other])), score, reasons) for one, other, score, reasons in rows]
    return {(one, other): (score, reasons.split()[0]) for [one, other], score, reasons in sides}


def told(made: Doubles, found: Found) -> list[str]:
    """A table by kinds, and what the traps are."""
    likely = {pair: reason for pair, (score, reason) in found.items() if score >= LIKELY}
    wrong = Counter(reason for pair, reason in likely.items() if pair not in made.truth)
    lines = ["| kind | planted | recall | precision | listed from 50 on |", "|---|--:|--:|--:|--:|"]
    for kind in KINDS:
        pairs = [pair for pair, of in made.truth.items() if of == kind]
        right = [pair for pair in pairs if pair in likely]
        against = sum(wrong[reason] for reason in {likely[pair] for pair in right})
        recall, listed = len(right) / len(pairs), sum(pair in found for pair in pairs) / len(pairs)
        precision = len(right) / max(1, len(right) + against)
        name = f"{kind}{'' if kind in EXACT else ' (fuzzy)'}"
        lines.append(f"| {name} | {len(pairs):,} | {recall:.3f} | {precision:.3f} | {listed:.3f} |")
    right_all = sum(pair in made.truth for pair in likely)
    lines.append(
        f"| all | {len(made.truth):,} | {right_all / len(made.truth):.3f} | {right_all / max(1, len(likely)):.3f} |"
        f" {sum(pair in found for pair in made.truth) / len(made.truth):.3f} |"
    )
    caught = Counter(made.traps[pair] for pair in likely if pair in made.traps)
    traps = Counter(made.traps.values())
    lines += [
        "",
        "Traps from 70 on: "
        + ", ".join(f"{caught[kind]} of {traps[kind]:,} pairs of a {kind}" for kind in traps)
        + ".",
    ]
    lines.append(
        f"Wrong ones by reason: {', '.join(f'{reason} {count}' for reason, count in wrong.most_common()) or 'none'}."
    )
    return lines


async def measure(databases: Databases, engine: str, made: Doubles) -> list[str]:
    """Fill, find, ask."""
    url = databases.empty(engine)  # type: ignore[arg-type]
    async with opened_shop(url, plugins_wanted(()), country="MX") as shop:
        begun = time.monotonic()
        ids = await _fill(shop, made)
        filled, begun = time.monotonic() - begun, time.monotonic()
        before = resource.getrusage(resource.RUSAGE_SELF)
        await find_duplicates(shop)
        after = resource.getrusage(resource.RUSAGE_SELF)
        took = time.monotonic() - begun
        lines = told(made, await _found(shop, {id_: place for place, id_ in enumerate(ids)}))
        api = Api.of(shop)
        pages = {name: await _median(api, document) for name, document in (("page", _PAGE), ("count", _COUNT))}
        [[pairs]] = await shop.database.rows("SELECT count(*) FROM duplicate_pair")
        lines += [
            "",
            f"{len(made.people):,} customers on {engine}: registered in {filled:.0f} s, compared in {took:.0f} s"
            f" ({after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime:.0f} s of processor time),"
            f" {pairs:,} pairs kept,"
            f" {(after.ru_maxrss - before.ru_maxrss) / 1024:.0f} MB more memory than before. A page of 20 pairs with both"
            f" customers takes {pages['page']:.1f} ms, one with the count of all {pages['count']:.1f} ms.",
        ]
    databases.drop(url)
    return lines


async def _median(api: Api, document: str) -> float:
    took = []
    for _ in range(25):
        begun = time.perf_counter()
        await api.data(document)
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1_000


def write_csv(made: Doubles, folder: Path) -> None:
    """The customers, and who is whom."""
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["unique_id", "first", "last", "company", "email", "phone", "born", "tax_id"])
        out.writerows(
            [n, p.first, p.last, p.company, p.email, p.phone, p.born, p.tax_id] for n, p in enumerate(made.people)
        )
    for name, pairs in (("truth", made.truth), ("traps", made.traps)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([*pair, kind] for pair, kind in pairs.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--planted", type=int, default=5_000, help="of them, who are there twice")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite")
    parser.add_argument("--csv", type=Path, help="write the customers here, and measure nothing")
    options = parser.parse_args(arguments)
    made = doubles(options.customers, options.planted)
    if options.csv:
        write_csv(made, options.csv)
        return
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        lines = asyncio.run(measure(Databases(Path(folder), lambda: server), options.engine, made))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
