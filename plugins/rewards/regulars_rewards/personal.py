"""What the plugin keeps of a customer, and what of it is erased: why somebody gave them coupons and progress. Coupons, uses,
progress and what gave it stay under the opaque id, since nothing in them is personal."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import AMOUNT, FLAG, INNER, KEPT, WHEN, Claim, Holding, Shop, counted_by, erase_held, now

HOLDINGS: Sequence[Holding] = (
    Holding(
        "rewards_coupon",
        {
            "id": KEPT, "code": KEPT, "key": INNER, "promotion_id": KEPT, "customer_id": KEPT, "batch_id": KEPT,
            "issued_at": WHEN, "expires_at": WHEN, "usage_limit": KEPT, "reserved": KEPT, "redeemed": KEPT,
            "revoked_at": WHEN, "actor": INNER,
        },
    ),
    Holding(
        "rewards_reason",
        {"coupon_id": KEPT, "customer_id": KEPT, "reason": KEPT},
        key="coupon_id",
        is_removed=True,
        kind="couponReasons",
    ),
    Holding(
        "rewards_use",
        {
            "id": KEPT, "promotion_id": KEPT, "coupon_id": KEPT, "customer_id": KEPT, "store_id": KEPT, "basket": KEPT,
            "purchase_id": KEPT, "position": KEPT, "first_id": KEPT, "amount": AMOUNT, "tier": KEPT, "is_counted": FLAG,
            "created_at": WHEN, "reserved_until": WHEN, "redeemed_at": WHEN, "released_at": WHEN, "sharing": INNER,
        },
    ),
    Holding(
        "rewards_progress",
        {"id": INNER, "customer_id": KEPT, "system_id": KEPT, "units": KEPT, "progress": KEPT, "issued": KEPT},
    ),
    Holding(
        "rewards_earning",
        {
            "id": INNER, "customer_id": KEPT, "system_id": KEPT, "source": KEPT, "purchase_id": KEPT, "version": KEPT,
            "per": KEPT, "earned": KEPT, "reversed": KEPT, "base": AMOUNT, "shares": INNER, "explanation": KEPT, "at": WHEN,
        },
    ),
    Holding(
        "rewards_entry",
        {
            "id": KEPT, "customer_id": KEPT, "system_id": KEPT, "cause": KEPT, "delta": KEPT, "progress_after": KEPT, "at": WHEN,
            "recorded_at": WHEN, "actor": INNER, "source": KEPT, "purchase_id": KEPT, "refund_id": KEPT, "merge_id": KEPT,
            "given_id": KEPT, "coupon_id": KEPT, "explanation": KEPT,
        },
    ),
    Holding(
        "rewards_given",
        {
            "id": KEPT, "customer_id": KEPT, "system_id": KEPT, "version": KEPT, "kind": KEPT, "settings": INNER, "cost": KEPT,
            "source": KEPT, "coupon_id": KEPT, "given_at": WHEN, "taken_back_at": WHEN, "why": KEPT,
        },
    ),
    Holding(
        "rewards_grant_reason",
        {"entry_id": KEPT, "customer_id": KEPT, "reason": KEPT},
        key="entry_id",
        is_removed=True,
        kind="rewardReasons",
    ),
    Holding(
        "rewards_failed",
        {
            "id": INNER, "customer_id": INNER, "system_id": INNER, "source": INNER, "purchase_id": INNER, "failed_at": INNER,
        },
    ),
)  # fmt: skip
"""Column by column. Who issued a coupon is not told: that is somebody else."""


def usable_coupons() -> Claim:
    """A coupon of one's own that can be used by now or later: neither used up, nor made worthless, nor expired by itself or with
    its promotion. Progress in a reward system is no claim: nothing was given for it yet."""
    present = int(now())
    return Claim(
        "rewards-coupons",
        "EXISTS (SELECT 1 FROM rewards_coupon k JOIN rewards_promotion p ON p.id = k.promotion_id WHERE k.customer_id = c.id"
        " AND k.revoked_at IS NULL AND (k.usage_limit IS NULL OR k.redeemed < k.usage_limit)"
        f" AND k.expires_at > {present} AND p.ends_at > {present})",
    )


async def erase(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase why these customers were given coupons; how much, by kind."""
    return await erase_held(shop.database, HOLDINGS, customer_ids)


async def references(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """What keeps each of these customers from being deleted: their coupons, what they used, and what they have collected."""
    places = {
        "coupons": "rewards_coupon.customer_id",
        "offerUses": "rewards_use.customer_id",
        "rewardProgress": "rewards_progress.customer_id",
    }
    return await counted_by(shop.database, places, customer_ids)
