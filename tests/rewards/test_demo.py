"""The demo's shop where rewards are on: offers of groups, early ones of tiers, and coupons."""

from typing import Any

import pytest

import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Instant, Plugins, now, plugins_on
from regulars_core.primitives.clock import DAY_MS, printed
from regulars_core.testing import OpenShop
from regulars_schema.testing import Api
from regulars_server import demo, graphiql
from regulars_server.demo.offers import SORRY, WELCOME
from tests.rewards.conftest import OpenRewards
from tests.support.example_tabs import answered, variables_of

ON = {"tiers": regulars_tiers, "rewards": regulars_rewards}
COFFEE = {"name": "House blend", "category": "Coffee", "unitPrice": "100.00"}


@pytest.fixture
def plugins() -> Plugins:
    """The test's database has the tables of both."""
    return plugins_on(ON)


Quoted = tuple[list[tuple[str, str]], list[tuple[str, str | None]]]


async def found(api: Api, where: str) -> str:
    """A customer for whom a condition holds."""
    asked = f"{{ customers(first: 1, where: {{ status: {{ in: [ACTIVE] }}, {where} }}) {{ nodes {{ id }} }} }}"
    return str((await api.data(asked))["customers"]["nodes"][0]["id"])


async def quoted(api: Api, customer: str | None = None, **more: Any) -> Quoted:
    """What takes how much off 100.00 of coffee, and which codes do not apply, and why."""
    asked = """query($input: BasketQuoteInput!) { basketQuote(input: $input) {
      applied { offer { name } amount { amount } } skipped { reason couponCode } } }"""
    given = {"lines": [COFFEE], **({"customerId": customer} if customer else {}), **more}
    quote = (await api.data(asked, input=given))["basketQuote"]
    return (
        [(one["offer"]["name"], one["amount"]["amount"]) for one in quote["applied"]],
        [(one["reason"], one["couponCode"]) for one in quote["skipped"] if one["couponCode"]],
    )


async def test_offers_are_there_to_be_seen(open_shop: OpenShop) -> None:
    shop = await open_shop(plugins=plugins_on(ON))
    await demo.fill(shop)
    api = Api.of(shop)
    answers = await answered(api, frozenset(ON))
    [[wholesale]] = await shop.database.rows("SELECT id FROM customer_group WHERE name = 'Wholesale'")
    buyer = await found(api, f'group: {{ in: ["group_{wholesale}"] }}')
    assert (await quoted(api, buyer))[0][0] == ("Wholesale prices", "12.00")

    vip, soon = await found(api, 'tier: { in: ["A", "B"] }'), printed(Instant(now() + 6 * DAY_MS))
    harvest, early = ("New harvest", "10.00"), "New harvest, a week before everybody"
    assert (await quoted(api), await quoted(api, at=soon)) == (([], []), ([harvest], []))
    assert [early in [name for name, _ in (await quoted(api, vip, **at))[0]] for at in ({}, {"at": soon})] == [True] * 2

    [[own]] = await shop.database.rows("SELECT customer_id FROM rewards_coupon WHERE code = $1", SORRY)
    owner = f"customer_{own}"
    assert await quoted(api, couponCodes=["welcome 10", SORRY]) == ([("Welcome", "3.00")], [("NOT_THEIRS", SORRY)])
    assert "For the wait" in [name for name, _ in (await quoted(api, owner, couponCodes=[SORRY]))[0]]
    await sold(api, answers["13-sell-with-offers"]["purchaseRecord"])
    shown = answers["12-quote"]["basketQuote"]
    assert WELCOME in [one["couponCode"] for one in shown["applied"]]
    assert_collected(answers["15-reward-systems"])


def assert_collected(shown: dict[str, Any]) -> None:
    """Who comes often has a stamp for each purchase of the last month, and a cup for ten of them."""
    systems = {one["name"]: one for one in shown["rewardSystems"]["nodes"]}
    assert set(systems) == {"Birthdays", "Ten stamps"}
    assert systems["Ten stamps"]["issuedCount"] > 0
    best = shown["customers"]["nodes"][0]["rewards"]
    stamps = next(one for one in best if one["system"]["name"] == "Ten stamps")
    assert stamps["issuedCount"] or stamps["progress"]
    assert 0 <= stamps["progress"] == 10 - stamps["missing"]
    assert {one["cause"] for one in stamps["entries"]["nodes"]} <= {"PURCHASE", "ISSUE", "REFUND", "VOID", "REVOKE"}


async def sold(api: Api, refused: dict[str, Any]) -> None:
    """The sale of the example, filled in from the quote that came with its refusal."""
    [changed] = refused["userErrors"]
    quote = changed["quote"]
    [line], [one] = quote["lines"], quote["applied"]
    query = next(example.query for example in graphiql.examples(frozenset(ON)) if "sell-with" in example.name)
    given = (await variables_of(api, frozenset(ON), "sell-with"))["input"]
    offer = {"offerId": one["offer"]["id"], "couponCode": WELCOME, "amount": one["amount"]["amount"]}
    shares = {name: line[name]["amount"] for name in ("discount", "offerDiscount")}
    filled = {
        **given,
        "offers": [offer],
        "lines": [{**given["lines"][0], **shares}],
        "payments": [{**given["payments"][0], "amount": quote["total"]["amount"]}],
    }
    told = (await api.data(query, input=filled))["purchaseRecord"]
    assert told["userErrors"] == []
    assert told["purchase"]["total"] == {"amount": "11.00"}
    assert told["purchase"]["offerUses"][0]["coupon"] == {"code": WELCOME}
    assert told["purchase"]["offerCheck"] == {"isDifferent": False}


async def test_a_shop_without_tiers_has_offers_for_everybody(open_rewards: OpenRewards) -> None:
    """In a currency without minor units."""
    shop = await open_rewards(currency="JPY", timezone="Asia/Tokyo", country="JP")
    await demo.fill(shop)
    found = await Api.of(shop).data("{ promotions { nodes { name } } }")
    names = [one["name"] for one in found["promotions"]["nodes"]]
    assert sorted(names) == [
        "A cup on the house", "For the wait", "Happy birthday", "New harvest", "Staff prices", "Student prices", "Welcome",
        "Wholesale prices",
    ]  # fmt: skip
