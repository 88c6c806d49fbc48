"""Coupons are issued, reserved, redeemed, given back and revoked by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.plugin import Shop
from tests.rewards.coupons.shop_owner import USE, Owner

Calendar = Callable[[str], Any]


@pytest.fixture
async def owner(rewards: Shop) -> Owner:
    return Owner(rewards)


async def test_a_coupon_is_issued_and_redeemed(owner: Owner) -> None:
    offer, ana, bo = await owner.promotion(), await owner.customer(), await owner.customer("Bo")
    issued = await owner.issued(offer, ana, reason="For her patience")
    assert issued["state"] == "ISSUED"
    assert len(issued["code"]) == 11
    code = issued["code"]
    for who in ({}, {"customerId": bo}):
        told = await owner.refusal("couponRedeem", couponCode=code, **who)
        assert told == ("COUPON_REFUSED", ["NOT_THEIRS"])
    typed = f" {code[:4].lower()}-{code[4:].lower()} "
    use = await owner.redeemed(typed, customerId=ana, amount={"amount": "3.50", "currencyCode": "USD"})
    assert (use["amount"], use["coupon"], use["customer"]) == ({"amount": "3.50"}, {"code": code}, {"id": ana})
    assert use["redeemedAt"] is not None
    assert use["reservedUntil"] is use["releasedAt"] is None
    assert use["store"] == {"code": "MAIN"}
    coupon = await owner.coupon(code)
    assert (coupon["state"], coupon["usedCount"], coupon["reason"]) == ("REDEEMED", 1, "For her patience")
    assert await owner.used(offer) == 1
    assert await owner.refusal("couponRedeem", couponCode=code, customerId=ana) == (
        "COUPON_EXHAUSTED",
        ["LIMIT_REACHED"],
    )
    for _ in range(2):  # it stays given back
        back = await owner.api.done("couponUnredeem", f"coupon {{ state }} {USE}", {"useId": use["id"]})
        assert back["coupon"] == {"state": "ISSUED"}
        assert back["use"]["releasedAt"] is not None
        assert back["use"]["redeemedAt"] is None
    assert await owner.used(offer) == 0
    again = await owner.redeemed(code, customerId=ana)
    assert again["id"] != use["id"]


async def test_a_reservation_keeps_the_last_use(owner: Owner) -> None:
    offer = await owner.promotion()
    await owner.code(offer, "Summer-10")
    first = await owner.reserved("summer10", "B1")
    assert (first["reservedUntil"] is not None, first["redeemedAt"], first["amount"]["amount"]) == (True, None, "0.00")
    assert (await owner.coupon("SUMMER 1O"))["state"] == "RESERVED"
    assert await owner.refusal("couponReserve", couponCode="SUMMER10", basket="B2") == ("COUPON_REFUSED", ["RESERVED"])
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == ("COUPON_REFUSED", ["RESERVED"])
    again = await owner.reserved("SUMMER10", "B1")
    assert again["id"] == first["id"]
    assert await owner.used(offer) == 1
    for basket, state in (("B2", "RESERVED"), ("B1", "ISSUED"), ("B1", "ISSUED")):
        freed = await owner.api.done(
            "couponRelease", "coupon { state usedCount }", {"couponCode": "summer10", "basket": basket}
        )
        assert freed["coupon"]["state"] == state
    await owner.reserved("SUMMER10", "B2")
    sold = await owner.redeemed("SUMMER10", basket="B2")
    assert sold["basket"] == "B2"
    assert (await owner.coupon("SUMMER10"))["uses"]["totalCount"] == 2
    assert await owner.refusal("couponReserve", couponCode="SUMMER10", basket="B3") == (
        "COUPON_EXHAUSTED",
        ["LIMIT_REACHED"],
    )


async def test_a_reservation_runs_out(owner: Owner, calendar: Calendar) -> None:
    with calendar("2027-05-10"):
        offer = await owner.promotion(totalLimit=1)
        await owner.code(offer, "SUMMER10", usageLimit=None)
        use = await owner.reserved("SUMMER10", "B1")
        assert use["reservedUntil"].startswith("2027-05-10T12:15:")
        assert await owner.refusal("couponReserve", couponCode="SUMMER10", basket="B2") == (
            "COUPON_REFUSED",
            ["RESERVED"],
        )
    with calendar("2027-05-10T12:16:00Z"):
        assert (await owner.coupon("SUMMER10"))["usedCount"] == 0
        found = await owner.api.data(
            "query($id: ID!) { node(id: $id) { ... on OfferUse { reservedUntil releasedAt } } }", id=use["id"]
        )
        assert found["node"] == {"reservedUntil": None, "releasedAt": use["reservedUntil"]}
        other = await owner.reserved("SUMMER10", "B2")
        assert other["id"] != use["id"]
        assert await owner.used(offer) == 1
        assert await owner.refusal("couponRedeem", couponCode="SUMMER10", basket="B1") == (
            "COUPON_REFUSED",
            ["RESERVED"],
        )


async def test_limits_per_customer(owner: Owner) -> None:
    offer = await owner.promotion(perCustomerLimit=1)
    await owner.code(offer, "SUMMER10", usageLimit=None)
    ana, bo = await owner.customer(), await owner.customer("Bo")
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == ("COUPON_REFUSED", ["NOT_THEIRS"])
    await owner.reserved("SUMMER10", "B1", customerId=ana)
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10", customerId=ana) == (
        "COUPON_REFUSED",
        ["RESERVED"],
    )
    await owner.redeemed("SUMMER10", customerId=ana, basket="B1")
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10", customerId=ana) == (
        "COUPON_EXHAUSTED",
        ["LIMIT_REACHED"],
    )
    await owner.redeemed("SUMMER10", customerId=bo)


async def test_what_stands_in_the_way(owner: Owner, calendar: Calendar) -> None:
    await owner.api.done("storeCreate", "store { code }", {"code": "S1", "name": "One"})
    store = (await owner.api.data("{ stores { nodes { id code } } }"))["stores"]["nodes"]
    here = next(one["id"] for one in store if one["code"] == "S1")
    assert await owner.refusal("couponRedeem", couponCode="NOSUCHCODE") == ("COUPON_REFUSED", ["UNKNOWN_CODE"])
    assert await owner.refusal("couponReserve", couponCode="A\u0000B", basket="B") == (
        "COUPON_REFUSED",
        ["UNKNOWN_CODE"],
    )
    with calendar("2027-05-10"):
        offer = await owner.promotion(
            startsAt="2027-05-11T00:00:00Z",
            endsAt="2027-06-01T00:00:00Z",
            storeIds=[here],
            audience={"hasEmail": True},
        )
        await owner.code(offer, "SUMMER10", usageLimit=2, expiresAt="2027-05-20T00:00:00Z")
        ana = await owner.customer()
        told = await owner.refusal("couponRedeem", couponCode="SUMMER10", customerId=ana)
        assert told == ("COUPON_REFUSED", ["NOT_STARTED", "STORE", "CONTACT"])
        told = await owner.refusal("couponRedeem", couponCode="SUMMER10", storeCode="S1")
        assert told == ("COUPON_REFUSED", ["NOT_THEIRS"])
    with calendar("2027-05-21"):
        told = await owner.refusal("couponRedeem", couponCode="SUMMER10", storeCode="S1", customerId=ana)
        assert told == ("COUPON_REFUSED", ["EXPIRED", "CONTACT"])
        assert (await owner.coupon("SUMMER10"))["state"] == "EXPIRED"


async def test_hours_hold_and_what_goods_decide_is_left_open(owner: Owner, calendar: Calendar) -> None:
    hours = {"kind": "HOURS", "settings": [{"name": "from", "value": "08:00"}, {"name": "to", "value": "10:00"}]}
    least = {"kind": "BASKET_TOTAL", "settings": [{"name": "minimum", "value": "50.00"}]}
    with calendar("2027-05-10"):
        offer = await owner.promotion(conditions=[hours, least], scope={"skus": ["A"]})
        await owner.code(offer, "SUMMER10")
        assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == ("COUPON_REFUSED", ["HOURS"])
    with calendar("2027-05-11T09:00:00Z"):
        await owner.redeemed("SUMMER10")


async def test_a_budget(owner: Owner) -> None:
    offer = await owner.promotion(budget={"amount": "10.00", "currencyCode": "USD"})
    await owner.code(offer, "SUMMER10", usageLimit=None)

    async def told(amount: str) -> Any:
        money = {"amount": amount, "currencyCode": "USD"}
        return await owner.refusal("couponRedeem", couponCode="SUMMER10", amount=money)

    await owner.redeemed("SUMMER10", amount={"amount": "6.00", "currencyCode": "USD"})
    assert await told("4.01") == ("COUPON_EXHAUSTED", ["LIMIT_REACHED"])
    await owner.redeemed("SUMMER10", amount={"amount": "4.00", "currencyCode": "USD"})
    assert await told("0.01") == ("COUPON_EXHAUSTED", ["LIMIT_REACHED"])


async def test_single_coupons_are_revoked(owner: Owner) -> None:
    offer, ana = await owner.promotion(totalLimit=9), await owner.customer()
    coupons = [await owner.issued(offer, ana, reason="Welcome") for _ in range(4)]
    await owner.redeemed(coupons[0]["code"], customerId=ana)
    await owner.reserved(coupons[1]["code"], "B1", customerId=ana)
    ids = [one["id"] for one in coupons[:3]]
    for count in (2, 0):
        made = await owner.api.done("couponRevoke", "revokedCount", {"couponIds": ids, "reason": "Printed twice"})
        assert made["revokedCount"] == count
    states = [(one["state"], one["reason"]) for one in [await owner.coupon(each["code"]) for each in coupons]]
    revoked = ("REVOKED", "Printed twice")
    assert states == [("REDEEMED", "Welcome"), revoked, revoked, ("ISSUED", "Welcome")]
    assert await owner.used(offer) == 1
    assert await owner.refusal("couponRedeem", couponCode=coupons[1]["code"], customerId=ana, basket="B1") == (
        "COUPON_REFUSED",
        ["REVOKED"],
    )


async def test_a_batch_is_revoked(owner: Owner) -> None:
    offer = await owner.promotion(totalLimit=9)
    made = await owner.api.done(
        "couponsGenerate",
        "batch { id couponCount createdAt promotion { id } coupons(first: 100) { totalCount nodes { code state } } }",
        {"promotionId": offer, "count": 60, "length": 8, "prefix": "may"},
    )
    batch = made["batch"]
    assert (batch["couponCount"], batch["promotion"], batch["coupons"]["totalCount"]) == (60, {"id": offer}, 60)
    codes = [one["code"] for one in batch["coupons"]["nodes"]]
    assert codes == sorted(codes)
    assert {(len(one), one[:3]) for one in codes} == {(12, "MAY")}
    await owner.redeemed(codes[0])
    await owner.reserved(codes[1], "B1")
    for count in (59, 0):
        told = await owner.api.done("couponRevoke", "revokedCount", {"batchId": batch["id"], "reason": "Leaked"})
        assert told["revokedCount"] == count
    shown = await owner.api.data(
        "query($id: ID!) { node(id: $id) { ... on CouponBatch {"
        " redeemed: coupons(where: {state: {in: [REDEEMED]}}) { totalCount }"
        " revoked: coupons(where: {state: {in: [REVOKED]}}, first: 1) { totalCount nodes { reason } }"
        " others: coupons(where: {state: {in: [ISSUED, RESERVED, EXPIRED]}}) { totalCount } } } }",
        id=batch["id"],
    )
    assert shown["node"] == {
        "redeemed": {"totalCount": 1},
        "revoked": {"totalCount": 59, "nodes": [{"reason": "Leaked"}]},
        "others": {"totalCount": 0},
    }
    assert await owner.used(offer) == 1
    assert await owner.refusal("couponRedeem", couponCode=codes[2]) == ("COUPON_REFUSED", ["REVOKED"])


async def test_what_is_wrong_with_a_new_coupon(owner: Owner) -> None:
    offer, ana = await owner.promotion(), await owner.customer()
    automatic = await owner.promotion(needsCoupon=False)
    ended = await owner.promotion()
    await owner.api.done("promotionEnd", "promotion { phase }", {"id": ended})
    await owner.issued(offer, ana, code="Oil-100")

    async def issue(**given: Any) -> list[tuple[str, str]]:
        return await owner.problems("couponIssue", **{"promotionId": offer, "customerId": ana, **given})

    async def generate(**given: Any) -> list[tuple[str, str]]:
        return await owner.problems("couponsGenerate", **{"promotionId": offer, **given})

    assert await issue(code="011 1OO") == [("CODE_TAKEN", "input.code")]
    assert await issue(code="abc") == [("INVALID_CODE", "input.code")]
    assert await issue(code=" abcd") == [("INVALID_CODE", "input.code")]
    assert await issue(usageLimit=0) == [("OUT_OF_RANGE", "input.usageLimit")]
    assert await issue(expiresAt="2020-01-01T00:00:00Z") == [("INVALID_DATE", "input.expiresAt")]
    assert await issue(reason="x" * 241) == [("TOO_LONG", "input.reason")]
    assert await issue(reason="x\u0000") == [("INVALID_TEXT", "input.reason")]
    assert await issue(promotionId=automatic) == [("NO_COUPON_PROMOTION", "input.promotionId")]
    assert await issue(promotionId=ended) == [("PROMOTION_ENDED", "input.promotionId")]
    assert await generate(count=0) == [("OUT_OF_RANGE", "input.count")]
    assert await generate(count=10_001) == [("OUT_OF_RANGE", "input.count")]
    assert await generate(count=1, length=7) == [("OUT_OF_RANGE", "input.length")]
    assert await generate(count=1, prefix="A-B") == [("INVALID_CODE", "input.prefix")]
    assert await generate() == [("REQUIRED", "input.count")]
    assert await generate(count=1, codes=["ABCD"]) == [("REQUIRED", "input.count")]
    assert await generate(codes=["AAAA"] * 101) == [("TOO_MANY", "input.codes")]
    assert await generate(codes=["NEW1", "ab", "NEWI", "oil100"]) == [("INVALID_CODE", "input.codes.1")]
    assert await generate(codes=["NEW1", "newi", "o1l-100"]) == [
        ("CODE_TAKEN", "input.codes.1"),
        ("CODE_TAKEN", "input.codes.2"),
    ]
    assert await generate(promotionId=automatic, count=1) == [("NO_COUPON_PROMOTION", "input.promotionId")]
    assert await generate(promotionId=ended, count=1) == [("PROMOTION_ENDED", "input.promotionId")]
    assert await owner.problems("couponRevoke", couponIds=[], reason="x") == [("REQUIRED", "input.couponIds")]
    assert await owner.problems("couponRevoke", reason="x") == [("REQUIRED", "input.couponIds")]


async def test_a_promotion_that_has_ended(owner: Owner) -> None:
    offer = await owner.promotion()
    await owner.code(offer, "SUMMER10")
    await owner.api.done("promotionEnd", "promotion { phase }", {"id": offer})
    assert await owner.refusal("couponRedeem", couponCode="SUMMER10") == ("COUPON_REFUSED", ["EXPIRED"])
    assert (await owner.coupon("SUMMER10"))["state"] == "EXPIRED"
