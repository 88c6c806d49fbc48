"""Off for a while and on again, the ledger is as if it had never been off."""

from collections.abc import AsyncIterator

import pytest
import time_machine

import regulars_loyalty
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import Plugins, Shop, plugins_on
from regulars_core.testing import Databases, Engine, little_of_everything, misses_nothing, opened_shop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_purchases import Till, begin_program, paid

NOT_KEPT = {"actor"}
"""The journal does not say who did it."""


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def url(engine: Engine, databases: Databases, plugins: Plugins) -> AsyncIterator[str]:
    made = await databases.migrated(engine, plugins.apps)
    yield made
    databases.drop(made)


async def registered(shop: Shop) -> str:
    person = checked(shop.settings, NewCustomer("Ana", "Li"))
    return (await find_or_register(shop, person, ())).id


async def test_everything_that_happens(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    async def script(shop: Shop) -> None:
        with time_machine.travel(1_772_000_000, tick=False):
            await begin_program(shop)
            await little_of_everything(shop)

    await misses_nothing(databases, engine, plugins, "loyalty", script=script, apart_from=NOT_KEPT)


async def test_sales_and_refunds_at_a_till(databases: Databases, engine: Engine, plugins: Plugins) -> None:
    async def script(shop: Shop) -> None:
        with time_machine.travel(1_772_000_000, tick=False):
            await begin_program(shop)
            ana, till = await registered(shop), Till(shop)
            sale = await till.sells(ana, "10.00", "20.00", shipping="5.00")
            await till.refunds(sale, amount="7.00")
            await till.refunds(sale, lines=[{"lineId": sale["lines"][0]["id"], "quantity": "0.5", "amount": "3.00"}])
            await till.refunds(sale, amount="4.00")
            await till.voids(await till.sells(ana, "30.00"))

    await misses_nothing(databases, engine, plugins, "loyalty", script=script, apart_from=NOT_KEPT)


@pytest.mark.parametrize("earns", [True, False])
async def test_what_was_paid_by_credit_meanwhile_is_owed(url: str, plugins: Plugins, earns: bool) -> None:
    async with opened_shop(url, plugins) as shop:
        await begin_program(shop)
        ana = await registered(shop)
    async with opened_shop(url, plugins.without("loyalty")) as shop:
        await Till(shop).sells(ana, "30.00", **paid(("STORE_CREDIT", "10.00"), ("card", "20.00")))
    async with opened_shop(url, plugins, loyalty_earn_missed=earns) as shop:
        till = Till(shop)
        assert await till.posted(ana) == [("DEBT", -1_000)]
        assert (await till.has(ana), await till.has(ana, POINTS)) == (-1_000, 30 if earns else 0)
