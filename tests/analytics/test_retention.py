"""Who stays, who leaves, who comes again; and what becomes of those who began together."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine

from regulars_core.plugin import MAIN_STORE_ID, Actor
from regulars_core.shop.actors import Binding
from regulars_core.testing import statements
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.support.random_shop import TODAY, fill
from tests.support.recounted_figures import Book, Bought, amount, divided, read

DOCUMENT = """query($days: DayRangeInput) { retention(days: $days) { from to customerCount activeCount activeRate churnedCount
  churnRate newCount repeatCount repeatRate } }"""
COHORTS = """query($n: Int, $by: Interval) { cohorts(first: $n, interval: $by) { from customerCount
  periods { index customerCount rate totalSpent { amount } } } }"""
ACTIVE, CHURN = 60, 45


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


async def test_a_recount_finds_the_same(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics(active_days=ACTIVE, analytics_churn_days=CHURN)
    filled = await fill(shop, random.Random(11))
    book, api = await read(shop), Api.of(shop)
    days = [(date(2025, 9, 1), date(2025, 12, 31)), (date(2026, 3, 29), date(2026, 3, 29)), (None, date(2026, 5, 1))]
    for first, last in days:
        with statements(shop, 1):
            told = await api.data(
                DOCUMENT, days={"to": last.isoformat()} | ({"from": first.isoformat()} if first else {})
            )
        assert told["retention"] == stays(book, first, last)
    assert (await api.data(DOCUMENT))["retention"] == stays(book, date(2026, 4, 17), date(2026, 7, 15))
    await _cohorts(api, book)
    here = filled.stores[1:]
    bound = Api(api.schema, shop, Actor("key", "till", (Binding.of(shop.permissions, "store_manager", here),)))
    own = replace(book, bought=[one for one in book.bought if one.row.store_id in here])
    first, last = days[0]
    told = await bound.data(DOCUMENT, days={"from": str(first), "to": str(last)})
    assert told["retention"] == stays(own, first, last)
    await _cohorts(bound, own)
    await _lost(api, book)
    await _still_to_come(api)


async def _still_to_come(api: Api) -> None:
    """Nobody is lost before the day: a period that goes on is told up to today, and one that has not begun not at all."""
    today = TODAY.date().isoformat()
    told = (await api.data(DOCUMENT, days={"from": "2026-01-01", "to": today}))["retention"]
    assert told["activeCount"] > 0
    for days in ({"from": "2026-01-01"}, {"from": "2026-01-01", "to": "2030-01-01"}):
        assert (await api.data(DOCUMENT, days=days))["retention"] == told
    assert (await api.ask(DOCUMENT, days={"from": "2030-01-01"})).codes == ["BAD_USER_INPUT"]


def _theirs(book: Book) -> dict[str, list[Bought]]:
    theirs: dict[str, list[Bought]] = defaultdict(list)
    for one in book.bought:
        if one.counts and one.row.customer_id:
            theirs[one.row.customer_id].append(one)
    return theirs


def stays(book: Book, first: date | None, last: date) -> dict[str, object]:
    begin = first or date.min
    known = active = standing = fallen = churned = buyers = new = repeat = 0
    for own in _theirs(book).values():
        days = [one.local.date() for one in own if one.local.date() <= last]
        if not days:
            continue
        earlier, within = [day for day in days if day < begin], [day for day in days if day >= begin]
        lost = begin <= days[-1] + timedelta(CHURN) <= last
        stood = bool(earlier) and earlier[-1] + timedelta(CHURN) >= begin
        known += 1
        active += days[-1] > last - timedelta(ACTIVE)
        standing += stood
        fallen += stood and lost
        churned += lost
        buyers += bool(within)
        new += bool(within) and not earlier
        repeat += bool(within) and (bool(earlier) or len(within) > 1)
    return {
        "from": first and first.isoformat(), "to": last.isoformat(), "customerCount": known, "activeCount": active,
        "activeRate": divided(active, known, 4), "churnedCount": churned, "churnRate": divided(fallen, standing, 4),
        "newCount": new, "repeatCount": repeat, "repeatRate": divided(repeat, buyers, 4),
    }  # fmt: skip


async def _cohorts(api: Api, book: Book) -> None:
    for unit, months, number in (("MONTH", 1, 7), ("QUARTER", 3, 36)):
        with statements(api.shop, 2):
            told = (await api.data(COHORTS, n=number, by=unit))["cohorts"]
        began = {id_: _start(own[0].local.date(), months) for id_, own in _theirs(book).items()}
        begin, expected, starts = _start(TODAY.date(), months), [], list[date]()
        while len(starts) < number and begin >= min(began.values()):
            starts.append(begin)
            begin = _start(begin - timedelta(1), months)
        for start in starts:
            who = {id_ for id_, day in began.items() if day == start}
            periods = []
            for index, each in enumerate(reversed([one for one in starts if one >= start])):
                own = [
                    one
                    for one in book.bought
                    if one.row.customer_id in who and _start(one.local.date(), months) == each
                ]
                buyers = len({one.row.customer_id for one in own if one.counts})
                periods.append(
                    {
                        "index": index,
                        "customerCount": buyers,
                        "rate": divided(buyers, len(who), 4) or "0.0000",
                        "totalSpent": amount(sum(one.net for one in own)),
                    }
                )
            expected.append({"from": start.isoformat(), "customerCount": len(who), "periods": periods})
        assert told == expected


def _start(day: date, months: int) -> date:
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


async def _lost(api: Api, book: Book) -> None:
    document = "query($w: CustomerWhere) { customers(first: 50, where: $w) { nodes { id } } }"
    lost = {
        f"customer_{id_}"
        for id_, own in _theirs(book).items()
        if own[-1].local.date() + timedelta(CHURN) <= TODAY.date()
    }
    found = {one["id"] for one in (await api.data(document, w={"hasChurned": True}))["customers"]["nodes"]}
    others = {one["id"] for one in (await api.data(document, w={"hasChurned": False}))["customers"]["nodes"]}
    assert found == lost
    assert lost
    assert others == {f"customer_{id_}" for id_ in _alive(book)} - lost


def _alive(book: Book) -> set[str]:
    return {id_ for id_, row in book.customers.items() if row.status not in {"MERGED", "ERASED"}}


async def test_two_rates_of_coming_back(open_analytics: OpenAnalytics) -> None:
    """In June Ana comes again, Bo comes once, and Cai comes for the first time and again: twice in those days came one of three,
    and one who had bought before or bought twice was two of three. Neither is the share of who was there at the beginning and
    is at the end, which nothing tells."""
    api = Api.of(await open_analytics())
    names = {}
    for name in ("Ana", "Bo", "Cai"):
        given = {"firstName": name, "lastName": "Li"}
        names[name] = (await api.done("customerCreate", "customer { id }", given))["customer"]["id"]
    for n, (name, day) in enumerate(
        [("Ana", "05-03"), ("Ana", "06-04"), ("Bo", "06-05"), ("Cai", "06-06"), ("Cai", "06-30")]
    ):
        sale = {"reference": f"R{n}", "customerId": names[name], "purchasedAt": f"2026-{day}T10:00:00Z"}
        await api.done("purchaseRecord", "created", {**sale, "lines": [{"name": "Tea", "unitPrice": "5.00"}]})
    document = (
        "query($d: DayRangeInput) { insight(days: $d) { repeatRate } retention(days: $d) { repeatRate newCount } }"
    )
    assert await api.data(document, d={"from": "2026-06-01", "to": "2026-06-30"}) == {
        "insight": {"repeatRate": "0.3333"}, "retention": {"repeatRate": "0.6667", "newCount": 2},
    }  # fmt: skip


TURNED = 'days: {from: "2026-12-31", to: "2026-01-01"}'
DAYS_TURNED = (
    f"insight({TURNED}) {{ purchaseCount }}",
    f"retention({TURNED}) {{ customerCount }}",
    f"tierPerformance({TURNED}) {{ tier }}",
    f"dashboard {{ newVersusReturning({TURNED}) {{ newCount }} }}",
)


async def test_what_cannot_be(open_analytics: OpenAnalytics) -> None:
    api = Api.of(await open_analytics())
    for document, path in (
        ("{ cohorts(first: 37) { from } }", "first"),
        ("{ cohorts(interval: WEEK) { from } }", "interval"),
        ("{ insight { breakdown(by: HOUR, first: 101) { value } } }", "first"),
        ("{ retention(days: {}) { to } }", "days"),
        ('{ insight(storeIds: ["customer_1"]) { purchaseCount } }', "storeIds"),
        (
            f'{{ insight(storeIds: ["store_{MAIN_STORE_ID}", "store_{"1" * 32}"]) {{ purchaseCount }} }}',
            "'storeIds', '1'",
        ),
        *((f"{{ {field} }}", "'days', 'from'") for field in DAYS_TURNED),
    ):
        answer = await api.ask(document)
        assert answer.codes == ["BAD_USER_INPUT"], document
        assert path in str(answer.errors), document
    nothing = await api.data(
        "{ insight { purchaseCount averagePurchase { amount } repeatRate series(interval: DAY) { from } } cohorts { from }"
        " retention { customerCount churnRate from } tierPerformance { tier customerCount retentionRate } }"
    )
    assert nothing["insight"] == {"purchaseCount": 0, "averagePurchase": None, "repeatRate": None, "series": []}
    assert nothing["cohorts"] == []
    assert nothing["retention"]["churnRate"] is None
    assert [one["tier"] for one in nothing["tierPerformance"]] == ["A", "B", "C"]
