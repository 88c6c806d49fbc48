"""Coupons that points are exchanged for: a kind of reward, and who gives it and takes it back."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import (
    LATEST,
    BadInput,
    Instant,
    Problem,
    Refused,
    RewardKind,
    Shop,
    insert,
    instant_of,
)
from regulars_rewards.coupons.issuing import Terms, issue_many
from regulars_rewards.coupons.revoking import revoke_unused
from regulars_schema.plugin import key_of

MAX_DAYS = 3_660


class CouponReward(BaseModel):
    """What `COUPON` is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    promotion: str = Field(max_length=64, description="The promotion that it opens, by id; one that needs a coupon.")
    valid_days: int | None = Field(
        None,
        alias="validDays",
        gt=0,
        le=MAX_DAYS,
        description="For how many days it can be used; as long as its promotion if absent.",
    )


def _words(settings: CouponReward, _: str) -> str:
    days = settings.valid_days
    return f"a coupon{'' if days is None else f', for {days} day' + ('' if days == 1 else 's')}"


COUPON = RewardKind("COUPON", CouponReward, "A coupon", sentence=_words)


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
        terms = Terms(promotion_id, _ends(shop, exchange.at, settings.valid_days))
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


def _ends(shop: Shop, at: Instant, days: int | None) -> Instant:
    """When a coupon of so many days ends: at the same time of the day so many days later, where the shop is."""
    if days is None:
        return LATEST
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(shop.settings.zone)
    return instant_of(local + timedelta(days=days))


def _unavailable() -> Refused:
    message = "The coupon that it is exchanged for cannot be had now: there is no such promotion, or it has ended."
    return Refused(Problem("EXCHANGE_UNAVAILABLE", message, ("exchange",)))
