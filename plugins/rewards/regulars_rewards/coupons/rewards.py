"""A coupon as a reward: the kind, and when such a coupon ends."""

from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import LATEST, Instant, RewardKind, Shop, instant_of

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


COUPON = RewardKind("COUPON", CouponReward, "A coupon", sentence=_words, unit="COUPONS")


def end_of_coupon(shop: Shop, at: Instant, days: int | None) -> Instant:
    """When a coupon of so many days ends: at the same time of the day so many days later, where the shop is."""
    if days is None:
        return LATEST
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(shop.settings.zone)
    return instant_of(local + timedelta(days=days))
