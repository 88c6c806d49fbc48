"""The goods of a basket while one offer after another takes something off: what is left of each line, and what one more offer
would take. Pure; nothing is copied but the lines that an offer has changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from regulars_core.plugin import UsableRule
from regulars_rewards.offers.facts import OfferBasket, OfferLine, Pieces
from regulars_rewards.offers.kinds import Figures, Off, OfferConditionKind, OfferDiscountKind, Unmet, shares_of
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.pieces import less
from regulars_rewards.offers.promotion import Promotion, ScopeMode
from regulars_rewards.offers.scope import named_lines

_NOTHING_NAMED = Obstacle(Reason.SCOPE, "Nothing that it is about is in the basket.")


@dataclass(frozen=True, slots=True)
class Failure:
    """A kind that failed when it was asked for a promotion: what it raised, by its type."""

    promotion_id: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one offer would take off these lines, `amount` in all, with what its conditions have tested; or, where that is 0, what
    stands in its way."""

    amount: int = 0
    off: Off | None = None
    lines: Sequence[OfferLine] = ()
    figures: Figures = field(default_factory=dict)
    obstacles: Sequence[Obstacle] = ()

    @property
    def shares(self) -> Mapping[int, int]:
        """What it takes off each line, by place."""
        if self.off is None:
            return {}
        if isinstance(self.off.amount, int):
            return shares_of(self.off.amount, self.lines)
        return {place: share for place, share in self.off.amount.items() if share}


NOTHING = Attempt()


class Goods:
    """What is left of the lines of a basket. Lines of which less than nothing was left take no part."""

    def __init__(self, basket: OfferBasket) -> None:
        self._lines = [line for line in basket.lines if line.left >= 0 and line.quantity >= 0]
        self.basket = basket if len(self._lines) == len(basket.lines) else basket.of(tuple(self._lines), ())
        self.failures: list[Failure] = []
        self._numbers = {line.place: n for n, line in enumerate(self._lines)}
        self._whole: OfferBasket | None = None
        self._reduced = any(line.by_hand for line in self._lines)

    def copy(self) -> "Goods":
        """The same, for a trial; failures are told to both."""
        other = Goods.__new__(Goods)
        other.__dict__.update(self.__dict__)
        other._lines = list(self._lines)
        return other

    def try_offer(self, promotion: Promotion, budget: int | None, *, is_complete: bool = False) -> Attempt:
        """What a promotion would take off now. What stands in its way is told whole where it `is_complete`, and else nothing of
        it."""
        if not is_complete and not self.is_met(promotion):
            return NOTHING
        seen = self._seen(promotion)
        obstacles = [] if seen.named else [_NOTHING_NAMED]
        figures: dict[str, Any] = {}
        for rule in promotion.conditions:
            if rule is not None:
                kind = cast(OfferConditionKind, rule.kind)
                answer = self._asked(promotion, rule, kind.answer, seen)
                if isinstance(answer, Obstacle):
                    obstacles.append(answer)
                elif answer.figures:
                    figures.update(answer.figures)
        if promotion.discount is None or not seen.lines:
            return Attempt(obstacles=obstacles)
        return self._taken(promotion, promotion.discount, budget, seen, figures, obstacles)

    def is_met(self, promotion: Promotion) -> bool:
        """Whether it is about something here and no condition says what stands in the way: found quickly, for most promotions are
        not met by most baskets. What fails is found when it is tried."""
        seen = self._seen(promotion)
        if not seen.named:
            return False
        for rule in promotion.conditions:
            if rule is not None:
                try:
                    answer = cast(OfferConditionKind, rule.kind).holds(rule.settings, seen)
                except Exception:
                    return True
                if answer is False or type(answer) is Unmet:
                    return False
        return True

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
        amount = off.amount if isinstance(off.amount, int) else sum(off.amount.values())
        if not amount:
            obstacles.append(Obstacle(Reason.NOTHING_LEFT, "There is nothing that it could take off."))
        elif budget is not None and amount > budget:
            obstacles.append(Obstacle(Reason.LIMIT_REACHED, "It would take off more than is left of its budget."))
        return Attempt(obstacles=obstacles) if obstacles else Attempt(amount, off, seen.lines, figures)

    def take(self, shares: Mapping[int, int], prices: Mapping[int, Sequence[Pieces]]) -> None:
        """Take so much off these lines; `prices` is what is then left of their pieces, where that is not in proportion."""
        for place, share in shares.items():
            n = self._numbers[place]
            if place not in prices:
                self._lines[n] = less(self._lines[n], share)
        for place, left in prices.items():
            n = self._numbers[place]
            self._lines[n] = self._lines[n].changed(self._lines[n].left - shares.get(place, 0), tuple(left))
        self._whole = None

    def _seen(self, promotion: Promotion) -> OfferBasket:
        """The basket as a promotion sees it: the lines that it is for, and those that its scope names. Lines that were reduced by
        hand are none for a promotion that leaves them out."""
        names, leaves_out = promotion.names, promotion.data.excludes_reduced and self._reduced
        if names is None and not leaves_out:
            if self._whole is None:
                lines = tuple(self._lines)
                self._whole = self.basket.of(lines, lines)
            return self._whole
        every = [line for line in self._lines if not line.by_hand] if leaves_out else self._lines
        named = every
        if names is not None:
            found = [self._lines[n] for n in named_lines(names, self.basket.by_name)]
            named = [line for line in found if not line.by_hand] if leaves_out else found
        scope = promotion.data.scope
        is_for = named if scope is not None and scope.mode is ScopeMode.APPLY_ONLY_TO else every
        return self.basket.of(tuple(is_for), tuple(named))

    def _asked(
        self,
        promotion: Promotion,
        rule: UsableRule,
        ask: Callable[[Any, OfferBasket], Any],
        seen: OfferBasket,
    ) -> Any:
        """What a kind answers, or the obstacle that it tells; one that fails stands in the way."""
        try:
            answer = ask(rule.settings, seen)
            if isinstance(answer, Unmet):
                return Obstacle(answer.reason, str(answer.said), answer.missing)
        except Exception as error:  # a plugin's; what it says may quote customers
            self.failures.append(Failure(promotion.id, rule.kind.name, type(error).__name__))
            return Obstacle(Reason.UNAVAILABLE, f"{rule.kind.name} has failed.")
        return answer
