"""Sales that are recorded as they were told: whatever stands against their offers, the counters are what the uses give."""

from datetime import datetime, timedelta
from typing import Any

from regulars_rewards.verification import differences
from tests.rewards.sales.conftest import SELL, OpenTill, Till, rule

TEA = {"sku": "TEA-1", "name": "Tea", "unitPrice": "60.00"}
TEN = {"amount": "10.00", "currencyCode": "USD"}
REDUCED = {**TEA, "discount": "6.00", "offerDiscount": "6.00"}


def told(promotion: str, code: str | None = None, **more: Any) -> dict[str, Any]:
    """A sale of tea with ten per cent off."""
    offer = {"offerId": promotion, "amount": "6.00"}
    if code is None:
        return {"lines": [REDUCED], "offers": [offer], **more}
    return {"lines": [REDUCED], "offers": [{**offer, "couponCode": code}], "couponCodes": [code], **more}


async def miscounted(till: Till) -> list[str]:
    """What the verification finds."""
    return [one async for one in differences(till.shop)]


async def test_a_reservation_that_does_not_count_any_more_is_given_back(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Ten", needsCoupon=True, totalLimit=9, budget=TEN)
    for code in ("FIRST1", "SECOND1"):
        await till.coupon(promotion, code)
    reserve = {"couponCode": "SECOND1", "basket": "B2", "idempotencyKey": "R"}
    await till.office.done("couponReserve", "use { id }", reserve)
    await till.sold(**told(promotion, "FIRST1"))
    sold = await till.sold(**told(promotion, "SECOND1", basket="B2"))
    assert await till.uses(sold) == [("Ten", True, False)]
    assert await miscounted(till) == []


async def test_what_passes_the_budget_in_a_shared_basket_does_not_count(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Ten", budget=TEN)
    first, second = [await till.sold(**told(promotion, basket="B1")) for _ in range(2)]
    assert (await till.uses(first), await till.uses(second)) == ([("Ten", True, True)], [("Ten", True, False)])
    assert await miscounted(till) == []
    await till.refunds(first, 0)
    assert await miscounted(till) == []


async def test_a_limit_of_what_has_ended_counts(till: Till) -> None:
    promotion = await till.promotion("Once", totalLimit=1, endsAt="2099-01-01T00:00:00Z")
    await till.office.done("promotionEnd", "promotion { id }", {"id": promotion, "idempotencyKey": "E"})
    first, second = [await till.sold(**told(promotion, offersTrusted=True)) for _ in range(2)]
    assert (await till.uses(first), await till.uses(second)) == ([("Once", True, True)], [("Once", True, False)])
    assert await miscounted(till) == []


async def test_a_limit_of_what_was_not_asked_counts(till: Till) -> None:
    promotion = await till.promotion("Once", totalLimit=1, needsCoupon=True)
    first, second = [await till.sold(**told(promotion, offersTrusted=True)) for _ in range(2)]
    assert (await till.uses(first), await till.uses(second)) == ([("Once", True, True)], [("Once", True, False)])
    assert await miscounted(till) == []


async def test_a_code_alone_that_does_not_apply_is_recorded(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Big", needsCoupon=True, conditions=[rule("BASKET_TOTAL", minimum="100.00")])
    await till.coupon(promotion, "BIG10")
    sold = await till.sold(lines=[TEA], couponCodes=["BIG10"])
    assert await till.uses(sold) == [("Big", True, True)]
    assert await miscounted(till) == []


async def test_a_code_that_was_revoked_meanwhile_in_a_shared_basket(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Ten", needsCoupon=True)
    coupon = await till.coupon(promotion, "TWICE1", limit=2)
    await till.sold(**told(promotion, "TWICE1", basket="B1"))
    revoke = {"couponIds": [f"coupon_{coupon}"], "reason": "lost", "idempotencyKey": "V"}
    await till.office.done("couponRevoke", "userErrors { code }", revoke)
    sold = await till.sold(**told(promotion, "TWICE1", basket="B1"))
    assert await till.uses(sold) == [("Ten", True, False)]
    assert await miscounted(till) == []


async def test_an_offer_with_an_id_that_is_none(till: Till) -> None:
    for wrong in ("z" * 32, "\0" * 32, "1" * 33, ""):
        given = {**told(f"promotion_{wrong}"), "reference": "R", "idempotencyKey": "K"}
        answer = await till.api.ask(SELL, input=given)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0]["extensions"]["argument"] == ["input", "offers", "0", "offerId"]


async def test_a_till_whose_clock_is_ahead_takes_nothing_that_is_reserved(till: Till) -> None:
    promotion = await till.promotion("Once", needsCoupon=True, totalLimit=1)
    for code in ("FIRST1", "SECOND1"):
        await till.coupon(promotion, code)
    reserve = {"couponCode": "FIRST1", "basket": "B1", "idempotencyKey": "R"}
    made = await till.office.done("couponReserve", "use { reservedUntil }", reserve)
    ahead = (datetime.fromisoformat(made["use"]["reservedUntil"]) + timedelta(minutes=1)).isoformat()
    [refused] = await till.refused(**told(promotion, "SECOND1", purchasedAt=ahead))
    assert (refused["code"], refused["reason"]) == ("COUPON_REFUSED", "RESERVED")
    sold = await till.sold(**told(promotion, "FIRST1", purchasedAt=ahead, basket="B1"))
    assert await till.uses(sold) == [("Once", True, True)]
    assert await miscounted(till) == []
