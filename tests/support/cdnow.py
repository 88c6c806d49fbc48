"""Customers who began to buy music at CDNOW in the first quarter of 1997, from the PyPI package lifetimes: the data behind the
papers of BG/NBD and Gamma-Gamma. A tenth of them, as those tell of it, and all of them, sale by sale until the middle of 1998."""

import csv
import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray


def _file(name: str) -> Path:
    found = find_spec("lifetimes")
    if found is None or found.origin is None:
        message = "The data set cdnow is not installed: see examples/cdnow.py."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return Path(found.origin).parent / "datasets" / name


@dataclass(frozen=True)
class Published:
    """The tenth: repeats, the week of the last one, weeks known, and what a repeat came to on average, of each customer."""

    repeats: NDArray[np.int64]
    last: NDArray[np.float64]
    age: NDArray[np.float64]
    average: NDArray[np.float64]


def published() -> Published:
    """As the papers have it."""
    with _file("cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = list(csv.DictReader(file))
    repeats = np.array([int(row["x"]) for row in rows])
    last, age, average = (np.array([float(row[name]) for row in rows]) for name in ("t_x", "T", "zbar"))
    return Published(repeats, last, age, average)


def all_days() -> Mapping[str, Mapping[int, int]]:
    """What each of all customers spent on each day, in cents, by the ordinal of the day."""
    spent: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    with _file("CDNOW_master.txt").open() as file:
        for customer, day, _, amount in (line.split() for line in file.readlines()[1:]):
            spent[customer][datetime.strptime(day, "%Y%m%d").toordinal()] += round(float(amount) * 100)
    return spent
