"""The goods of a basket while one offer after another takes something off: what is left of each line, and what one more offer
would take. Pure; nothing is copied but the lines that an offer has changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from regulars_core.plugin import UsableRule
from regulars_rewards.offers.facts import OfferBasket, OfferLine
from regulars_rewards.offers.kinds import Figures, Off, OfferConditionKind, OfferDiscountKind, Unmet, shares_of
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.pieces import less
from regulars_rewards.offers.promotion import Promotion, ScopeMode
from regulars_rewards.offers.scope import lines_by_name, named_lines


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind that failed when it was asked for a promotion: what it raised, by its type."""

    promotion_id: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one offer would take off, by place, with the answer of its discount; or what stands in its way."""

    shares: Mapping[int, int] = field(default_factory=dict)
    off: Off | None = None
    figures: Figures = field(default_factory=dict)
    obstacles: Sequence[Obstacle] = ()

    @property
    def amount(self) -> int:
        """What it takes off in all."""
        return sum(self.shares.values())


class Goods:
    """What is left of the lines of a basket. Lines of which less than nothing was left take no part."""

    def __init__(self, basket: OfferBasket) -> None:
        self.basket = basket
        self.failures: list[Failure] = []
        self._lines = [line for line in basket.lines if line.left >= 0 and line.quantity >= 0]
        self._numbers = {line.place: n for n, line in enumerate(self._lines)}
        self._names: Mapping[str, Sequence[int]] | None = None
        self._whole: OfferBasket | None = None
        self._reduced = any(line.by_hand for line in self._lines)

    def copy(self) -> "Goods":
        """The same, for a trial; failures are told to both."""
        other = Goods.__new__(Goods)
        other.__dict__.update(self.__dict__)
        other._lines = list(self._lines)
        return other

    @property
    def names(self) -> Mapping[str, Sequence[int]]:
        """Which lines have which name."""
        if self._names is None:
            self._names = lines_by_name(self._lines)
        return self._names

    def try_offer(self, promotion: Promotion, budget: int | None, *, is_complete: bool = False) -> Attempt:
        """What a promotion would take off now. What stands in its way is told whole where it `is_complete`, and else up to the
        first thing that is found."""
        seen = self._seen(promotion)
        obstacles = [] if seen.named else [Obstacle(Reason.SCOPE, "Nothing that it is about is in the basket.")]
        figures: dict[str, Any] = {}
        for rule in promotion.conditions:
            if obstacles and not is_complete:
                return Attempt(obstacles=obstacles)
            if rule is not None:
                kind = cast(OfferConditionKind, rule.kind)
                answer = self._asked(promotion, rule, kind.answer, seen)
                if isinstance(answer, Obstacle):
                    obstacles.append(answer)
                elif answer.figures:
                    figures.update(answer.figures)
        if promotion.discount is None or not seen.lines or (obstacles and not is_complete):
            return Attempt(obstacles=obstacles)
        return self._taken(promotion, promotion.discount, budget, seen, figures, obstacles)

    def _taken(
        self,
        promotion: Promotion,
        rule: UsableRule,
        budget: int | None,
        seen: OfferBasket,
        figures: Figures,
        obstacles: list[Obstacle],
    ) -> Attempt:
        off = self._asked(promotion, rule, cast(OfferDiscountKind, rule.kind).answer, seen)
        if isinstance(off, Obstacle):
            return Attempt(obstacles=[*obstacles, off])
        if isinstance(off.amount, int):
            shares = shares_of(off.amount, seen.lines)
        else:
            shares = {place: share for place, share in off.amount.items() if share}
        if not shares:
            obstacles.append(Obstacle(Reason.NOTHING_LEFT, "There is nothing that it could take off."))
        elif budget is not None and sum(shares.values()) > budget:
            obstacles.append(Obstacle(Reason.LIMIT_REACHED, "It would take off more than is left of its budget."))
        return Attempt(obstacles=obstacles) if obstacles else Attempt(shares, off, figures)

    def take(self, attempt: Attempt) -> None:
        """Take it off."""
        prices = attempt.off.prices if attempt.off else {}
        for place, line in self._marked(attempt, prices):
            share = attempt.shares.get(place, 0)
            changed = (
                less(line, share)
                if place not in prices
                else line._replace(left=line.left - share, uneven=tuple(prices[place]))
            )
            self._lines[self._numbers[place]] = changed
        self._whole = None

    def _marked(self, attempt: Attempt, prices: Mapping[int, Any]) -> Sequence[tuple[int, OfferLine]]:
        return [(place, self._lines[self._numbers[place]]) for place in {**attempt.shares, **prices}]

    def _seen(self, promotion: Promotion) -> OfferBasket:
        """The basket as a promotion sees it: the lines that it is for, and those that its scope names. Lines that were reduced by
        hand are none for a promotion that leaves them out."""
        names, leaves_out = promotion.names, promotion.data.excludes_reduced and self._reduced
        if names is None and not leaves_out:
            if self._whole is None:
                lines = tuple(self._lines)
                self._whole = self.basket._replace(lines=lines, named=lines)
            return self._whole
        every = [line for line in self._lines if not line.by_hand] if leaves_out else self._lines
        named = every
        if names is not None:
            found = [self._lines[n] for n in named_lines(names, self.names)]
            named = [line for line in found if not line.by_hand] if leaves_out else found
        scope = promotion.data.scope
        is_for = named if scope is not None and scope.mode is ScopeMode.APPLY_ONLY_TO else every
        return self.basket._replace(lines=tuple(is_for), named=tuple(named))

    def _asked(
        self, promotion: Promotion, rule: UsableRule, ask: Callable[[Any, OfferBasket], Any], seen: OfferBasket
    ) -> Any:
        """What a kind answers, or the obstacle that it tells; one that fails stands in the way."""
        try:
            answer = ask(rule.settings, seen)
        except Exception as error:  # a plugin's; what it says may quote customers
            self.failures.append(Failure(promotion.id, rule.kind.name, type(error).__name__))
            return Obstacle(Reason.UNAVAILABLE, f"{rule.kind.name} has failed.")
        if isinstance(answer, Unmet):
            return Obstacle(answer.reason, answer.message, answer.missing)
        return answer
