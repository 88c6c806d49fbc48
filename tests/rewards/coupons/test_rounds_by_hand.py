"""How often what is done with coupons by hand waits for PostgreSQL: once for what is looked up, and once for what is written."""

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import opened_shop
from tests.rewards.coupons.shop_owner import Owner
from tests.support.rounds import Rounds

on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
SETS: Mapping[str, Mapping[str, Any]] = {
    "alone": {"rewards": regulars_rewards},
    "the box": {"rewards": regulars_rewards, "tiers": regulars_tiers, "loyalty": regulars_loyalty},
}


@pytest.fixture(params=SETS)
def plugins(request: pytest.FixtureRequest) -> Plugins:
    return plugins_on(SETS[request.param])


@on_postgres
async def test_two_rounds_each(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> None:
    rounds, numbers = Rounds.to(database_url), count()
    async with rounds.before(database_url) as url, opened_shop(url, plugins, database_pool=1) as shop:
        owner = Owner(shop)
        await owner.api.done("storeCreate", "store { code }", {"code": "S1", "name": "S1"})
        offer = await owner.promotion(
            totalLimit=1_000,
            perCustomerLimit=1_000,
            budget={"amount": "1000.00"},
            audience={"purchaseCount": {"gte": 0}},
        )
        await owner.code(offer, "SUMMER10", usageLimit=1_000)
        ana = await owner.customer()

        async def measured(mutation: str, **given: Any) -> int:
            """The rounds of one, of which PostgreSQL has seen the like before."""
            kind = mutation[0].upper() + mutation[1:]
            document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ use {{ id }} userErrors {{ code }} }} }}"
            for _ in range(5):
                n = next(numbers)
                rounds.count = 0
                sent = {"couponCode": "summer-10", "basket": f"B{n}", "idempotencyKey": f"k{n}", **given}
                answer = await owner.api.ask(document, input=sent)
                assert (answer.errors, answer.data[mutation]["userErrors"]) == ([], []), mutation
            return rounds.count

        for mutation in ("couponReserve", "couponRedeem"):
            assert await measured(mutation, customerId=ana) == 2, mutation
            assert await measured(mutation, customerId=ana, storeCode="s1") == 2, mutation
        assert await measured("couponReserve", customerId=ana, basket="one") == 2  # renewed
