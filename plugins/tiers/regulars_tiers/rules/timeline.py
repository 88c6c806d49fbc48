"""Which tier a customer has at every instant: a pure function of purchases, policy versions and assignments.

A tier is qualified for at s while one of its sets of criteria is met, on purchases up to s net of all refunds known, by the
version in force at s. The automatic tier at t is the highest that was qualified for in [t - grace, t], counted in the
shop's days, by the grace of the version in force at t. An assignment puts a floor under it, or stands instead of it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from regulars_core.plugin import NEVER, Instant
from regulars_tiers.rules.criteria import Lifetime, PurchaseFact
from regulars_tiers.rules.days import FOREVER, begin_of, days_after
from regulars_tiers.rules.policy import Criterion, Policy, Version, Versions

Interval = tuple[Instant, Instant]
"""From an instant until just before another."""
Steps = Sequence[tuple[Instant, int]]
"""A figure over time: what it is from each instant on, the first of them NEVER."""
Mode = Literal["FLOOR", "EXACT"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Somebody's decision about a customer's tier, which ends the one before; `tier` None gives it back to the rules."""

    id: str
    at: Instant
    tier: str | None
    mode: Mode
    until: Instant | None
    kind: str
    reason: str | None
    author: str

    @property
    def ends(self) -> Instant:
        """Until when it is in force, if no other follows."""
        return FOREVER if self.until is None else self.until


class Spell(NamedTuple):
    """A time in which a customer has one tier."""

    begins: Instant
    ends: Instant
    tier: str
    position: int


@dataclass(frozen=True)
class History:
    """What is known of one customer: facts in the order of time, and what those before the first of them amount to."""

    facts: Sequence[PurchaseFact]
    before: Lifetime
    assignments: Sequence[Assignment] = ()


def steps(criterion: Criterion, history: History, zone: ZoneInfo) -> Steps:
    """How the figure that a criterion looks at changes over time."""
    kind, settings, window = criterion.kind, criterion.settings, criterion.window
    forever = window.longest is None
    start = kind.lifetime(history.before) if kind.lifetime and forever else 0
    if (weigh := kind.weigh) is None:
        return _measured(criterion, history, zone)
    changes: dict[Instant, int] = {}
    for fact in history.facts:
        if weight := weigh(settings, fact):
            changes[fact.at] = changes.get(fact.at, 0) + weight
            if not forever and (out := window.out(fact.day)) is not None:
                end = begin_of(out, zone)
                changes[end] = changes.get(end, 0) - weight
    found = [(NEVER, start)]
    for at in sorted(changes):
        start += changes[at]
        found.append((at, start))
    return found


def counting(criterion: Criterion, facts: Iterable[PurchaseFact], at: Instant, zone: ZoneInfo) -> list[PurchaseFact]:
    """The facts that count for a criterion at an instant."""
    out = criterion.window.out
    return [fact for fact in facts if fact.at <= at and ((day := out(fact.day)) is None or begin_of(day, zone) > at)]


def _measured(criterion: Criterion, history: History, zone: ZoneInfo) -> Steps:
    days = (criterion.window.out(fact.day) for fact in history.facts)
    moments = {fact.at for fact in history.facts} | {begin_of(day, zone) for day in days if day is not None}
    measure, settings = criterion.kind.measure, criterion.settings
    found = [(NEVER, measure(settings, ()))]
    return found + [(at, measure(settings, counting(criterion, history.facts, at, zone))) for at in sorted(moments)]


def value_at(figure: Steps, at: Instant) -> int:
    """The figure at an instant."""
    return figure[bisect_right(figure, at, key=lambda step: step[0]) - 1][1]


def _met(figure: Steps, threshold: int) -> list[Interval]:
    found: list[Interval] = []
    since: Instant | None = None
    for at, value in figure:
        if value >= threshold and since is None:
            since = at
        elif value < threshold and since is not None:
            found.append((since, at))
            since = None
    return [*found, (since, FOREVER)] if since is not None else found


def _both(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    return [(b, e) for a in one for z in other if (b := max(a[0], z[0])) < (e := min(a[1], z[1]))]


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for begins, ends in sorted(intervals):
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


class Qualification:
    """When one customer qualified for what, from an instant on."""

    def __init__(self, versions: Versions, history: History, zone: ZoneInfo, since: Instant = NEVER) -> None:
        self._figures: dict[tuple[Any, ...], Steps] = {}
        self.history, self.zone, self.versions = history, zone, versions
        self._spells: dict[str, list[Interval]] = {}
        for version in versions.all:
            for tier in version.policy.tiers[1:]:
                for set_ in tier.sets:
                    met: list[Interval] = [(max(version.begins, since), version.ends)]
                    for criterion in set_:
                        met = _both(met, _met(self.figure(criterion), criterion.threshold))
                    self._spells.setdefault(tier.code, []).extend(met)

    def figure(self, criterion: Criterion) -> Steps:
        """What a criterion looks at, over time."""
        found = self._figures.get(criterion.measured)
        if found is None:
            found = self._figures[criterion.measured] = steps(criterion, self.history, self.zone)
        return found

    def of(self, code: str) -> list[Interval]:
        """When a tier was qualified for, whatever the version."""
        return _joined(self._spells.get(code, ()))

    def kept(self, version: Version, code: str) -> list[Interval]:
        """When a tier is had by the rules while this version is in force: qualified for, and the grace after it."""
        policy = version.policy
        late = [
            (max(begins, version.begins), min(_kept_until(ends, policy, self.zone), version.ends))
            for begins, ends in self.of(code)
        ]
        return _joined((begins, ends) for begins, ends in late if begins < ends)


def _kept_until(ends: Instant, policy: Policy, zone: ZoneInfo) -> Instant:
    return FOREVER if policy.keeps else days_after(ends, policy.grace_days, zone)


def _decided(assignments: Sequence[Assignment]) -> list[tuple[Instant, Instant, Assignment]]:
    """Which assignment is in force when."""
    ordered = sorted(assignments, key=lambda one: (one.at, one.id))
    nexts = [*(one.at for one in ordered[1:]), FOREVER][: len(ordered)]
    periods = [(one.at, min(one.ends, following), one) for one, following in zip(ordered, nexts, strict=True)]
    return [period for period in periods if period[2].tier is not None and period[0] < period[1]]


def decided_at(assignments: Sequence[Assignment], at: Instant) -> Assignment | None:
    """The assignment in force at an instant."""
    return next((one for begins, ends, one in _decided(assignments) if begins <= at < ends), None)


def automatic(qualification: Qualification) -> list[Spell]:
    """The spells that the rules alone give."""
    found: list[Spell] = []
    for version in qualification.versions.all:
        held = [(tier, qualification.kept(version, tier.code)) for tier in reversed(version.policy.tiers[1:])]
        cuts = sorted({version.begins, version.ends, *(at for _, spells in held for spell in spells for at in spell)})
        for begins, ends in pairwise(cuts):
            having = (tier for tier, spells in held if any(a <= begins < e for a, e in spells))
            tier = next(having, version.policy.lowest)
            found.append(Spell(begins, ends, tier.code, tier.position))
    return merged(found)


def decided(rules: Sequence[Spell], qualification: Qualification) -> list[Spell]:
    """The spells with the assignments over them."""
    periods = _decided(qualification.history.assignments)
    if not periods:
        return list(rules)
    edges = {at for begins, ends, _ in periods for at in (begins, ends)}
    edges |= {version.begins for version in qualification.versions.all}
    found = []
    for spell in rules:
        inside = sorted({spell.begins, spell.ends, *(at for at in edges if spell.begins < at < spell.ends)})
        for begins, ends in pairwise(inside):
            one = next((one for a, e, one in periods if a <= begins < e), None)
            tier = qualification.versions.at(begins).policy.by_code.get(one.tier or "") if one else None
            if one and tier and (one.mode == "EXACT" or tier.position > spell.position):
                found.append(Spell(begins, ends, tier.code, tier.position))
            else:
                found.append(Spell(begins, ends, spell.tier, spell.position))
    return merged(found)


def merged(spells: Iterable[Spell]) -> list[Spell]:
    """Neighbours of the same tier as one."""
    found: list[Spell] = []
    for spell in spells:
        last = found[-1] if found else None
        if last and (last.tier, last.position) == (spell.tier, spell.position):
            found[-1] = Spell(last.begins, spell.ends, spell.tier, spell.position)
        else:
            found.append(spell)
    return found


def timeline(versions: Versions, history: History, zone: ZoneInfo) -> list[Spell]:
    """All spells of a customer, from NEVER to FOREVER without a gap, the future as it will be if nothing happens."""
    qualification = Qualification(versions, history, zone)
    return decided(automatic(qualification), qualification)


def risen(elder: Sequence[Spell], late: Qualification) -> list[Spell]:
    """The spells after purchases were added, where those never lower anybody: as they were, or as what is qualified for
    since the first of these purchases gives, whichever is higher. Nothing before it, and no grace for it, has changed."""
    found, others = [], iter(automatic(late))
    other = next(others)
    for spell in elder:
        begins = spell.begins
        while begins < spell.ends:
            ends = min(spell.ends, other.ends)
            best = max(spell, other, key=lambda one: one.position)
            found.append(Spell(begins, ends, best.tier, best.position))
            if other.ends == ends < FOREVER:
                other = next(others)
            begins = ends
    return merged(found)


def spell_at(spells: Sequence[Spell], at: Instant) -> Spell:
    """The spell in which an instant lies."""
    return spells[bisect_right(spells, at, key=lambda spell: spell.begins) - 1]
