"""The policy of a shop: its tiers, what each asks for, and how long a tier is kept. Data only.

In this form it is written by people (a JSON or TOML file), sent over the API, and kept: amounts are decimals in the shop's
currency. `compiled` turns it into whole numbers, and finds everything that is wrong with it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from regulars_core.plugin import (
    NEVER,
    Checks,
    Instant,
    NoSettings,
    Problem,
    mistakes_in,
    name_key,
    settings_from,
    to_minor,
)
from regulars_tiers.rules.criteria import CriterionKind, UnavailableKind, Unit, Window, WindowKind, unavailable
from regulars_tiers.rules.days import FOREVER

MAX_DAYS = 3_660
MAX_TIERS = 20
_NEVER_MET = 2**62
PRIORITY_SERVICE = "PRIORITY_SERVICE"
"""The kind of the benefit that customers are answered before others; its value says by how much, 1 where it has none."""
_CODE = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"
_KIND = r"^[A-Z][A-Z0-9_]{0,39}$"
_FORMS = {
    _CODE: "A code is 1 to 32 letters, digits, dashes and underscores, the first a letter or a digit.",
    _KIND: "A kind is 1 to 40 capitals, digits and underscores, the first a capital.",
}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Downgrade(StrEnum):
    """What happens when a tier's criteria are no longer met."""

    AFTER_GRACE = "AFTER_GRACE"
    NEVER = "NEVER"


def _pairs(settings: Any) -> Any:
    """Settings as people write them in a file, a table of names and values, as name/value pairs."""
    if not isinstance(settings, Mapping):
        return settings
    values = ((name, value if isinstance(value, list | tuple) else [value]) for name, value in settings.items())
    return [(name, str(one).lower() if isinstance(one, bool) else str(one)) for name, ones in values for one in ones]


class CriterionData(_Data):
    """`metric` over `window` is at least `threshold`; an amount in the shop's currency, or a whole number. `settings` are what
    its kind is told: name/value pairs as text, a list being its name several times."""

    metric: str = Field(max_length=60)
    window: WindowKind = WindowKind.LIFETIME
    days: int | None = Field(default=None, ge=1, le=MAX_DAYS)
    threshold: Decimal = Field(gt=0, max_digits=18, decimal_places=6)
    settings: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)] = Field(default=(), max_length=100)


class BenefitData(_Data):
    """What a tier brings: a sentence for people, and for programs a kind with a value where it has one."""

    text: str = Field(min_length=1, max_length=240)
    kind: str | None = Field(default=None, pattern=_KIND)
    value: Decimal | None = Field(default=None, max_digits=18, decimal_places=6)


class TierData(_Data):
    """A tier. Of its sets of criteria one must be met whole."""

    code: str = Field(pattern=_CODE)
    name: str = Field(min_length=1, max_length=120)
    benefits: tuple[BenefitData, ...] = Field(default=(), max_length=30)
    criteria: tuple[tuple[CriterionData, ...], ...] = Field(default=(), max_length=20)


class PolicyData(_Data):
    """Tiers from the highest to the lowest; the lowest asks for nothing and is everybody's."""

    tiers: tuple[TierData, ...] = Field(min_length=1, max_length=MAX_TIERS)
    grace_days: int = Field(default=90, ge=0, le=MAX_DAYS)
    downgrade: Downgrade = Downgrade.AFTER_GRACE
    upgrade_applies_to_trigger: bool = False


def _spend(threshold: str, days: int | None = None) -> CriterionData:
    window = WindowKind.ROLLING if days else WindowKind.LIFETIME
    return CriterionData(metric="NET_SPEND", window=window, days=days, threshold=Decimal(threshold))


SEED = PolicyData(
    tiers=(
        TierData(
            code="A",
            name="VIP",
            benefits=(
                BenefitData(text="Exclusive promotions"),
                BenefitData(text="Early access"),
                BenefitData(text="Priority service", kind=PRIORITY_SERVICE, value=Decimal(1)),
                BenefitData(text="Special events"),
            ),
            criteria=((_spend("5000"),), (_spend("500", 30),)),
        ),
        TierData(
            code="B",
            name="Preferred",
            benefits=(BenefitData(text="Enhanced promotions"), BenefitData(text="Loyalty rewards")),
            criteria=((_spend("2000"),), (_spend("200", 30),)),
        ),
        TierData(
            code="C",
            name="Standard",
            benefits=(BenefitData(text="Standard promotions"), BenefitData(text="Path to higher tiers")),
        ),
    )
)
"""What holds while a shop has decided nothing."""


@dataclass(frozen=True)
class Criterion:
    """A criterion in whole numbers: minor units, or a count."""

    kind: CriterionKind
    settings: BaseModel
    window: Window
    threshold: int

    @cached_property
    def measured(self) -> str:
        """What is measured, whatever the window and the threshold."""
        return f"{self.kind.name} {self.settings.model_dump_json()}"

    @cached_property
    def figure(self) -> str:
        """What is looked at, whatever the threshold: equal for criteria that look at the same figure."""
        return f"{self.measured} {self.window.kind} {self.window.days}"


@dataclass(frozen=True)
class Tier:
    """A tier with its position: 0 is the lowest."""

    code: str
    name: str
    position: int
    benefits: Sequence[BenefitData]
    sets: Sequence[Sequence[Criterion]]

    @property
    def rank(self) -> int:
        """As the API calls the position."""
        return self.position


@dataclass(frozen=True)
class Policy:
    """A policy that can be applied. `tiers` from the lowest up."""

    tiers: Sequence[Tier]
    grace_days: int
    never_downgrades: bool
    """Whether a tier once reached is kept for ever."""
    upgrade_applies_to_trigger: bool
    data: PolicyData
    by_code: Mapping[str, Tier] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {tier.code: tier for tier in self.tiers})

    @property
    def lowest(self) -> Tier:
        """Everybody's tier."""
        return self.tiers[0]

    @property
    def criteria(self) -> Iterator[Criterion]:
        """All that its tiers ask for."""
        return (one for tier in self.tiers for set_ in tier.sets for one in set_)

    @property
    def placed_criteria(self) -> Iterator[tuple[Sequence[str], Criterion]]:
        """All that its tiers ask for, each with its place in the data of the policy."""
        for n, tier in enumerate(reversed(self.tiers)):
            for s, set_ in enumerate(tier.sets):
                for c, criterion in enumerate(set_):
                    yield ("tiers", str(n), "criteria", str(s), str(c)), criterion

    @property
    def max_window_days(self) -> int | None:
        """For how many days a purchase counts one by one at most; None for ever. Sums tell of the others."""
        days = [0]
        for criterion in self.criteria:
            max_days = criterion.window.max_days
            if max_days is None and criterion.kind.lifetime is None:
                return None
            days.append(max_days or 0)
        return max(days)


@dataclass(frozen=True)
class Version:
    """A policy and from when to when it is in force. `number` grows with each that is made; 0 is the seed."""

    number: int
    begins: Instant
    ends: Instant
    policy: Policy


@dataclass(frozen=True)
class Versions:
    """All versions in the order of time, without a gap from NEVER to FOREVER; `latest` is the highest number made."""

    all: Sequence[Version]
    latest: int

    def at(self, instant: Instant) -> Version:
        """The version in force."""
        for one in reversed(self.all):
            if one.begins <= instant:
                break
        return one

    @classmethod
    def of(cls, policies: Sequence[tuple[int, Instant, Policy]]) -> "Versions":
        """Versions out of (number, effective from, policy): of two from the same instant the later made is in force."""
        latest = max(number for number, _, _ in policies)
        starts = {begins: (number, policy) for number, begins, policy in sorted(policies, key=lambda one: one[0])}
        order = sorted(starts)
        ends = [*order[1:], FOREVER]
        versions = [
            Version(starts[begins][0], begins, end, starts[begins][1]) for begins, end in zip(order, ends, strict=True)
        ]
        assert versions[0].begins == NEVER, "no version is in force from the beginning"
        return cls(versions, latest)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of all tiers that there were."""
        return frozenset(code for version in self.all for code in version.policy.by_code)

    def code_meant_by(self, text: str) -> str | None:
        """The code of the tier whose name this is, or whose code in another case; None for a code, and for what is neither."""
        if text in self.codes:
            return None
        tiers = [tier for version in reversed(self.all) for tier in version.policy.tiers]
        return next((one.code for one in tiers if name_key(text) in {name_key(one.name), name_key(one.code)}), None)

    @cached_property
    def max_window_days(self) -> int | None:
        """For how many days a purchase counts one by one at most, whichever version asks; None for ever."""
        days = [version.policy.max_window_days for version in self.all]
        return None if None in days else max(one for one in days if one is not None)

    @cached_property
    def reach_days(self) -> int | None:
        """For how many days a purchase can matter one by one, whichever versions the window and the grace are of; None
        for ever."""
        if self.max_window_days is None or any(version.policy.never_downgrades for version in self.all):
            return None
        return self.max_window_days + max(version.policy.grace_days for version in self.all) + 1

    @cached_property
    def kinds(self) -> frozenset[CriterionKind]:
        """The kinds of all criteria of all versions."""
        return frozenset(criterion.kind for version in self.all for criterion in version.policy.criteria)

    @cached_property
    def reads(self) -> frozenset[str]:
        """What they read beyond purchases: `lines`, `customer`."""
        return frozenset(one for kind in self.kinds for one in kind.reads)

    @cached_property
    def unavailable(self) -> Mapping[str, str]:
        """Why what cannot be measured now cannot, by metric."""
        return {kind.name: kind.reason for kind in self.kinds if isinstance(kind, UnavailableKind)}

    @cached_property
    def is_monotone(self) -> bool:
        """Whether another purchase never lowers anybody."""
        return all(kind.is_monotone for kind in self.kinds)


def policy_data(data: Any, checks: Checks) -> PolicyData | None:
    """The policy in data of unknown form; what is wrong is told to `checks`."""
    try:
        return PolicyData.model_validate(data)
    except ValidationError as error:
        for one in mistakes_in(error, _FORMS):
            checks.fail("REQUIRED" if one.is_missing else "INVALID_POLICY", one.message, *one.path)
    return None


Otherwise = Callable[[CriterionData, Sequence[Problem]], "Criterion"]
"""What stands in for a criterion that cannot be compiled."""


def compiled(
    data: PolicyData,
    kinds: Mapping[str, CriterionKind],
    currency: str,
    checks: Checks,
    otherwise: Otherwise | None = None,
) -> Policy:
    """The policy in whole numbers; what is wrong with it is told to `checks`, but for criteria that something stands in for."""
    codes = [tier.code.casefold() for tier in data.tiers]
    tiers = []
    for n, tier in enumerate(data.tiers):
        last = n == len(data.tiers) - 1
        if codes.index(codes[n]) != n:
            checks.fail("CODE_TAKEN", "Another tier of the policy has this code.", "tiers", str(n), "code")
        if last and tier.criteria:
            checks.fail("INVALID_POLICY", "The lowest tier is everybody's: no criteria.", "tiers", str(n), "criteria")
        if not last and not (tier.criteria and all(tier.criteria)):
            message = "Every tier but the lowest needs a set of criteria, and no set is empty."
            checks.fail("INVALID_POLICY", message, "tiers", str(n), "criteria")
        sets = []
        for s, set_ in enumerate(tier.criteria):
            places = [("tiers", str(n), "criteria", str(s), str(c)) for c in range(len(set_))]
            criteria = [
                _criterion(one, kinds, currency, checks.nested(*place), otherwise)
                for one, place in zip(set_, places, strict=True)
            ]
            sets.append([one for one in criteria if one])
        tiers.append(Tier(tier.code, tier.name, len(data.tiers) - 1 - n, tier.benefits, sets))
    never = data.downgrade is Downgrade.NEVER
    return Policy(tiers[::-1], data.grace_days, never, data.upgrade_applies_to_trigger, data)


def _criterion(
    data: CriterionData,
    kinds: Mapping[str, CriterionKind],
    currency: str,
    checks: Checks,
    otherwise: Otherwise | None,
) -> Criterion | None:
    inner = Checks() if otherwise else checks
    found = compiled_criterion(data, kinds, currency, inner)
    return otherwise(data, inner.problems) if otherwise and inner.problems else found


def compiled_criterion(
    data: CriterionData, kinds: Mapping[str, CriterionKind], currency: str, checks: Checks
) -> Criterion | None:
    """The criterion in whole numbers; what is wrong with it is told to `checks`."""
    kind = kinds.get(data.metric)
    if kind is None:
        checks.fail("UNKNOWN_METRIC", "No plugin that is on measures this.", "metric")
        return None
    if (data.days is not None) is not (data.window is WindowKind.ROLLING):
        checks.fail("INVALID_POLICY", "A rolling window has days, and no other has.", "days")
    whole = data.threshold == data.threshold.to_integral_value()
    threshold = (
        to_minor(data.threshold, currency) if kind.unit is Unit.MONEY else int(data.threshold) if whole else None
    )
    if threshold is None:
        message = f"This is no amount in {currency}." if kind.unit is Unit.MONEY else "This is a whole number."
        checks.fail("INVALID_AMOUNT", message, "threshold")
    settings = settings_from(kind.settings, data.settings, currency, checks, "settings", code="INVALID_POLICY")
    if settings is None or threshold is None:
        return None
    return Criterion(kind, settings, Window(data.window, data.days or 0), threshold)


def stand_in(data: CriterionData, reason: str) -> Criterion:
    """A criterion that cannot be measured, and why."""
    return Criterion(unavailable(data.metric, reason), NoSettings(), Window(data.window, data.days or 0), _NEVER_MET)
