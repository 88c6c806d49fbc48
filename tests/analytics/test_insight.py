"""What purchases say: the same as a recount in plain Python, to the last digit, on both engines."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine

from regulars_core.customers.merge.undo import unmerge
from regulars_core.jobs.jobs import jobs_of
from regulars_core.plugin import MAIN_STORE_ID, Actor
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.purchases.reassignments import reassign
from regulars_core.shop.actors import Binding
from regulars_core.testing import Engine, statements
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.support.random_shop import TODAY, fill
from tests.support.recounted_figures import Book, Bought, divisions, figures, parts, points, read, shares

FIGURES = (
    "purchaseCount customerCount totalSpent { amount } averagePurchase { amount } repeatRate purchasesPerMonth discountRate"
    " discountedShare averageBasketSize daysBetweenPurchases"
)
PART = "value customerCount purchaseCount quantity total { amount } share"
POINT = "from to customerCount newCustomerCount purchaseCount totalSpent { amount }"
DAYS = {"from": "2025-06-10", "to": "2026-03-20"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


def between(bought: list[Bought], first: str, last: str) -> list[Bought]:
    return [one for one in bought if first <= one.local.date().isoformat() <= last]


async def test_a_recount_finds_the_same(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics()
    filled = await fill(shop, random.Random(7))
    book, api = await read(shop), Api.of(shop)
    await _of_the_shop(api, book)
    await _of_some(api, book, filled.stores[:2])
    await _of_who_is_bound(api, book, filled.stores[1:], filled.customers)
    await _of_everybody(api, book, filled.customers)
    await _divided(api, book)
    await settle(shop)  # and the same by what is kept of each day
    await _of_the_shop(api, book)
    await _divided(api, book)


async def test_what_becomes_of_customers_is_in_the_figures(open_analytics: OpenAnalytics) -> None:
    """A merge that is undone, a purchase that is given to somebody else, and a customer who is forgotten."""
    shop = await open_analytics(erase_after_days=0)
    filled = await fill(shop, random.Random(23), buyers=5, sales=50)
    api, before = Api.of(shop), await read(shop)
    document = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Customer {{ id insight {{ {FIGURES} }} }} }} }}"
    ids = [f"customer_{one}" for one in filled.customers]

    async def told() -> None:
        book = await read(shop)
        for node in (await api.data(document, ids=ids))["nodes"]:
            own = [one for one in book.bought if f"customer_{one.row.customer_id}" == node["id"]]
            assert node["insight"] == figures(own)
        assert (await api.data(f"{{ insight {{ {FIGURES} }} }}"))["insight"] == figures(book.bought)

    await told()
    await unmerge(shop, filled.merge)
    await told()
    [given, *_] = [one.row.id for one in before.bought if one.row.customer_id == filled.customers[2]]
    await reassign(shop, [given], filled.customers[3])
    await told()
    asked = {"customerId": ids[2]}
    await api.done("customerEraseRequest", "erasure { id }", asked)
    [job] = [one for one in jobs_of(shop.plugins) if one.name == "erase-customers"]
    await job.run(shop)
    await told()
    after = await read(shop)
    assert figures(after.bought)["totalSpent"] == figures(before.bought)["totalSpent"]
    best = (await api.data("{ dashboard { topCustomers { customer { id } } } }"))["dashboard"]["topCustomers"]
    assert ids[2] not in [one["customer"]["id"] for one in best]
    assert len(best) == 4


async def _of_the_shop(api: Api, book: Book) -> None:
    told = (await api.data(f"{{ insight {{ {FIGURES} series(interval: MONTH) {{ {POINT} }} }} }}"))["insight"]
    series = told.pop("series")
    assert told == figures(book.bought)
    assert series == points(book.bought, book.bought[0].local.date(), TODAY.date())
    document = (
        f"query($days: DayRangeInput) {{ insight(days: $days) {{ {FIGURES} series(interval: MONTH) {{ {POINT} }} }} }}"
    )
    told = (await api.data(document, days=DAYS))["insight"]
    series = told.pop("series")
    within = between(book.bought, DAYS["from"], DAYS["to"])
    until = 1774047600000  # 2026-03-21 in Berlin
    assert told == figures(within, until)
    own = points(within, date(2025, 6, 10), date(2026, 3, 20))
    for point, ever in zip(own, points(book.bought, date(2025, 6, 1), date(2026, 3, 20)), strict=True):
        if point["from"] not in {"2025-06-01", "2026-03-01"}:  # whose other days do not count
            point["newCustomerCount"] = ever["newCustomerCount"]
            assert point == series[own.index(point)]
    assert [one["purchaseCount"] for one in series] == [one["purchaseCount"] for one in own]


async def _of_some(api: Api, book: Book, stores: list[str]) -> None:
    document = f"query($s: [ID!], $w: CustomerWhere) {{ insight(storeIds: $s, where: $w) {{ {FIGURES} }} }}"
    where = {"any": [{"purchaseCount": {"gte": 9}}, {"totalSpent": {"lt": "200.00"}}]}
    told = await api.data(document, s=[f"store_{one}" for one in stores], w=where)
    theirs: dict[str, list[Bought]] = {}
    for one in book.bought:
        theirs.setdefault(one.row.customer_id, []).append(one)
    chosen = {
        id_
        for id_ in book.customers
        if sum(one.counts for one in theirs.get(id_, [])) >= 9 or sum(one.net for one in theirs.get(id_, [])) < 20_000
    }
    assert 0 < len(chosen) < len(book.customers)
    own = [one for one in book.bought if one.row.customer_id in chosen and one.row.store_id in stores]
    assert told["insight"] == figures(own)


async def _of_who_is_bound(api: Api, book: Book, here: list[str], customers: list[str]) -> None:
    """A key of some stores is told what was bought there, as if there were no others."""
    bound = Api(api.schema, api.shop, Actor("key", "till", (Binding.of(api.shop.permissions, "store_manager", here),)))
    own = [one for one in book.bought if one.row.store_id in here]
    asked = f"{FIGURES} stores: breakdown(by: STORE) {{ {PART} }} series(interval: MONTH) {{ {POINT} }}"
    told = (await bound.data(f"{{ insight {{ {asked} }} }}"))["insight"]
    assert told.pop("series") == points(own, own[0].local.date(), TODAY.date())
    assert told.pop("stores") == shares(parts(own, divisions(book)["STORE"]))
    assert told == figures(own)
    elsewhere = f'{{ insight(storeIds: ["store_{MAIN_STORE_ID}"]) {{ purchaseCount totalSpent {{ amount }} }} }}'
    assert (await bound.data(elsewhere))["insight"] == {"purchaseCount": 0, "totalSpent": {"amount": "0.00"}}
    document = f"query($id: ID!) {{ customer(id: $id) {{ insight {{ {FIGURES} }} }} }}"
    theirs = [one for one in own if one.row.customer_id == customers[0]]
    assert (await bound.data(document, id=f"customer_{customers[0]}"))["customer"]["insight"] == figures(theirs)
    given = {"name": "Bought much", "where": {"purchases": {"total": {"gte": "150.00"}}}}
    segment = (await api.done("segmentCreate", "segment { id }", given))["segment"]["id"]
    document = "query($id: ID!) { segment(id: $id) { customerCount insight { customerCount totalSpent { amount } } } }"
    for caller, seen in ((api, book.bought), (bound, own)):
        spent: Counter[str] = Counter()
        for one in seen:
            spent[one.row.customer_id] += one.net if one.row.status != "REFUNDED" else 0
        members = {id_ for id_, total in spent.items() if id_ and total >= 15_000}
        told = (await caller.data(document, id=segment))["segment"]
        theirs = [one for one in seen if one.row.customer_id in members]
        found = figures(theirs)
        assert told["customerCount"] == len(members) > 0
        assert told["insight"] == {name: found[name] for name in ("customerCount", "totalSpent")}
    refused = await bound.ask("{ customers(where: { hasChurned: true }) { totalCount } }")
    assert refused.codes == ["FORBIDDEN"]


async def _of_everybody(api: Api, book: Book, customers: list[str]) -> None:
    """Everybody's figures are found together: as many statements for one as for all."""
    ids = [f"customer_{one}" for one in customers]
    plain = f"{FIGURES} breakdown(by: CATEGORY) {{ {PART} }}"
    for asked, some, number in ((plain, ids, 5), (f"series(interval: MONTH) {{ {POINT} }}", ids[:8], 4)):
        document = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Customer {{ id insight {{ {asked} }} }} }} }}"
        await api.data(document, ids=some)
        for few in (some[:1], some):
            with statements(api.shop, number):
                told = await api.data(document, ids=few)
        for node in told["nodes"]:
            own = [one for one in book.bought if f"customer_{one.row.customer_id}" == node["id"]]
            insight = node["insight"]
            if "series" in insight:
                assert insight["series"] == (points(own, own[0].local.date(), TODAY.date()) if own else [])
            else:
                assert insight.pop("breakdown") == shares(parts(own, divisions(book)["CATEGORY"]))
                assert insight == figures(own)


async def test_stores_do_not_lead_to_a_page_of_customers(open_analytics: OpenAnalytics, engine: Engine) -> None:
    """Figures of some customers in some stores are found by the customers: SQLite would walk through all that a store sold."""
    shop = await open_analytics()
    if engine != "sqlite":
        return  # PostgreSQL knows how many there are of each
    api, stores = Api.of(shop), ["0" * 31 + "1", MAIN_STORE_ID]
    bound = Api(api.schema, shop, Actor("key", "till", (Binding.of(shop.permissions, "store_manager", stores),)))
    await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    asked = f"{FIGURES} breakdown(by: CATEGORY) {{ label }} series(interval: MONTH) {{ purchaseCount }}"
    with shop.database.counting() as counted:
        await bound.data(f"{{ customers(first: 5) {{ nodes {{ insight {{ {asked} }} }} }} }}")
    ours = [sql for sql in counted if "p.store_id IN" in sql]
    assert len(ours) > 4
    for sql in ours:
        places = max(int(n) for n in re.findall(r"[$?](\d+)", sql))
        plan = " ".join(row[3] for row in await shop.database.rows(f"EXPLAIN QUERY PLAN {sql}", *["[]"] * places))
        assert "purchase_of_customer (customer_id=?" in plan, sql
        assert "purchase_of_store" not in plan, sql


async def _divided(api: Api, book: Book) -> None:
    kinds = divisions(book)
    asked = " ".join(f"{name}: breakdown(by: {name}, first: 100) {{ {PART} }}" for name in kinds)
    told = (await api.data(f"{{ insight {{ {asked} }} }}"))["insight"]
    for name, of in kinds.items():
        assert (name, told[name]) == (name, shares(parts(book.bought, of)))
    few: Any = await api.data("{ insight { breakdown(by: PRODUCT, first: 2) { label value } } }")
    assert len(few["insight"]["breakdown"]) == 2
