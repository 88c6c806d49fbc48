"""The refusal of a coupon, with all that stands in its way. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from regulars_core.plugin import Problem
from regulars_rewards.offers.obstacles import Obstacle, Reason

EXHAUSTED, REFUSED = "COUPON_EXHAUSTED", "COUPON_REFUSED"


@dataclass(frozen=True, slots=True)
class CouponRefused(Problem):
    """A coupon cannot be used, or not here and now. `reason` is the first of them, and `obstacles` are Obstacles as plain JSON,
    in their order."""

    reason: str = ""
    obstacles: Sequence[Mapping[str, Any]] = ()

    @property
    def known_obstacles(self) -> Sequence[Obstacle]:
        """All that stands in its way."""
        return [Obstacle(**{**one, "reason": Reason(one["reason"])}) for one in self.obstacles]


def coupon_refused(obstacles: Sequence[Obstacle], *path: str) -> CouponRefused:
    """The refusal of the coupon whose code is at this place of the input. Of somebody else's coupon it tells that alone."""
    told = next(([one] for one in obstacles if one.reason == Reason.NOT_THEIRS), obstacles)
    first = told[0]
    code = EXHAUSTED if first.reason == Reason.LIMIT_REACHED else REFUSED
    plain = [{**asdict(one), "reason": one.reason.value} for one in told]
    return CouponRefused(code, first.message, path, first.reason.value, plain)
