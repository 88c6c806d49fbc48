"""The program of points: what earns points, how long they live, what they pay for and are exchanged for. Pure.

In the form of `ProgramData` it is kept: amounts are decimals in the shop's currency, settings of rules are text. `compiled` makes
of it what can be applied, and finds everything that is wrong with it.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import (
    LATEST,
    Checks,
    Instant,
    NoSettings,
    PointsRuleKind,
    Problem,
    RuleData,
    Sale,
    divided_half_up,
    settings_from,
    to_minor,
)
from regulars_loyalty.ledger.book import Terms
from regulars_loyalty.ledger.lives import MONTH_END, days_after, end_of, life_of

MAX_RULES = 50
MAX_PENDING_DAYS = 366
CODE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpiryRounding(StrEnum):
    """Whether the end of points is moved to the end of its month."""

    NONE = "NONE"
    MONTH_END = "MONTH_END"


class ExpiryStart(StrEnum):
    """From when on the life of points is counted."""

    AVAILABILITY = "AVAILABILITY"
    LAST_ACTIVITY = "LAST_ACTIVITY"


class EarningData(_Data):
    """Something that earns points; without an audience it is for everybody."""

    code: str
    name: str
    rule: RuleData
    audience: dict[str, Any] | None = None


class ExchangeData(_Data):
    """Something that points are exchanged for."""

    code: str
    name: str
    points: int
    reward: RuleData


class RateData(_Data):
    """So many points are so much money, in whole steps."""

    points: int
    amount: Decimal
    minimum_points: int | None = None
    maximum_share: Decimal | None = None


class ProgramData(_Data):
    """A whole program."""

    rules: tuple[EarningData, ...] = ()
    exchanges: tuple[ExchangeData, ...] = ()
    rate: RateData | None = None
    pending_days: int = Field(default=0, ge=0, le=MAX_PENDING_DAYS)
    expire_after: str | None = None
    expiry_rounding: ExpiryRounding = ExpiryRounding.NONE
    expiry_start: ExpiryStart = ExpiryStart.AVAILABILITY


def placed_audiences(data: ProgramData) -> Mapping[tuple[str, ...], Mapping[str, Any] | None]:
    """The audiences of the rules of a program by their places in it."""
    return {("rules", str(n), "audience"): rule.audience for n, rule in enumerate(data.rules)}


class Unavailable(Exception):
    """What a program asks for cannot be found out now; the message says why, and quotes nothing."""


@dataclass(frozen=True)
class UnavailableKind(PointsRuleKind):
    """Stands in for a kind that cannot be used, and says why. It gives nothing."""

    reason: str = ""


def unavailable(name: str, reason: str) -> UnavailableKind:
    """What stands in for a kind."""

    def give(_: Any, __: Sale) -> int:
        raise Unavailable(reason)

    return UnavailableKind(name, NoSettings, name, give, reason=reason)


@dataclass(frozen=True)
class Rule:
    """A rule that can be applied; `audience` is None for everybody."""

    code: str
    name: str
    kind: PointsRuleKind
    settings: BaseModel
    data: EarningData

    @property
    def audience(self) -> Mapping[str, Any] | None:
        """For whom it is; None is everybody."""
        return self.data.audience

    @property
    def is_available(self) -> bool:
        """Whether its kind can be used."""
        return not isinstance(self.kind, UnavailableKind)

    @cached_property
    def is_once(self) -> bool:
        """Whether it gives to each customer once only."""
        return self.is_available and bool(self.kind.is_once(self.settings))


@dataclass(frozen=True)
class Rate:
    """`points` are `amount` in minor units, in whole steps. A payment takes `minimum_points` at least, and pays `maximum_share`
    of a purchase at most."""

    points: int
    amount: int
    minimum_points: int | None
    maximum_share: Decimal | None

    def worth(self, points: int) -> int:
        """What so many points pay, in minor units: whole steps only, and nothing where they are too few for a payment."""
        return 0 if points < (self.minimum_points or 0) else points // self.points * self.amount

    def cost(self, points: int) -> int:
        """What so many points are worth to the shop, in minor units, half-up."""
        return divided_half_up(points * self.amount, self.points)


@dataclass(frozen=True)
class Program:
    """A program that can be applied."""

    rules: Sequence[Rule]
    rate: Rate | None
    data: ProgramData

    @cached_property
    def life(self) -> str | None:
        """The life of a lot, as models.LedgerLot.life has it; None for ever."""
        if self.data.expire_after is None:
            return None
        ends = MONTH_END if self.data.expiry_rounding is ExpiryRounding.MONTH_END else ""
        return self.data.expire_after + ends

    def terms(self, sale: Sale, zone: ZoneInfo) -> Terms:
        """On which terms points of a sale are given."""
        available = days_after(sale.at, self.data.pending_days, zone)
        return self.terms_from(available, zone, purchase_id=sale.id)

    def terms_from(self, available: Instant, zone: ZoneInfo, purchase_id: str | None = None) -> Terms:
        """On which terms points are given that can be spent from an instant on."""
        life = None if self.life is None else life_of(self.life)
        if life is None:
            return Terms(available, purchase_id=purchase_id)
        if self.data.expiry_start is ExpiryStart.LAST_ACTIVITY:
            return Terms(available, LATEST, self.life, purchase_id=purchase_id)
        return Terms(available, end_of(life, available, zone), purchase_id=purchase_id)


@dataclass(frozen=True)
class Version:
    """A program and from when to when it is in force; `ends` is LATEST where nothing follows."""

    number: int
    begins: Instant
    ends: Instant
    program: Program

    @cached_property
    def rules(self) -> Sequence[Rule]:
        """The rules that can be used."""
        return [rule for rule in self.program.rules if rule.is_available]

    @cached_property
    def needs_tiers(self) -> bool:
        """Whether a rule looks at the tier's multiplier."""
        return any(rule.kind.needs_tier for rule in self.rules)

    @cached_property
    def needs_marks(self) -> bool:
        """Whether a rule gives once per customer."""
        return any(rule.is_once for rule in self.rules)

    @cached_property
    def audiences(self) -> Mapping[tuple[int, str], Mapping[str, Any]]:
        """The audiences of its rules by its number and their codes; of those for everybody there are none."""
        return {(self.number, rule.code): rule.audience for rule in self.rules if rule.audience is not None}


@dataclass(frozen=True)
class Versions:
    """All versions that count, in the order of time. `state` tells whether they are those that are stored: the highest number
    ever made, and how many were withdrawn."""

    all: Sequence[Version]
    state: tuple[int, int]

    def at(self, instant: Instant) -> Version | None:
        """The version in force; None where there was none yet."""
        place = bisect_right(self._begins, instant)
        return self.all[place - 1] if place else None

    @cached_property
    def _begins(self) -> Sequence[Instant]:
        return [one.begins for one in self.all]

    @classmethod
    def of(cls, programs: Sequence[tuple[int, Instant, Program]], state: tuple[int, int]) -> "Versions":
        """Versions out of (number, from when on, program): of two from the same instant the later made is in force."""
        starts = {begins: (number, program) for number, begins, program in sorted(programs, key=lambda one: one[0])}
        order = sorted(starts)
        ends = [*order[1:], LATEST]
        return cls(
            [
                Version(starts[begins][0], begins, end, starts[begins][1])
                for begins, end in zip(order, ends, strict=False)
            ],
            state,
        )


Otherwise = Callable[[EarningData, Sequence[Problem]], PointsRuleKind]
"""What stands in for a kind that cannot be used."""


def compiled(
    data: ProgramData,
    kinds: Mapping[str, PointsRuleKind],
    currency: str,
    checks: Checks,
    otherwise: Otherwise | None = None,
) -> Program:
    """The program as it can be applied; what is wrong with it is told to `checks`, but for rules that something stands in for."""
    rules = []
    for n, earning in enumerate(data.rules):
        inner = Checks() if otherwise else checks.nested("rules", str(n), "rule")
        kind, settings = _used(earning.rule, kinds, currency, inner)
        if kind is None or settings is None:
            if otherwise is None:
                continue
            kind, settings = otherwise(earning, inner.problems), NoSettings()
        rules.append(Rule(earning.code, earning.name, kind, settings, earning))
    return Program(rules, _rate(data.rate, currency), data)


def _used(
    rule: RuleData, kinds: Mapping[str, PointsRuleKind], currency: str, checks: Checks
) -> tuple[PointsRuleKind | None, BaseModel | None]:
    kind = kinds.get(rule.kind)
    if kind is None:
        checks.fail("UNKNOWN_KIND", "No plugin that is on brings rules of this kind.", "kind")
        return None, None
    return kind, settings_from(kind.settings, rule.settings, currency, checks, "settings")


def _rate(data: RateData | None, currency: str) -> Rate | None:
    amount = None if data is None else to_minor(data.amount, currency)
    if data is None or not amount:  # an amount that the currency does not have pays for nothing
        return None
    return Rate(data.points, amount, data.minimum_points, data.maximum_share)
