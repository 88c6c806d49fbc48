"""What a tier can ask for: kinds of criteria, a kit for the box and for others alike.

A kind is a name, a typed settings class, and a pure function from the purchases in a window to a whole number. The window
and the threshold belong to the policy: a criterion is met while what is measured is at least the threshold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from regulars_core.plugin import Instant


class Unit(StrEnum):
    """What a criterion counts in."""

    MONEY = "MONEY"
    """Minor units of the shop's currency; decimals in a policy."""
    COUNT = "COUNT"


class PurchaseFact(NamedTuple):
    """A purchase as tiers see it: `net` is what was paid less everything given back by now, in minor units; `counted`
    whether it stands, that is, is not wholly refunded. Voided purchases are no facts."""

    id: str
    at: Instant
    day: int
    net: int
    counted: bool
    store_id: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What purchases that are not looked at one by one amount to."""

    spent: int = 0
    count: int = 0


Measure = Callable[[Any, Sequence[PurchaseFact]], int]
Weigh = Callable[[Any, PurchaseFact], int]


@dataclass(frozen=True)
class CriterionKind:
    """One kind of criterion.

    `measure(settings, facts)` gets the facts that count at some moment, in the order of time, and must be pure. Where it is
    a sum over the facts, `weigh(settings, fact)` is what each adds, and standings are found faster; so they are where it is
    `monotone`, which says that another purchase never lessens it. `lifetime` tells such a sum from what a customer's
    statistics already know, so that old purchases need not be read.
    """

    kind: str
    settings: type[BaseModel]
    measure: Measure
    unit: Unit
    description: str
    """What is measured, as it reads before a window: "Net spend"."""
    weigh: Weigh | None = None
    monotone: bool = False
    lifetime: Callable[[Lifetime], int] | None = None


class NoSettings(BaseModel):
    """The settings of a kind that has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    summed(_net),
    Unit.MONEY,
    "Net spend",
    _net,
    monotone=True,
    lifetime=lambda sums: sums.spent,
)
ORDERS = CriterionKind(
    "ORDERS", NoSettings, summed(_one), Unit.COUNT, "Orders", _one, monotone=True, lifetime=lambda sums: sums.count
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
