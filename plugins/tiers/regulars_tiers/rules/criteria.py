"""What a tier can ask for: kinds of criteria, a kit for the box and for others alike.

A kind is a name, a typed settings class, and a pure function from the purchases in a window to a whole number. The window
and the threshold belong to the policy: a criterion is met while what is measured is at least the threshold.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any

from pydantic import BaseModel

from regulars_core.plugin import Lifetime, NoSettings, PurchaseFact, RuleKind


class Unit(StrEnum):
    """What a criterion counts in."""

    MONEY = "MONEY"
    """Minor units of the shop's currency; decimals in a policy."""
    COUNT = "COUNT"


MAX_FIGURE = 2**63 - 1
"""What a criterion measures at most."""

Measure = Callable[[Any, Sequence[PurchaseFact]], int]
Weigh = Callable[[Any, PurchaseFact], int]


@dataclass(frozen=True)
class CriterionKind(RuleKind):
    """One kind of criterion; `description` says what is measured, as it reads before a window: "Net spend".

    `measure(settings, facts)` gets the facts that count at some moment, in the order of time, and must be pure. Where it is
    a sum over the facts, `weigh(settings, fact)` is what each adds, and standings are found faster; so they are where it is
    `is_monotone`, which says that another purchase never lessens it. `lifetime` tells such a sum from what a customer's
    statistics already know, so that old purchases need not be read.
    """

    use = "TIER_CRITERION"

    measure: Measure
    unit: Unit = Unit.COUNT
    weigh: Weigh | None = None
    is_monotone: bool = False
    lifetime: Callable[[Lifetime], int] | None = None

    def apply(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> int:
        """What is measured."""
        return self.measure(settings, facts)

    def laws(self, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Iterator[tuple[str, bool]]:
        """Deterministic, whole, never negative, nothing for nothing, whatever the order; monotone and a sum where it says so."""
        measure, whole = self.measure, self.measure(settings, tuple(facts))
        yield (
            "it measures a whole number, 0 or more, of at most 64 bits",
            type(whole) is int and 0 <= whole <= MAX_FIGURE,
        )
        yield "nothing measures 0", measure(settings, ()) == 0
        yield "it is deterministic", measure(settings, tuple(facts)) == whole
        yield "it takes any sequence", measure(settings, list(facts)) == whole
        yield "it is independent of the order", all(measure(settings, other) == whole for other in _other_orders(facts))
        if self.weigh:
            yield "it is the sum of what each weighs", sum(self.weigh(settings, one) for one in facts) == whole
        if self.is_monotone:
            fewer = ((*facts[:n], *facts[n + 1 :]) for n in range(len(facts)))
            yield "it is monotone in purchases, as it says", all(measure(settings, few) <= whole for few in fewer)
        yield "it is a sum where it is told from sums", self.lifetime is None or self.weigh is not None
        if self.lifetime:
            sums = Lifetime(sum(one.net for one in facts), sum(one.counted for one in facts))
            yield "what it tells from sums is what it measures", self.lifetime(sums) == whole


def _other_orders(facts: Sequence[PurchaseFact]) -> Iterator[Sequence[PurchaseFact]]:
    yield tuple(reversed(facts))
    dice = Random(len(facts))
    for _ in range(min(len(facts), 5)):
        yield tuple(dice.sample(facts, len(facts)))


class Unavailable(Exception):
    """What a policy asks for cannot be measured now; the message says why, and quotes nothing."""


@dataclass(frozen=True)
class UnavailableKind(CriterionKind):
    """Stands in for a kind that cannot be used, and says why."""

    reason: str = ""


def unavailable(metric: str, reason: str) -> UnavailableKind:
    """What stands in for a kind: measuring it raises Unavailable."""

    def measure(_: NoSettings, __: Sequence[PurchaseFact]) -> int:
        raise Unavailable(reason)

    return UnavailableKind(metric, NoSettings, metric, measure, reason=reason)


def summed(weigh: Weigh) -> Measure:
    """The measure that is the sum of what each fact adds."""
    return lambda settings, facts: sum(weigh(settings, fact) for fact in facts)


def _net(_: NoSettings, fact: PurchaseFact) -> int:
    return fact.net


def _one(_: NoSettings, fact: PurchaseFact) -> int:
    return int(fact.counted)


NET_SPEND = CriterionKind(
    "NET_SPEND",
    NoSettings,
    "Net spend",
    summed(_net),
    Unit.MONEY,
    _net,
    is_monotone=True,
    lifetime=lambda known: known.spent,
)
ORDERS = CriterionKind(
    "ORDERS", NoSettings, "Orders", summed(_one), Unit.COUNT, _one, is_monotone=True, lifetime=lambda known: known.count
)
BOX: Sequence[CriterionKind] = (NET_SPEND, ORDERS)


class WindowKind(StrEnum):
    """For how long a purchase counts."""

    LIFETIME = "LIFETIME"
    ROLLING = "ROLLING"
    CALENDAR_MONTH = "CALENDAR_MONTH"
    CALENDAR_QUARTER = "CALENDAR_QUARTER"
    CALENDAR_YEAR = "CALENDAR_YEAR"


_MONTHS = {WindowKind.CALENDAR_MONTH: 1, WindowKind.CALENDAR_QUARTER: 3, WindowKind.CALENDAR_YEAR: 12}
_MAX_DAYS = {WindowKind.CALENDAR_MONTH: 31, WindowKind.CALENDAR_QUARTER: 92, WindowKind.CALENDAR_YEAR: 366}
_PHRASES = {
    WindowKind.LIFETIME: "in all",
    WindowKind.CALENDAR_MONTH: "in a calendar month",
    WindowKind.CALENDAR_QUARTER: "in a calendar quarter",
    WindowKind.CALENDAR_YEAR: "in a calendar year",
}


@dataclass(frozen=True, slots=True)
class Window:
    """A kind of window; `days` is the length of a rolling one."""

    kind: WindowKind
    days: int = 0

    def expires_on(self, day: int) -> int | None:
        """The first day on which a purchase of this day no longer counts: d + n of a rolling window, the first day of the
        next month, quarter or year; None if it always counts."""
        if self.kind is WindowKind.LIFETIME:
            return None
        if self.kind is WindowKind.ROLLING:
            return day + self.days
        months, bought = _MONTHS[self.kind], date.fromordinal(day)
        after = bought.year * 12 + (bought.month - 1) // months * months + months
        return date(after // 12, after % 12 + 1, 1).toordinal() if after // 12 <= date.max.year else day + 366

    @property
    def max_days(self) -> int | None:
        """For how many days a purchase counts at most; None for ever."""
        return self.days if self.kind is WindowKind.ROLLING else _MAX_DAYS.get(self.kind)

    @property
    def phrase(self) -> str:
        """As it reads after what is measured: "in 30 days"."""
        return f"in {self.days} days" if self.kind is WindowKind.ROLLING else _PHRASES[self.kind]
