"""Rules as shops wish for them keep every law, in each use."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import MinorUnits, NoSettings, PurchaseFact, RuleKind
from regulars_core.rules.kinds import Reads
from regulars_core.testing import try_laws
from regulars_loyalty.plugin import Given, PointsRuleKind, Sale
from regulars_rewards.plugin import (
    CustomerDates,
    HistoryTrigger,
    Occasion,
    OccasionTrigger,
    Off,
    OfferBasket,
    OfferConditionKind,
    OfferDiscountKind,
    PurchaseTrigger,
    Unmet,
)
from regulars_tiers.plugin import CriterionKind, Unit


class InCategory(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str = Field("Bread", description="The category.")
    per: MinorUnits = Field(100, gt=0, description="For each such amount.")


def double_on_tuesdays(settings: InCategory, sale: Sale) -> Given:
    lines = [line for line in sale.lines if line.category == settings.category]
    return Given(Fraction(sum(line.net for line in lines), settings.per) if sale.weekday == 2 else 0, lines)


def tenth_of_a_point(_: NoSettings, sale: Sale) -> Decimal:
    return Decimal(sale.net) * Decimal("0.001")


def half_of_the_cheapest(_: NoSettings, basket: OfferBasket) -> int | Unmet:
    left = [line.left for line in basket.lines if line.left]
    return min(left) // 2 if len(left) > 1 else Unmet("Take two articles.")


def third_off_each(_: NoSettings, basket: OfferBasket) -> Off:
    return Off({line.place: line.left // 3 for line in basket.lines})


def enough(settings: InCategory, basket: OfferBasket) -> bool | Unmet:
    missing = settings.per - basket.left
    return missing <= 0 or Unmet(f"{basket.amount(missing)} more.", missing=missing)


def on_weekends(_: NoSettings, basket: OfferBasket) -> bool:
    return basket.weekday in {6, 7}


def categories(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    lines = [line for fact in facts if fact.counted for line in fact.lines if line.stands]
    return len({line.category for line in lines if line.category})


def dearest(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return max((fact.net for fact in facts if fact.counted), default=0)


def days_of_visits(_: NoSettings, facts: Sequence[PurchaseFact]) -> int:
    return len({fact.day for fact in facts if fact.counted})


def cups(_: NoSettings, sale: Sale) -> Given:
    lines = [line for line in sale.lines if line.category == "Cups"]
    return Given(sum(line.pieces for line in lines), lines)


def first_of_may(_: NoSettings, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
    days = [date(year, 5, 1) for year in range(since.year, until.year + 1)]
    return [Occasion(f"may:{day.year}", day) for day in days if since <= day < until]


_LINES: Sequence[Reads] = ("lines",)
_CUSTOMER: Sequence[Reads] = ("customer",)
HONEST: Sequence[RuleKind] = [
    PointsRuleKind("TUESDAYS", InCategory, "Points on Tuesdays", double_on_tuesdays, is_monotone=True),
    PointsRuleKind("TENTHS", NoSettings, "Points of a kind", tenth_of_a_point),
    PointsRuleKind("DOUBLE", NoSettings, "Double", lambda _, sale: 2 if sale.minute < 600 else 1, is_multiplier=True),
    OfferDiscountKind("CHEAPEST", NoSettings, "Half of the cheapest", half_of_the_cheapest),
    OfferDiscountKind("THIRD", NoSettings, "A third of each", third_off_each),
    OfferConditionKind("ENOUGH", InCategory, "Enough", enough),
    OfferConditionKind("WEEKEND", NoSettings, "On weekends", on_weekends),
    OfferConditionKind("KNOWN", NoSettings, "Known", lambda _, basket: basket.customer_id is not None, reads=_CUSTOMER),
    CriterionKind("CATEGORIES", NoSettings, "Categories", categories, reads=_LINES, is_monotone=True),
    CriterionKind("DEAREST", NoSettings, "The dearest purchase", dearest, Unit.MONEY, is_monotone=True),
    HistoryTrigger("CATEGORIES", NoSettings, "Categories", categories, reads=_LINES, is_monotone=True),
    HistoryTrigger("VISITS", NoSettings, "Days of visits", days_of_visits, is_monotone=True),
    PurchaseTrigger("CUPS", NoSettings, "Cups", cups, is_monotone=True),
    OccasionTrigger("MAY", NoSettings, "The first of May", first_of_may),
]


@pytest.mark.parametrize("kind", HONEST, ids=lambda kind: f"{kind.use}-{kind.name}")
def test_it_keeps_every_law(kind: RuleKind) -> None:
    try_laws(kind)
