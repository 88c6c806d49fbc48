"""What other systems' tests and documents say of codes and limits where a sale is needed: each case by its id in the acceptance
cases. Where a case is answered otherwise on purpose, its docstring says why."""

from typing import Any

import pytest

from tests.rewards.coupons import test_cases as by_hand
from tests.rewards.sales.conftest import Till, amount_of, rule

ALL = {
    "X": (40, 41, 42, 46, 47, 48, 50, 52, 53),
    "P-C": (1, 3, 4, 6, 7, 9, 10, 12, 13, 15, 16, 18, 19, 20, 21, 22, 24, 25, 27, 28),
    "P-S": (10, 25, 27),
}
"""All cases of codes and limits, and those of offers together that count purchases or uses."""
ELSEWHERE = {"X53"}
"""64 that want one: in the tests of coupons that are wanted at once."""
NONE_OF_OURS = {
    "P-C25": "what a purchase gives is decided by systems of rewards, and here a code is given by hand or for points"
}
FLAT = rule("FLAT", amount="10.00")


def goods(price: str = "100.00", **more: Any) -> list[dict[str, Any]]:
    return [{"sku": "TEA-1", "name": "Tea", "unitPrice": price, **more}]


def test_each_of_them_is_tried() -> None:
    tried = [by_hand._id_of(name) for name in globals() if name.startswith(("test_x", "test_p_"))]
    every = {f"{kind}{n:02}" for kind, numbers in ALL.items() for n in numbers}
    assert sorted([*tried, *by_hand.HERE, *ELSEWHERE, *NONE_OF_OURS]) == sorted(every)


async def used(till: Till, promotion: str) -> int:
    """How often it is used."""
    asked = "query($id: ID!) { promotion(id: $id) { usedCount } }"
    return int((await till.office.data(asked, id=promotion))["promotion"]["usedCount"])


async def spent(till: Till, promotion: str) -> str:
    """What of its budget is used up."""
    asked = "query($id: ID!) { promotion(id: $id) { budgetUsed { amount } } }"
    return amount_of((await till.office.data(asked, id=promotion))["promotion"], "budgetUsed")


async def void(till: Till, purchase: dict[str, Any]) -> dict[str, Any]:
    """Undo a purchase."""
    given = {"purchaseId": purchase["id"], "idempotencyKey": f"V{next(till.numbers)}"}
    payload = "purchase { status total { amount } lines { total { amount } offerDiscount { amount } } }"
    done: dict[str, Any] = await till.office.done("purchaseVoid", payload, given)
    return dict(done["purchase"])


async def end(till: Till, promotion: str) -> None:
    await till.office.done("promotionEnd", "promotion { id }", {"id": promotion, "idempotencyKey": f"E{promotion}"})


async def reasons(till: Till, lines: list[dict[str, Any]], *codes: str, **more: Any) -> list[str]:
    """Why the offers and codes of a basket do not apply."""
    told = await till.quote(lines, couponCodes=list(codes), **more)
    return [one["reason"] for one in told["skipped"]]


async def test_x48_at_least_is_reached_by_as_much(till: Till) -> None:
    conditions = [rule("BASKET_TOTAL", minimum="20.00"), rule("QUANTITY", minimum="2")]
    offer = await till.promotion(needsCoupon=True, conditions=conditions)
    await till.coupon(offer, "SUMMER10", limit=None)
    assert (await till.sells(goods("10.00", quantity="2"), ["SUMMER10"]))["total"] == {"amount": "18.00"}
    assert await reasons(till, goods("19.99"), "SUMMER10") == ["MIN_NOT_REACHED"]


@pytest.mark.parametrize("limits", [{"totalLimit": 1}, {"perCustomerLimit": 1}])
async def test_x50_what_is_cancelled_counts_no_more(till: Till, limits: dict[str, Any]) -> None:
    """A stranger's and a customer's; a limit for each customer is for customers alone here."""
    offer = await till.promotion(needsCoupon=True, **limits)
    await till.coupon(offer, "SUMMER10", limit=None)
    buyers: list[dict[str, str]] = [{"customerId": await till.customer()}]
    buyers += [{}] if "totalLimit" in limits else []
    for buyer in buyers:
        for _ in range(2):
            sold = await till.sells(goods(), ["SUMMER10"], **buyer)
            assert await reasons(till, goods(), "SUMMER10", **buyer) == ["LIMIT_REACHED"]
            await void(till, sold)
            assert await reasons(till, goods(), "SUMMER10", **buyer) == []


async def test_p_c03_used_again_after_it_was_cancelled(till: Till) -> None:
    for reusable, totals in ((True, ["90.00", "90.00"]), (False, ["90.00", "100.00"])):
        code = f"ONCE{reusable}"
        offer = await till.promotion(
            code, needsCoupon=True, discountRule=FLAT, totalLimit=1, isReusableAfterCancel=reusable
        )
        await till.coupon(offer, code, limit=None)
        first = await till.sells(goods(), [code])
        await void(till, first)
        second = await till.sells(goods(), [code])
        assert [amount_of(one, "total") for one in (first, second)] == totals


async def test_p_c04_the_use_of_a_cancelled_order_comes_back(till: Till) -> None:
    offer = await till.promotion(needsCoupon=True)
    await till.coupon(offer, "SUMMER10", limit=None)
    ana, bo = await till.customer("Ana"), await till.customer("Bo")
    told = []
    first = await till.sells(goods(), ["SUMMER10"], customerId=ana)
    told.append(await used(till, offer))
    await void(till, first)
    told.append(await used(till, offer))
    await till.sells(goods(), ["SUMMER10"], customerId=ana)
    his = await till.sells(goods(), ["SUMMER10"], customerId=bo)
    told.append(await used(till, offer))
    await void(till, his)
    told.append(await used(till, offer))
    assert told == [1, 0, 2, 1]


async def test_p_c06_it_ended_between_the_quote_and_the_sale(till: Till) -> None:
    offer = await till.promotion(discountRule=FLAT)
    quote = await till.quote(goods())
    assert amount_of(quote, "total") == "90.00"
    await end(till, offer)
    key = {"idempotencyKey": "S1", "reference": "X1"}
    [changed] = await till.refused(**{**till.told(goods(), quote), **key})
    assert (changed["code"], amount_of(changed["quote"], "total")) == ("OFFERS_CHANGED", "100.00")
    assert (await till.office.data("{ purchases { totalCount } }"))["purchases"]["totalCount"] == 0
    sold = await till.sold(**{**till.told(goods(), changed["quote"]), **key})
    assert sold["total"] == {"amount": "100.00"}


async def test_p_c07_a_purchase_keeps_its_figures(till: Till) -> None:
    offer = await till.promotion(discountRule=rule("FLAT", amount="50.00"))
    sold = await till.sells(goods("400.00"))
    await end(till, offer)
    gone = await void(till, sold)
    assert (gone["status"], gone["total"], amount_of(gone["lines"][0], "offerDiscount")) == (
        "VOIDED", {"amount": "350.00"}, "50.00",
    )  # fmt: skip


async def test_p_c09_what_took_nothing_off_is_no_use(till: Till) -> None:
    """Offers on shipping do not exist."""
    at_fifty = await till.promotion("At fifty", discountRule=FLAT, conditions=[rule("BASKET_TOTAL", minimum="50.00")])
    of_shirts = await till.promotion("Shirts", discountRule=rule("FLAT", amount="5.00"), scope={"skus": ["SHIRT"]})
    of_mugs = await till.promotion("Mugs", discountRule=rule("FLAT", amount="5.00"), scope={"skus": ["MUG"]})
    sold = await till.sells([{"sku": "MUG", "name": "Mug", "unitPrice": "20.00"}])
    assert [await used(till, one) for one in (at_fifty, of_shirts, of_mugs)] == [0, 0, 1]
    assert await till.uses(sold) == [("Mugs", True, True)]


async def test_p_c16_a_code_that_took_nothing_off_is_not_used(till: Till) -> None:
    """It is told that it took nothing off, and sold without it."""
    offer = await till.promotion(needsCoupon=True)
    await till.coupon(offer, "SUMMER10")
    assert await reasons(till, goods("0.00"), "SUMMER10") == ["NOTHING_LEFT"]
    sold = await till.sells(goods("0.00"), ["SUMMER10"])
    assert (await till.uses(sold), await used(till, offer)) == ([], 0)


async def test_p_c18_orders_of_one_checkout_are_one_use(till: Till) -> None:
    offer = await till.promotion(needsCoupon=True, totalLimit=2)
    await till.coupon(offer, "SUMMER10", limit=2)
    told = []
    for _ in range(3):
        await till.sells(goods(), ["SUMMER10"], basket="one")
    told.append(await used(till, offer))
    await till.sells(goods(), ["SUMMER10"], basket="two")
    told.append(await used(till, offer))
    [refused] = await till.refused(lines=goods(), couponCodes=["SUMMER10"], basket="three")
    assert (told, refused["code"]) == ([1, 2], "COUPON_EXHAUSTED")


async def test_p_c20_goods_that_are_left_out(till: Till) -> None:
    """Refused as a whole there, as far as the discount is of the basket; here it is of what it applies to."""
    scope = {"mode": "APPLY_ONLY_TO", "skus": ["Y"]}
    offer = await till.promotion(needsCoupon=True, discountRule=FLAT, scope=scope)
    await till.coupon(offer, "SUMMER10")
    lines = [{"sku": sku, "name": sku, "unitPrice": "30.00"} for sku in ("X", "Y")]
    sold = await till.sells(lines, ["SUMMER10"])
    assert [amount_of(line, "offerDiscount") for line in sold["lines"]] == ["0.00", "10.00"]


async def test_p_c21_below_the_minimum(till: Till) -> None:
    offer = await till.promotion(needsCoupon=True, conditions=[rule("BASKET_TOTAL", minimum="50.00")])
    await till.coupon(offer, "SUMMER10")
    [refused] = await till.refused(lines=goods("20.00"), couponCodes=["SUMMER10"])
    assert (refused["code"], refused["reason"]) == ("COUPON_REFUSED", "MIN_NOT_REACHED")
    of_mugs = await till.promotion(needsCoupon=True, scope={"skus": ["MUG"]})
    await till.coupon(of_mugs, "MUGS10")
    [refused] = await till.refused(lines=goods("20.00"), couponCodes=["MUGS10"])
    assert (refused["code"], refused["reason"]) == ("COUPON_REFUSED", "SCOPE")


async def test_p_c24_all_back_and_a_part_back(till: Till) -> None:
    offer = await till.promotion(needsCoupon=True)
    await till.coupon(offer, "SUMMER10", limit=None)
    whole = await till.sells([*goods(), *goods("20.00")], ["SUMMER10"])
    part = await till.sells([*goods(), *goods("20.00")], ["SUMMER10"])
    assert await used(till, offer) == 2
    await till.refunds(part, 0)
    assert await used(till, offer) == 2
    await till.refunds(whole, 0, 1)
    assert await used(till, offer) == 1


async def test_p_c27_two_codes(till: Till) -> None:
    """Always one there; here both, where both may go with others."""
    for n, stackable in ((1, True), (2, False)):
        for name in "AB":
            offer = await till.promotion(f"{name}{n}", needsCoupon=True, discountRule=FLAT, isStackable=stackable)
            await till.coupon(offer, f"CODE{name}{n}")
    assert (await till.sells(goods(), ["CODEA1", "CODEB1"]))["total"] == {"amount": "80.00"}
    problems = await till.refused(lines=goods(), couponCodes=["CODEA2", "CODEB2"])
    assert [(one["code"], one["reason"], one["path"][-1]) for one in problems] == [
        ("COUPON_REFUSED", "EXCLUDED_BY", "1")
    ]


async def test_p_s10_the_fifth_order(till: Till) -> None:
    """The number of a voided order is free again."""
    audience = {"purchaseCount": {"gte": 4, "lte": 4}}
    await till.promotion(discountRule=rule("FLAT", amount="20.00"), audience=audience)
    for before, voided, total in ((4, 0, "80.00"), (3, 0, "100.00"), (4, 1, "80.00")):
        buyer = {"customerId": await till.customer()}
        for _ in range(before):
            await till.sold(lines=goods(), **buyer)
        for _ in range(voided):
            await void(till, await till.sold(lines=goods(), **buyer))
        assert (await till.sells(goods(), **buyer))["total"] == {"amount": total}


async def test_p_s25_a_budget_stays_whole(till: Till) -> None:
    offer = await till.promotion(discountRule=rule("PERCENT", percent="100"), budget={"amount": "1000.00"})
    await till.sells(goods("200.00"))
    await till.sells(goods("500.00"))
    assert await spent(till, offer) == "700.00"
    await till.sells(goods("200.00"))
    told = [amount_of(await till.sells(goods()), "total") for _ in range(2)]
    assert (told, await spent(till, offer)) == (["0.00", "100.00"], "1000.00")


async def test_p_s27_what_is_given_back_is_there_again(till: Till) -> None:
    offer = await till.promotion(discountRule=rule("PERCENT", percent="100"), budget={"amount": "1000.00"})
    sold = [await till.sells(goods("300.00")) for _ in range(3)]
    for one in sold[1:]:
        await void(till, one)
    assert await spent(till, offer) == "300.00"
