"""The kinds of triggers that are always there. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from regulars_core.plugin import EarnOn, Given, NoSettings, Sale, Tax
from regulars_rewards.triggers.days import anniversaries
from regulars_rewards.triggers.kinds import PurchaseTrigger, RewardTriggerKind, Undone, has_goods
from regulars_rewards.triggers.occasions import CustomerDates, Occasion, OccasionTrigger

_MAX_DAYS = 3_660


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Purchase(_Settings):
    """What `PURCHASE` is told."""

    earn_on: EarnOn = Field(
        EarnOn.NET,
        alias="earnOn",
        description="What was paid after discounts, points and given credit, or before these.",
    )
    tax: Tax = Field(Tax.EXCLUDED, description="Whether the tax on the articles counts.")
    earn_on_bought_credit: bool = Field(
        True, alias="earnOnBoughtCredit", description="Whether what is paid with credit that was bought counts."
    )


def _purchase(settings: Purchase, sale: Sale) -> Given:
    basis = settings.earn_on, settings.tax, settings.earn_on_bought_credit
    return Given(sum(line.worths[basis] for line in sale.lines), worth=lambda line: line.worths[basis])


PURCHASE = PurchaseTrigger(
    "PURCHASE",
    Purchase,
    "Each purchase, by its size",
    _purchase,
    has_bands=True,
    is_monotone=True,
    sentence=lambda _, __: "each purchase, by its size",
)


class NthPurchase(_Settings):
    """What `NTH_PURCHASE` is told."""

    n: int = Field(gt=0, le=1_000_000, description="How many purchases are one of progress.")


NTH_PURCHASE = PurchaseTrigger(
    "NTH_PURCHASE",
    NthPurchase,
    "Every so many purchases",
    lambda _, sale: int(has_goods(sale)),
    per=lambda settings: settings.n,
    is_monotone=True,
    sentence=lambda settings, _: "each purchase" if settings.n == 1 else f"every {settings.n} purchases",
)


class _Yearly(_Settings):
    days_before: int = Field(0, alias="daysBefore", ge=0, le=365, description="How many days before the day.")

    def ahead(self, what: str) -> str:
        """The day in words."""
        days = self.days_before
        return f"{days} day{'' if days == 1 else 's'} before {what}" if days else what


class Birthday(_Yearly):
    """What `BIRTHDAY` is told."""


def _birthdays(settings: Birthday, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
    born = customer.birth_date
    if born is None:
        return []
    days = anniversaries(born, max(since, customer.created_on), until, settings.days_before)
    return [Occasion(f"birthday:{year}", day) for year, day in days]


BIRTHDAY = OccasionTrigger(
    "BIRTHDAY",
    Birthday,
    "The customer's birthday",
    _birthdays,
    of=("birth_date",),
    sentence=lambda settings, _: settings.ahead("the birthday"),
)


class Anniversary(_Yearly):
    """What `ANNIVERSARY` is told."""


def _anniversaries(settings: Anniversary, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
    first = customer.first_purchase_on
    if first is None:
        return []
    days = anniversaries(first, since, until, settings.days_before)
    return [Occasion(f"anniversary:{year}", day) for year, day in days]


ANNIVERSARY = OccasionTrigger(
    "ANNIVERSARY",
    Anniversary,
    "The day of the customer's first purchase, each year",
    _anniversaries,
    of=("purchases",),
    sentence=lambda settings, _: settings.ahead("the anniversary of the first purchase"),
)


class Inactivity(_Settings):
    """What `INACTIVITY` is told."""

    days: int = Field(gt=0, le=_MAX_DAYS, description="For how many days the customer has bought nothing.")
    once_in_days: int | None = Field(
        None,
        alias="onceInDays",
        gt=0,
        le=_MAX_DAYS,
        description="After how many days more it counts again; once until the next purchase if absent.",
    )


def _inactivity(settings: Inactivity, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
    last, purchase = customer.last_purchase_on, customer.last_purchase_id
    if last is None or purchase is None or (until - last).days <= settings.days:
        return []
    first, step = last + timedelta(days=settings.days), settings.once_in_days
    if step is None:
        return [Occasion(f"inactivity:{purchase}:1", first)] if since <= first else []
    passed = max(0, -(-(since - first).days // step))
    number = -(-(until - first).days // step)
    return [Occasion(f"inactivity:{purchase}:{n + 1}", first + timedelta(days=n * step)) for n in range(passed, number)]


def _inactive_words(settings: Inactivity, _: str) -> str:
    again = "" if settings.once_in_days is None else f", again every {settings.once_in_days} days"
    return f"{settings.days} days without a purchase{again}"


INACTIVITY = OccasionTrigger(
    "INACTIVITY",
    Inactivity,
    "The customer has not bought for some time",
    _inactivity,
    of=("purchases",),
    sentence=_inactive_words,
)


class TierReached(_Settings):
    """What `TIER_CHANGE` is told."""

    tier: str = Field(min_length=1, max_length=64, description="The tier that the customer comes to, by its code.")
    up_only: bool = Field(True, alias="upOnly", description="Whether only those count who come from a lower tier.")


def _tier_changes(settings: TierReached, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
    return [
        Occasion(f"tier:{one.id}", one.on)
        for one in customer.tier_changes
        if one.after == settings.tier and (one.is_up or not settings.up_only) and since <= one.on < until
    ]


TIER_CHANGE = OccasionTrigger(
    "TIER_CHANGE",
    TierReached,
    "The customer comes to a tier",
    _tier_changes,
    of=("tier",),
    undone=Undone.BY_OCCASIONS,
    sentence=lambda settings, _: f"{'rising' if settings.up_only else 'coming'} to tier {settings.tier}",
)
MANUAL = OccasionTrigger(
    "MANUAL",
    NoSettings,
    "By hand alone",
    lambda _, __, ___, ____: [],
    sentence=lambda _, __: "by hand",
)
BOX: Sequence[RewardTriggerKind] = (
    PURCHASE,
    NTH_PURCHASE,
    BIRTHDAY,
    ANNIVERSARY,
    INACTIVITY,
    TIER_CHANGE,
    MANUAL,
)
