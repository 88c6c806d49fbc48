"""Promotions over past purchases in the order of time: which may apply to each, and what of their limits is used by then.

A run is one set of promotions that is tried: those of that time, with one beside them or in the place of another one. Limits and
budgets are kept within the run, by the functions that keep them when goods are sold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from regulars_core.plugin import Basket, CustomerMoment, Instant
from regulars_rewards.offers.engine import Applied, Candidate, Evaluation, evaluate
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.offers.promotion import Promotion
from regulars_rewards.promotions.audiences import Belongings
from regulars_rewards.quotes.candidates import ACTIVE, LimitStanding, Situation, standing_obstacles
from regulars_rewards.uses.limits import Taken

TRIED_CODE = "TRIED"
"""The code of the coupon that everybody holds."""
MAX_BASKETS = 10_000
"""Of so many baskets with a name it is remembered what was used for them: sales of one basket follow each other soon."""


@dataclass(frozen=True)
class PastSale:
    """A purchase as offers look at it: the basket before any offer took something off, and how often coupons of each promotion
    were used in it."""

    purchase_id: str
    basket: Basket
    offer_basket: OfferBasket
    coupons: Mapping[str, int] = field(default_factory=dict)


class Counts(Protocol):
    """How often each customer has used each promotion, of those that limit it."""

    def of(self, promotion_id: str, customer_id: str) -> int:
        """How often until now."""

    def add(self, promotion_id: str, customer_id: str) -> None:
        """Once more."""


class CountsInMemory:
    """Counts of a bounded number of purchases."""

    def __init__(self) -> None:
        self._counts = Counter[tuple[str, str]]()

    def of(self, promotion_id: str, customer_id: str) -> int:
        """How often until now."""
        return self._counts[promotion_id, customer_id]

    def add(self, promotion_id: str, customer_id: str) -> None:
        """Once more."""
        self._counts[promotion_id, customer_id] += 1


class Run:
    """Promotions that are tried: those that are stored without the one in whose place `tried` comes, and that one. Without it,
    these are those of that time."""

    def __init__(
        self, tried: Promotion | None = None, replaces: str | None = None, counts: Counts | None = None
    ) -> None:
        self.tried, self.replaces = tried, replaces
        self.amount, self.uses = 0, 0
        self.ended_at: Instant | None = None
        """When the limit of the one that is tried was reached, or its budget did not suffice for the first time."""
        self._counts: Counts = CountsInMemory() if counts is None else counts
        self._used, self._amounts = Counter[str](), Counter[str]()
        self._baskets: dict[tuple[str, str | None, str, str], None] = {}

    def among(self, stored: Sequence[Promotion]) -> list[Promotion]:
        """Those that are tried, of these that are stored."""
        others = [one for one in stored if one.id != self.replaces]
        return others if self.tried is None else sorted([*others, self.tried], key=lambda one: one.order)

    def candidates(self, promotions: Sequence[Promotion], sale: PastSale, belongings: Belongings) -> list[Candidate]:
        """The promotions that may apply to a sale as far as that is known before its goods are looked at; of those that need a
        coupon those of which one was used, and the one that is tried."""
        found = []
        for one in promotions:
            if not one.needs_coupon:
                found.append(self._candidate(one, sale, belongings))
            elif one is self.tried:
                found.append(self._candidate(one, sale, belongings, TRIED_CODE))
            else:
                codes = [f"{one.id}-{n}" for n in range(sale.coupons.get(one.id, 0))]
                found += [self._candidate(one, sale, belongings, code) for code in codes]
        return [one for one in found if one.coupon_code is not None or not one.obstacles]

    def _candidate(
        self, promotion: Promotion, sale: PastSale, belongings: Belongings, code: str | None = None
    ) -> Candidate:
        if not promotion.is_limited and not promotion.needs_customer:
            return Candidate(promotion, code)
        basket, own = sale.basket, int(self._is_same_use(promotion, sale))
        limit, uses, belonging = None, None, None
        if promotion.is_limited:
            taken = Taken(self._used[promotion.id] - own)
            data = promotion.data
            limit = LimitStanding(data.total_limit, data.budget, taken, self._amounts[promotion.id])
        if basket.customer_id is not None:
            belonging = belongings.get((promotion.id, CustomerMoment(basket.customer_id, basket.at)))
            if promotion.data.per_customer_limit is not None:
                uses = Taken(self._counts.of(promotion.id, basket.customer_id) - own)
        where = Situation(basket.at, basket.store_id, basket.customer_id, ACTIVE)
        obstacles = standing_obstacles(promotion, where, limit=limit, uses=uses, belonging=belonging)
        return Candidate(promotion, code, None, obstacles, None if limit is None else limit.budget_left)

    def sell(
        self,
        sale: PastSale,
        candidates: Sequence[Candidate],
        evaluation: Evaluation,
        grouped: Sequence[Promotion],
    ) -> None:
        """Let what applies to a sale be used; `grouped` as `evaluate` takes them."""
        for one in evaluation.applied:
            self._use(one.candidate.promotion, sale, one.amount)
        tried = next((one for one in evaluation.applied if one.candidate.promotion is self.tried), None)
        if tried is not None:
            self.amount, self.uses = self.amount + tried.amount, self.uses + 1
        if (
            self.ended_at is None
            and self.tried is not None
            and self._has_ended(self.tried, tried, sale, candidates, grouped)
        ):
            self.ended_at = sale.basket.at

    def _has_ended(
        self,
        promotion: Promotion,
        applied: Applied | None,
        sale: PastSale,
        candidates: Sequence[Candidate],
        grouped: Sequence[Promotion],
    ) -> bool:
        """Whether this sale has used up its limit or budget, or its budget does not suffice for it."""
        if applied is not None:
            return self._is_used_up(promotion)
        return promotion.data.budget is not None and self._is_too_dear(sale, candidates, grouped)

    def _use(self, promotion: Promotion, sale: PastSale, amount: int) -> None:
        data = promotion.data
        if not promotion.is_limited and data.per_customer_limit is None:
            return
        self._amounts[promotion.id] += amount
        if self._is_same_use(promotion, sale):
            return
        self._used[promotion.id] += 1
        if data.per_customer_limit is not None and sale.basket.customer_id is not None:
            self._counts.add(promotion.id, sale.basket.customer_id)
        if sale.basket.name is not None:
            self._baskets[_use_key(promotion, sale)] = None
            if len(self._baskets) > MAX_BASKETS:
                del self._baskets[next(iter(self._baskets))]

    def _is_same_use(self, promotion: Promotion, sale: PastSale) -> bool:
        """Whether an earlier purchase of the same basket has used it: both are one use."""
        return sale.basket.name is not None and _use_key(promotion, sale) in self._baskets

    def _is_used_up(self, promotion: Promotion) -> bool:
        data = promotion.data
        return (data.total_limit is not None and self._used[promotion.id] >= data.total_limit) or (
            data.budget is not None and self._amounts[promotion.id] >= data.budget
        )

    def _is_too_dear(self, sale: PastSale, candidates: Sequence[Candidate], grouped: Sequence[Promotion]) -> bool:
        """Whether the one that is tried does not apply because its budget does not suffice."""
        told = evaluate(sale.offer_basket, candidates, grouped=grouped)
        own = [one for one in told.skipped if one.candidate.promotion is self.tried]
        return bool(own) and all(one.reason is Reason.LIMIT_REACHED for one in own[0].obstacles)


def _use_key(promotion: Promotion, sale: PastSale) -> tuple[str, str | None, str, str]:
    return promotion.id, sale.basket.customer_id, sale.basket.store_id, str(sale.basket.name)
