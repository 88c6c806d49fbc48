"""How often recording a purchase waits for PostgreSQL: twice, whichever plugins are on."""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import regulars_loyalty
import regulars_server
import regulars_tiers
from regulars_core.plugin import Lookup, Plugins, PurchaseOutline, RecordedPurchase, Shop, hookimpl, plugins_on
from regulars_core.testing import opened_shop
from regulars_schema.testing import Api
from tests.support.rounds import Rounds

sys.path.append(str(Path(regulars_server.__file__).with_name("outline")))
EXAMPLE = import_module("regulars_outline")
on_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


class Greeter:
    """Looks up who buys, and writes something of core's."""

    @hookimpl
    def purchases_recorded_lookups(self, shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
        buyers = [purchase.customer_id for purchase in purchases if purchase.customer_id]
        return [(f"SELECT first_name FROM customer WHERE {shop.database.dialect.among('id', 1)}", [buyers])]

    @hookimpl
    async def purchases_recorded(
        self, shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]
    ) -> None:
        names = [name for rows in found for (name,) in rows]
        greeting = f"{len(purchases[0].lines)} {' '.join(names)}"
        noted = "UPDATE job_lease SET error_id = $1 WHERE job = 'greeting'"
        await shop.database.defer([(noted, (greeting,))])


SOME: dict[str, dict[str, Any]] = {
    "none": {},
    "tiers": {"tiers": regulars_tiers},
    "example": {"outline": EXAMPLE},
    "loyalty": {"loyalty": regulars_loyalty},
    "the box": {"tiers": regulars_tiers, "loyalty": regulars_loyalty},
    "three": {"tiers": regulars_tiers, "outline": EXAMPLE, "greeter": Greeter()},
}


@pytest.fixture(params=SOME)
def plugins(request: pytest.FixtureRequest) -> Plugins:
    return plugins_on(SOME[request.param])


async def measured(api: Api, rounds: Rounds, **buyer: Any) -> int:
    """The rounds of one purchase, of which PostgreSQL has seen the like before."""
    for n in range(4):
        rounds.count = 0
        given = {"reference": f"R{n}{buyer}", "lines": [{"name": "Tea", "total": "10.00"}], **buyer}
        made = await api.done("purchaseRecord", "created", given)
        assert made["created"]
    return rounds.count


@on_postgres
async def test_a_purchase_takes_two_rounds(database_url: str, plugins: Plugins, no_settings_from_outside: None) -> None:
    """What is looked up, and what is written."""
    rounds = Rounds.to(database_url)
    async with rounds.before(database_url) as url, opened_shop(url, plugins, country="MX", database_pool=1) as shop:
        api = Api.of(shop)
        new = {"firstName": "Ana", "lastName": "Li", "email": "ana@example.com"}
        known = (await api.done("customerCreate", "customer { id code }", new))["customer"]
        assert await measured(api, rounds) == 2  # by nobody in particular
        assert await measured(api, rounds, customerId=known["id"]) == 2
        assert await measured(api, rounds, customerCode=known["code"]) == 2
        assert await measured(api, rounds, customer=new) == 2  # who is found
