"""Outline: more points for a category on Tuesdays."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import RuleKind, hookimpl
from regulars_loyalty.plugin import Given, PointsRuleKind, Sale


class OutlineSettings(BaseModel):
    """What `OUTLINE` is told; what people fill in is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: str = Field("Bakery", description="Which articles earn a point more for each 1.00.")


def give(settings: OutlineSettings, sale: Sale) -> Given:
    """How many points a sale gives, and about which of its lines."""
    lines = [line for line in sale.lines if line.category == settings.category]
    return Given(sum(line.net for line in lines) // 100 if sale.weekday == 2 else 0, lines)


OUTLINE = PointsRuleKind("OUTLINE", OutlineSettings, "More points on Tuesdays", give, is_monotone=True)


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [OUTLINE]
