"""What all purchases of a span bring in systems that look at spans: found anew from the purchases as they stand, so that neither
the order of purchases nor that of refunds matters, and the difference is booked.

Of the purchases of a span count those at which the system collected and for whom it was; which settings hold says the version
that was in force at the last of them.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from regulars_core.plugin import (
    NEVER,
    AudienceAnswers,
    CustomerMoment,
    Instant,
    Lookup,
    PurchaseFact,
    Shop,
    completed_from,
    day_of,
    lookup_completions,
    lookup_purchase_facts,
    purchase_facts_from,
    read_audiences,
    start_of,
)
from regulars_rewards.progress.book import Cause, ProgressBook
from regulars_rewards.progress.explanations import of_span
from regulars_rewards.progress.rows import Earning, Failure, earnings_from, lookup_earnings_by
from regulars_rewards.systems.system import RewardSystem, SystemVersion
from regulars_rewards.triggers.histories import HistoryTrigger
from regulars_rewards.triggers.spans import Span

log = logging.getLogger(__name__)
Buyer = tuple[str, Instant]
_Key = tuple[str, int]
LOOKUPS = 2
"""How many look-ups `Histories.lookups` names at least: purchases, and what their spans have brought."""


@dataclass(frozen=True)
class Histories:
    """The spans of customers in systems that look at spans, around some instants."""

    shop: Shop
    systems: Sequence[RewardSystem]
    who: Sequence[Buyer]

    def __bool__(self) -> bool:
        return bool(self.systems and self.who)

    @cached_property
    def _kinds(self) -> Mapping[Instant, Sequence[tuple[RewardSystem, HistoryTrigger]]]:
        """The kinds that are in force at each of these instants, with their systems; instants without any are missing."""
        found: dict[Instant, list[tuple[RewardSystem, HistoryTrigger]]] = {}
        for at in dict.fromkeys(at for _, at in self.who):
            for system in self.systems:
                if kind := _kind(system.collecting_at(at)):
                    found.setdefault(at, []).append((system, kind))
        return found

    @cached_property
    def _since(self) -> Mapping[str, Instant]:
        """From when on the purchases of each customer are looked at: none counts from before a system collects."""
        since: dict[str, Instant] = {}
        for customer_id, at in self.who:
            for system, kind in self._kinds.get(at, ()):
                begins = self._begin(system, kind, at)
                since[customer_id] = min(begins, since.get(customer_id, begins))
        return since

    def _begin(self, system: RewardSystem, kind: HistoryTrigger, at: Instant) -> Instant:
        zone = self.shop.settings.zone
        first, _ = kind.span.around(day_of(at, zone))
        begins = NEVER if first.year <= 1 else start_of(first, zone)
        return max(begins, system.collecting_within(begins, Instant(at + 1)) or begins)

    def _keys(self, at: Instant) -> Sequence[tuple[RewardSystem, Span, str]]:
        """The spans around an instant in each system that looks at spans then, with their keys."""
        day = day_of(at, self.shop.settings.zone)
        return [(system, kind.span, kind.span.key(day)) for system, kind in self._kinds.get(at, ())]

    @cached_property
    def _reads(self) -> frozenset[str]:
        return frozenset[str]().union(*(kind.reads for own in self._kinds.values() for _, kind in own))

    def lookups(self) -> Sequence[Lookup]:
        """What `book` will have to know."""
        if not self._kinds:
            return []
        since, sources = self._since, {key for at in self._kinds for *_, key in self._keys(at)}
        return [
            lookup_purchase_facts(self.shop, since),
            lookup_earnings_by(self.shop.database.dialect, since, sources),
            *(lookup_completions(self.shop, since) if self._reads else ()),
        ]

    async def book(
        self,
        book: ProgressBook,
        found: Sequence[Sequence[Any]],
        cause: Cause,
        new: Mapping[str, Sequence[PurchaseFact]],
    ) -> None:
        """Book what the spans bring by now. `found` are the rows of `lookups`, and `new` the purchases of each customer that were
        not there yet when that was looked up."""
        if not found:
            return
        facts = self._facts(found, new)
        earned = earnings_from(found[1])
        spans = [
            _Span(customer_id, system, key, _of_span(system, span, key, facts[customer_id]))
            for customer_id, at in dict.fromkeys(self.who)
            for system, span, key in self._keys(at)
        ]
        for span in await self._of_their_audience({one.id: one for one in spans}):
            self._book(book, span, earned.get(span.id), cause)

    def _facts(
        self, found: Sequence[Sequence[Any]], new: Mapping[str, Sequence[PurchaseFact]]
    ) -> Mapping[str, Sequence[PurchaseFact]]:
        customers = list(dict.fromkeys(one for one, _ in self.who))
        stored = purchase_facts_from(self.shop, customers, found[0])
        facts = {
            one: [*(fact for fact in own if fact.id not in {each.id for each in new.get(one, ())}), *new.get(one, ())]
            for one, own in stored.items()
        }
        return completed_from(facts, self._reads, found[LOOKUPS:]) if self._reads else facts

    async def _of_their_audience(self, spans: "Mapping[Any, _Span]") -> "Sequence[_Span]":
        """The spans with those of their purchases at whose instants the customer was among those whom the system is for."""
        asked = {
            (id_, version.number): version.data.audience
            for one in spans.values()
            if (version := one.version) and version.data.audience is not None
            for id_ in [one.system.id]
        }
        if not asked:
            return list(spans.values())
        who = [(one.customer_id, fact.at) for one in spans.values() for fact in one.facts]
        answers = await read_audiences(self.shop, asked, who)
        return [self._narrowed(one, asked, answers) for one in spans.values()]

    def _narrowed(self, span: "_Span", asked: Collection[_Key], answers: AudienceAnswers[_Key]) -> "_Span":
        version = span.version
        if version is None or (span.system.id, version.number) not in asked:
            return span
        key = span.system.id, version.number
        if key in answers.failed:
            return replace(span, is_told=False)
        own = [one for one in span.facts if answers[key, CustomerMoment(span.customer_id, one.at)]]
        return replace(span, facts=own, decided_by=version)

    def _book(self, book: ProgressBook, span: "_Span", before: Earning | None, cause: Cause) -> None:
        version = span.version or (span.system.at(before.at) if before else None)
        kind = _kind(version)
        if version is None or version.trigger is None or kind is None:
            return
        if not span.is_told:
            book.failed(span.failure(cause))
            return
        try:
            units = kind.units(version.trigger.settings, span.facts)
        except Exception as error:  # a plugin's own: one rule must not stop a sale
            log.error("the trigger of kind %s of %s failed: %s", kind.name, span.system.id, type(error).__name__)
            book.failed(span.failure(cause))
            return
        if before is None and not any(span.system.was_there(one.id) for one in span.facts):
            return
        at = span.facts[-1].at if span.facts else cause.at
        explained = of_span(span.key, len(span.facts), units, version.per).as_json()
        fresh = Earning(
            span.customer_id,
            span.system.id,
            span.key,
            None,
            version.number,
            version.per,
            units,
            at,
            explanation=explained,
        )
        after = fresh if before is None else replace(fresh, id=before.id)
        if before is None or before.units != after.units:
            book.change(before, after, cause._replace(source=span.key, explanation=explained))


@dataclass(frozen=True)
class _Span:
    """A span of a customer in a system, with those purchases in it that count, in the order of time. What it brings cannot be
    told where it is not told now for whom the system is."""

    customer_id: str
    system: RewardSystem
    key: str
    facts: Sequence[PurchaseFact]
    decided_by: SystemVersion | None = field(default=None)
    is_told: bool = True

    @property
    def id(self) -> tuple[str, str, str]:
        """The key of what it brings."""
        return self.customer_id, self.system.id, self.key

    def failure(self, cause: Cause) -> Failure:
        """That it could not be found what it brings, as of its last purchase."""
        last = self.facts[-1].id if self.facts else cause.purchase_id
        return Failure(self.customer_id, self.system.id, self.key, last)

    @property
    def version(self) -> SystemVersion | None:
        """The version that was in force at the last of its purchases."""
        return self.decided_by or (self.system.collecting_at(self.facts[-1].at) if self.facts else None)


def _of_span(system: RewardSystem, span: Span, key: str, facts: Sequence[PurchaseFact]) -> Sequence[PurchaseFact]:
    """Those of these at which the system looked at such spans, of the one with this key."""
    within = ((one, _kind(system.collecting_at(one.at))) for one in facts if span.key(one.date) == key)
    return [one for one, kind in within if kind and kind.span is span]


def _kind(version: SystemVersion | None) -> HistoryTrigger | None:
    kind = version.kind if version else None
    return kind if isinstance(kind, HistoryTrigger) else None


def looking_at_spans(systems: Sequence[RewardSystem], who: Sequence[Buyer]) -> Sequence[RewardSystem]:
    """Those of these systems that look at spans at any of these instants."""
    return [one for one in systems if any(_kind(one.collecting_at(at)) for _, at in who)]


async def look_at_spans(shop: Shop, book: ProgressBook, who: Sequence[Buyer], cause: Cause) -> None:
    """Book what the spans around these instants bring by now."""
    histories = Histories(shop, looking_at_spans(book.known.systems, who), who)
    if lookups := histories.lookups():
        await histories.book(book, await shop.database.read_together(lookups), cause, {})
