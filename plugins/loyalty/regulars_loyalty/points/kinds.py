"""What earns points: kinds of rules, a kit for the box and for others alike.

A kind is a name, a typed settings class, and a pure function from a sale to a number of points. For whom it counts, from when on,
and what becomes of a fraction belong to the program.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import BaseModel

from regulars_core.plugin import PurchaseFact, RuleKind
from regulars_loyalty.points.facts import MILLION, USUAL, EarnOn, Sale, SaleLine, Tax

MAX_POINTS = 10**15
"""What a rule gives for one sale at most, so that sums of thousands still fit 64 bits."""
Number = int | Fraction | Decimal


@dataclass(frozen=True)
class Given:
    """What a rule gives for a sale, where there is more to say than the number: the `lines` that it is about, which are all lines
    if it does not say; what each of these is worth to it, by the usual basis if it does not say; figures by name, and the
    arithmetic as it reads before the result: `10 points × 2`. Both are shown to people.

    What is given back later takes points back in the part that it has of the worth of these lines.
    """

    points: Number
    lines: Sequence[SaleLine] | None = None
    worth: Callable[[SaleLine], int] | None = None
    figures: Mapping[str, Number] = field(default_factory=dict)
    text: str | None = None

    def shares(self, sale: Sale) -> dict[str, int]:
        """What each line that it is about is worth, by line."""
        worth = self.worth or (lambda line: line.net)
        return {line.id: worth(line) for line in (sale.lines if self.lines is None else self.lines)}


Give = Callable[[Any, Sale], Number | Given]


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

    give: Give
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
        answered = self.give(settings, sale)
        given = answered if isinstance(answered, Given) else Given(answered)
        shares = {} if self.is_multiplier and given.lines is None and given.worth is None else given.shares(sale)
        if wrong := self._wrong(given, sale, shares):
            raise ValueError(wrong)
        return given, {} if self.is_multiplier else shares

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A rule of this kind in words."""
        return self.sentence(settings, currency) if self.sentence else None

    def _wrong(self, given: Given, sale: Sale, shares: Mapping[str, int]) -> str | None:
        points = given.points
        if isinstance(points, bool) or not isinstance(points, int | Fraction | Decimal):
            return "it answers a whole number, a Fraction or a Decimal"
        if isinstance(points, Decimal) and not points.is_finite():
            return "it answers a number that is finite"
        if not (1 if self.is_multiplier else 0) <= points <= MAX_POINTS:
            return "it gives a factor of 1 or more" if self.is_multiplier else f"it gives from 0 to {MAX_POINTS} points"
        if given.lines is not None and not shares.keys() <= {line.id for line in sale.lines}:
            return "it is about lines of the sale"
        return None if all(type(one) is int and one >= 0 for one in shares.values()) else "a line is worth 0 or more"

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> list[Any]:
        """What each of these purchases gives."""
        answers = [self.answer(settings, sale_like(fact)) for fact in facts]
        return [(one.points, one.shares(sale_like(fact))) for one, fact in zip(answers, facts, strict=True)]

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Never negative, deterministic, whatever the order of purchases; earn and give back is nothing; monotone where it says
        so."""
        sales = [sale_like(fact) for fact in facts]
        answers = []
        for sale in sales:
            answered = self.give(settings, sale)
            given = answered if isinstance(answered, Given) else Given(answered)
            wrong = self._wrong(given, sale, given.shares(sale))
            yield wrong or "it gives a number of points, 0 or more", wrong is None
            answers.append(given)
        again = [self.answer(settings, sale).points for sale in sales]
        yield "it is deterministic", again == [one.points for one in answers]
        backwards = [self.answer(settings, sale).points for sale in reversed(sales)]
        yield "it is independent of the order of purchases", backwards[::-1] == again
        yield (
            "what is earned and then given back line by line is nothing",
            all(_left_after_returns(given, sale) == 0 for given, sale in zip(answers, sales, strict=True)),
        )
        if self.is_monotone:
            yield (
                "it is monotone in lines, as it says",
                all(
                    self.answer(settings, fewer).points <= given.points
                    for given, sale in zip(answers, sales, strict=True)
                    for fewer in _fewer(sale)
                ),
            )


def _left_after_returns(given: Given, sale: Sale) -> int:
    """What is left of the points when one line after another is given back, each in its part."""
    shares, earned = given.shares(sale), int(given.points)
    whole, back, taken = sum(shares.values()), 0, 0
    for share in shares.values():
        back += share
        if whole:
            taken += earned * back // whole - earned * (back - share) // whole
    return earned - taken if whole else 0


def _fewer(sale: Sale) -> Iterator[Sale]:
    """The same without one of its lines."""
    for n in range(len(sale.lines)):
        lines = (*sale.lines[:n], *sale.lines[n + 1 :])
        yield Sale(
            sale.id, sale.customer_id, sale.at, sale.day, sale.minute, sale.store_id, sale.channel, sale.currency, lines,
            sale.tier_multiplier,
        )  # fmt: skip


def sale_like(fact: PurchaseFact, currency: str = "USD") -> Sale:
    """A sale such as this purchase, for laws to be tried on: a part of it was discounted, a part paid by credit that was bought,
    and there is a tax on top."""
    lines = [
        SaleLine(line.id, line.sku, line.name, line.brand, line.category, line.quantity, _worths(line.total))
        for line in fact.lines
    ]
    if not lines and fact.net > 0:
        lines = [SaleLine(fact.id, None, None, None, None, MILLION, _worths(fact.net))]
    customer = fact.customer.id if fact.customer else None
    return Sale(fact.id, customer, fact.at, fact.day, fact.minute, fact.store_id, fact.channel, currency, tuple(lines))


def _worths(total: int) -> dict[tuple[EarnOn, Tax, bool], int]:
    net, gross, money = max(total, 0), max(total, 0) * 5 // 4, max(total, 0) * 3 // 4
    return {
        USUAL: net,
        (EarnOn.NET, Tax.EXCLUDED, False): money,
        (EarnOn.NET, Tax.INCLUDED, True): net * 6 // 5,
        (EarnOn.NET, Tax.INCLUDED, False): money * 6 // 5,
        **{(EarnOn.GROSS, Tax.EXCLUDED, is_money): gross for is_money in (True, False)},
        **{(EarnOn.GROSS, Tax.INCLUDED, is_money): gross * 6 // 5 for is_money in (True, False)},
    }
