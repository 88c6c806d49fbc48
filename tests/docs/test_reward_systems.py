"""docs/reward-systems.md: a card of stamps from nothing to the coupon, as the page tells it."""

import re
from pathlib import Path
from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import OpenShop
from regulars_rewards.triggers.box import BOX
from regulars_schema.testing import Api

PAGE = (Path(__file__).parents[2] / "docs" / "reward-systems.md").read_text(encoding="utf-8")
_BLOCKS = re.compile(r"^```graphql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TRIGGERS = re.compile(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \| (?:one|by|nothing)", re.MULTILINE)


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of rewards."""
    return plugins_on({"rewards": regulars_rewards})


class Reader:
    """Does what the page says, one block after another."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.known: dict[str, str] = {}

    async def does(self, name: str) -> Any:
        """What the block with this operation answers; nothing is refused."""
        [text] = [one for one in _BLOCKS.findall(PAGE) if re.search(rf"\b{name}\b[ ({{]", one)]
        given = {key: value for key, value in self.known.items() if f"${key}:" in text}
        data = await self.api.data(text, **given)
        for payload in data.values():
            assert "userErrors" not in payload or payload["userErrors"] == []
        return data

    async def sells(self, amount: str) -> str:
        """Sell something to the customer; the purchase."""
        lines = [{"name": "Coffee", "unitPrice": amount}]
        given = {"reference": f"R{len(self.known)}-{amount}", "customerId": self.known["customer"], "lines": lines}
        return str((await self.api.done("purchaseRecord", "purchase { id }", given))["purchase"]["id"])


async def test_the_page_is_done_from_top_to_bottom(open_shop: OpenShop) -> None:
    reader = Reader(Api.of(await open_shop(plugins=plugins_on({"rewards": regulars_rewards}))))
    customer = await reader.api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    reader.known["customer"] = customer["customer"]["id"]
    reader.known["promotion"] = (await reader.does("Coffee"))["promotionCreate"]["promotion"]["id"]
    made = (await reader.does("Stamps"))["rewardSystemCreate"]["rewardSystem"]
    reader.known["system"] = made["id"]
    assert (await reader.does("AtTheTill"))["basketQuote"]["earnings"] == [
        {"kind": "PROGRESS", "value": "1", "text": "1 towards Ten stamps"}
    ]
    reader.known["purchase"] = await reader.sells("12.00")
    [card] = (await reader.does("Card"))["customer"]["rewards"]
    assert (card["progress"], card["missing"], card["issuedCount"]) == (2, 8, 0)
    [outcome] = (await reader.does("WhyNot"))["purchase"]["rewardOutcomes"]
    assert (outcome["given"], outcome["reason"]) == ("2", None)
    given = (await reader.does("Sorry"))["rewardGrant"]
    assert given["customer"]["rewards"] == [{"progress": 2, "issuedCount": 1}]
    assert given["customer"]["coupons"]["nodes"][0]["rewardSystem"] == {"name": "Ten stamps"}
    await reader.does("Birthday")
    names = [one["name"] for one in (await reader.does("Systems"))["rewardSystems"]["nodes"]]
    assert names == ["Birthdays", "Ten stamps"]
    done = {"Coffee", "Stamps", "AtTheTill", "Card", "WhyNot", "Sorry", "Birthday", "Systems"}
    assert {re.search(r"(?:query|mutation) (\w+)", one)[1] for one in _BLOCKS.findall(PAGE)} == done  # type: ignore[index]


def test_triggers() -> None:
    told = {name for row in _TRIGGERS.findall(PAGE) for name in re.findall("[A-Z_]+", row)}
    assert told == {one.name for one in BOX}
