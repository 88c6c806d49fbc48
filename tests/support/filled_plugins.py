"""A shop with tiers, loyalty, rewards and analytics, and something of everything that they tell."""

import json
from typing import Any

from regulars_core.plugin import DAY_MS, Instant, insert, now, printed
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.seals import seal_if_due
from regulars_loyalty.chain.verification import verify_all
from regulars_schema.testing import Api


def rule(kind: str, **settings: str) -> dict[str, Any]:
    """A rule as it is sent."""
    return {"kind": kind, "settings": [{"name": name, "value": value} for name, value in settings.items()]}


QUOTE = """query($input: BasketQuoteInput!) { basketQuote(input: $input) {
  lines { discount { amount } offerDiscount { amount } } applied { offer { id } couponCode amount { amount } } } }"""
TEN = rule("PERCENT", percent="10")


async def fill_tiers(api: Api) -> None:
    """Two tiers, of which the upper one multiplies points and may be had by spending 1.00."""
    cheap = {"metric": "NET_SPEND", "window": "LIFETIME", "threshold": "1.00"}
    dear = {**cheap, "threshold": "1000.00"}
    times = {"text": "Twice the points", "kind": "POINTS_MULTIPLIER", "value": "2"}
    tiers = [
        {"code": "A", "name": "Gold", "benefits": [times], "anyOf": [{"allOf": [dear]}]},
        {"code": "B", "name": "Silver", "benefits": [times], "anyOf": [{"allOf": [cheap]}]},
        {"code": "C", "name": "Standard"},
    ]
    await api.done("tierPolicyUpdate", "__typename", {"policy": {"tiers": tiers}})


async def fill_loyalty(api: Api, customer: str) -> dict[str, str]:
    """A program of points, credit and points by hand and held; the ids."""
    credit = rule("CREDIT", amount="1.00")
    program = {
        "rules": [{"code": "BASE", "name": "Base", "rule": rule("PER_AMOUNT", points="1", per="1.00"),
                   "audience": {"purchaseCount": {"gte": 0}}}],
        "exchanges": [{"code": "CUP", "name": "A cup", "points": "5", "reward": credit}],
        "rate": {"points": "1", "amount": {"amount": "1.00"}, "maximumShare": "0.5", "minimumPoints": "1"},
        "expireAfter": "P9D",
    }  # fmt: skip
    made = await api.done("pointsProgramUpdate", "pointsProgram { id }", {"program": program})
    theirs, why = {"customerId": customer}, {"reason": "GOODWILL", "note": "Sorry"}
    added = await api.done(
        "creditAdd", "entry { id }", {**theirs, **why, "amount": {"amount": "50.00"}, "storeCode": "S07"}
    )
    soon = {"amount": {"amount": "20.00"}, "expiresAt": printed(Instant(now() + 3 * DAY_MS))}
    await api.done("creditAdd", "entry { id }", {**theirs, **why, **soon})
    wrong = await api.done("creditAdd", "entry { id }", {**theirs, **why, "amount": {"amount": "1.00"}})
    await api.done("ledgerReverse", "__typename", {"entryId": wrong["entry"]["id"], "reason": "CORRECTION"})
    given = {**theirs, **why, "direction": "ADD", "points": "50", "storeCode": "S07"}
    points = await api.done("pointsAdjust", "entry { id }", given)
    held = await api.done("creditHold", "hold { id }", {**theirs, "amount": {"amount": "2.00"}, "basket": "B1"})
    kept = await api.done("pointsHold", "hold { id }", {**theirs, "points": "2", "basket": "B1"})
    return {
        "pointsprogram": made["pointsProgram"]["id"], "creditentry": added["entry"]["id"],
        "pointsentry": points["entry"]["id"], "credithold": held["hold"]["id"], "pointshold": kept["hold"]["id"],
    }  # fmt: skip


async def fill_rewards(api: Api, customer: str, store: str) -> dict[str, str]:
    """Promotions with everything, coupons, reward systems in which there is progress, and a sale with all of it; the ids."""
    promotion = {
        "name": "Tea week", "description": "For the team", "discountRule": TEN, "budget": {"amount": "500.00"},
        "conditions": [rule("QUANTITY", minimum="1")], "scope": {"skus": ["T1"]}, "storeIds": [store], "priority": 9,
        "bestOfGroup": "tea", "endsAt": "2999-01-01T00:00:00Z", "totalLimit": 50, "perCustomerLimit": 50,
        "audience": {"purchaseCount": {"gte": 0}}, "needsCoupon": True,
    }  # fmt: skip
    made = await api.done("promotionCreate", "promotion { id }", {"promotion": promotion})
    id_ = made["promotion"]["id"]
    big = {"name": "Big baskets", "discountRule": TEN, "conditions": [rule("BASKET_TOTAL", minimum="900.00")]}
    await api.done("promotionCreate", "promotion { id }", {"promotion": big})
    later = {"name": "Later", "discountRule": TEN, "startsAt": "2998-01-01T00:00:00Z"}
    await api.done("promotionCreate", "promotion { id }", {"promotion": later})
    batch = await api.done("couponsGenerate", "batch { id }", {"promotionId": id_, "codes": ["SPRING-10"]})
    issued = {"promotionId": id_, "customerId": customer, "code": "ANAS-OWN", "reason": "Sorry", "usageLimit": 5,
              "expiresAt": "2998-01-01T00:00:00Z"}  # fmt: skip
    coupon = await api.done("couponIssue", "coupon { id }", issued)
    reward = {
        "name": "Stamps", "triggerRule": rule("PURCHASE"), "reward": rule("COUPON", promotion=id_), "target": 3,
        "bands": [{"from": "0", "to": "1", "progress": 1}, {"from": "1", "to": "900", "progress": 2}],
        "endsAt": "2999-01-01T00:00:00Z", "audience": {"purchaseCount": {"gte": 0}},
    }  # fmt: skip
    system = await api.done("rewardSystemCreate", "rewardSystem { id }", {"rewardSystem": reward})
    sold = await _sell(api, customer)
    granted = {"rewardSystemId": system["rewardSystem"]["id"], "customerId": customer, "reason": "Waited"}
    entry = await api.done("rewardGrant", "entry { id }", granted)
    return {
        "promotion": id_, "couponbatch": batch["batch"]["id"], "coupon": coupon["coupon"]["id"],
        "rewardsystem": system["rewardSystem"]["id"], "rewardentry": entry["entry"]["id"], "purchase": sold["id"],
        "offeruse": sold["offerUses"][0]["id"],
    }  # fmt: skip


async def _sell(api: Api, customer: str) -> Any:
    """A sale with a coupon that is paid by credit and points, and credit that is sold; the purchase."""
    line = {"name": "Tea", "sku": "T1", "unitPrice": "20.00", "quantity": "2"}
    about = {"customerId": customer, "storeCode": "S07", "basket": "B2"}
    asked = {**about, "lines": [line], "couponCodes": ["ANAS-OWN"]}
    quote = (await api.data(QUOTE, input=asked))["basketQuote"]
    [one], [offer] = quote["lines"], quote["applied"]
    told = {**line, "discount": one["discount"]["amount"], "offerDiscount": one["offerDiscount"]["amount"]}
    sold = {"name": "Card", "unitPrice": "5.00", "creditFor": True}
    paid = [("STORE_CREDIT", "10.00"), ("POINTS", "2.00"), ("card", "29.00")]
    sale = {
        **about, "reference": "R9", "lines": [told, sold], "couponCodes": ["ANAS-OWN"],
        "offers": [{"offerId": offer["offer"]["id"], "couponCode": offer["couponCode"], "amount": offer["amount"]["amount"]}],
        "payments": [{"method": method, "amount": amount} for method, amount in paid],
    }  # fmt: skip
    return (await api.done("purchaseRecord", "purchase { id offerUses { id } }", sale))["purchase"]


async def seal(api: Api) -> None:
    """Give the entries of the ledger their places, seal it, and verify it, as jobs do by night."""
    await chain(api.shop)
    await seal_if_due(api.shop, 1)
    await verify_all(api.shop)


async def fit(api: Api) -> None:
    """Project customers by a fit, as if there had been enough of them last night."""
    parameters = {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426, "p": 6.25, "q": 3.74, "gamma": 15.44}
    row = (1, now(), 2357, 1011, json.dumps({"parameters": parameters, "logLikelihood": -9582.4}))
    columns = ("number", "fitted_at", "customers", "repeating", "body")
    await api.shop.database.transaction(lambda: insert(api.shop.database, "analytics_fit", columns, [row]))
