"""A coupon as it is at an instant, and what stands in the way of its code. Pure, but for the look-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from regulars_core.plugin import Dialect, Instant, Lookup
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.uses.claims import CouponCounters
from regulars_rewards.uses.limits import Taken


class CouponState(StrEnum):
    """What has become of a coupon."""

    ISSUED = "ISSUED"
    RESERVED = "RESERVED"
    REDEEMED = "REDEEMED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class CouponStanding:
    """A coupon that was typed. `reserved` and `redeemed` are its counters, and of what is reserved `run_out` is free although
    nobody has freed it yet; `free_at` is when the first of the others runs out, where there is none left. `revoked_at` is from
    its batch where that was revoked."""

    id: str
    code: str
    key: str
    promotion_id: str
    customer_id: str | None
    expires_at: Instant
    revoked_at: Instant | None
    usage_limit: int | None
    reserved: int
    redeemed: int
    run_out: int
    free_at: Instant | None

    @property
    def counters(self) -> CouponCounters:
        """What a claim has to know."""
        return CouponCounters(self.id, self.usage_limit, self.reserved, self.redeemed)


_FULL = "c.reserved > 0 AND c.reserved + c.redeemed >= c.usage_limit"
_OPEN = "FROM rewards_use u WHERE u.promotion_id = c.promotion_id AND u.coupon_id = c.id AND u.is_counted AND u.reserved_until"


_STANDING = (
    "c.id, c.code, c.key, c.promotion_id, c.customer_id, c.expires_at,"
    " coalesce(c.revoked_at, (SELECT b.revoked_at FROM rewards_batch b WHERE b.id = c.batch_id)),"
    " c.usage_limit, c.reserved, c.redeemed,"
    f" CASE WHEN {_FULL} THEN (SELECT count(*) {_OPEN} <= $2) ELSE 0 END,"
    f" CASE WHEN {_FULL} THEN (SELECT min(u.reserved_until) {_OPEN} > $2) END"
)


def lookup_codes(dialect: Dialect, keys: Sequence[str], present: Instant) -> Lookup:
    """The coupons with these keys of codes. Read by `coupons_from`."""
    return f"SELECT {_STANDING} FROM rewards_coupon c WHERE {dialect.among('c.key', 1, 'text')}", [
        sorted(keys),
        present,
    ]


MAX_HELD = 100
"""Coupons of one customer that are told of."""


def lookup_held(dialect: Dialect, customer_ids: Sequence[str], present: Instant) -> Lookup:
    """The latest coupons that each of these customers holds: neither used up nor made worthless. Read by `held_from`."""
    latest = "row_number() OVER (PARTITION BY c.customer_id ORDER BY c.id DESC) AS latest"
    among = dialect.among("c.customer_id", 1)
    return (
        f"SELECT {_STANDING} FROM (SELECT c.*, {latest} FROM rewards_coupon c WHERE {among} AND c.revoked_at IS NULL"
        f" AND (c.usage_limit IS NULL OR c.redeemed < c.usage_limit)) c WHERE c.latest <= {MAX_HELD} ORDER BY c.id DESC",
        [list(customer_ids), present],
    )


def held_from(rows: Sequence[Any]) -> Sequence[CouponStanding]:
    """The coupons out of the rows of `lookup_held`, the latest first."""
    return [one for one in (CouponStanding(*tuple(row)[:12]) for row in rows) if one.revoked_at is None]


def coupons_from(rows: Sequence[Any]) -> Mapping[str, CouponStanding]:
    """The coupons by their key, out of the rows of `lookup_codes`."""
    return {row[2]: CouponStanding(*tuple(row)[:12]) for row in rows}


_UNKNOWN = Obstacle(Reason.UNKNOWN_CODE, "There is no coupon with this code.")
_NOT_THEIRS = Obstacle(Reason.NOT_THEIRS, "The coupon is somebody else's, or for somebody who is not named.")


def obstacles_of_code(
    coupon: CouponStanding | None, customer_id: str | None, at: Instant, *, own: int = 0
) -> list[Obstacle]:
    """What stands in the way of a code, whatever its promotion says: what it is, whose it is, and how often it may be used. `own`
    is 1 where the same basket has used or reserved it already, since that is the same use. Of somebody else's coupon that alone
    is told."""
    if coupon is None:
        return [_UNKNOWN]
    if coupon.customer_id is not None and coupon.customer_id != customer_id:
        return [_NOT_THEIRS]
    found = []
    if coupon.revoked_at is not None:
        found.append(Obstacle(Reason.REVOKED, "The coupon was made worthless."))
    if coupon.expires_at <= at:
        found.append(Obstacle(Reason.EXPIRED, "The coupon has expired.", at=coupon.expires_at))
    used = coupon.reserved + coupon.redeemed - coupon.run_out - own
    taken = Taken(used, used - coupon.redeemed, coupon.free_at).obstacle(
        coupon.usage_limit,
        "The coupon is used up.",
        "What is left of the coupon is reserved for other baskets.",
    )
    if taken is not None:
        found.append(taken)
    return found
