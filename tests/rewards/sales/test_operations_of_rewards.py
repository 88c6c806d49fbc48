"""The operations of the contract that tills and counters send of rewards, as their clients write them."""

from typing import Any

import regulars_loyalty
import regulars_tiers
from tests.rewards.sales.conftest import OpenTill, Till, rule

AMOUNT = "fragment Amount on Money { amount currencyCode }\n"
TROUBLE = "fragment Trouble on UserError { __typename code message path }\n"
OBSTACLE = (
    "fragment Obstacle on OfferObstacle { reason message leaf at missing { ...Amount } excludedBy { id name } }\n"
)
TILL_CUSTOMER = (
    AMOUNT
    + """query TillCustomer($code: String!) { customer(code: $code) { id displayName status tier { code name }
  credit { available { ...Amount } expiringSoon(withinDays: 14) { remaining { ...Amount } expiresAt } }
  points { available pending value { ...Amount } exchanges { exchange { code name points } missingPoints times } }
  rewards { system { name } progress target missing }
  coupons(first: 20, where: { state: { in: [ISSUED] } }) { nodes { code expiresAt promotion { name } } } } }"""
)
WHY_NOT = (
    AMOUNT
    + OBSTACLE
    + """query WhyNot($id: ID!, $store: String) { customer(id: $id) { displayName offers(storeCode: $store) { isApplicable
  offer { id name phase needsCoupon endsAt } coupon { code expiresAt } obstacles { ...Obstacle } } } }"""
)
WHY_NO_POINTS = """query WhyNoPoints($reference: String!, $store: String) {
  purchase(reference: $reference, storeCode: $store) { pointsEarned
    pointsOutcomes { name given reason explanation { text } } rewardOutcomes { name given reason explanation { text } } } }"""
SURPRISE = (
    TROUBLE
    + """mutation Surprise($coupon: CouponIssueInput!, $stamp: RewardGrantInput!) {
  couponIssue(input: $coupon) { coupon { code expiresAt } userErrors { ...Trouble } }
  rewardGrant(input: $stamp) { entry { progressDelta progressAfter explanation { text } } userErrors { ...Trouble } } }"""
)


async def begun(open_till: OpenTill) -> tuple[Till, str, str, str]:
    """A shop with everything on, a store, a customer, ten off by a coupon, and a card of stamps for it."""
    till = await open_till({"tiers": regulars_tiers, "loyalty": regulars_loyalty})
    await till.office.done("storeCreate", "store { id }", {"code": "S07", "name": "Harbour"})
    promotion = await till.promotion("Welcome", needsCoupon=True, discountRule=rule("FLAT", amount="10.00"))
    stamps = {
        "name": "Stamps", "triggerRule": rule("PURCHASE"), "target": 10,
        "bands": [{"from": "0", "to": "10", "progress": 1}, {"from": "10", "to": "50", "progress": 3},
                  {"from": "50", "progress": 5}],
        "reward": rule("COUPON", promotion=promotion),
    }  # fmt: skip
    made = await till.office.done("rewardSystemCreate", "rewardSystem { id }", {"rewardSystem": stamps})
    return till, await till.customer(), promotion, made["rewardSystem"]["id"]


def at_the_till(till: Till, store: str) -> Till:
    """The same by a cashier of one store."""
    return till.by("cashier", stores=[store])


async def store_of(till: Till) -> str:
    """The key of the store."""
    [[key]] = await till.shop.database.rows("SELECT id FROM store WHERE code = 'S07'")
    return str(key)


async def test_a_till_asks_what_the_customer_has(open_till: OpenTill) -> None:
    """By a key of one store: 3 of 10 stamps after 42.00 there, and 8 after 60.00 elsewhere."""
    till, ana, _, _ = await begun(open_till)
    cashier = at_the_till(till, await store_of(till))
    code = (await till.office.data("query($id: ID!) { customer(id: $id) { code } }", id=ana))["customer"]["code"]
    asked: list[Any] = []
    for amount, store in (("42.00", "S07"), ("60.00", "MAIN")):
        lines = [{"name": "Tea", "unitPrice": amount}]
        await till.sold(reference=f"{store}-1", customerId=ana, storeCode=store, lines=lines)
        asked.append((await cashier.api.data(TILL_CUSTOMER, code=code))["customer"])
    assert [one["rewards"] for one in asked] == [
        [{"system": {"name": "Stamps"}, "progress": progress, "target": 10, "missing": missing}]
        for progress, missing in ((3, 7), (8, 2))
    ]
    assert (asked[-1]["coupons"], asked[-1]["points"]["available"]) == ({"nodes": []}, "0")


async def test_why_there_was_nothing(open_till: OpenTill) -> None:
    till, ana, _, _ = await begun(open_till)
    vip = {"audience": {"totalSpent": {"gte": "1000.00"}}, "triggerRule": rule("PURCHASE"), "name": "For the best"}
    promotion = await till.promotion("Other", needsCoupon=True)
    given = {"rewardSystem": {**vip, "reward": rule("COUPON", promotion=promotion)}}
    await till.office.done("rewardSystemCreate", "rewardSystem { id }", given)
    lines = [{"name": "Tea", "unitPrice": "42.00"}]
    await till.sold(reference="20261128-118", customerId=ana, storeCode="S07", lines=lines)
    cashier = at_the_till(till, await store_of(till))
    told = (await cashier.api.data(WHY_NO_POINTS, reference="20261128-118", store="S07"))["purchase"]
    assert (told["pointsEarned"], told["pointsOutcomes"]) == ("0", [])
    assert [
        (one["name"], one["given"], one["reason"], one["explanation"]["text"]) for one in told["rewardOutcomes"]
    ] == [
        ("Stamps", "3", None, "42.00 is in 10.00–50.00: 3"),
        ("For the best", "0", "AUDIENCE", "It is not for this customer."),
    ]
    offers = (await cashier.api.data(WHY_NOT, id=ana, store="S07"))["customer"]["offers"]
    assert [(one["offer"]["name"], one["obstacles"][0]["reason"]) for one in offers] == [
        ("Welcome", "UNKNOWN_CODE"), ("Other", "UNKNOWN_CODE"),
    ]  # fmt: skip


async def test_a_surprise(open_till: OpenTill) -> None:
    till, ana, promotion, system = await begun(open_till)
    coupon = {"customerId": ana, "promotionId": promotion, "reason": "Waited an hour", "idempotencyKey": "sorry-1"}
    stamp = {
        "customerId": ana, "rewardSystemId": system, "progress": 2, "reason": "The till was down", "idempotencyKey": "sorry-2",
    }  # fmt: skip
    manager = till.by("store_manager", stores=[await store_of(till)])
    told = await manager.api.data(SURPRISE, coupon=coupon, stamp=stamp)
    assert told["rewardGrant"] == {
        "entry": {"progressDelta": 2, "progressAfter": 2, "explanation": None}, "userErrors": [],
    }  # fmt: skip
    assert told["couponIssue"]["coupon"]["code"]
    assert await manager.api.data(SURPRISE, coupon=coupon, stamp=stamp) == told
    asked = "query($id: ID!) { customer(id: $id) { rewards { progress } coupons { totalCount } } }"
    has = (await till.office.data(asked, id=ana))["customer"]
    assert has == {"rewards": [{"progress": 2}], "coupons": {"totalCount": 1}}
