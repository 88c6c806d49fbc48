"""What earns points: kinds of rules, a kit for loyalty's box and for others alike.

A kind is a name, a typed settings class, and a pure function from a sale to a number of points. For whom it counts, from when on,
and what becomes of a fraction belong to the program.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.sale_laws import left_after_returns, sale_like, with_fewer_lines
from regulars_core.rules.sales import Given, Number, Sale

_NUMBERS = (int, Fraction, Decimal)
MAX_POINTS = 10**15
"""What a rule gives for one sale at most, so that sums of thousands still fit 64 bits."""


@dataclass(frozen=True)
class PointsRuleKind(RuleKind):
    """One kind of points rule; `description` says what rules of this kind do, in a few words.

    `give(settings, sale)` answers how many points a sale gives, 0 or more; a fraction is dropped. It must be pure: it looks at
    nothing but what it is given. Where it `is_multiplier` it answers a factor, 1 or more, by which the program multiplies what
    all rules that are no multipliers gave together.

    `is_monotone` promises that another line never lessens it. `sentence` says a rule with its settings in words, given the
    currency, and `is_once` whether the rule gives to each customer once only.
    """

    use = "POINTS_RULE"

    give: Callable[[Any, Sale], Number | Given]
    is_multiplier: bool = field(default=False, kw_only=True)
    is_monotone: bool = field(default=False, kw_only=True)
    needs_tier: bool = field(default=False, kw_only=True)
    """Whether it looks at the tier's multiplier, which must be looked up."""
    sentence: Callable[[Any, str], str] | None = field(default=None, kw_only=True)
    is_once: Callable[[Any], bool] = field(default=lambda settings: False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "reads", frozenset({*self.reads, "lines"}))  # there are always lines

    def answer(self, settings: BaseModel, sale: Sale) -> Given:
        """What it gives. Raises what it raises, and ValueError for what is no number of points, or no factor."""
        return self.answer_with_shares(settings, sale)[0]

    def answer_with_shares(self, settings: BaseModel, sale: Sale) -> tuple[Given, Mapping[str, int]]:
        """The same, and what each line that it is about is worth; nothing where it is a multiplier, which is about what others
        gave."""
        given = Given.of(self.give(settings, sale))
        shares = {} if self.is_multiplier and given.lines is None and given.worth is None else given.shares(sale)
        if wrong := self._wrong(given, sale, shares):
            raise ValueError(wrong)
        return given, {} if self.is_multiplier else shares

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A rule of this kind in words."""
        return self.sentence(settings, currency) if self.sentence else None

    def _wrong(self, given: Given, sale: Sale, shares: Mapping[str, int]) -> str | None:
        points = given.value
        if type(points) not in _NUMBERS and (isinstance(points, bool) or not isinstance(points, _NUMBERS)):
            return "it answers a whole number, a Fraction or a Decimal"
        if isinstance(points, Decimal) and not points.is_finite():
            return "it answers a number that is finite"
        if not (1 if self.is_multiplier else 0) <= points <= MAX_POINTS:
            return "it gives a factor of 1 or more" if self.is_multiplier else f"it gives from 0 to {MAX_POINTS} points"
        return given.wrong_shares(sale, shares)

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Any]:
        """What each of these purchases gives."""
        answers = [self.answer(settings, sale_like(fact)) for fact in facts]
        return [(one.value, one.shares(sale_like(fact))) for one, fact in zip(answers, facts, strict=True)]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Never negative, deterministic, whatever the order of purchases; earn and give back is nothing; monotone where it says
        so."""
        sales = [sale_like(fact) for fact in facts]
        answers = []
        for sale in sales:
            given = Given.of(self.give(settings, sale))
            wrong = self._wrong(given, sale, given.shares(sale))
            yield wrong or "it gives a number of points, 0 or more", wrong is None
            answers.append(given)
        again = [self.answer(settings, sale).value for sale in sales]
        yield "it is deterministic", again == [one.value for one in answers]
        backwards = [self.answer(settings, sale).value for sale in reversed(sales)]
        yield "it is independent of the order of purchases", backwards[::-1] == again
        as_much = [self.answer(settings, sale.turned).value for sale in sales] == again
        yield "it gives as much whatever the order of lines", as_much
        yield (
            "what is earned and then given back line by line is nothing",
            all(left_after_returns(given, sale) == 0 for given, sale in zip(answers, sales, strict=True)),
        )
        if self.is_monotone:
            yield (
                "it is monotone in lines, as it says",
                all(
                    self.answer(settings, fewer).value <= given.value
                    for given, sale in zip(answers, sales, strict=True)
                    for fewer in with_fewer_lines(sale)
                ),
            )
