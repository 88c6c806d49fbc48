"""Codes that are guessed cost more than those that are known, so that a key that guesses has to wait."""

from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import plugins_on
from regulars_core.shop.settings import Settings
from regulars_rewards.coupons.guesses import WRONG_CODE
from tests.rewards.coupons.shop_owner import Owner
from tests.support.servers import codes, serving

_ASKED = "query($code: String!) { coupon(code: $code) { id } }"
_REDEEMED = (
    "mutation($input: CouponRedeemInput!) { couponRedeem(input: $input) { userErrors { code ... on CouponRefused { "
    "reason } } } }"
)

_QUOTED = "query($input: BasketQuoteInput!) { basketQuote(input: $input) { skipped { reason } } }"
_SOLD = (
    "mutation($input: PurchaseRecordInput!) { purchaseRecord(input: $input) { created userErrors { code ... on CouponRefused {"
    " reason } } } }"
)


@pytest.mark.one_executor
async def test_a_key_that_guesses_waits(database_url: str, rewards: Any) -> None:
    owner = Owner(rewards)
    offer = await owner.promotion()
    await owner.code(offer, "SUMMER10", usageLimit=None)
    settings = Settings(
        database_url=database_url, jobs=False, rate_capacity=5 * WRONG_CODE, max_cost=5 * WRONG_CODE, rate_restore=1
    )
    async with serving(settings, plugins_on({"rewards": regulars_rewards})) as client:

        async def remaining() -> int:
            told = await client.ask("{ __typename }")
            return int(told.json()["extensions"]["cost"]["remaining"])

        before = await remaining()
        for _ in range(3):
            assert (await client.ask(_ASKED, code="SUMMER10")).json()["data"]["coupon"] is not None
        assert before - await remaining() < WRONG_CODE
        assert (await client.ask(_ASKED, code="SUMMER11")).json()["data"]["coupon"] is None
        assert before - await remaining() >= WRONG_CODE
        for n in range(2):
            told = await client.ask(_REDEEMED, input={"couponCode": f"SUMMER2{n}", "idempotencyKey": f"K{n}"})
            assert told.json()["data"]["couponRedeem"]["userErrors"] == [
                {"code": "COUPON_REFUSED", "reason": "UNKNOWN_CODE"}
            ]
        assert before - await remaining() >= 3 * WRONG_CODE
        many = " ".join(f'c{n}: coupon(code: "GUESS{n}") {{ id }}' for n in range(9))
        assert codes(await client.ask(f"{{ {many} }}")) == []  # it was asked before anybody knew
        refused = await client.ask(_ASKED, code="SUMMER10")
        assert (refused.status_code, codes(refused)) == (429, ["RATE_LIMITED"])
        assert int(refused.headers["retry-after"]) > 5 * WRONG_CODE  # all guesses have to be made up for


@pytest.mark.one_executor
async def test_who_guesses_by_quotes_and_sales_pays_as_well(database_url: str, rewards: Any) -> None:
    """Each code that there is not costs as much, once, also of a sale that is recorded all the same. An answer that is given
    again costs nothing more."""
    owner = Owner(rewards)
    offer = await owner.promotion()
    await owner.code(offer, "SUMMER10", usageLimit=None)
    settings = Settings(
        database_url=database_url, jobs=False, rate_capacity=50 * WRONG_CODE, max_cost=5 * WRONG_CODE, rate_restore=1
    )
    lines = [{"name": "Tea", "unitPrice": "10.00"}]
    async with serving(settings, plugins_on({"rewards": regulars_rewards})) as client:

        async def cost(document: str, **given: Any) -> tuple[Any, int]:
            """What is answered, and how many wrong codes it cost."""
            before = await remaining()
            told = (await client.ask(document, input={"lines": lines, **given})).json()
            return told["data"], (before - await remaining()) // WRONG_CODE

        async def remaining() -> int:
            told = await client.ask("{ __typename }")
            return int(told.json()["extensions"]["cost"]["remaining"])

        assert (await cost(_QUOTED, couponCodes=["SUMMER10"]))[1] == 0
        told, paid = await cost(_QUOTED, couponCodes=["SUMMER10", "GUESS1", "GUESS2"])
        assert [one["reason"] for one in told["basketQuote"]["skipped"]] == ["UNKNOWN_CODE"] * 2
        assert paid == 2
        sale = {"couponCodes": ["GUESS1", "GUESS2", "GUESS3"], "reference": "R1", "idempotencyKey": "K1"}
        told, paid = await cost(_SOLD, **sale)
        assert [one["reason"] for one in told["purchaseRecord"]["userErrors"]] == ["UNKNOWN_CODE"] * 3
        assert paid == 3
        assert await cost(_SOLD, **sale) == (told, 0)
        trusted = {**sale, "reference": "R2", "idempotencyKey": "K2", "offersTrusted": True}
        told, paid = await cost(_SOLD, **trusted)
        assert (told["purchaseRecord"]["created"], paid) == (True, 3)
