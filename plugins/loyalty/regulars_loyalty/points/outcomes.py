"""What each rule of a program gives for a sale, or why it gives nothing: with the arithmetic, so that it can be shown. Pure."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import orjson

from regulars_core.plugin import (
    Given,
    Number,
    RuleExplanation,
    RuleFigure,
    RuleOutcome,
    Sale,
    Shop,
    ShownRule,
    SkipReason,
    shown_rule,
    spread,
)
from regulars_loyalty.ledger.book import Terms
from regulars_loyalty.points.program import Rule, Unavailable, Version

EARN, BONUS = "EARN", "BONUS"
"""What kind of entry a rule posts: of its own, or a multiplier of the others."""
_MILLIONTH = Decimal("0.000001")


class Explanation(NamedTuple):
    """How a figure came about: the arithmetic as a sentence, and its figures by name, in the order of the calculation."""

    text: str
    figures: Mapping[str, str] = MappingProxyType({})

    def as_json(self) -> str:
        """As an entry keeps it."""
        return orjson.dumps({"text": self.text, "figures": dict(self.figures)}).decode()

    def shown(self, rule: ShownRule | None = None) -> RuleExplanation:
        """As people see it."""
        return RuleExplanation(
            [RuleFigure(name, Decimal(value)) for name, value in self.figures.items()], self.text, rule
        )


class Outcome(NamedTuple):
    """What a rule gave for a sale: `points` of the kind EARN or BONUS on these `terms`, or 0 for a `reason`. How it came about is
    put into words when it is asked for: `explain`.

    `base` is what was eligible for it in minor units, and `shares` how much of that each line is: what is given back of them
    takes points back in that part. `is_failure` says that the rule raised, or that nobody can tell now for whom it is, so that it
    must be made up for.
    """

    rule: Rule
    program: int
    kind: str
    points: int
    base: int
    shares: Mapping[str, int]
    explain: Callable[[], Explanation]
    terms: Terms
    reason: SkipReason | None = None
    is_failure: bool = False

    @property
    def explanation(self) -> Explanation:
        """How it came about."""
        return self.explain()

    @property
    def code(self) -> str:
        """The code of the rule."""
        return self.rule.code

    @property
    def is_once(self) -> bool:
        """Whether the rule gives to each customer once only."""
        return self.rule.is_once

    def shown(self, shop: Shop) -> RuleOutcome:
        """As people see it."""
        return RuleOutcome(self.rule.name, Decimal(self.points), self.explained(shop), self.reason)

    def explained(self, shop: Shop) -> RuleExplanation:
        """How it came about, as people see it."""
        return self.explanation.shown(shown_rule(shop, self.rule.kind.use, self.rule.data.rule.stored))


Failed = Callable[[Rule, Exception], None]
"""Told of a rule that raised."""


@dataclass(frozen=True)
class Asking:
    """By what a program is asked about one sale: who belongs to the audience of each of its rules, or None where that cannot be
    told now; which have given already to whom they give once; and who is told of what fails."""

    version: Version
    terms: Terms
    belongs: Callable[[Rule], bool | None]
    has_given: Callable[[Rule], bool]
    failed: Failed

    def outcomes(self, sale: Sale) -> Sequence[Outcome]:
        """What each rule gives for a sale, in the order of the program."""
        rules = self.version.program.rules
        found = {rule.code: self._earned(rule, sale) for rule in rules if not rule.kind.is_multiplier}
        base = [one for one in found.values() if one.points]
        found |= {rule.code: self._multiplied(rule, sale, base) for rule in rules if rule.kind.is_multiplier}
        return [found[rule.code] for rule in rules]

    def _earned(self, rule: Rule, sale: Sale) -> Outcome:
        answered = self._given(rule, sale)
        if isinstance(answered, Outcome):
            return answered
        given, shares = answered
        points = int(given.value)
        explain = partial(_explained, given, points)
        if points:
            base = sum(shares.values())
            return Outcome(rule, self.version.number, EARN, points, base, shares, explain, self.terms)
        return self._nothing(rule, SkipReason.ROUNDED_OFF if given.value else SkipReason.NO_MATCH, explain)

    def _multiplied(self, rule: Rule, sale: Sale, base: Sequence[Outcome]) -> Outcome:
        """A multiplier's bonus is an entry of its own: ⌊base × m⌋ − base, over what no multiplier gave."""
        answered = self._given(rule, sale)
        if isinstance(answered, Outcome):
            return answered
        earned, factor = sum([one.points for one in base]), answered[0].value
        # What multiplies by 1 is most of what there is; a Fraction of it takes as long as all the rest.
        whole = earned if factor == 1 else earned * (factor if isinstance(factor, int) else Fraction(factor))
        bonus = int(whole) - earned
        explain = partial(_multiplication, earned, factor)
        if bonus:
            shares = _shares_of(base)
            total = sum(shares.values())
            return Outcome(rule, self.version.number, BONUS, bonus, total, shares, explain, self.terms)
        return self._nothing(rule, SkipReason.ROUNDED_OFF if whole > earned else SkipReason.NO_MATCH, explain)

    def _given(self, rule: Rule, sale: Sale) -> tuple[Given, Mapping[str, int]] | Outcome:
        if sale.customer_id is None:
            return self._not(rule, SkipReason.NO_CUSTOMER, "The purchase has no customer.")
        if not rule.is_available:
            reason = getattr(rule.kind, "reason", "its plugin is off")
            return self._not(rule, SkipReason.UNAVAILABLE, f"It cannot be used: {reason}.")
        belongs = self.belongs(rule)
        if belongs is None:
            text = "Whether it is for this customer cannot be told now; it will be made up for."
            return self._not(rule, SkipReason.UNAVAILABLE, text, is_failure=True)
        if not belongs:
            return self._not(rule, SkipReason.AUDIENCE, "It is not for this customer.")
        if self.has_given(rule):
            return self._not(rule, SkipReason.AUDIENCE, "It gives to each customer once, and has.")
        try:
            return rule.kind.answer_with_shares(rule.settings, sale)
        except Exception as error:  # a plugin's own: one rule must not stop a sale
            if not isinstance(error, Unavailable):
                self.failed(rule, error)
            return self._not(rule, SkipReason.UNAVAILABLE, "It failed, and will be made up for.", is_failure=True)

    def _not(self, rule: Rule, reason: SkipReason, text: str, *, is_failure: bool = False) -> Outcome:
        return self._nothing(rule, reason, partial(Explanation, text), is_failure=is_failure)

    def _nothing(
        self, rule: Rule, reason: SkipReason, explain: Callable[[], Explanation], *, is_failure: bool = False
    ) -> Outcome:
        kind = BONUS if rule.kind.is_multiplier else EARN
        return Outcome(rule, self.version.number, kind, 0, 0, {}, explain, self.terms, reason, is_failure)


def _shares_of(base: Sequence[Outcome]) -> Mapping[str, int]:
    """What each line is of that on which a multiplier's bonus is: the lines of all that it multiplies, in the part that each has
    of the points."""
    worth, weights = dict[str, int](), dict[str, Fraction]()
    for one in base:
        for line, share in one.shares.items():
            worth[line] = max(worth.get(line, 0), share)
            if one.base:
                weights[line] = weights.get(line, Fraction(0)) + Fraction(one.points * share, one.base)
    if not weights:
        return dict.fromkeys(worth, 0)
    whole = math.lcm(*(weight.denominator for weight in weights.values()))
    lines = list(weights)
    shares = spread(sum(worth.values()), [int(weights[line] * whole) for line in lines])
    return dict(zip(lines, shares, strict=True))


def _multiplication(earned: int, given: Number) -> Explanation:
    factor = Fraction(given)
    whole = earned * factor
    bonus = int(whole) - earned
    figures = {"BASE": _text(earned), "MULTIPLIER": _text(factor), "DROPPED": _text(whole - int(whole))}
    text = f"{earned} × {_text(factor)} − {earned} = {_result(whole - earned, bonus)}"
    return Explanation(text, {**figures, "RESULT": _text(bonus)})


def _explained(given: Given, points: int) -> Explanation:
    exact = Fraction(given.value) if isinstance(given.value, Decimal) else given.value
    figures = {name: _text(value) for name, value in given.figures.items()}
    figures |= {"EARNED": _text(exact), "DROPPED": _text(exact - points), "RESULT": _text(points)}
    return Explanation(f"{given.text} = {_result(exact, points)}" if given.text else _result(exact, points), figures)


def _result(exact: int | Fraction, whole: int) -> str:
    return str(whole) if exact == whole else f"{_text(exact)}, rounded down: {whole}"


def _text(number: Number) -> str:
    """A number in plain digits: exactly, or with six decimals where it has no end."""
    if type(number) is int:
        return str(number)
    if isinstance(number, Decimal):
        return format(number, "f")
    fraction = number if isinstance(number, int | Fraction) else Fraction(number)
    if fraction.denominator == 1:
        return str(fraction.numerator)
    shown = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    return format(shown.quantize(_MILLIONTH).normalize(), "f")
