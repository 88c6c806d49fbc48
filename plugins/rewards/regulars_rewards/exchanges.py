"""Coupons that points are exchanged for: who gives them and takes them back."""

from typing import Any

from regulars_core.plugin import BadInput, Problem, Refused, Shop, insert
from regulars_rewards.coupons.issuing import Terms, issue_many
from regulars_rewards.coupons.revoking import revoke_unused
from regulars_rewards.coupons.rewards import CouponReward, end_of_coupon
from regulars_schema.plugin import key_of


class CouponGiver:
    """Gives coupons for points: loyalty's RewardGiver. It is asked in the transaction that moves the points, in which the
    customer is held or the counter decides."""

    async def give(self, shop: Shop, exchange: Any) -> None:
        """A coupon for each time. Raises Refused with EXCHANGE_UNAVAILABLE."""
        settings: CouponReward = exchange.settings
        try:
            promotion_id = key_of(settings.promotion, "promotion")
        except BadInput:
            raise _unavailable() from None
        terms = Terms(promotion_id, end_of_coupon(shop, exchange.at, settings.valid_days))
        try:
            coupons = await issue_many(shop, exchange.customer_id, terms, exchange.times)
        except Refused:
            raise _unavailable() from None
        rows = [(one, exchange.event_id) for one in coupons]
        await insert(shop.database, "rewards_exchanged", ("coupon_id", "event_id"), rows)

    async def take_back(self, shop: Shop, event_id: str) -> None:
        """Make what was given in an event worthless. Raises Refused with NOT_REVERSIBLE where any of it is used or reserved."""
        rows = await shop.database.rows("SELECT coupon_id FROM rewards_exchanged WHERE event_id = $1", event_id)
        if not await revoke_unused(shop, sorted(row[0] for row in rows)):
            message = "A coupon that was given for it is used, or reserved for an open basket."
            raise Refused(Problem("NOT_REVERSIBLE", message, ("entryId",)))


def _unavailable() -> Refused:
    message = "The coupon that it is exchanged for cannot be had now: there is no such promotion, or it has ended."
    return Refused(Problem("EXCHANGE_UNAVAILABLE", message, ("exchange",)))
