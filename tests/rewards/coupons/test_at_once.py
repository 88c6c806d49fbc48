"""Many want the same coupon at once: exactly as many get it as may, and whoever asks again under the same key is told the
same."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from regulars_rewards.verification import differences
from regulars_schema.testing import Api
from tests.rewards.conftest import OpenRewards
from tests.rewards.coupons.shop_owner import Owner

_TOLD = (
    "mutation($input: CouponRedeemInput!) { couponRedeem(input: $input) {"
    " use { id } userErrors { code ... on CouponRefused { reason } } } }"
)


async def redeemed(api: Api, code: str, key: str, **given: Any) -> tuple[str | None, str | None]:
    """The use, or the code with which it was refused."""
    answer = await api.data(_TOLD, input={"couponCode": code, "idempotencyKey": key, **given})
    payload = answer["couponRedeem"]
    if payload["userErrors"]:
        [error] = payload["userErrors"]
        assert (error["code"], error["reason"]) == ("COUPON_EXHAUSTED", "LIMIT_REACHED"), error
        return None, error["code"]
    return payload["use"]["id"], None


@pytest.mark.parametrize(("wanting", "limit"), [(64, 1), (40, 25)])
async def test_so_many_and_no_more(open_rewards: OpenRewards, wanting: int, limit: int) -> None:
    """In four shops on the same database, which know nothing of each other, as processes do."""
    shops = [await open_rewards() for _ in range(4)]
    rewards, apis = shops[0], [Api.of(shop) for shop in shops]
    owner = Owner(rewards)
    offer = await owner.promotion(totalLimit=limit)
    await owner.code(offer, "SUMMER10", usageLimit=limit)
    told = await asyncio.gather(*(redeemed(apis[n % 4], "SUMMER10", f"K{n}") for n in range(wanting)))
    assert Counter(code for _, code in told) == {None: limit, "COUPON_EXHAUSTED": wanting - limit}
    again = await asyncio.gather(*(redeemed(apis[n % 3], "SUMMER10", f"K{n}") for n in range(wanting)))
    assert again == told
    assert await owner.used(offer) == limit
    assert (await owner.coupon("SUMMER10"))["uses"]["totalCount"] == limit
    assert [one async for one in differences(rewards)] == []


async def test_one_customer_many_codes(open_rewards: OpenRewards) -> None:
    """A limit per customer holds although each comes by another coupon."""
    apis = [Api.of(await open_rewards()) for _ in range(4)]
    owner = Owner(apis[0].shop)
    offer, ana = await owner.promotion(perCustomerLimit=3), await owner.customer()
    made = await owner.api.done(
        "couponsGenerate", "batch { coupons(first: 20) { nodes { code } } }", {"promotionId": offer, "count": 16}
    )
    codes = [one["code"] for one in made["batch"]["coupons"]["nodes"]]
    told = await asyncio.gather(*(redeemed(apis[n % 4], code, f"K{n}", customerId=ana) for n, code in enumerate(codes)))
    assert Counter(code for _, code in told) == {None: 3, "COUPON_EXHAUSTED": 13}
    assert await owner.used(offer) == 3


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_who_revokes_waits_for_limits_before_coupons(open_rewards: OpenRewards) -> None:
    """As who sells does: so neither waits for the other while it holds what the other wants."""
    seller, office = await open_rewards(), await open_rewards()
    owner = Owner(office)
    offer = await owner.promotion(totalLimit=9)
    await owner.code(offer, "SUMMER10")
    ids = [(await owner.coupon("SUMMER10"))["id"]]
    tasks: list[asyncio.Task[Any]] = []

    async def sells() -> None:
        await seller.database.rows("SELECT 1 FROM rewards_limit FOR NO KEY UPDATE")
        given = {"couponIds": ids, "reason": "lost"}
        tasks.append(asyncio.create_task(owner.api.done("couponRevoke", "userErrors { code }", given)))
        await asyncio.sleep(0.5)
        assert not tasks[0].done()
        await seller.database.rows("SELECT 1 FROM rewards_coupon FOR NO KEY UPDATE NOWAIT")

    await seller.database.transaction(sells)
    await tasks[0]
    assert (await owner.coupon("SUMMER10"))["state"] == "REVOKED"
