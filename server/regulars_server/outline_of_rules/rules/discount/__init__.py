"""Outline: some percent off the dearest line."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import RuleKind, hookimpl
from regulars_rewards.plugin import OfferBasket, OfferDiscountKind


class OutlineSettings(BaseModel):
    """What `OUTLINE` is told; what people fill in is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent: int = Field(10, gt=0, le=100, description="How many percent.")


def take(settings: OutlineSettings, basket: OfferBasket) -> int:
    """How many minor units it takes off a basket, never more than is left."""
    return max((line.left for line in basket.lines), default=0) * settings.percent // 100


OUTLINE = OfferDiscountKind("OUTLINE", OutlineSettings, "Percent of the dearest line", take)


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [OUTLINE]
