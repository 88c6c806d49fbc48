"""What stands in the way of an offer whatever is in the basket: pure.

Quotes, sales and the standing of a customer's offers ask this one function; what a basket decides is the engine's.

    standing_obstacles(promotion, where, limit=…, uses=…, belonging=…, coupon=…)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from regulars_core.plugin import Instant
from regulars_rewards.coupons.standing import CouponStanding
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.audiences import Belonging
from regulars_rewards.uses.limits import LimitStanding, Taken
from regulars_rewards.uses.rows import KeptUse

ACTIVE = "ACTIVE"
_ORDER = {reason: n for n, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True)
class Situation:
    """When it is, in which store (None for any), and who buys: None for a stranger, and of others their status too."""

    at: Instant
    store_id: str | None = None
    customer_id: str | None = None
    status: str | None = None


def needs_customer(promotion: Promotion, coupon: CouponStanding | None = None) -> bool:
    """Whether an offer is for known customers alone: by its audience, its limit for each of them, or its coupon's owner."""
    data = promotion.data
    owned = coupon is not None and coupon.customer_id is not None
    return data.audience is not None or data.per_customer_limit is not None or owned


def standing_obstacles(
    promotion: Promotion,
    where: Situation,
    *,
    limit: LimitStanding | None = None,
    uses: Taken | None = None,
    belonging: Belonging | None = None,
    coupon: CouponStanding | None = None,
    own: KeptUse | None = None,
) -> Sequence[Obstacle]:
    """All that stands in the way of a promotion, by this coupon if one is given, in the order of reasons.

    `limit` is None without a limit or budget. `uses` are the customer's own, None for none yet. `belonging` is whether the
    customer is among those whom it is for; it must be given where there are both an audience and a customer. `own` is what the same
    basket has of it by the same way, which would be the same use. Of somebody else's coupon that alone is told.
    """
    if coupon is not None and coupon.customer_id not in (None, where.customer_id):
        theirs = "This coupon is somebody else's." if where.customer_id else "This coupon is a customer's own."
        return [Obstacle(Reason.NOT_THEIRS, theirs)]
    found = [
        *_of_the_coupon(coupon, where.at, own),
        *_of_time_and_place(promotion, where),
        *_of_limits(promotion, limit, uses, own),
        *_of_the_customer(promotion, where, belonging, coupon),
    ]
    return in_order_of_reasons(found)


def in_order_of_reasons(obstacles: Iterable[Obstacle]) -> Sequence[Obstacle]:
    """All that stands in the way of an offer, in the order in which reasons are told; of what is used up it is not told that it is
    reserved, nor twice that it is used up or has ended."""
    found = {(one.reason, one.leaf): one for one in reversed(list(obstacles))}
    if (Reason.LIMIT_REACHED, None) in found:
        found.pop((Reason.RESERVED, None), None)
    return sorted(reversed(found.values()), key=lambda one: _ORDER[one.reason])


def _of_the_coupon(coupon: CouponStanding | None, at: Instant, own: KeptUse | None) -> Iterator[Obstacle]:
    if coupon is None:
        return
    if coupon.revoked_at is not None:
        yield Obstacle(Reason.REVOKED, "This coupon was made worthless.")
    if coupon.expires_at <= at:
        yield Obstacle(Reason.EXPIRED, "This coupon has expired.", at=coupon.expires_at)
    taken = coupon.taken(own).obstacle(
        coupon.usage_limit,
        "This coupon is used up.",
        "What is left of this coupon is reserved for another basket.",
    )
    if taken is not None:
        yield taken


def _of_time_and_place(promotion: Promotion, where: Situation) -> Iterator[Obstacle]:
    if promotion.failed:
        message = (
            f"{', '.join(promotion.failed)} is not available: its plugin is off, or no longer takes what it is told."
        )
        yield Obstacle(Reason.UNAVAILABLE, message)
    if promotion.starts_at > where.at:
        yield Obstacle(Reason.NOT_STARTED, "This offer has not started.", at=promotion.starts_at)
    if promotion.ends_at <= where.at:
        yield Obstacle(Reason.EXPIRED, "This offer has ended.", at=promotion.ends_at)
    stores = promotion.data.store_ids
    if stores is not None and where.store_id is not None and where.store_id not in stores:
        yield Obstacle(Reason.STORE, "This offer does not apply in this store.")


def _of_limits(
    promotion: Promotion, limit: LimitStanding | None, uses: Taken | None, own: KeptUse | None
) -> Iterator[Obstacle]:
    if limit is not None:
        taken = limit.taken(own).obstacle(
            limit.total_limit,
            "This offer was used as often as it may be.",
            "The uses of this offer that are left are reserved for other baskets.",
        )
        if taken is not None:
            yield taken
        if limit.budget_left == 0:
            yield Obstacle(Reason.LIMIT_REACHED, "The budget of this offer is used up.")
    if uses is not None:
        taken = uses.obstacle(
            promotion.data.per_customer_limit,
            "The customer has used this offer as often as one customer may.",
            "The customer's uses of this offer that are left are reserved for other baskets.",
        )
        if taken is not None:
            yield taken


def _of_the_customer(
    promotion: Promotion, where: Situation, belonging: Belonging | None, coupon: CouponStanding | None
) -> Iterator[Obstacle]:
    if not needs_customer(promotion, coupon):
        return
    if where.customer_id is None:
        yield Obstacle(Reason.NOT_THEIRS, "This offer is for customers who are known, and none is named.")
        return
    if where.status != ACTIVE:
        yield Obstacle(Reason.CUSTOMER_STATUS, "The customer is not active.")
    if promotion.data.audience is None:
        return
    if belonging is None or belonging.is_unavailable:
        message = "For whom this offer is cannot be told: a plugin that it needs is off, or has failed."
        yield Obstacle(Reason.UNAVAILABLE, message)
        return
    for leaf in belonging.missing:
        reason = _REASONS.get(leaf, Reason.AUDIENCE)
        yield Obstacle(reason, _MESSAGES[reason], leaf=leaf)


_REASONS = {"hasConsent": Reason.CONSENT, "hasEmail": Reason.CONTACT, "hasPhone": Reason.CONTACT}
"""Leaves of audiences that have a reason of their own."""
_MESSAGES = {
    Reason.AUDIENCE: "The customer is not among those whom this offer is for.",
    Reason.CONSENT: "The customer has not agreed to what this offer asks for.",
    Reason.CONTACT: "There is no e-mail address or phone number that this offer asks for.",
}
