"""What plugins must know to say how urgent customers are is looked up for all of them, and for all plugins, together."""

import pytest

from regulars_core.plugin import plugins_on
from regulars_core.testing import OpenShop, statements
from regulars_schema.testing import Api
from tests.hooks.test_customers_priority import Club


@pytest.mark.one_executor
async def test_together(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on({"one": Club("Ana", 1), "same": Club("Ana", 3), "other": Club("Bo", 2)}))
    api = Api.of(shop)
    for n in range(40):
        await api.done("customerCreate", "created", {"firstName": ("Ana", "Bo")[n % 2], "lastName": f"L{n}"})
    with statements(shop, 1 + (1 if shop.database.engine == "postgres" else 2)):
        found = await api.data("{ customers(first: 40) { nodes { firstName priority } } }")
    assert {(one["firstName"], one["priority"]) for one in found["customers"]["nodes"]} == {("Ana", 3), ("Bo", 2)}
