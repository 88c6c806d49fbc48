"""Outline: tiers for who buys of a category."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import PurchaseFact, RuleKind, hookimpl
from regulars_tiers.plugin import CriterionKind


class OutlineSettings(BaseModel):
    """What `OUTLINE` is told; what people fill in is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str = Field("Bakery", description="Of which category purchases count.")


def measure(settings: OutlineSettings, facts: Sequence[PurchaseFact]) -> int:
    """How many purchases have an article of the category that was not given back."""
    standing = [[line.category for line in fact.lines if line.stands] for fact in facts if fact.counted]
    return sum(settings.category in categories for categories in standing)


OUTLINE = CriterionKind(
    "OUTLINE", OutlineSettings, "Purchases of a category", measure, reads=("lines",), is_monotone=True
)


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [OUTLINE]
