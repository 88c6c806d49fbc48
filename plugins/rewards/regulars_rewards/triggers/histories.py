"""Triggers by all that a customer bought in a span of days."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from pydantic import BaseModel

from regulars_core.plugin import PurchaseFact
from regulars_rewards.triggers.kinds import MAX_UNITS, RewardTriggerKind, Undone, is_whole
from regulars_rewards.triggers.spans import Span


@dataclass(frozen=True)
class HistoryTrigger(RewardTriggerKind):
    """A trigger by all purchases of one span, as they stand by now.

    `total(settings, facts)` answers how many units they bring together, a whole number, 0 or more; the facts are those of one
    customer and one span where the shop is, in the order of time. It must be pure: it looks at nothing but what it is given.
    Whenever one of them changes it is asked again, and the difference is booked: what is given back brings nothing. `is_monotone`
    promises that another purchase that stands never lessens it.
    """

    total: Callable[[Any, Sequence[PurchaseFact]], int]
    undone: Undone = field(default=Undone.BY_REFUNDS, kw_only=True)
    span: Span = field(default=Span.MONTH, kw_only=True)
    is_monotone: bool = field(default=False, kw_only=True)

    def units(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int:
        """How many units the purchases of one span bring. Raises what it raises, and ValueError for what is no number of
        units."""
        units = self.total(settings, tuple(sorted(facts, key=lambda fact: (fact.at, fact.id))))
        if not is_whole(units) or not 0 <= units <= MAX_UNITS:
            raise ValueError(f"it answers a whole number from 0 to {MAX_UNITS}")
        return units

    def by_span(self, facts: Sequence[PurchaseFact]) -> Mapping[str, Sequence[PurchaseFact]]:
        """Purchases by the key of the span in which they were made."""

        def key(fact: PurchaseFact) -> str:
            return self.span.key(fact.date)

        in_order = sorted(facts, key=lambda fact: (fact.day, fact.at, fact.id))
        return {of: list(own) for of, own in groupby(in_order, key)}

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Mapping[str, int]:
        """What each span brings."""
        return {key: self.units(settings, own) for key, own in self.by_span(facts).items()}

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Whole, never negative, deterministic, whatever the order in which purchases are told; nothing brings nothing, and what
        was given back neither; monotone where it says so."""
        yield from self.per_laws(settings)
        nothing = self.total(settings, ())
        yield f"it answers a whole number from 0 to {MAX_UNITS}", is_whole(nothing)
        yield "no purchases bring nothing", nothing == 0
        for own in self.by_span(facts).values():
            units = self.total(settings, tuple(own))
            is_number = is_whole(units) and 0 <= units <= MAX_UNITS
            yield f"it answers a whole number from 0 to {MAX_UNITS}", is_number
            if not is_number:
                return
            yield "it is deterministic", self.total(settings, tuple(own)) == units
            yield "it is independent of the order of purchases", self.total(settings, tuple(reversed(own))) == units
            gone = tuple(fact.given_back for fact in own)
            yield "what is earned and then given back is nothing", self.total(settings, gone) == 0
            if self.is_monotone:
                yield "it is monotone in purchases, as it says", self._is_monotone_in(settings, own, units)

    def _is_monotone_in(self, settings: BaseModel, facts: Sequence[PurchaseFact], units: int) -> bool:
        standing = [n for n, fact in enumerate(facts) if fact.counted and fact.net >= 0]
        return all(self.total(settings, (*facts[:n], *facts[n + 1 :])) <= units for n in standing)
