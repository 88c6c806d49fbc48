"""Kinds of rewards: what is given for points, for progress, or by hand. The plugin that brings a kind gives it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind


@dataclass(frozen=True)
class RewardKind(RuleKind):
    """One kind of reward; `description` says what is given, in a few words.

    `worth(settings)` is what one of them costs the shop, in minor units, None where it has no price; it must be pure. `sentence`
    says a reward with its settings in words, given the currency. Where rules are tried, one counts as so many of its `unit` as
    `count(settings)` says, and as what it is worth without a unit.
    """

    use = "REWARD"

    worth: Callable[[Any], int | None] = field(default=lambda settings: None, kw_only=True)
    sentence: Callable[[Any, str], str] | None = field(default=None, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)
    count: Callable[[Any], int] = field(default=lambda settings: 1, kw_only=True)

    def words(self, settings: BaseModel, currency: str) -> str | None:
        """A reward of this kind in words."""
        return self.sentence(settings, currency) if self.sentence else None

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int | None:
        """What one costs."""
        return self.worth(settings)

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """A whole amount that is never negative, and always the same."""
        worth = self.worth(settings)
        yield "it costs a whole amount, 0 or more, or none", worth is None or (type(worth) is int and worth >= 0)
        yield "it is deterministic", self.worth(settings) == worth
