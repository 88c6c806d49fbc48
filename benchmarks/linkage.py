"""The same customers, linked by splink: what a library for it finds among them, and how long that takes.

    pip install splink  # into an environment of its own
    python -m benchmarks.pairs --csv FOLDER
    python benchmarks/linkage.py FOLDER

A model as its manual suggests: names by Jaro-Winkler, exact dates, numbers and addresses; blocked by what one would block by; the
probabilities learned from the data itself. Nothing is tuned.
"""

import csv
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pandas
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def _plain(column: Any) -> Any:
    return column.str.normalize("NFD").str.encode("ascii", "ignore").str.decode("ascii").str.lower()


def _people(folder: Path) -> Any:
    people = pandas.read_csv(folder / "people.csv", dtype=str, keep_default_na=False).replace("", None)
    people["unique_id"] = people["unique_id"].astype(int)
    plain = people[["first", "last", "company"]].apply(_plain)
    people["first_name"], people["last_name"] = plain["first"], plain["last"].fillna(plain["company"])
    digits = people["phone"].str.replace(r"\D", "", regex=True)
    people["number"], people["tail"] = digits.str[-10:], digits.str[-7:]
    people["mail"] = people["email"].str.lower()
    people["tax"] = people["tax_id"].str.replace(r"\W", "", regex=True).str.upper()
    return people[["unique_id", "first_name", "last_name", "number", "tail", "mail", "born", "tax"]]


def main(folder: Path) -> None:
    """Link, and say what was found."""
    people, begun = _people(folder), time.monotonic()
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.NameComparison("first_name"), cl.NameComparison("last_name"), cl.ExactMatch("mail"), cl.ExactMatch("born"),
            cl.ExactMatch("tail"), cl.ExactMatch("tax"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("mail"), block_on("tail"), block_on("tax"), block_on("born", "first_name"), block_on("born", "last_name"),
            block_on("first_name", "last_name"),
        ],
    )  # fmt: skip
    linker = Linker(DuckDBAPI().register(people), settings)
    linker.training.estimate_probability_two_random_records_match([block_on("mail"), block_on("tax")], recall=0.4)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    for rule in (block_on("born"), block_on("tail"), block_on("mail")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    took, use = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF)
    pairs = {
        tuple(sorted((int(a), int(b)))): float(p)
        for a, b, p in zip(found["unique_id_l"], found["unique_id_r"], found["match_probability"], strict=True)
    }
    truth, traps = _pairs(folder / "truth.csv"), _pairs(folder / "traps.csv")
    for least in (0.5, 0.9, 0.95, 0.99):
        likely = {pair for pair, probability in pairs.items() if probability >= least}
        right = Counter(kind for pair, kind in truth.items() if pair in likely)
        caught = Counter(kind for pair, kind in traps.items() if pair in likely)
        print(
            f"from {least}: recall {right.total() / len(truth):.3f}, precision {right.total() / max(1, len(likely)):.3f};"
            f" traps {dict(caught)}"
        )
        print({kind: round(right[kind] / count, 3) for kind, count in Counter(truth.values()).items()})
    print(
        f"{took:.0f} s, {use.ru_utime + use.ru_stime:.0f} s of processor time, {use.ru_maxrss / 1024:.0f} MB;"
        f" duckdb {duckdb.__version__}"
    )


def _pairs(path: Path) -> dict[tuple[int, int], str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {tuple(sorted((int(a), int(b)))): kind for a, b, kind in csv.reader(file)}  # type: ignore[misc]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
