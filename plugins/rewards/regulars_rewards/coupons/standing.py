"""A coupon as it is when its code is typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from regulars_core.plugin import Dialect, Instant, Lookup
from regulars_rewards.uses.changes import CouponCounters
from regulars_rewards.uses.limits import Taken
from regulars_rewards.uses.rows import KeptUse


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

    def taken(self, own: KeptUse | None = None) -> Taken:
        """What is used of it beside what the same basket has of it."""
        counted = own is not None and own.row.is_counted
        mine, reserved = int(counted), self.reserved - self.run_out
        if counted and own is not None and own.row.is_reserved:
            reserved -= 1
        return Taken(self.reserved + self.redeemed - self.run_out - mine, reserved, self.free_at)

    @property
    def counters(self) -> CouponCounters:
        """What a claim has to know."""
        return CouponCounters(self.id, self.usage_limit, self.reserved, self.redeemed)


_FULL = "c.reserved > 0 AND c.reserved + c.redeemed >= c.usage_limit"
_OPEN = "FROM rewards_use u WHERE u.promotion_id = c.promotion_id AND u.coupon_id = c.id AND u.is_counted AND u.reserved_until"


def lookup_codes(dialect: Dialect, keys: Sequence[str], present: Instant) -> Lookup:
    """The coupons with these keys of codes. Read by `coupons_from`."""
    return (
        "SELECT c.id, c.code, c.key, c.promotion_id, c.customer_id, c.expires_at,"
        " coalesce(c.revoked_at, (SELECT b.revoked_at FROM rewards_batch b WHERE b.id = c.batch_id)),"
        " c.usage_limit, c.reserved, c.redeemed,"
        f" CASE WHEN {_FULL} THEN (SELECT count(*) {_OPEN} <= $2) ELSE 0 END,"
        f" CASE WHEN {_FULL} THEN (SELECT min(u.reserved_until) {_OPEN} > $2) END"
        f" FROM rewards_coupon c WHERE {dialect.among('c.key', 1, 'text')}",
        [sorted(keys), present],
    )


def coupons_from(rows: Sequence[Any]) -> Mapping[str, CouponStanding]:
    """The coupons by their key, out of the rows of `lookup_codes`."""
    return {row[2]: CouponStanding(*tuple(row)[:12]) for row in rows}
