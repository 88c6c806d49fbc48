"""The verification finds counters that are not what the uses give, and no others; the job frees what has run out."""

from collections.abc import Callable
from typing import Any

from regulars_core.plugin import Shop
from regulars_rewards.uses import sweeping
from regulars_rewards.uses.sweeping import sweep
from regulars_rewards.verification import differences
from tests.rewards.coupons.shop_owner import Owner


async def found(shop: Shop) -> list[str]:
    return [one async for one in differences(shop)]


async def changed(shop: Shop, sql: str) -> None:
    async def work() -> None:
        await shop.database.run(sql)

    await shop.database.transaction(work)


async def test_what_differs_is_told(rewards: Shop) -> None:
    owner = Owner(rewards)
    offer = await owner.promotion(totalLimit=9, budget={"amount": "100.00", "currencyCode": "USD"})
    await owner.code(offer, "SUMMER10", usageLimit=None)
    for basket in ("B1", "B1", "B2"):
        await owner.redeemed("SUMMER10", basket=basket, amount={"amount": "1.00", "currencyCode": "USD"})
    back = await owner.redeemed("SUMMER10")
    await owner.api.done("couponUnredeem", "coupon { id }", {"useId": back["id"]})
    await owner.reserved("SUMMER10", "B3")
    assert (await owner.used(offer), (await owner.coupon("SUMMER10"))["usedCount"]) == (3, 3)
    assert await found(rewards) == []
    await changed(rewards, "UPDATE rewards_coupon SET redeemed = redeemed + 1")
    await changed(rewards, "UPDATE rewards_limit SET amount = amount - 1")
    coupon, limit = sorted(await found(rewards))
    assert coupon.startswith("The coupon ")
    assert "reserved 1 and redeemed 3 times by its row, and 1 and 2" in coupon
    assert "for 299 minor units by its row, and 3 times for 300" in limit


async def test_what_has_run_out_is_swept(rewards: Shop, calendar: Callable[[str], Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    with calendar("2027-05-10"):
        owner = Owner(rewards)
        offer = await owner.promotion(totalLimit=9)
        await owner.code(offer, "SUMMER10", usageLimit=None)
        uses = [await owner.reserved("SUMMER10", f"B{n}") for n in range(5)]
    with calendar("2027-05-10T12:10:00Z"):
        await owner.reserved("SUMMER10", "B4")
        assert await sweep(rewards) == 0
    with calendar("2027-05-10T12:20:00Z"):
        assert await sweep(rewards) == 4
        assert await sweep(rewards) == 0
        rows = await rewards.database.rows("SELECT used FROM rewards_limit")
        assert [row[0] for row in rows] == [1]
        [(reserved, released)] = await rewards.database.rows(
            "SELECT reserved, (SELECT count(*) FROM rewards_use WHERE released_at IS NOT NULL) FROM rewards_coupon"
        )
        assert (reserved, released) == (1, 4)
        assert await found(rewards) == []
        assert uses[0]["reservedUntil"].startswith("2027-05-10T12:15")
