"""Purchases of one basket that are given back together, and what was given back and stands again."""

from typing import Any

from tests.rewards.sales.conftest import Till, rule
from tests.rewards.sales.test_told_over_limits import TEA, miscounted

MUG = {"sku": "MUG-4", "name": "Mug", "unitPrice": "40.00"}
WATER = {"sku": "W", "name": "Water", "unitPrice": "10.00"}


async def exchanged(till: Till, *purchases: dict[str, Any], owed: str) -> dict[str, Any]:
    """Water for all that was bought; what is owed is paid out."""
    returns = [{"lineId": one["lines"][0]["id"], "quantity": "1"} for one in purchases]
    return await till.sold(lines=[WATER], returns=returns, payments=[{"method": "cash", "amount": owed}])


async def voided(till: Till, purchase: dict[str, Any]) -> None:
    given = {"purchaseId": purchase["id"], "idempotencyKey": f"V{next(till.numbers)}"}
    await till.office.done("purchaseVoid", "purchase { id }", given)


async def test_a_basket_of_which_all_purchases_come_back_at_once(till: Till) -> None:
    await till.promotion("Once", totalLimit=1, scope={"skus": ["TEA-1", "MUG-4"]})
    first, second = await till.sells([TEA], basket="B1"), await till.sells([MUG], basket="B1")
    water = await exchanged(till, first, second, owed="-80.00")
    assert (await till.uses(first), await till.uses(second)) == ([("Once", False, True)], [("Once", False, True)])
    assert await miscounted(till) == []
    await voided(till, water)
    assert (await till.uses(first), await till.uses(second)) == ([("Once", True, True)], [("Once", True, True)])
    assert await miscounted(till) == []


async def test_a_coupon_that_was_revoked_meanwhile_stands_again_and_does_not_count(till: Till) -> None:
    promotion = await till.promotion("Welcome", needsCoupon=True, discountRule=rule("FLAT", amount="10.00"))
    coupon = await till.coupon(promotion, "WELCOME10")
    first = await till.sells([TEA], ["WELCOME10"])
    water = await exchanged(till, first, owed="-40.00")
    revoke = {"couponIds": [f"coupon_{coupon}"], "reason": "lost", "idempotencyKey": "R"}
    await till.office.done("couponRevoke", "userErrors { code }", revoke)
    await voided(till, water)
    assert await till.uses(first) == [("Welcome", True, False)]
    assert await miscounted(till) == []
