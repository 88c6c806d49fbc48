"""Outline: progress for who buys of several categories in a month."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import PurchaseFact, RuleKind, hookimpl
from regulars_rewards.plugin import HistoryTrigger, Span


class OutlineSettings(BaseModel):
    """What `OUTLINE` is told; what people fill in is made of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: int = Field(3, ge=1, le=100, description="Of how many categories.")


def total(settings: OutlineSettings, facts: Sequence[PurchaseFact]) -> int:
    """How much progress all purchases of a month bring, as they stand."""
    lines = [line for fact in facts if fact.counted for line in fact.lines if line.stands]
    return int(len({line.category for line in lines if line.category}) >= settings.categories)


OUTLINE = HistoryTrigger(
    "OUTLINE",
    OutlineSettings,
    "Several categories in a month",
    total,
    span=Span.MONTH,
    reads=("lines",),
    is_monotone=True,
)


@hookimpl
def regulars_rules() -> Sequence[RuleKind]:
    return [OUTLINE]
