"""What sales bring in reward systems by the versions of their instants: what must be known for it, and what follows.

What is looked up is named before a purchase is recorded, from what this process remembers of the systems. Where these turn out to
be others by then, it is read anew.
"""

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from regulars_core.plugin import (
    Audience,
    AudienceAnswers,
    CustomerMoment,
    Instant,
    Lookup,
    PurchaseFact,
    ReturnState,
    Sale,
    Shop,
    SkipReason,
    audience_answers,
    audience_lookups,
    taken_back,
)
from regulars_rewards.progress.book import PURCHASE, Cause, ProgressBook
from regulars_rewards.progress.explanations import Explanation, of_sale
from regulars_rewards.progress.giving import lookup_promotions_of, promotions_from
from regulars_rewards.progress.histories import Histories, looking_at_spans
from regulars_rewards.progress.rows import Earning, Failure, lookup_progress, progress_from
from regulars_rewards.systems.known import KnownSystems
from regulars_rewards.systems.system import RewardSystem, SystemVersion
from regulars_rewards.triggers.kinds import PurchaseTrigger

log = logging.getLogger(__name__)
Buyer = tuple[str, Instant]
"""A customer, and the instant of a purchase."""
_Key = tuple[str, int]
"""A system, and the number of its version."""


class Outcome(NamedTuple):
    """What a sale brought in a system by the version of its instant: `units`, or 0 for a `reason`. `base` is what was eligible
    for it in minor units, and `shares` how much of that each line was. `is_failure` says that the trigger raised, so that it must
    be tried again."""

    system: RewardSystem
    version: SystemVersion
    units: int
    explain: Callable[[], Explanation]
    base: int = 0
    shares: Mapping[str, int] = {}
    reason: SkipReason | None = None
    is_failure: bool = False


@dataclass(frozen=True)
class Earners:
    """The systems in which purchases bring something at some instants, and what has to be known of these customers for it."""

    shop: Shop
    known: KnownSystems
    who: Sequence[Buyer]

    @cached_property
    def systems(self) -> Sequence[RewardSystem]:
        """Those in which a purchase of these may bring something."""
        by_sale = [one for one in self.known.systems if any(_by_sale(one.collecting_at(at)) for _, at in self.who)]
        spans = looking_at_spans(self.known.systems, self.who)
        return [one for one in self.known.systems if one in by_sale or one in spans]

    @cached_property
    def _audiences(self) -> Mapping[_Key, Audience]:
        versions = [v for one in self.systems for _, at in self.who if _by_sale(v := one.collecting_at(at))]
        return {(v.system_id, v.number): v.data.audience for v in versions if v and v.data.audience is not None}

    @cached_property
    def _histories(self) -> Histories:
        return Histories(self.shop, looking_at_spans(self.known.systems, self.who), self.who)

    def lookups(self) -> Sequence[Lookup]:
        """What `book` will have to know; nothing where no purchase brings anything."""
        if not self.who or not self.systems:
            return []
        dialect = self.shop.database.dialect
        return [
            lookup_progress(dialect, {one for one, _ in self.who}),
            lookup_promotions_of(dialect, [one.current for one in self.systems]),
            *audience_lookups(self.shop, self._audiences, self.who),
            *self._histories.lookups(),
        ]

    async def read(self) -> Sequence[Sequence[Any]]:
        """The rows of `lookups`, read now."""
        lookups = self.lookups()
        return await self.shop.database.read_together(lookups) if lookups else ()

    def book(self, found: Sequence[Sequence[Any]]) -> ProgressBook:
        """The progress of these customers, out of the rows of `lookups`."""
        return ProgressBook(self.shop, self.known, progress_from(found[0]), promotions_from(found[1]))

    async def earn(
        self,
        book: ProgressBook,
        sales: Sequence[Sale],
        found: Sequence[Sequence[Any]],
        states: Mapping[str, ReturnState] | None = None,
        facts: Mapping[str, Sequence[PurchaseFact]] | None = None,
        had: Collection[tuple[str, str, str]] = (),
    ) -> None:
        """Book what these sales bring, less what has come back by the `states` of their purchases; and what spans bring with
        them, of which `facts` were not there yet when it was looked up. What customers `had` of systems by sources, they have."""
        answers, rest = self._answers(found)
        for sale in sorted(sales, key=lambda one: (one.at, one.id)):
            cause = Cause(PURCHASE, sale.at, sale.id, sale.id)
            for outcome in self.outcomes(sale, answers):
                if outcome.is_failure:
                    book.failed(Failure(str(sale.customer_id), outcome.system.id, sale.id, sale.id))
                elif outcome.units and (earning := _earning(sale, outcome)).key not in had:
                    if states and sale.id in states:
                        back = taken_back(earning.earned, earning.base or 0, earning.by_line, states[sale.id])
                        earning = earning.with_reversed(back)
                    book.change(None, earning, cause._replace(explanation=earning.explanation))
        if rest and sales:
            last = max(sales, key=lambda one: (one.at, one.id))
            of_spans = Cause(PURCHASE, last.at, None, last.id if len(sales) == 1 else None)
            await self._histories.book(book, rest, of_spans, facts or {})

    def tried(self, sale: Sale, found: Sequence[Sequence[Any]]) -> Sequence[Outcome]:
        """What a sale would bring in each system that goes by single sales; `found` are the rows of `lookups`. Books nothing."""
        return list(self.outcomes(sale, self._answers(found)[0]))

    def _answers(self, found: Sequence[Sequence[Any]]) -> "tuple[_Answers, Sequence[Sequence[Any]]]":
        """Who belonged to which audience; and the rows that are of spans."""
        audiences = self._audiences
        number = len(audience_lookups(self.shop, audiences, self.who))
        answers = audience_answers(self.shop, audiences, self.who, found[2 : 2 + number])
        return answers, found[2 + number :]

    def outcomes(self, sale: Sale, answers: "_Answers") -> Iterator[Outcome]:
        """What a sale brings in each system that goes by single sales, in the order of systems."""
        for system in self.known.systems:
            version = system.collecting_at(sale.at)
            if version is not None and _by_sale(version):
                yield self._outcome(system, version, sale, answers)

    def _outcome(self, system: RewardSystem, version: SystemVersion, sale: Sale, answers: "_Answers") -> Outcome:
        key, buyer = (system.id, version.number), CustomerMoment(str(sale.customer_id), sale.at)
        if key in answers.failed:
            text = "It cannot be told now for whom it is, and will be tried again."
            return _not(system, version, SkipReason.UNAVAILABLE, text, is_failure=True)
        if version.data.audience is not None and not answers[key, buyer]:
            return _not(system, version, SkipReason.AUDIENCE, "It is not for this customer.")
        kind, trigger = version.kind, version.trigger
        assert isinstance(kind, PurchaseTrigger)
        assert trigger is not None
        try:
            given = kind.answer(trigger.settings, sale, version.bands)
            shares, units = given.shares(sale), int(given.value)
            explained = of_sale(given, units, version.per)
        except Exception as error:  # a plugin's own: one rule must not stop a sale
            log.error("the trigger of kind %s of %s failed: %s", kind.name, system.id, type(error).__name__)
            text = "It failed, and will be tried again."
            return _not(system, version, SkipReason.UNAVAILABLE, text, is_failure=True)
        reason = None if units else SkipReason.NO_MATCH
        return Outcome(system, version, units, lambda: explained, sum(shares.values()), shares, reason)


_Answers = AudienceAnswers[_Key]


def _not(
    system: RewardSystem, version: SystemVersion, reason: SkipReason, text: str, *, is_failure: bool = False
) -> Outcome:
    return Outcome(system, version, 0, lambda: Explanation(text), reason=reason, is_failure=is_failure)


def _by_sale(version: SystemVersion | None) -> bool:
    return version is not None and isinstance(version.kind, PurchaseTrigger)


def _earning(sale: Sale, outcome: Outcome) -> Earning:
    return Earning(
        str(sale.customer_id), outcome.system.id, sale.id, sale.id, outcome.version.number, outcome.version.per,
        outcome.units, sale.at, 0, outcome.base, json.dumps(outcome.shares), outcome.explain().as_json(),
    )  # fmt: skip
