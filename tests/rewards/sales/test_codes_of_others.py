"""Codes of coupons that belong to somebody else: what is recorded as it was told takes nothing from whose they are."""

from typing import Any

import pytest

from tests.rewards.sales.conftest import OpenTill
from tests.rewards.sales.test_told_over_limits import TEA, miscounted, told


@pytest.mark.parametrize("is_alone", [False, True])
@pytest.mark.parametrize("buyer", ["Bob", None])
async def test_it_is_not_used_up(open_till: OpenTill, is_alone: bool, buyer: str | None) -> None:
    till = await open_till(rewards_offers="TRUST")
    promotion = await till.promotion("Ten", needsCoupon=True, totalLimit=1)
    ana = await till.customer()
    await till.coupon(promotion, "ANA10", customer=ana)
    given = {"lines": [TEA], "couponCodes": ["ANA10"]} if is_alone else told(promotion, "ANA10")
    about: dict[str, Any] = {} if buyer is None else {"customerId": await till.customer(buyer)}
    sold = await till.sold(**given, **about)
    assert await till.uses(sold) == [("Ten", True, False)]
    assert sold["offerCheck"]["isDifferent"]
    assert sold["offerCheck"]["obstacles"] == [{"reason": "NOT_THEIRS", "leaf": None}]
    own = await till.sells([TEA], ["ANA10"], customerId=ana)
    assert await till.uses(own) == [("Ten", True, True)]
    assert await miscounted(till) == []


async def test_a_code_alone_that_there_is_not_is_told(open_till: OpenTill) -> None:
    till = await open_till(rewards_offers="TRUST")
    sold = await till.sold(lines=[TEA], couponCodes=["NOBODY1"])
    assert sold["offerUses"] == []
    assert sold["offerCheck"]["isDifferent"]
    assert sold["offerCheck"]["obstacles"] == [{"reason": "UNKNOWN_CODE", "leaf": None}]


async def test_a_flag_that_is_not_set_asks_for_no_permission(open_till: OpenTill) -> None:
    till = await open_till()
    promotion = await till.promotion("Ten")
    cashier = till.by("cashier")
    for flag in (False, None):
        sold = await cashier.send(**told(promotion), offersTrusted=flag)
        assert sold["userErrors"] == []
    answer = await cashier.api.ask(
        "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created } }",
        input={**told(promotion), "reference": "R", "idempotencyKey": "K", "offersTrusted": True},
    )
    assert (answer.codes, answer.errors[0]["extensions"]["permission"]) == (["FORBIDDEN"], "offers.trust")
