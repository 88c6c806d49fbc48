"""A sale with offers and coupons waits for PostgreSQL twice, and a quote runs as many statements for many offers as for one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from tests.rewards.sales.conftest import Till, rule
from tests.support.rounds import Rounds

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
SETS: Mapping[str, Mapping[str, Any]] = {
    "alone": {"rewards": regulars_rewards},
    "the box": {"rewards": regulars_rewards, "tiers": regulars_tiers, "loyalty": regulars_loyalty},
}
TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "12.00"}
"""Few of them move nobody to another tier: what that writes too is another statement, which PostgreSQL first has to be told once
for each connection, and so one round more."""


@pytest.fixture(params=SETS)
def plugins(request: pytest.FixtureRequest) -> Plugins:
    return plugins_on(SETS[request.param])


async def offers(till: Till) -> Sequence[str]:
    """Offers with everything that has to be looked up: limits, budgets, audiences with a past and without one."""
    audience = {"any": [{"hasEmail": True}, {"purchaseCount": {"gte": 0}}]}
    some = {"createdAt": {"after": "2020-01-01T00:00:00Z"}}
    await till.promotion("One", totalLimit=1_000, budget={"amount": "1000.00"}, perCustomerLimit=100)
    await till.promotion("Two", audience=audience, discountRule=rule("FLAT", amount="1.00"))
    await till.promotion("Three", audience=some, discountRule=rule("FLAT", amount="1.00"))
    return [await till.promotion("Four", needsCoupon=True, totalLimit=1_000, discountRule=rule("FLAT", amount="2.00"))]


@on_postgres
@pytest.mark.parametrize("by", ["customerId", "customerCode", "customer", None])
async def test_two_rounds(database_url: str, plugins: Plugins, by: str | None, no_settings_from_outside: None) -> None:
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, database_pool=1) as shop:
        till = Till(shop)
        [coupons] = await offers(till)
        await till.coupon(coupons, "WELCOME10", limit=100)
        ana = await till.customer(email="ana@shop.example")
        asked = "query($id: ID!) { customer(id: $id) { code } }"
        code = (await till.office.data(asked, id=ana))["customer"]["code"]
        named = {"customerId": ana, "customerCode": code, "customer": {"email": "ana@shop.example"}, None: None}
        buyer = {} if by is None else {by: named[by]}
        about = {} if by is None else {"customerId": ana}
        counts = []
        for n in range(5):  # PostgreSQL has seen the like before
            given = till.told([TEA], await till.quote([TEA], couponCodes=["WELCOME10"], basket=f"B{n}", **about))
            rounds.count = 0
            done = await till.office.done(
                "purchaseRecord", "created", {**given, **buyer, "basket": f"B{n}", "idempotencyKey": f"T{n}"}
            )
            assert done["created"]
            counts.append(rounds.count)
        assert len(given["offers"]) == (1 if by is None else 4)
        assert counts[2:] == [2, 2, 2]


NUMBERS = [(3, 1, 2), (20, 1, 2), (20, 40, 10)]


async def test_a_quote_runs_as_many_statements_for_many(till: Till) -> None:
    """However many promotions, lines and codes: core's two, and one for all that is looked up."""
    counts = []
    ana = await till.customer()
    for promotions, lines, codes in NUMBERS:
        for n in range(promotions):
            await till.promotion(
                f"P{n}", priority=n, perCustomerLimit=5, totalLimit=50, audience={"hasEmail": n % 2 == 0}
            )
        coupons = await till.promotion("C", needsCoupon=True)
        typed = [f"CODE{promotions}X{lines}X{n}" for n in range(codes)]
        for code in typed:
            await till.coupon(coupons, code)
        basket = [TEA] * lines
        await till.quote(basket, couponCodes=typed, customerId=ana)
        with till.shop.database.counting() as counted:
            await till.quote(basket, couponCodes=typed, customerId=ana, basket="B")
        counts.append(len(counted))
    assert len(set(counts)) == 1, counts
