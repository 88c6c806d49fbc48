"""The rule keeps the laws, and a customer gets a coupon by it."""

from regulars_core.testing import try_laws
from regulars_outline import OUTLINE
from regulars_schema.testing import Api

PERCENT = {"kind": "PERCENT", "settings": [{"name": "percent", "value": "10"}]}


def test_it_keeps_the_laws() -> None:
    try_laws(OUTLINE)


async def test_a_customer_gets_a_coupon_by_it(api: Api) -> None:
    offer = {"name": "Ten percent", "needsCoupon": True, "discountRule": PERCENT}
    promotion = (await api.done("promotionCreate", "promotion { id }", {"promotion": offer}))["promotion"]["id"]
    coupon = {"kind": "COUPON", "settings": [{"name": "promotion", "value": promotion}]}
    system = {"name": "Variety", "triggerRule": {"kind": "OUTLINE"}, "target": 1, "reward": coupon}
    await api.done("rewardSystemCreate", "rewardSystem { id }", {"rewardSystem": system})
    made = await api.done("customerCreate", "customer { id }", {"firstName": "Ana", "lastName": "Li"})
    issued, ana = [], made["customer"]["id"]
    for category in ("Bakery", "Tea", "Cups"):
        lines = [{"name": category, "category": category, "total": "5.00"}]
        bought = {"reference": category, "customerId": ana, "lines": lines}
        sold = await api.done("purchaseRecord", "purchase { id customer { rewards { issuedCount } } }", bought)
        issued.append(sold["purchase"]["customer"]["rewards"][0]["issuedCount"])
    assert issued == [0, 0, 1]
    everything = {"purchaseId": sold["purchase"]["id"], "amount": "5.00"}
    back = await api.done("purchaseRefund", "purchase { customer { rewards { issuedCount } } }", everything)
    assert back["purchase"]["customer"]["rewards"] == [{"issuedCount": 0}]
