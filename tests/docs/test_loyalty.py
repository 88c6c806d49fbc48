"""docs/loyalty.md: what it asks can be asked."""

import re
from pathlib import Path

import regulars_loyalty
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import plugins_on
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "loyalty.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```graphql\n(.*?)^```$", re.DOTALL | re.MULTILINE)


async def test_every_query(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on({"loyalty": regulars_loyalty}))
    ana = await find_or_register(shop, checked(shop.settings, NewCustomer("Ana", "Li")), ())
    blocks = _BLOCKS.findall(PAGE)
    assert blocks
    for text in blocks:
        assert await Api.of(shop).data(text, id=f"customer_{ana.id}")
