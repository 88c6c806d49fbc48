"""Why a customer has the tier, what is missing for the next, and what it takes to keep it: pure, from the same history."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from regulars_core.plugin import NEVER, Instant
from regulars_tiers.rules.criteria import PurchaseFact
from regulars_tiers.rules.days import FOREVER, begin_of
from regulars_tiers.rules.policy import Criterion, Tier, Version, Versions
from regulars_tiers.rules.timeline import (
    Assignment,
    History,
    Qualification,
    automatic,
    counting,
    decided,
    decided_at,
    spell_at,
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

    reached: CriterionProgress
    at: Instant
    facts: Sequence[PurchaseFact]


@dataclass(frozen=True)
class Standing:
    """A customer's tier at an instant, and all that follows about it."""

    customer_id: str
    at: Instant
    tier: Tier
    since: Instant | None
    """When the spell began; None where there was no other tier before."""
    assignment: Assignment | None
    """The assignment that gives the tier; None where the rules do."""
    grace: PendingDowngrade | None
    """Where the tier is only kept by grace: until when."""
    at_risk: PendingDowngrade | None
    progress: Sequence[tuple[Tier, Sequence[CriterionProgress]]]
    grounds: Sequence[Evidence]
    version: Version


class Explainer:
    """All about one customer."""

    def __init__(self, versions: Versions, customer_id: str, history: History, zone: ZoneInfo) -> None:
        self._versions, self._customer_id, self._history, self._zone = versions, customer_id, history, zone
        self._qualification = Qualification(versions, history, zone)
        self.rules = automatic(self._qualification)
        self.spells = decided(self.rules, self._qualification)

    def tier_at(self, at: Instant) -> str:
        """The code of the tier at an instant."""
        return spell_at(self.spells, at).tier

    def standing(self, at: Instant) -> Standing:
        """The standing at an instant, which later purchases do not touch: what is to come is told as if there were none."""
        version = self._versions.at(at)
        shown, by_rules = spell_at(self.spells, at), spell_at(self.rules, at)
        tier = version.policy.by_code.get(shown.tier, version.policy.lowest)
        one = decided_at(self._history.assignments, at)
        gives = one if one and one.tier == tier.code and (one.mode == "EXACT" or by_rules.tier != tier.code) else None
        until_then = self._as_of(at)
        falling = until_then._falling(at, tier, version)
        qualified = gives or any(begins <= at < ends for begins, ends in self._qualification.of(tier.code))
        above = version.policy.tiers[tier.position + 1 :]
        return Standing(
            self._customer_id,
            at,
            tier,
            None if shown.begins == NEVER else shown.begins,
            gives,
            None if qualified or not tier.position else falling,
            falling,
            [(other, until_then._reached(other, at)) for other in above],
            [] if gives else self._grounds(tier, at),
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

    def _falling(self, at: Instant, tier: Tier, version: Version) -> PendingDowngrade | None:
        for spell in self.spells:
            if spell.begins > at and spell.tier != tier.code:
                if spell.position >= tier.position:
                    return None
                later = self._versions.at(spell.begins).policy
                needed = self._reached(tier, Instant(spell.begins - 1))
                return PendingDowngrade(later.by_code.get(spell.tier, later.lowest), spell.begins, needed)
        return None

    def _reached(self, tier: Tier, at: Instant) -> list[CriterionProgress]:
        return [
            CriterionProgress(tier, n, one, value_at(self._qualification.figure(one), at), self._until(one, at))
            for n, set_ in enumerate(tier.sets, 1)
            for one in set_
        ]

    def _until(self, criterion: Criterion, at: Instant) -> Instant | None:
        outs = (criterion.window.out(fact.day) for fact in counting(criterion, self._history.facts, at, self._zone))
        return min((begin_of(out, self._zone) for out in outs if out is not None), default=None)

    def _grounds(self, tier: Tier, at: Instant) -> list[Evidence]:
        """The criteria of the sets that were met when the tier was last qualified for."""
        times = [(begins, ends) for begins, ends in self._qualification.of(tier.code) if begins <= at]
        if not times:
            return []
        _, ends = times[-1]
        last = at if ends > at or ends == FOREVER else Instant(ends - 1)
        tier = self._versions.at(last).policy.by_code.get(tier.code, tier)
        reached = self._reached(tier, last)
        met = {n for n in {one.set for one in reached} if all(one.missing == 0 for one in reached if one.set == n)}
        return [
            Evidence(one, last, counting(one.criterion, self._history.facts, last, self._zone))
            for one in reached
            if one.set in met
        ]
