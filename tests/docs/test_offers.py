"""docs/offers.md: what it asks can be asked, and its reasons are those there are."""

import re
from pathlib import Path

import regulars_rewards
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.plugin import plugins_on
from regulars_core.testing import OpenShop
from regulars_rewards.offers.obstacles import Reason
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "offers.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```graphql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_REASONS = re.compile(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", re.MULTILINE)


async def test_every_example(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on({"rewards": regulars_rewards}))
    ana = await find_or_register(shop, checked(shop.settings, NewCustomer("Ana", "Li")), ())
    blocks = _BLOCKS.findall(PAGE)
    assert blocks
    for text in blocks:
        data = await Api.of(shop).data(text, **({"id": f"customer_{ana.id}"} if "$id" in text else {}))
        for payload in data.values():
            assert "userErrors" not in payload or payload["userErrors"] == []


def test_reasons() -> None:
    told = {reason for row in _REASONS.findall(PAGE) for reason in re.findall("[A-Z_]+", row)}
    assert told <= {one.value for one in Reason}
    basket = {
        "NOT_THEIRS",
        "REVOKED",
        "SCOPE",
        "MIN_NOT_REACHED",
        "MAX_EXCEEDED",
        "CONDITION",
        "NOTHING_LEFT",
        "EXCLUDED_BY",
    }
    assert told == {one.value for one in Reason} - basket
