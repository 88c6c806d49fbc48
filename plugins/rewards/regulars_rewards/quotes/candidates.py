"""What stands in the way of an offer whatever is in the basket: pure.

Quotes, sales and the standing of a customer's offers ask this one function; what a basket decides is the engine's.

    standing_obstacles(promotion, where, limit=…, uses=…, belonging=…)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regulars_core.plugin import Instant
from regulars_rewards.offers.obstacles import Obstacle, Reason, in_order
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.offers.standing import standing_obstacles as of_time_and_place
from regulars_rewards.promotions.audiences import Belonging
from regulars_rewards.uses.limits import Taken

ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Situation:
    """When it is, in which store (None for any), and who buys: None for a stranger, and of others their status too."""

    at: Instant
    store_id: str | None = None
    customer_id: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """The limits of a promotion, and what of it is used. `amount` is what it took off, in minor units."""

    total_limit: int | None
    budget: int | None
    taken: Taken
    amount: int = 0

    @property
    def budget_left(self) -> int | None:
        """How much it may still take off; None without a budget."""
        return None if self.budget is None else max(0, self.budget - self.amount)


def standing_obstacles(
    promotion: Promotion,
    where: Situation,
    *,
    limit: LimitStanding | None = None,
    uses: Taken | None = None,
    belonging: Belonging | None = None,
    is_owned: bool = False,
) -> Sequence[Obstacle]:
    """All that stands in the way of a promotion, in the order of reasons; what is wrong with a coupon itself is not among it.

    `limit` is None without a limit or budget. `uses` are the customer's own, None for none yet. `belonging` is whether the
    customer is among those whom it is for; it must be given where there are both an audience and a customer. It `is_owned` where
    it comes by a coupon that is somebody's own.
    """
    return in_order(
        [
            *of_time_and_place(promotion, where.at, where.store_id),
            *_of_limits(promotion, limit, uses),
            *_of_the_customer(promotion, where, belonging, is_owned),
        ]
    )


def _of_limits(promotion: Promotion, limit: LimitStanding | None, uses: Taken | None) -> Iterator[Obstacle]:
    if limit is not None:
        taken = limit.taken.obstacle(
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
    promotion: Promotion, where: Situation, belonging: Belonging | None, is_owned: bool
) -> Iterator[Obstacle]:
    if not (promotion.needs_customer or is_owned):
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
        reason = _REASONS.get(leaf or "", Reason.AUDIENCE)
        yield Obstacle(reason, _MESSAGES[reason], leaf=leaf)


_REASONS = {"hasConsent": Reason.CONSENT, "hasEmail": Reason.CONTACT, "hasPhone": Reason.CONTACT}
"""Leaves of audiences that have a reason of their own."""
_MESSAGES = {
    Reason.AUDIENCE: "The customer is not among those whom this offer is for.",
    Reason.CONSENT: "The customer has not agreed to what this offer asks for.",
    Reason.CONTACT: "There is no e-mail address or phone number that this offer asks for.",
}
