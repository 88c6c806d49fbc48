"""Outline: an offer for who buys enough articles."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import RuleKind, hookimpl
from regulars_rewards.plugin import OfferBasket, OfferConditionKind, Unmet


class OutlineSettings(BaseModel):
    """What `OUTLINE` is told; what people fill in is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum: int = Field(2, ge=1, le=100, description="How many different articles.")


def holds(settings: OutlineSettings, basket: OfferBasket) -> bool | Unmet:
    """Whether it holds for a basket, or what stands in the way."""
    missing = settings.minimum - len({line.name for line in basket.lines})
    return missing <= 0 or Unmet(f"{missing} more articles are needed.")


OUTLINE = OfferConditionKind("OUTLINE", OutlineSettings, "Several articles", holds)


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [OUTLINE]
