"""Why a customer has the tier, what is missing for the next, and what it takes to keep it: pure, from the same history."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars_core.plugin import NEVER, Instant, PurchaseFact
from regulars_tiers.rules.days import FOREVER, begin_of
from regulars_tiers.rules.policy import Criterion, Tier, Version, Versions
from regulars_tiers.rules.timeline import (
    Assignment,
    History,
    Period,
    Qualification,
    assigned_periods,
    assignment_at,
    automatic_periods,
    facts_in_window,
    period_at,
    value_at,
)


@dataclass(frozen=True, slots=True)
class CriterionProgress:
    """How far a criterion of a tier is met. `set` numbers the sets of the tier, of which one must be met whole; `until` is
    when something that counts by now no longer will."""

    tier: Tier
    set: int
    criterion: Criterion
    value: int
    until: Instant | None

    @property
    def missing(self) -> int:
        """What is missing of the threshold; 0 where it is met."""
        return max(0, self.criterion.threshold - self.value)


@dataclass(frozen=True, slots=True)
class PendingDowngrade:
    """The tier that a customer falls to, when, and what must be there just before for the present one to be kept."""

    falls_to: Tier
    at: Instant
    needed: Sequence[CriterionProgress]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A criterion that gave the tier, as of the last instant at which it was met, with the facts that counted."""

    progress: CriterionProgress
    at: Instant
    facts: Sequence[PurchaseFact]


@dataclass(frozen=True)
class Standing:
    """A customer's tier at an instant, and all that follows about it."""

    customer_id: str
    at: Instant
    tier: Tier
    since: Instant | None
    """When the period began; None where there was no other tier before."""
    assignment: Assignment | None
    """The assignment that gives the tier; None where the rules do."""
    grace: PendingDowngrade | None
    """Where the tier is only kept by grace: until when."""
    at_risk: PendingDowngrade | None
    progress: Sequence[tuple[Tier, Sequence[CriterionProgress]]]
    evidence: Sequence[Evidence]
    version: Version
    failed: str | None = None
    """The metric that cannot be measured, for which the tier is kept and nothing more is known of it."""


@dataclass(frozen=True)
class Kept:
    """What is known of a customer who cannot be measured: the periods as they are stored, and which metric failed."""

    versions: Versions
    customer_id: str
    periods: Sequence[Period]
    assignments: Sequence[Assignment]
    failed: str

    def tier_at(self, at: Instant) -> str:
        """The code of the tier at an instant."""
        return period_at(self.periods, at).tier if self.periods else self.versions.at(at).policy.lowest.code

    def standing(self, at: Instant) -> Standing:
        """The standing at an instant: the tier, since when, and who assigned it."""
        version = self.versions.at(at)
        tier = version.policy.by_code.get(self.tier_at(at), version.policy.lowest)
        begins = period_at(self.periods, at).begins if self.periods else NEVER
        since, one = None if begins == NEVER else begins, assignment_at(self.assignments, at)
        gives = one if one and one.tier == tier.code else None
        return Standing(self.customer_id, at, tier, since, gives, None, None, [], [], version, self.failed)


class Explainer:
    """All about one customer. Raises CriterionFailed where that cannot be measured."""

    def __init__(self, versions: Versions, customer_id: str, history: History, zone: ZoneInfo) -> None:
        self._versions, self._customer_id, self._history, self._zone = versions, customer_id, history, zone
        self._qualification = Qualification(versions, history, zone)
        self.automatic = automatic_periods(self._qualification)
        self.periods = assigned_periods(self.automatic, versions, history.assignments)

    def tier_at(self, at: Instant) -> str:
        """The code of the tier at an instant."""
        return period_at(self.periods, at).tier

    def standing(self, at: Instant) -> Standing:
        """The standing at an instant, which later purchases do not touch: what is to come is told as if there were none."""
        version = self._versions.at(at)
        period, by_rules = period_at(self.periods, at), period_at(self.automatic, at)
        tier = version.policy.by_code.get(period.tier, version.policy.lowest)
        one = assignment_at(self._history.assignments, at)
        gives = one and one.tier == tier.code and (one.mode == "EXACT" or by_rules.tier != tier.code)
        until_then = self._as_of(at)
        pending = until_then._pending_downgrade(at, tier)
        qualified = gives or any(begins <= at < ends for begins, ends in self._qualification.of(tier.code))
        above = version.policy.tiers[tier.position + 1 :]
        return Standing(
            self._customer_id,
            at,
            tier,
            None if period.begins == NEVER else period.begins,
            one if gives else None,
            None if qualified or not tier.position else pending,
            pending,
            [(other, until_then._progress(other, at)) for other in above],
            [] if gives else self._evidence(tier, at),
            version,
        )

    def _as_of(self, at: Instant) -> "Explainer":
        """The same customer without the purchases and decisions that came later."""
        history = self._history
        if all(fact.at <= at for fact in history.facts) and all(one.at <= at for one in history.assignments):
            return self
        facts = [fact for fact in history.facts if fact.at <= at]
        decisions = [one for one in history.assignments if one.at <= at]
        return Explainer(self._versions, self._customer_id, History(facts, history.before, decisions), self._zone)

    def _pending_downgrade(self, at: Instant, tier: Tier) -> PendingDowngrade | None:
        for period in self.periods:
            if period.begins > at and period.tier != tier.code:
                if period.position >= tier.position:
                    return None
                later = self._versions.at(period.begins).policy
                needed = self._progress(tier, Instant(period.begins - 1))
                return PendingDowngrade(later.by_code.get(period.tier, later.lowest), period.begins, needed)
        return None

    def _progress(self, tier: Tier, at: Instant) -> list[CriterionProgress]:
        return [
            CriterionProgress(tier, n, one, value_at(self._qualification.figure(one), at), self._until(one, at))
            for n, set_ in enumerate(tier.sets, 1)
            for one in set_
        ]

    def _until(self, criterion: Criterion, at: Instant) -> Instant | None:
        facts = facts_in_window(criterion, self._history.facts, at, self._zone)
        days = (criterion.window.expires_on(fact.day) for fact in facts)
        return min((begin_of(day, self._zone) for day in days if day is not None), default=None)

    def _evidence(self, tier: Tier, at: Instant) -> list[Evidence]:
        """The criteria of the sets that were met when the tier was last qualified for."""
        intervals = [(begins, ends) for begins, ends in self._qualification.of(tier.code) if begins <= at]
        if not intervals:
            return []
        _, ends = intervals[-1]
        last = at if ends > at or ends == FOREVER else Instant(ends - 1)
        tier = self._versions.at(last).policy.by_code.get(tier.code, tier)
        progress = self._progress(tier, last)
        met = {n for n in {one.set for one in progress} if all(one.missing == 0 for one in progress if one.set == n)}
        return [
            Evidence(one, last, facts_in_window(one.criterion, self._history.facts, last, self._zone))
            for one in progress
            if one.set in met
        ]
