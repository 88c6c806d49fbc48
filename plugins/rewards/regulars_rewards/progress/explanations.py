"""How progress came about: the arithmetic as a sentence, and its figures, as they are kept and shown. Pure."""

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from regulars_core.plugin import (
    Given,
    Number,
    RuleExplanation,
    RuleFigure,
    ShownRule,
    UsableRule,
    decimal_text,
    exponent_of,
)
from regulars_rewards.progress.rows import Earning
from regulars_rewards.triggers.occasions import Occasion


class Explanation(NamedTuple):
    """How a figure came about: the arithmetic as a sentence, and its figures by name, in the order of the calculation."""

    text: str
    figures: Mapping[str, str] = {}

    def as_json(self) -> str:
        """As an entry keeps it."""
        return json.dumps({"text": self.text, "figures": dict(self.figures)})

    @classmethod
    def of(cls, kept: str | None) -> "Explanation | None":
        """What an entry has kept."""
        return None if kept is None else cls(**json.loads(kept))

    def shown(self, rule: ShownRule | None = None) -> RuleExplanation:
        """As people see it."""
        return RuleExplanation(
            [RuleFigure(name, Decimal(value)) for name, value in self.figures.items()], self.text, rule
        )


def of_sale(given: Given, units: int, per: int) -> Explanation:
    """What a sale brought."""
    figures = {str(name): _text(value) for name, value in given.figures.items()} | {"RESULT": str(units)}
    what = f"{given.text}: {units}" if given.text else str(units)
    return Explanation(what if per == 1 else f"{what} of {per}", figures)


def of_span(span: str, purchases: int, units: int, per: int) -> Explanation:
    """What all purchases of a span bring together."""
    counted = f"{purchases} purchase{'' if purchases == 1 else 's'} in {span}: {units}"
    return Explanation(counted if per == 1 else f"{counted} of {per}", {"RESULT": str(units)})


def of_occasion(trigger: UsableRule, occasion: Occasion, currency: str) -> Explanation:
    """What a day brings: which, in the words of the trigger."""
    return Explanation(f"{trigger.words(currency)}, on {occasion.day.isoformat()}", {"RESULT": "1"})


def of_return(before: Earning, after: Earning, back: Fraction | None, currency: str) -> Explanation:
    """What was reversed of what a purchase had brought; `back` is the eligible money that has come back, where it goes by
    that."""
    figures = {"EARNED": str(before.earned)}
    if back is not None and before.base:
        exponent = exponent_of(currency)
        base, money = decimal_text(before.base, exponent), decimal_text(round(back), exponent)
        figures |= {"BASE": base, "REFUNDED": money}
        text = f"{before.earned} × {money} ÷ {base} = {after.reversed}"
    else:
        text = f"{after.reversed} of {before.earned} are taken back"
    changed = after.reversed - before.reversed
    if before.reversed:
        text += f", of which {before.reversed} were taken back before: {changed}"
    return Explanation(text, {**figures, "RESULT": str(changed)})


def in_progress(units: Fraction) -> Decimal:
    """How much progress so much is, whole or not: exactly, or with six decimals where that has no end."""
    return Decimal(_text(units))


def _text(number: Number) -> str:
    """A number in plain digits: exactly, or with six decimals where it has no end."""
    if isinstance(number, Decimal):
        return format(number, "f")
    fraction = Fraction(number)
    if fraction.denominator == 1:
        return str(fraction.numerator)
    shown = (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(Decimal("0.000001"))
    return format(shown.normalize(), "f")
