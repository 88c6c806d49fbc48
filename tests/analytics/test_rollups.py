"""What is kept of each day tells the same as the purchases: before it is settled, while that goes on, and afterwards."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.customers.merge.forecasts import Wanted
from regulars_core.customers.merge.service import merge
from regulars_core.customers.merge.undo import unmerge
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.plugin import MAIN_STORE_ID, Shop, Span, instant_of
from regulars_core.primitives.errors import Refused
from regulars_core.purchases.changes import pay
from regulars_core.purchases.figures import pieces
from regulars_core.purchases.figures.rollups import kept, settlement
from regulars_core.purchases.figures.rollups.counts import Cells, counted
from regulars_core.purchases.figures.rollups.ranges import range_buyers
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.purchases.figures.rollups.verification import differences
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.stores.service import create_store
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.support.random_shop import TODAY, Filled, fill

PART = "value label customerCount purchaseCount quantity total { amount } share"
POINT = "from to customerCount newCustomerCount purchaseCount totalSpent { amount }"
KEPT = ("STORE", "CHANNEL", "HOUR", "WEEKDAY", "MONTH", "PAYMENT_METHOD")
INSIGHT = f"""purchaseCount customerCount totalSpent {{ amount }} averagePurchase {{ amount }} repeatRate purchasesPerMonth
  discountRate discountedShare averageBasketSize
  {" ".join(f"{one}: breakdown(by: {one}, first: 100) {{ {PART} }}" for one in KEPT)}
  {" ".join(f"{one}S: series(interval: {one}) {{ {POINT} }}" for one in ("WEEK", "MONTH", "YEAR"))}"""
DASHBOARD = """customerCount activeCustomerCount buyersToday
  newVersusReturning(days: $days) { newCount newTotal { amount } returningCount returningTotal { amount } }
  paymentMethods(days: $days) { method purchaseCount total { amount } }
  peakTimes(days: $days) { weekday hour purchaseCount total { amount } }"""
DOCUMENT = f"""query($at: DateTime, $days: DayRangeInput, $stores: [ID!]) {{
  insight(days: $days, storeIds: $stores) {{ {INSIGHT} }} dashboard(at: $at, storeIds: $stores) {{ {DASHBOARD} }} }}"""
STEPS = 12


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


async def test_whatever_happens_it_tells_what_the_purchases_tell(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics(erase_after_days=0)
    chance = random.Random(49)
    filled = await fill(shop, chance)
    api, empty = Api.of(shop), await create_store(shop, "S9", "Empty")
    await settle(shop)
    assert await _differences(shop) == []
    for n in range(STEPS):
        await _something_happens(shop, api, chance, filled, n)
        assert await range_buyers(shop, Span(None, None, None)) is not None  # it is told by what is kept
        await _told_alike(api, chance, filled, empty)
        if n % 3 == 1:
            await _settled_and_killed(shop, chance)
            assert await _differences(shop) == []
        if n % 3 == 2:
            await settle(shop)
    await settle(shop)
    assert await shop.database.rows("SELECT 1 FROM rollup_due") == []
    assert await _differences(shop) == []
    for _ in range(4):
        await _told_alike(api, chance, filled, empty)


async def test_whatever_moves_no_day_is_counted_anew(
    open_analytics: OpenAnalytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await open_analytics(erase_after_days=0)
    chance = random.Random(24)
    filled = await fill(shop, chance)
    api, empty = Api.of(shop), await create_store(shop, "S9", "Empty")
    await settle(shop)
    monkeypatch.setattr(kept, "counted", _only_of_no_days)
    for n in range(30):
        await _something_happens(shop, api, chance, filled, n)
        assert await range_buyers(shop, Span(None, None, None)) is not None
        await _told_alike(api, chance, filled, empty)
        if n % 10 == 9:
            monkeypatch.undo()
            await settle(shop)
            assert await _differences(shop) == []
            monkeypatch.setattr(kept, "counted", _only_of_no_days)


async def _only_of_no_days(shop: Shop, days: Sequence[int]) -> Cells:
    assert not days
    return {}


async def test_what_is_paid_later_moves_the_days_on_which_it_was_paid_so_again(
    open_analytics: OpenAnalytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await open_analytics()
    chance = random.Random(3)
    filled = await fill(shop, chance, buyers=3, sales=10)
    api, empty = Api.of(shop), await create_store(shop, "S9", "Empty")
    due = await _sold(shop, chance, filled, filled.customers[0], 0, due=60, days_ago=30)
    again = await _sold(shop, chance, filled, filled.customers[0], 1, due=60, days_ago=3)
    await pay(shop, again, [NewPayment("voucher", 60)])
    await settle(shop)
    for paid in (20, 30):
        monkeypatch.setattr(kept, "counted", _only_of_no_days)
        await pay(shop, due, [NewPayment("voucher", paid)])
        for _ in range(4):
            await _told_alike(api, chance, filled, empty)
        monkeypatch.undo()
        await settle(shop)
        assert await _differences(shop) == []
        await refund(shop, due, amount=5)


async def test_how_many_pieces_a_purchase_holds_is_proven(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics()
    await fill(shop, random.Random(6), buyers=4, sales=30)
    assert [one async for one in pieces.differences(shop)] == []
    purchase = (await shop.database.rows("SELECT id FROM purchase ORDER BY id LIMIT 1"))[0][0]

    async def wrong() -> None:
        await shop.database.run("UPDATE purchase SET pieces = pieces + 1 WHERE id = $1", purchase)

    await shop.database.transaction(wrong)
    [told] = [one async for one in pieces.differences(shop)]
    assert told.startswith(f"purchase_{purchase}: ")


async def test_what_is_sold_while_days_are_counted_is_told_once(
    open_analytics: OpenAnalytics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite a sale waits for the job; on PostgreSQL the job may see it or not, but not a part of it."""
    shop = await open_analytics()
    chance = random.Random(8)
    filled = await fill(shop, chance, sales=40)
    api, empty = Api.of(shop), await create_store(shop, "S9", "Empty")
    customer, sales = filled.customers[0], list[str]()
    is_postgres = shop.database.engine == "postgres"

    async def counted_late(shop: Shop, days: Sequence[int]) -> Cells:
        if is_postgres and len(sales) < 6:
            sold = asyncio.create_task(_sold(shop, chance, filled, customer, len(sales)), context=Context())
            sales.append(await sold)
        return await counted(shop, days)

    monkeypatch.setattr(settlement, "counted", counted_late)
    await settle(shop)
    for n in range(3):
        await _told_alike(api, chance, filled, empty)
        await _sold(shop, chance, filled, customer, 10 + n)
        await settle(shop)
        assert await _differences(shop) == []
    await _told_alike(api, chance, filled, empty)
    assert not is_postgres or len(sales) == 6


async def test_it_is_proven_and_begins_anew_in_another_zone(open_analytics: OpenAnalytics) -> None:
    shop = await open_analytics()
    await fill(shop, random.Random(5), buyers=4, sales=20)
    assert await range_buyers(shop, Span(None, None, None)) is None  # nothing is kept yet: the purchases are asked
    await settle(shop)
    [(buyers,)] = await shop.database.rows("SELECT count(*) FROM customer_stats WHERE purchase_count > 0")
    assert await range_buyers(shop, Span(None, None, None)) == buyers > 0

    async def wrong() -> None:
        one = "(SELECT min(number) FROM rollup WHERE division = 'HOUR')"
        await shop.database.run(f"UPDATE rollup SET total = total + 1 WHERE number = {one}")
        await shop.database.run("DELETE FROM rollup WHERE number = (SELECT max(number) FROM rollup)")

    await shop.database.transaction(wrong)
    found = await _differences(shop)
    assert len(found) == 2
    assert any("all stores, HOUR =" in one for one in found)
    elsewhere = await open_analytics(timezone="Africa/Cairo")  # where clocks go back at midnight
    assert await range_buyers(elsewhere, Span(None, None, None)) is None
    await settle(elsewhere)
    assert await _differences(elsewhere) == []
    assert await range_buyers(elsewhere, Span(None, None, None)) == buyers


async def _differences(shop: Shop) -> list[str]:
    return [one async for one in differences(shop)]


async def _told_alike(api: Api, chance: random.Random, filled: Filled, empty: str) -> None:
    """Of several stores nothing is kept, and one in which nobody has bought adds nothing."""
    first = TODAY.date() - timedelta(days=chance.randrange(540))
    last = first + timedelta(days=chance.choice([0, 6, 40, 200, 400]))
    days = chance.choice([None, {"from": first.isoformat(), "to": last.isoformat()}, {"from": first.isoformat()}])
    at = TODAY - timedelta(days=chance.randrange(300))
    stores = chance.choice([filled.stores, [chance.choice(filled.stores)]])
    ids = [f"store_{one}" for one in stores]
    given: dict[str, Any] = {"days": days, "at": at.isoformat()}
    told = await api.data(DOCUMENT, **given, stores=None if len(ids) > 1 else ids)
    found = await api.data(DOCUMENT, **given, stores=[*ids, f"store_{empty}"])
    for name in ("insight", "dashboard"):
        assert told[name] == found[name]


async def _settled_and_killed(shop: Shop, chance: random.Random) -> None:
    """What is stopped in the middle of a step has done the earlier ones, and nothing of that one."""
    task = asyncio.create_task(settle(shop))
    await asyncio.sleep(chance.random() * 0.05)
    task.cancel()
    await asyncio.wait([task])


async def _something_happens(shop: Shop, api: Api, chance: random.Random, filled: Filled, n: int) -> None:
    with suppress(Refused):  # it cannot be any more
        await _happens(shop, api, chance, filled, n)


async def _happens(shop: Shop, api: Api, chance: random.Random, filled: Filled, n: int) -> None:
    rows = await shop.database.rows(
        "SELECT id FROM purchase WHERE status IN ('PAID', 'PARTIALLY_REFUNDED') ORDER BY id"
    )
    purchase = str(chance.choice(rows)[0])
    customers = await shop.database.rows("SELECT id FROM customer WHERE status = 'ACTIVE' ORDER BY id")
    one, other = (str(row[0]) for row in chance.sample(list(customers), 2))
    match n % 10:
        case 0 | 5:
            await _sold(shop, chance, filled, chance.choice([one, None]), n)
        case 1:
            await refund(shop, purchase, amount=chance.choice([1, await _left(shop, purchase)]))
        case 2:
            await void(shop, purchase)
        case 3:
            await reassign(shop, [purchase], chance.choice([one, None]))
        case 4:
            filled.merge = await merge(shop, Wanted(one, [other]), "Ana")
        case 6:
            await unmerge(shop, filled.merge)
        case 7:
            person = NewCustomer(f"New{n}", "Li", created_at=instant_of(TODAY - timedelta(days=chance.randrange(90))))
            await find_or_register(shop, checked_customer(shop.settings, person), ())
        case 8:
            due = await _sold(shop, chance, filled, one, n, due=60)
            await pay(shop, due, [NewPayment("voucher", 60)])
        case _:
            await api.do("customerEraseRequest", "erasure { id }", {"customerId": f"customer_{other}"})


async def _left(shop: Shop, purchase: str) -> int:
    [row] = await shop.database.rows("SELECT total - refunded FROM purchase WHERE id = $1", purchase)
    return int(row[0])


async def _sold(
    shop: Shop,
    chance: random.Random,
    filled: Filled,
    customer: str | None,
    n: int,
    *,
    due: int = 0,
    days_ago: int | None = None,
) -> str:
    """Now, or told late of days before others."""
    days = chance.choice([0, 0, 3, 250, 700]) if days_ago is None else days_ago
    at = TODAY - timedelta(days=days, minutes=chance.randrange(600))
    sale = NewPurchase(
        f"S{n}", chance.choice(filled.stores or [MAIN_STORE_ID]), customer, instant_of(at), shop.currency,
        [NewLine("Tea", MILLION, 500)], due=due, channel=chance.choice([None, "web"]),
        payments=[NewPayment("cash", 500 - due)],
    )  # fmt: skip
    [recorded] = await record(shop, [checked_purchase(sale, shop.currency)])
    return str(recorded.id)
