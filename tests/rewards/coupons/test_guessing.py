"""Codes that are guessed cost more than those that are known, so that a key that guesses has to wait."""

from typing import Any

import pytest

import regulars_rewards
from regulars_core.plugin import plugins_on
from regulars_core.shop.settings import Settings
from regulars_rewards.graphql.guesses import WRONG_CODE
from tests.rewards.coupons.shop_owner import Owner
from tests.support.servers import codes, serving

_ASKED = "query($code: String!) { coupon(code: $code) { id } }"
_REDEEMED = (
    "mutation($input: CouponRedeemInput!) { couponRedeem(input: $input) { userErrors { code ... on CouponRefused { "
    "reason } } } }"
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
