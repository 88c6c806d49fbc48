"""What one reward system would have given one customer: the law of progress over everything that brings and takes units, in the
order of time. Pure.

Nothing that is given is used in between, so that what is taken back is always there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple, cast

from regulars_core.plugin import Instant, RewardKind, RuleExplanation
from regulars_rewards.progress.law import Standing, Terms, to_give
from regulars_rewards.systems.system import RewardSystem, SystemVersion


class Change(NamedTuple):
    """So much progress, whole or not, more or less, at an instant; and how it came about, where it is more."""

    at: Instant
    source: str
    delta: Fraction
    explain: Callable[[], RuleExplanation] | None = None


class Worth(NamedTuple):
    """What a reward counts as: of which unit, None for money, how many, and what it costs in minor units, None without a
    price."""

    unit: str | None
    number: int
    cost: int | None


def worth_of(version: SystemVersion) -> Worth:
    """What a reward of a version counts as."""
    rule = version.reward
    if rule is None:
        return Worth(None, 0, None)
    kind = cast(RewardKind, rule.kind)
    cost = kind.worth(rule.settings)
    if kind.unit is None and cost is not None:
        return Worth(None, cost, cost)
    return Worth(kind.unit or kind.name, kind.count(rule.settings), cost)


@dataclass
class Gifts:
    """What a customer would have by now: `count` in the unit of the rewards, and what that costs, None without a price."""

    count: int = 0
    cost: int | None = 0
    steps: list[Change] = field(default_factory=list)


@dataclass
class _Live:
    """So many rewards that were given together, the progress that each cost, and what each counts as."""

    cost: int
    worth: Worth
    number: int


def _taken_back(live: list[_Live], missing: int) -> int:
    """How much progress comes back with those of these, the latest first, that are taken back so that nothing is missing."""
    back = 0
    while live and back < missing:
        last = live[-1]
        number = min(last.number, -(-(missing - back) // last.cost))
        last.number, back = last.number - number, back + number * last.cost
        if not last.number:
            live.pop()
    return back


def gifts(system: RewardSystem, changes: Iterable[Change]) -> Gifts:
    """What a system has given for these changes of progress in the end, by the versions of their instants."""
    standing, live, found = Standing(), list[_Live](), Gifts()
    for change in sorted(changes, key=lambda one: (one.at, one.delta < 0, one.source)):
        version = system.at(change.at)
        standing = standing.with_units(standing.units + change.delta)
        standing = standing.with_progress(_taken_back(live, -standing.progress))
        if given := to_give(standing.progress, Terms(version.data.target, version.data.mode)):
            live.append(_Live(version.data.target, worth_of(version), given))
            standing = standing.with_progress(-given * version.data.target)
        if change.explain is not None:
            found.steps.append(change)
    for one in live:
        found.count += one.number * one.worth.number
        cost = one.worth.cost
        found.cost = None if cost is None or found.cost is None else found.cost + one.number * cost
    return found
