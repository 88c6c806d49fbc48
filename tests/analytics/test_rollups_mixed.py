"""What is kept of each day tells the same as the purchases where moves of several kinds come together."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.plugin import MAIN_STORE_ID, Shop, instant_of
from regulars_core.purchases.figures.rollups.settlement import settle
from regulars_core.purchases.figures.rollups.verification import differences
from regulars_core.purchases.reassignments import reassign
from regulars_core.purchases.rules import MILLION, NewLine, NewPayment, NewPurchase
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.stores.service import create_store
from regulars_schema.testing import Api
from tests.analytics.conftest import OpenAnalytics
from tests.analytics.test_rollups import DOCUMENT
from tests.support.random_shop import TODAY


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


async def test_a_move_from_a_customer_of_whom_an_earlier_sale_is_counted_anew(open_analytics: OpenAnalytics) -> None:
    """The later purchase is nobody's any more, so among the customer's purchases it is not found; its day was counted with it."""
    shop = await open_analytics()
    customer = await _customer(shop)
    later = await _sold(shop, customer, 3)
    await settle(shop)
    await _sold(shop, customer, 250)
    await _run(shop, "UPDATE rollup_state SET anew_to = (SELECT max(number) FROM rollup_due)")  # a step has left it
    await reassign(shop, [later], None)
    await _told_as_it_is(shop)


async def test_a_purchase_that_was_moved_and_then_deleted(open_analytics: OpenAnalytics) -> None:
    """What it was before says the first note, but its payments are gone."""
    shop = await open_analytics()
    customer = await _customer(shop)
    await _sold(shop, customer, 250)
    moved = await _sold(shop, customer, 40)
    await settle(shop)
    await _run(shop, "UPDATE purchase SET purchased_at = purchased_at + 864000000 WHERE id = $1", moved)
    await _run(shop, "DELETE FROM purchase WHERE id = $1", moved)
    await _told_as_it_is(shop)


@pytest.mark.parametrize("column", ["store_id", "channel"])
async def test_a_purchase_that_went_to_another_place(open_analytics: OpenAnalytics, column: str) -> None:
    """Somebody's later purchases there are first ones since, or no more."""
    shop = await open_analytics()
    customer = await _customer(shop)
    value = await create_store(shop, "S9", "Elsewhere") if column == "store_id" else "web"
    earlier = await _sold(shop, customer, 250)
    await _sold(shop, customer, 3)
    await settle(shop)
    await _run(shop, f"UPDATE purchase SET {column} = $2 WHERE id = $1", earlier, value)
    await _told_as_it_is(shop)


async def _told_as_it_is(shop: Shop) -> None:
    api, store = Api.of(shop), f"store_{MAIN_STORE_ID}"
    empty = f"store_{await create_store(shop, 'S8', 'Empty')}"
    ids = [f"store_{row[0]}" for row in await shop.database.rows("SELECT id FROM store ORDER BY id")]
    recent = {"from": (TODAY.date() - timedelta(days=100)).isoformat()}
    for days in (None, recent):
        for kept, asked in ((None, ids), ([store], [store, empty])):
            given: dict[str, Any] = {"days": days, "at": TODAY.isoformat()}
            told = await api.data(DOCUMENT, **given, stores=kept)
            assert told == await api.data(DOCUMENT, **given, stores=asked)
    await settle(shop)
    assert [one async for one in differences(shop)] == []


async def _run(shop: Shop, sql: str, *values: Any) -> None:
    await shop.database.transaction(lambda: shop.database.run(sql, *values))


async def _customer(shop: Shop) -> str:
    found = await find_or_register(shop, checked_customer(shop.settings, NewCustomer("Ana", "Li")), ())
    return str(found.id)


async def _sold(shop: Shop, customer: str, days_ago: int) -> str:
    at = instant_of(TODAY - timedelta(days=days_ago))
    sale = NewPurchase(
        f"S{days_ago}", MAIN_STORE_ID, customer, at, shop.currency, [NewLine("Tea", MILLION, 500)],
        payments=[NewPayment("cash", 500)],
    )  # fmt: skip
    [recorded] = await record(shop, [checked_purchase(sale, shop.currency)])
    return str(recorded.id)
