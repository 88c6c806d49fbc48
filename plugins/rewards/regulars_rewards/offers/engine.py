"""Which offers apply to a basket, what each takes off each line, and why the others do not. Pure.

The same function answers the quote and decides the sale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import RuleExplanation
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.obstacles import Obstacle
from regulars_rewards.offers.promotion import Promotion


@dataclass(frozen=True, slots=True)
class Candidate:
    """A promotion that may apply: by itself, or by the coupon with this code. `obstacles` stand in its way whatever is in the
    basket, and `budget_left` is how much it may still take off, None without a budget."""

    promotion: Promotion
    coupon_code: str | None = None
    coupon_id: str | None = None
    obstacles: Sequence[Obstacle] = ()
    budget_left: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """An offer that applies: what it takes off each line, by its place, and how that comes about."""

    candidate: Candidate
    shares: Mapping[int, int]
    explanation: RuleExplanation

    @property
    def amount(self) -> int:
        """What it takes off in all."""
        return sum(self.shares.values())


@dataclass(frozen=True, slots=True)
class Skipped:
    """An offer that does not apply, and all that stands in its way, in the order of reasons."""

    candidate: Candidate
    obstacles: Sequence[Obstacle]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What offers do to a basket, those that apply in the order in which they do."""

    applied: Sequence[Applied] = ()
    skipped: Sequence[Skipped] = field(default=())


def evaluate(basket: OfferBasket, candidates: Sequence[Candidate], *, explains: bool = True) -> Evaluation:
    """What these offers do to a basket. Whose obstacles are known already is skipped; with `explains`, all else that would stand
    in their way is found too, and without it only those that came by a code are told."""
    raise NotImplementedError
