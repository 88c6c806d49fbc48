"""How what an offer takes off came about: figures and the arithmetic as a sentence. Pure."""

from decimal import Decimal
from fractions import Fraction

from regulars_core.plugin import RuleExplanation, RuleFigure
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.goods import Attempt
from regulars_rewards.offers.kinds import Number
from regulars_rewards.offers.promotion import Promotion

_DIGITS = Decimal("0.000001")


def explained(promotion: Promotion, attempt: Attempt, basket: OfferBasket) -> RuleExplanation:
    """What conditions have tested, then the figures of the discount, then the `RESULT`."""
    rule = promotion.shown(basket.currency)
    figures = {**attempt.figures, **(attempt.off.figures if attempt.off else {})}
    told = [RuleFigure(name, _decimal(one)) for name, one in figures.items()]
    result = basket.amount(attempt.amount)
    text = (attempt.off.text if attempt.off else None) or (rule.description if rule else promotion.name)
    return RuleExplanation([*told, RuleFigure("RESULT", Decimal(result))], f"{text} = {result}", rule)


def _decimal(number: Number) -> Decimal:
    if isinstance(number, Fraction):
        return (Decimal(number.numerator) / number.denominator).quantize(_DIGITS).normalize()
    return Decimal(number)
