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

from regulars_core.plugin import NEVER, Instant, Lifetime, PurchaseFact
from regulars_tiers.rules.criteria import MAX_FIGURE
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


class Period(NamedTuple):
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


class CriterionFailed(Exception):
    """A criterion could not be measured, because its kind raised something, answered no figure, or is not there. `metric` is the
    kind's name."""

    def __init__(self, metric: str, error: Exception) -> None:
        super().__init__(f"{metric}: {type(error).__name__}")
        self.metric, self.error = metric, error


def steps(criterion: Criterion, history: History, zone: ZoneInfo) -> Steps:
    """How the figure that a criterion looks at changes over time. Raises CriterionFailed."""
    try:
        return _steps(criterion, history, zone)
    except Exception as error:
        raise CriterionFailed(criterion.kind.name, error) from error


def _figure(answer: Any) -> int:
    """What a kind answers. Raises TypeError and ValueError for what is no whole number from 0 on of at most 64 bits."""
    if type(answer) is not int:
        raise TypeError(f"{type(answer).__name__} is no whole number")
    if not 0 <= answer <= MAX_FIGURE:
        raise ValueError("a figure is 0 or more, and has at most 64 bits")
    return answer


def _steps(criterion: Criterion, history: History, zone: ZoneInfo) -> Steps:
    kind, settings, window = criterion.kind, criterion.settings, criterion.window
    forever = window.max_days is None
    if (weigh := kind.weigh) is None:
        return _measured(criterion, history, zone)
    value = kind.lifetime(history.before) if kind.lifetime and forever else 0
    changes: dict[Instant, int] = {}
    if type(value) is not int:  # below 0 it would be the statistics that are wrong, which `verify` says
        raise TypeError(f"{type(value).__name__} is no whole number")
    for fact in history.facts:
        weight = weigh(settings, fact)
        if type(weight) is not int or not (0 if fact.net >= 0 else -MAX_FIGURE) <= weight <= MAX_FIGURE:
            _figure(weight)  # below 0 is only what came back without its purchase being known
        if weight:
            changes[fact.at] = changes.get(fact.at, 0) + weight
            if not forever and (day := window.expires_on(fact.day)) is not None:
                end = begin_of(day, zone)
                changes[end] = changes.get(end, 0) - weight
    figure = [(NEVER, value)]
    for at in sorted(changes):
        value += changes[at]
        figure.append((at, max(value, 0)))
    return figure


def facts_in_window(
    criterion: Criterion, facts: Iterable[PurchaseFact], at: Instant, zone: ZoneInfo
) -> list[PurchaseFact]:
    """The facts that count for a criterion at an instant."""
    expires_on = criterion.window.expires_on
    return [
        fact for fact in facts if fact.at <= at and ((day := expires_on(fact.day)) is None or begin_of(day, zone) > at)
    ]


def _measured(criterion: Criterion, history: History, zone: ZoneInfo) -> Steps:
    days = (criterion.window.expires_on(fact.day) for fact in history.facts)
    moments = {fact.at for fact in history.facts} | {begin_of(day, zone) for day in days if day is not None}
    measure, settings = criterion.kind.measure, criterion.settings
    counted = ((at, facts_in_window(criterion, history.facts, at, zone)) for at in sorted(moments))

    def figure(facts: Sequence[PurchaseFact]) -> int:
        measured = measure(settings, tuple(facts))
        lowered = type(measured) is int and measured < 0 and any(fact.net < 0 for fact in facts)
        return 0 if lowered else _figure(measured)

    return [(NEVER, figure(())), *((at, figure(facts)) for at, facts in counted)]


def value_at(figure: Steps, at: Instant) -> int:
    """The figure at an instant."""
    return figure[bisect_right(figure, at, key=lambda step: step[0]) - 1][1]


def _met(figure: Steps, threshold: int) -> list[Interval]:
    intervals: list[Interval] = []
    since: Instant | None = None
    for at, value in figure:
        if value >= threshold and since is None:
            since = at
        elif value < threshold and since is not None:
            intervals.append((since, at))
            since = None
    return [*intervals, (since, FOREVER)] if since is not None else intervals


def _both(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    return [(b, e) for a in one for z in other if (b := max(a[0], z[0])) < (e := min(a[1], z[1]))]


def _joined(intervals: Iterable[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for begins, ends in sorted(intervals):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((begins, ends))
    return joined


class Qualification:
    """When one customer qualified for what, from an instant on."""

    def __init__(self, versions: Versions, history: History, zone: ZoneInfo, since: Instant = NEVER) -> None:
        self._figures: dict[str, Steps] = {}
        self.history, self.zone, self.versions = history, zone, versions
        self._intervals: dict[str, list[Interval]] = {}
        for version in versions.all:
            for tier in version.policy.tiers[1:]:
                for set_ in tier.sets:
                    met: list[Interval] = [(max(version.begins, since), version.ends)]
                    for criterion in set_:
                        met = _both(met, _met(self.figure(criterion), criterion.threshold))
                    self._intervals.setdefault(tier.code, []).extend(met)

    def figure(self, criterion: Criterion) -> Steps:
        """What a criterion looks at, over time."""
        figure = self._figures.get(criterion.figure)
        if figure is None:
            figure = self._figures[criterion.figure] = steps(criterion, self.history, self.zone)
        return figure

    @property
    def reaches_anything(self) -> bool:
        """Whether any tier was qualified for at any time."""
        return any(self._intervals.values())

    def of(self, code: str) -> list[Interval]:
        """When a tier was qualified for, whatever the version."""
        return _joined(self._intervals.get(code, ()))

    def held(self, version: Version, code: str) -> list[Interval]:
        """When a tier is held by the rules while this version is in force: qualified for, and the grace after it."""
        policy = version.policy
        intervals = [
            (max(begins, version.begins), min(_held_until(ends, policy, self.zone), version.ends))
            for begins, ends in self.of(code)
        ]
        return _joined((begins, ends) for begins, ends in intervals if begins < ends)


def _held_until(ends: Instant, policy: Policy, zone: ZoneInfo) -> Instant:
    return FOREVER if policy.never_downgrades else days_after(ends, policy.grace_days, zone)


def _in_force(assignments: Sequence[Assignment]) -> list[tuple[Instant, Instant, Assignment]]:
    """Which assignment is in force from when until when; what gives a customer back to the rules is left out."""
    ordered = sorted(assignments, key=lambda one: (one.at, one.id))
    nexts = [*(one.at for one in ordered[1:]), FOREVER][: len(ordered)]
    dated = [(one.at, min(one.ends, following), one) for one, following in zip(ordered, nexts, strict=True)]
    return [(begins, ends, one) for begins, ends, one in dated if one.tier is not None and begins < ends]


def assignment_at(assignments: Sequence[Assignment], at: Instant) -> Assignment | None:
    """The assignment in force at an instant."""
    return next((one for begins, ends, one in _in_force(assignments) if begins <= at < ends), None)


def automatic_periods(qualification: Qualification) -> list[Period]:
    """The periods that the rules alone give."""
    periods: list[Period] = []
    for version in qualification.versions.all:
        held = [(tier, qualification.held(version, tier.code)) for tier in reversed(version.policy.tiers[1:])]
        edges = {at for _, intervals in held for interval in intervals for at in interval}
        for begins, ends in pairwise(sorted({version.begins, version.ends, *edges})):
            having = (tier for tier, intervals in held if any(a <= begins < e for a, e in intervals))
            tier = next(having, version.policy.lowest)
            periods.append(Period(begins, ends, tier.code, tier.position))
    return merged(periods)


def assigned_periods(
    automatic: Sequence[Period], versions: Versions, assignments: Sequence[Assignment]
) -> list[Period]:
    """The periods that the rules give, with the assignments over them."""
    in_force = _in_force(assignments)
    if not in_force:
        return list(automatic)
    edges = {at for begins, ends, _ in in_force for at in (begins, ends)}
    edges |= {version.begins for version in versions.all}
    periods = []
    for period in automatic:
        inside = sorted({period.begins, period.ends, *(at for at in edges if period.begins < at < period.ends)})
        for begins, ends in pairwise(inside):
            one = next((one for a, e, one in in_force if a <= begins < e), None)
            tier = versions.at(begins).policy.by_code.get(one.tier or "") if one else None
            if one and tier and (one.mode == "EXACT" or tier.position > period.position):
                periods.append(Period(begins, ends, tier.code, tier.position))
            else:
                periods.append(Period(begins, ends, period.tier, period.position))
    return merged(periods)


def merged(periods: Iterable[Period]) -> list[Period]:
    """Neighbours of the same tier as one."""
    whole: list[Period] = []
    for period in periods:
        last = whole[-1] if whole else None
        if last and (last.tier, last.position) == (period.tier, period.position):
            whole[-1] = Period(last.begins, period.ends, period.tier, period.position)
        else:
            whole.append(period)
    return whole


def timeline(versions: Versions, history: History, zone: ZoneInfo) -> list[Period]:
    """All periods of a customer, from NEVER to FOREVER without a gap, the future as it will be if nothing happens."""
    qualification = Qualification(versions, history, zone)
    return assigned_periods(automatic_periods(qualification), versions, history.assignments)


def lifted(existing: Sequence[Period], late: Qualification) -> list[Period]:
    """The periods after purchases were added, where those never lower anybody: as they were, or as what is qualified for
    since the first of these purchases gives, whichever is higher. Nothing before it, and no grace for it, has changed."""
    if not late.reaches_anything:
        return list(existing)
    periods, others = [], iter(automatic_periods(late))
    other = next(others)
    for period in existing:
        begins = period.begins
        while begins < period.ends:
            ends = min(period.ends, other.ends)
            best = max(period, other, key=lambda one: one.position)
            periods.append(Period(begins, ends, best.tier, best.position))
            if other.ends == ends < FOREVER:
                other = next(others)
            begins = ends
    return merged(periods)


def kept(
    existing: Sequence[Period], versions: Versions, assignments: Sequence[Assignment], at: Instant
) -> list[Period]:
    """The periods of a customer who cannot be measured: as they were, and from an instant on the tier of that instant for good,
    since nobody falls by what is not known. What people decide begins and ends all the same."""
    lowest = versions.at(at).policy.lowest
    periods = existing or [Period(NEVER, FOREVER, lowest.code, lowest.position)]
    past = [Period(one.begins, min(one.ends, at), one.tier, one.position) for one in periods if one.begins < at]
    current, assigned = period_at(periods, at), assignment_at(assignments, at)
    if assigned and assigned.tier == current.tier and assigned.ends < FOREVER:
        current = period_at(periods, assigned.ends)
    open_end = Period(at, FOREVER, current.tier, current.position)
    return merged([*past, *assigned_periods([open_end], versions, assignments)])


def period_at(periods: Sequence[Period], at: Instant) -> Period:
    """The period in which an instant lies."""
    return periods[bisect_right(periods, at, key=lambda period: period.begins) - 1]
