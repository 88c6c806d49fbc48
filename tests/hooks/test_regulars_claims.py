"""What plugins say that customers hold or owe keeps them: those that are off, too."""

import pytest

from regulars_core.customers.erasure.claims import Claim, claims_of
from regulars_core.customers.erasure.holders import Holders
from regulars_core.customers.erasure.retention import due_count
from regulars_core.plugin import PluginError, plugins_on
from regulars_core.shop.shop import CatchingUp
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from tests.hooks.test_plugins import plugin


async def test_on_off_and_behind(open_shop: OpenShop) -> None:
    on = plugin(regulars_claims=lambda: [Claim("cards", "c.first_name = 'Ana'")])
    off = plugin(regulars_claims=lambda: [Claim("jars", "c.first_name = 'Bo'")])
    shop = await open_shop(plugins=plugins_on({"cards": on}, off=lambda: {"jars": off}), retention_inactive_months=1)
    for name in ("Ana", "Bo", "Cy"):
        await Api.of(shop).done("customerCreate", "customer { id }", {"firstName": name, "lastName": "Li"})
    await shop.database.transaction(lambda: shop.database.run("UPDATE customer SET updated_at = 0"))
    await shop.database.transaction(lambda: shop.database.run("UPDATE customer_stats SET active_at = 0"))
    holders = await Holders.of(shop)
    assert [one.name for one in claims_of(shop, holders)] == ["due", "open-notes", "cards", "jars"]
    assert (await due_count(shop)).count == 1
    shop.behind = frozenset({"cards"})
    with pytest.raises(CatchingUp):
        await due_count(shop)
    twin = plugin(regulars_claims=lambda: [Claim("due", "1=1")])
    twins = await open_shop(plugins=plugins_on({"twin": twin}), retention_inactive_months=1)
    with pytest.raises(PluginError, match="The claim 'due' is defined by 'core' and by 'twin'"):
        await due_count(twins)
