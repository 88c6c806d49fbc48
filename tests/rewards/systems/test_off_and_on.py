"""Off for a while and on again: progress is what it would have been."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import Databases, Engine, opened_shop
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import Club, bands, rule_data

Meanwhile = Callable[[Club, list[str], list[dict[str, Any]]], Awaitable[object]]


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"rewards": regulars_rewards})


async def sells(club: Club, customers: list[str], _: list[dict[str, Any]]) -> None:
    for customer in (*customers, *customers):
        await _bought(club, customer)


async def refunds(club: Club, customers: list[str], sales: list[dict[str, Any]]) -> None:
    await club.gives_back(sales[0], "5.00")
    await club.gives_back(sales[1])
    await _bought(club, customers[0])


async def voids(club: Club, _: list[str], sales: list[dict[str, Any]]) -> None:
    await club.gives_back(sales[0], "5.00")
    await club.voids(sales[1])


async def moves(club: Club, customers: list[str], sales: list[dict[str, Any]]) -> None:
    """One goes to the other, and a part of it comes back then; one comes back before."""
    await club.moves(customers[1], sales[0])
    await club.gives_back(sales[0], "5.00")
    await club.moves(None, sales[1])
    await club.moves(customers[0], sales[1])


async def _bought(club: Club, customer: str) -> dict[str, Any]:
    """A purchase by a till that knows nothing of rewards."""
    n = next(club.till.numbers)
    lines = [{"name": "Tea", "unitPrice": "10.00"}]
    given = {"reference": f"M{n}", "idempotencyKey": f"M{n}", "customerId": customer, "lines": lines}
    payload = "purchase { id lines { id } }"
    done: dict[str, Any] = (await club.till.office.done("purchaseRecord", payload, given))["purchase"]
    return done


@pytest.mark.parametrize("meanwhile", [sells, refunds, voids, moves])
async def test_it_is_as_if_it_had_never_been_off(
    databases: Databases, engine: Engine, plugins: Plugins, meanwhile: Meanwhile
) -> None:
    always, late = [await _told(databases, engine, plugins, meanwhile, is_off=is_off) for is_off in (False, True)]
    assert always == late


async def _told(databases: Databases, engine: Engine, plugins: Plugins, meanwhile: Meanwhile, *, is_off: bool) -> Any:
    url = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(url, plugins) as shop:
            club = Club(Till(shop))
            customers = [await club.till.customer(name) for name in ("Ana", "Bo")]
            first = await club.opens(target=15, bands=bands((0, None, 10)))
            second = await club.opens(name="Thirds", trigger=rule_data("NTH_PURCHASE", n=3), target=1)
            sales = [await _bought(club, customer) for customer in (*customers, *customers)]
        async with opened_shop(url, plugins.without("rewards") if is_off else plugins) as shop:
            other = Club(Till(shop))
            other.till.numbers = club.till.numbers
            await meanwhile(other, customers, sales)
        async with opened_shop(url, plugins) as shop:
            club = Club(Till(shop))
            assert await club.wrong() == []
            return [
                (await club.has(customer, system), await club.entries(customer, system), await club.states(customer))
                for customer in customers
                for system in (first, second)
            ]
    finally:
        databases.drop(url)
