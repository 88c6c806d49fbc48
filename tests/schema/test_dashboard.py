"""The first page of a shop: the same as a recount in plain Python, on any day, for whoever sees which stores."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.shop.actors import Actor, Binding
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api
from tests.support.random_shop import TODAY, ZONE, fill
from tests.support.recounted_figures import Book, Bought, amount, read

FIGURES = """at customerCount activeCustomerCount lately: activeCustomerCount(days: 7) newCustomersToday buyersToday
  newVersusReturning(days: $days) { newCount newTotal { amount } returningCount returningTotal { amount } }
  paymentMethods(days: $days) { method purchaseCount total { amount } }
  peakTimes(days: $days) { weekday hour purchaseCount total { amount } }
  spent: topCustomers(first: 4) { ...Rank } often: topCustomers(by: PURCHASE_COUNT, first: 4) { ...Rank }
  dear: topCustomers(by: AVERAGE_PURCHASE, days: $days, first: 4) { ...Rank }"""
DOCUMENT = f"""query($at: DateTime, $days: DayRangeInput, $s: [ID!]) {{ dashboard(at: $at, storeIds: $s) {{ {FIGURES} }} }}
fragment Rank on CustomerRank {{ customer {{ id }} purchaseCount totalSpent {{ amount }} averagePurchase {{ amount }} }}"""
DAYS = (date(2025, 8, 1), date(2026, 3, 29))
ASKED = {"from": DAYS[0].isoformat(), "to": DAYS[1].isoformat()}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


async def test_a_recount_finds_the_same(open_shop: OpenShop) -> None:
    shop = await open_shop(timezone=ZONE, active_days=60, future_hours=876_000)
    filled = await fill(shop, random.Random(3))
    book, api = await read(shop), Api.of(shop)
    here = filled.stores[:2]
    narrowed = Binding.of(shop.permissions, "store_manager", here)
    bound = Api(api.schema, shop, Actor("key", "till", (narrowed,)))
    past = datetime(2026, 1, 20, 23, 30, tzinfo=UTC)  # where the shop is it is tomorrow
    for at in (TODAY, past):
        given = {"at": at.isoformat(), "days": ASKED}
        await api.data(DOCUMENT, **given)
        with statements(shop, 23):
            told = await api.data(DOCUMENT, **given)
        assert told["dashboard"] == figures(book, book.bought, at)
        own = [one for one in book.bought if one.row.store_id in here]
        theirs = figures(book, own, at)
        assert (await bound.data(DOCUMENT, **given))["dashboard"] == theirs
        ids = [f"store_{one}" for one in here]
        assert (await api.data(DOCUMENT, s=ids, **given))["dashboard"] == theirs
    await settle(shop)
    for at in (TODAY, past):  # by what is kept of each day
        assert (await api.data(DOCUMENT, at=at.isoformat(), days=ASKED))["dashboard"] == figures(book, book.bought, at)
    unknown = await api.ask(DOCUMENT, s=[*ids, "store_" + "1" * 32])
    assert (unknown.codes, unknown.errors[0]["extensions"]["argument"]) == (["BAD_USER_INPUT"], ["storeIds", "2"])
    elsewhere = await bound.data(DOCUMENT, s=[f"store_{filled.stores[2]}"], days=ASKED)
    assert elsewhere["dashboard"]["paymentMethods"] == elsewhere["dashboard"]["spent"] == []


def figures(book: Book, bought: list[Bought], at: datetime) -> dict[str, Any]:
    day = at.astimezone(ZoneInfo(ZONE)).date()
    known = [one for one in book.customers.values() if one.status not in {"MERGED", "ERASED"}]
    created = [datetime.fromtimestamp(one.created_at / 1000, UTC) for one in known]

    def buyers(days: int) -> int:
        within = [one for one in bought if one.counts and day - timedelta(days) < one.local.date() <= day]
        return len({one.row.customer_id for one in within if one.row.customer_id})

    until = [one for one in bought if one.local.date() <= day]
    within = [one for one in bought if DAYS[0] <= one.local.date() <= DAYS[1]]
    return {
        "at": f"{at:%Y-%m-%dT%H:%M:%S.000Z}",
        "customerCount": sum(one <= at for one in created),
        "activeCustomerCount": buyers(60),
        "lately": buyers(7),
        "newCustomersToday": sum(one.astimezone(ZoneInfo(ZONE)).date() == day for one in created),
        "buyersToday": buyers(1),
        "newVersusReturning": _new(bought, within),
        "paymentMethods": _methods(within),
        "peakTimes": _peaks(within),
        "spent": _best(until, lambda own: sum(one.net for one in own)),
        "often": _best(until, lambda own: sum(one.counts for one in own)),
        "dear": _best(within, _average, 2),
    }


def _new(bought: list[Bought], within: list[Bought]) -> dict[str, Any]:
    firsts: dict[str, date] = {}
    for one in bought:
        if one.counts and one.row.customer_id:
            firsts.setdefault(one.row.customer_id, one.local.date())
    buyers = {one.row.customer_id for one in within if one.counts and one.row.customer_id}
    new = {one for one in buyers if firsts[one] >= DAYS[0]}

    def spent(who: set[str]) -> dict[str, str]:
        return amount(sum(one.net for one in within if one.row.customer_id in who))

    return {
        "newCount": len(new), "newTotal": spent(new), "returningCount": len(buyers - new),
        "returningTotal": spent(buyers - new),
    }  # fmt: skip


def _methods(within: list[Bought]) -> list[dict[str, Any]]:
    totals: Counter[str] = Counter()
    purchases: dict[str, set[str]] = defaultdict(set)
    for one in within:
        for payment in one.payments:
            totals[payment.method] += payment.amount
            purchases[payment.method].add(one.row.id)
    order = sorted(totals, key=lambda method: (-len(purchases[method]), -totals[method], method))
    return [{"method": one, "purchaseCount": len(purchases[one]), "total": amount(totals[one])} for one in order]


def _peaks(within: list[Bought]) -> list[dict[str, Any]]:
    hours: dict[tuple[int, int], list[int]] = defaultdict(list)
    for one in within:
        if one.counts:
            hours[one.local.isoweekday(), one.local.hour].append(one.net)
    order = sorted(hours, key=lambda hour: (-len(hours[hour]), -sum(hours[hour]), hour))
    return [
        {"weekday": one[0], "hour": one[1], "purchaseCount": len(hours[one]), "total": amount(sum(hours[one]))}
        for one in order
    ]


def _average(own: list[Bought]) -> int:
    counted = sum(one.counts for one in own)
    return int((Decimal(sum(one.net for one in own)) / counted).quantize(Decimal(1), ROUND_HALF_UP))


def _best(bought: list[Bought], by: Any, least: int = 1) -> list[dict[str, Any]]:
    theirs: dict[str, list[Bought]] = defaultdict(list)
    for one in bought:
        if one.row.customer_id:
            theirs[one.row.customer_id].append(one)
    known = {id_: own for id_, own in theirs.items() if sum(one.counts for one in own) >= least}
    order = sorted(known, key=lambda id_: (by(known[id_]), id_), reverse=True)[:4]
    return [
        {
            "customer": {"id": f"customer_{id_}"},
            "purchaseCount": sum(one.counts for one in known[id_]),
            "totalSpent": amount(sum(one.net for one in known[id_])),
            "averagePurchase": amount(_average(known[id_])),
        }
        for id_ in order
    ]


async def test_what_cannot_be(open_shop: OpenShop) -> None:
    api = Api.of(await open_shop())
    for figure in (
        "activeCustomerCount(days: 0)",
        "topCustomers(first: 101) { purchaseCount }",
        "peakTimes(days: {}) { hour }",
    ):
        answer = await api.ask(f"{{ dashboard {{ at {figure} }} }}")
        assert answer.codes == ["BAD_USER_INPUT"], figure
    early = await api.data(
        '{ dashboard(at: "0001-01-02T00:00:00Z") { customerCount activeCustomerCount buyersToday } }'
    )
    assert early == {"dashboard": {"customerCount": 0, "activeCustomerCount": 0, "buyersToday": 0}}
