"""What offers are made of: kinds of conditions and of discounts, a kit for the box and for others alike.

A kind is a name, a typed settings class, and a pure function of a basket. For whom an offer is, about which articles, when, where
and how often belong to the promotion; so do the order of offers and what is left for each.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from regulars_core.plugin import PurchaseFact, RuleKind, spread
from regulars_rewards.offers.facts import OfferBasket, OfferLine, Pieces
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.offers.tried_baskets import moved_lines, tried_on, turned_lines

Number = int | Fraction | Decimal
Figures = Mapping[str, Number]
REASONS = frozenset(
    {
        Reason.HOURS,
        Reason.SCOPE,
        Reason.MIN_NOT_REACHED,
        Reason.MAX_EXCEEDED,
        Reason.CONDITION,
        Reason.NOTHING_LEFT,
    }
)
"""What a kind may say stands in the way."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """What stands in the way, in one sentence for people, or a function that says it, which is called where somebody is told;
    `missing` is an amount in minor units, above 0, where one is."""

    message: str | Callable[[], str]
    reason: Reason = Reason.CONDITION
    missing: int | None = None

    @property
    def said(self) -> str:
        """The sentence."""
        return self.message if isinstance(self.message, str) else self.message()


@dataclass(frozen=True, slots=True)
class Met:
    """That a condition holds, where there is more to say than that: figures by name, shown with the offer."""

    figures: Figures


@dataclass(frozen=True, slots=True)
class Off:
    """What a discount takes off, where there is more to say than the amount.

    `amount` is how much in all, which is spread over the lines by what is left of them, or how much off each line, by its place.
    `prices` is what is then left of the pieces of a line, by its place, where that is not in proportion. Figures by name, and the
    arithmetic as it reads before the result: `10 % of 47.00`. Both are shown to people.
    """

    amount: int | Mapping[int, int]
    figures: Figures = field(default_factory=dict)
    text: str | None = None
    prices: Mapping[int, Sequence[Pieces]] = field(default_factory=dict)


Holds = Callable[[Any, OfferBasket], bool | Met | Unmet]
Take = Callable[[Any, OfferBasket], int | Off | Unmet]
Sentence = Callable[[Any, str], str]


@dataclass(frozen=True)
class _BasketKind(RuleKind):
    """What kinds of conditions and of discounts have in common. `sentence` says a rule with its settings in words, given the
    currency."""

    sentence: Sentence | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "reads", frozenset({*self.reads, "lines"}))  # there are always lines

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A rule of this kind in words."""
        return self.sentence(settings, currency) if self.sentence else None


@dataclass(frozen=True)
class OfferConditionKind(_BasketKind):
    """One kind of condition; `description` says what must hold, in a few words.

    `holds(settings, basket)` answers whether it does, or what stands in the way. The lines are those that the promotion is for,
    with what earlier offers left of them. It must be pure: it looks at nothing but what it is given.
    """

    use = "OFFER_CONDITION"

    holds: Holds

    def answer(self, settings: BaseModel, basket: OfferBasket) -> Met | Unmet:
        """Whether it holds. Raises what it raises, and ValueError for what is no answer."""
        answered = self.holds(settings, basket)
        if answered is True:
            return _MET
        if answered is False:
            return Unmet(f"{self.description.rstrip('.')}: this does not hold.")
        if wrong := _wrong_unmet(answered) if isinstance(answered, Unmet) else _wrong_met(answered):
            raise ValueError(wrong)
        return answered

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Any]:
        """Whether it holds for each of these purchases."""
        return [_plain(self.answer(settings, basket)) for basket in tried_on(facts)]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """It answers true or false, or what stands in the way; deterministic; whatever the order of the lines."""
        for basket in tried_on(facts):
            answered = self.holds(settings, basket)
            wrong = None
            if not isinstance(answered, bool):
                wrong = _wrong_unmet(answered) if isinstance(answered, Unmet) else _wrong_met(answered)
            yield wrong or "it answers whether it holds", wrong is None
            yield "it is deterministic", _plain(self.holds(settings, basket)) == _plain(answered)
            turned = self.holds(settings, turned_lines(basket))
            yield "it is independent of the order of lines", _is_met(turned) == _is_met(answered)


@dataclass(frozen=True)
class OfferDiscountKind(_BasketKind):
    """One kind of discount; `description` says what it takes off, in a few words.

    `take(settings, basket)` answers how many minor units it takes off, 0 or more and never more than is left, or what stands in
    the way. The lines are those that it may take something off, with what earlier offers left of them. It must be pure: it looks
    at nothing but what it is given.
    """

    use = "OFFER_DISCOUNT"

    take: Take

    def answer(self, settings: BaseModel, basket: OfferBasket) -> Off | Unmet:
        """What it takes off, by line. Raises what it raises, and ValueError for what is no answer."""
        answered = self.take(settings, basket)
        if isinstance(answered, Unmet):
            if wrong := _wrong_unmet(answered):
                raise ValueError(wrong)
            return answered
        off = answered if isinstance(answered, Off) else Off(answered)
        if wrong := wrong_off(off, basket):
            raise ValueError(wrong)
        return off

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Any]:
        """What it takes off each line of each of these purchases."""
        return [_shares(self.answer(settings, basket), basket) for basket in tried_on(facts)]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Whole amounts, never negative, never more than the line; deterministic; as much whatever the order of the lines, and
        the same wherever they stand."""
        for basket in tried_on(facts):
            answered = self.take(settings, basket)
            if isinstance(answered, Unmet):
                wrong = _wrong_unmet(answered)
            else:
                wrong = wrong_off(answered if isinstance(answered, Off) else Off(answered), basket)
            yield wrong or "it takes off what is there", wrong is None
            shares = _shares(self.answer(settings, basket), basket)
            yield "it is deterministic", _shares(self.answer(settings, basket), basket) == shares
            turned = turned_lines(basket)
            others = _shares(self.answer(settings, turned), turned)
            yield "it takes off as much whatever the order of lines", sum(others.values()) == sum(shares.values())
            moved = moved_lines(basket)
            shifted = _shares(self.answer(settings, moved), moved)
            yield (
                "it takes off the same wherever lines stand",
                [shifted.get(line.place, 0) for line in moved.lines]
                == [shares.get(line.place, 0) for line in basket.lines],
            )


_MET = Met({})


def _is_met(answer: Any) -> bool:
    return answer is True or isinstance(answer, Met)


def _plain(answer: Any) -> Any:
    return Unmet(answer.said, answer.reason, answer.missing) if isinstance(answer, Unmet) else answer


def _wrong_unmet(answer: Unmet) -> str | None:
    if not answer.message or not (isinstance(answer.message, str) or callable(answer.message)):
        return "it says what stands in the way"
    if answer.reason not in REASONS:
        return f"it says why by one of {', '.join(sorted(REASONS))}"
    if answer.missing is not None and not (type(answer.missing) is int and answer.missing > 0):
        return "what is missing is an amount above 0"
    return None


def _wrong_met(answer: Any) -> str | None:
    if not isinstance(answer, Met):
        return "it answers true or false, Met or Unmet"
    return _wrong_figures(answer.figures)


def _wrong_figures(figures: Any) -> str | None:
    is_right = isinstance(figures, Mapping) and all(
        isinstance(name, str)
        and isinstance(one, int | Fraction | Decimal)
        and (one.is_finite() if isinstance(one, Decimal) else True)
        for name, one in figures.items()
    )
    return None if is_right else "figures are numbers by name"


def wrong_off(off: Off, basket: OfferBasket) -> str | None:
    """Why a discount cannot take this off a basket; None where it can."""
    if wrong := _wrong_figures(off.figures):
        return wrong
    if off.text is not None and not isinstance(off.text, str):
        return "the arithmetic is text"
    if isinstance(off.amount, Mapping):
        left = {line.place: line.left for line in basket.lines}
        for place, share in off.amount.items():
            if type(share) is not int:
                return "it takes off whole minor units"
            if place not in left:
                return "it takes something off lines of the basket"
            if not 0 <= share <= left[place]:
                return "it takes off 0 or more" if share < 0 else "it takes off no more than is left of a line"
    elif type(off.amount) is not int:
        return "it answers whole minor units, Off or Unmet"
    elif off.amount < 0:
        return "it takes off 0 or more"
    elif off.amount > basket.left:
        return "it takes off no more than is left"
    return _wrong_prices(off, basket) if off.prices else None


def _wrong_prices(off: Off, basket: OfferBasket) -> str | None:
    lines = {line.place: line for line in basket.lines}
    if not (isinstance(off.amount, Mapping) and set(off.prices) <= set(lines)):
        return "it says what is left of pieces of lines off which it takes something"
    for place, prices in off.prices.items():
        line = lines[place]
        if any(one.price < 0 or one.number < 1 for one in prices) or (
            sum(one.number for one in prices) != line.pieces
            or sum(one.price * one.number for one in prices) != line.left - off.amount.get(place, 0)
        ):
            return "what is left of the pieces of a line is what is left of the line"
    return None


def shares_of(amount: int, lines: Sequence[OfferLine]) -> dict[int, int]:
    """An amount over lines by what is left of them, by place: largest remainder, ties go to the earlier line, and no line takes
    more than is left of it."""
    worths = [line.left for line in lines]
    if not amount or not any(worths):
        return {}
    return {line.place: share for line, share in zip(lines, spread(amount, worths), strict=True) if share}


def _shares(answer: Off | Unmet, basket: OfferBasket) -> Mapping[int, int]:
    if isinstance(answer, Unmet):
        return {}
    if isinstance(answer.amount, int):
        return shares_of(answer.amount, basket.lines)
    return {place: share for place, share in answer.amount.items() if share}
