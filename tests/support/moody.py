"""A plugin whose criterion counts purchases, and fails when it is told to: for one purchase in many, or for all."""

from collections.abc import Callable, Sequence
from typing import Any

from regulars_core.plugin import NoSettings, PurchaseFact, hookimpl
from regulars_tiers.plugin import CriterionKind

Answer = Callable[[Sequence[PurchaseFact]], Any]


def counted(facts: Sequence[PurchaseFact]) -> int:
    """How it measures while it is well."""
    return sum(fact.counted for fact in facts)


def raising(facts: Sequence[PurchaseFact]) -> Any:
    """How it measures while it is not."""
    raise ZeroDivisionError(f"not today, {len(facts)}")


class Moody:
    """What the plugin is at some time; `answer` is what it measures, `hates` the net amount of a purchase that it cannot bear."""

    def __init__(self) -> None:
        self.answer: Answer = counted
        self.hates = -1

    def measure(self, _: NoSettings, facts: Sequence[PurchaseFact]) -> Any:
        return raising(facts) if any(fact.net == self.hates for fact in facts) else self.answer(facts)

    @hookimpl
    def regulars_rules(self) -> Sequence[CriterionKind]:
        return [CriterionKind("MOODY", NoSettings, "Purchases", self.measure, is_monotone=True)]


installed = Moody()
"""The one that is found where this module is installed as a plugin."""


@hookimpl
def regulars_rules() -> Sequence[CriterionKind]:
    return installed.regulars_rules()


def moody_policy(threshold: str = "2", metric: str = "MOODY") -> dict[str, Any]:
    """A tier M for so many purchases in all, and C for everybody."""
    set_ = {"allOf": [{"metric": metric, "window": "LIFETIME", "threshold": threshold}]}
    return {"graceDays": 0, "tiers": [{"code": "M", "name": "Many", "anyOf": [set_]}, {"code": "C", "name": "All"}]}
