"""A bonus that each customer gets once: what becomes of it when its purchase is undone, and when that is undone in turn."""

from typing import Any

import pytest

from regulars_core.plugin import Plugins
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import POINTS
from tests.loyalty.test_cases_points import rule
from tests.loyalty.test_purchases import Till, begin_program, paid, plugins

__all__ = ["plugins"]
WELCOME = 100


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    made = Till(await open_shop(plugins=plugins))
    await begin_program(made.shop, rule("PER_PURCHASE", "WELCOME", points=str(WELCOME), oncePerCustomer="true"))
    return made


async def exchanged(till: Till, customer: str, sale: dict[str, Any], total: str) -> dict[str, Any]:
    """What is bought in exchange for all of a sale of 10.00."""
    back = [{"lineId": sale["lines"][0]["id"], "quantity": "1"}]
    more = {} if total == "10.00" else paid(("card", str(float(total) - 10)))
    return await till.sells(customer, total, returns=back, **more)


async def moved(till: Till, sale: dict[str, Any], customer: str | None) -> None:
    given = {
        "purchaseIds": [sale["id"]],
        **({"customerId": f"customer_{customer}"} if customer else {"toNobody": True}),
    }
    await till.api.done("purchasesReassign", "movedCount", given)


async def test_it_is_given_again_once_its_purchase_came_back(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00")
    await till.refunds(sale, amount="10.00")
    assert await till.has(ana, POINTS) == 0
    await till.sells(ana, "10.00")
    await till.sells(ana, "10.00")
    assert await till.has(ana, POINTS) == WELCOME


async def test_an_exchange_that_is_voided_gives_it_back_and_no_other_purchase_gives_it(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00")
    new = await exchanged(till, ana, sale, "25.00")
    assert await till.posted(ana, POINTS) == [("EARN", WELCOME), ("REVERSE", -WELCOME), ("EARN", WELCOME)]
    await till.voids(new)
    assert await till.has(ana, POINTS) == WELCOME
    await till.sells(ana, "10.00")
    assert await till.has(ana, POINTS) == WELCOME
    await till.refunds(sale, amount="10.00")
    await till.sells(ana, "10.00")
    assert await till.has(ana, POINTS) == WELCOME


async def test_it_does_not_come_back_where_another_purchase_has_given_it(till: Till) -> None:
    ana = await till.customer()
    sale = await till.sells(ana, "10.00")
    swap = await exchanged(till, ana, sale, "10.00")
    await till.refunds(swap, amount="10.00")
    other = await till.sells(ana, "10.00")
    await till.voids(swap)
    assert await till.has(ana, POINTS) == WELCOME
    await till.voids(other)
    assert await till.has(ana, POINTS) == 0
    await till.sells(ana, "10.00")
    assert await till.has(ana, POINTS) == WELCOME


async def test_a_purchase_that_comes_back_to_its_customer_brings_it_along(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ana, "10.00")
    for somebody in (ben, None, ana):
        await moved(till, sale, somebody)
        own = [await till.has(one, POINTS) for one in (ana, ben)]
        assert own == [WELCOME * (one == somebody) for one in (ana, ben)]
    await till.sells(ana, "10.00")
    await till.sells(ben, "10.00")
    assert [await till.has(one, POINTS) for one in (ana, ben)] == [WELCOME, WELCOME]


async def test_after_a_merge_the_survivor_has_it_once(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ben, "10.00")
    await till.api.done(
        "customersMerge", "customersMerge { mergeId }",
        {"survivorId": f"customer_{ana}", "absorbedIds": [f"customer_{ben}"]},
    )  # fmt: skip
    swap = await exchanged(till, ana, sale, "10.00")
    await till.voids(swap)
    assert await till.has(ana, POINTS) == WELCOME
    await till.sells(ana, "10.00")
    assert await till.has(ana, POINTS) == WELCOME
