"""What is claimed of a promotion, and what of a coupon has to be known for it."""

from dataclasses import dataclass

from regulars_core.plugin import Instant


class Exhausted(Exception):
    """What is claimed does not fit the limits of a promotion or of a coupon, as they were looked up."""


@dataclass(frozen=True, slots=True)
class CouponCounters:
    """How often a coupon may be used, None for as often as its promotion, and how often it is, by its row: run-out reservations
    are among the reserved ones until they are freed."""

    id: str
    usage_limit: int | None
    reserved: int
    redeemed: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A use to be made of a promotion as it was in a version, by itself or by a coupon. It is a reservation until an instant, or
    redeemed at once. Amounts are minor units; `position` is its place among the offers of its purchase."""

    promotion_id: str
    promotion_version: int
    coupon: CouponCounters | None
    customer_id: str | None
    store_id: str
    at: Instant
    basket: str | None = None
    purchase_id: str | None = None
    amount: int = 0
    tier: str | None = None
    reserved_until: Instant | None = None
    position: int = 0
