"""Counting again what of promotions and coupons is stored twice: their counters, out of their uses."""

from collections.abc import AsyncIterator

from regulars_core.plugin import Shop, told_progress
from regulars_rewards.promotions.limits import STANDS_FIRST, counted_uses

PART = 2_000
"""Coupons that one statement looks at."""
_ATTEMPTS = 5
_COUPONS = (
    "SELECT c.id, c.code, c.reserved, c.redeemed,"
    f" (SELECT count(*) FROM rewards_use u WHERE u.coupon_id = c.id AND u.redeemed_at IS NULL AND {STANDS_FIRST}),"
    f" (SELECT count(*) FROM rewards_use u WHERE u.coupon_id = c.id AND u.redeemed_at IS NOT NULL AND {STANDS_FIRST})"
    " FROM (SELECT id, code, reserved, redeemed FROM rewards_coupon WHERE id > $1 ORDER BY id LIMIT $2) c ORDER BY c.id"
)


async def differences(shop: Shop) -> AsyncIterator[str]:
    """A sentence for each counter that is not what the uses give. What is used meanwhile is looked at again."""
    async for one in _of_limits(shop):
        yield one
    async for one in _of_coupons(shop):
        yield one


async def _of_limits(shop: Shop) -> AsyncIterator[str]:
    rows = await shop.database.rows("SELECT promotion_id FROM rewards_limit ORDER BY promotion_id")
    for (promotion_id,) in rows:
        told: str | None = None
        for _ in range(_ATTEMPTS):
            before = await _limit(shop, promotion_id)
            counted = await counted_uses(shop, promotion_id)
            after = await _limit(shop, promotion_id)
            told = None
            if before == after and after is not None and after != (counted.count, counted.amount):
                told = (
                    f"The promotion {promotion_id} is used {after[0]} times for {after[1]} minor units by its row, and"
                    f" {counted.count} times for {counted.amount} by its uses."
                )
            if before == after:
                break
        if told:
            yield told


async def _limit(shop: Shop, promotion_id: str) -> tuple[int, int] | None:
    row = await shop.database.row("SELECT used, amount FROM rewards_limit WHERE promotion_id = $1", promotion_id)
    return None if row is None else (row[0], row[1])


async def _of_coupons(shop: Shop) -> AsyncIterator[str]:
    [(expected,)] = await shop.database.rows("SELECT count(*) FROM rewards_coupon")
    last, done = "0" * 32, 0
    while True:
        rows = await shop.database.rows(_COUPONS, last, PART)
        for id_, _, reserved, redeemed, counted, used in rows:
            if (reserved, redeemed) != (counted, used):
                yield (
                    f"The coupon {id_} is reserved {reserved} and redeemed {redeemed} times by its row, and {counted} and"
                    f" {used} times by its uses."
                )
        done += len(rows)
        told_progress("offer-uses", done, expected)
        if len(rows) < PART:
            return
        last = rows[-1][0]
