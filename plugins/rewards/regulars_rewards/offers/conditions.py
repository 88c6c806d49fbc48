"""The kinds of conditions that are always there. Pure."""

from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel, ConfigDict, Field, model_validator

from regulars_core.plugin import MinorUnits, decimal_text, exponent_of
from regulars_rewards.offers.facts import PIECE, OfferBasket
from regulars_rewards.offers.kinds import Met, OfferConditionKind, Unmet
from regulars_rewards.offers.obstacles import Reason

MAX_AMOUNT = 10**12


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class BasketTotal(_Settings):
    """What `BASKET_TOTAL` is told."""

    minimum: MinorUnits | None = Field(None, gt=0, le=MAX_AMOUNT, description="What the goods come to at least.")
    maximum: MinorUnits | None = Field(None, gt=0, le=MAX_AMOUNT, description="What the goods come to at most.")

    @model_validator(mode="after")
    def _one_of_both(self) -> "BasketTotal":
        if self.minimum is None and self.maximum is None:
            raise ValueError("Say a minimum, a maximum, or both")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("The minimum is above the maximum")
        return self


def _basket_total(settings: BasketTotal, basket: OfferBasket) -> Met | Unmet:
    total, least, most = basket.left, settings.minimum, settings.maximum
    if least is not None and total < least:
        return Unmet(
            lambda: f"The goods come to {basket.amount(total)} now, and must come to {basket.amount(least)}.",
            Reason.MIN_NOT_REACHED,
            least - total,
        )
    if most is not None and total > most:
        return Unmet(
            lambda: f"The goods come to {basket.amount(total)} now, and may come to {basket.amount(most)}.",
            Reason.MAX_EXCEEDED,
        )
    return Met({"TESTED": basket.units(total)})


def _total_words(settings: BasketTotal, currency: str) -> str:
    least, most = (
        None if one is None else decimal_text(one, exponent_of(currency))
        for one in (settings.minimum, settings.maximum)
    )
    if least and most:
        return f"goods from {least} to {most}"
    return f"goods from {least} on" if least else f"goods up to {most}"


BASKET_TOTAL = OfferConditionKind(
    "BASKET_TOTAL",
    BasketTotal,
    "What earlier offers left of the goods, in prices as shown",
    _basket_total,
    sentence=_total_words,
)


class Quantity(_Settings):
    """What `QUANTITY` is told."""

    minimum: Decimal = Field(
        gt=0, le=10**9, decimal_places=6, description="How much it is at least; what is weighed counts by its weight."
    )


def plain(number: Decimal) -> str:
    """A number without what says nothing: `2.5`, `3`."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _quantity(settings: Quantity, basket: OfferBasket) -> Met | Unmet:
    found = Decimal(basket.quantity) / PIECE
    if found >= settings.minimum:
        return Met({"QUANTITY": found})
    missing = settings.minimum - found
    return Unmet(lambda: f"{plain(missing)} of {plain(settings.minimum)} are missing.", Reason.MIN_NOT_REACHED)


QUANTITY = OfferConditionKind(
    "QUANTITY",
    Quantity,
    "How much is in the basket",
    _quantity,
    sentence=lambda settings, _: f"{plain(settings.minimum)} or more in the basket",
)


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "MONDAY"
    TUESDAY = "TUESDAY"
    WEDNESDAY = "WEDNESDAY"
    THURSDAY = "THURSDAY"
    FRIDAY = "FRIDAY"
    SATURDAY = "SATURDAY"
    SUNDAY = "SUNDAY"


_WEEK = tuple(Weekday)
_MIDNIGHT = time(0, 0)


class Hours(_Settings):
    """What `HOURS` is told."""

    start: time = Field(_MIDNIGHT, alias="from", description="From which time of day on, where the shop is.")
    end: time = Field(
        _MIDNIGHT,
        alias="to",
        description="Before which time of day: of the next day where that is not after `from`, so that 22:00 to 02:00 crosses "
        "midnight, and 00:00 to 00:00 is a whole day.",
    )
    weekdays: tuple[Weekday, ...] = Field(
        (), alias="weekday", max_length=7, description="On which days it starts; each day if none is named."
    )

    @model_validator(mode="after")
    def _whole_minutes(self) -> "Hours":
        if any(one.tzinfo or one.second or one.microsecond for one in (self.start, self.end)):
            raise ValueError("Times of day are hours and minutes where the shop is")
        return self

    @cached_property
    def _span(self) -> tuple[int, int]:
        return self.start.hour * 60 + self.start.minute, self.end.hour * 60 + self.end.minute

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether it does at a minute of a day of the week, 1 for Monday. The day is that on which the span starts: what is after
        midnight belongs to the day before."""
        start, end = self._span
        if start < end:
            return start <= minute < end and self._starts_on(weekday)
        return (minute >= start and self._starts_on(weekday)) or (minute < end and self._starts_on(weekday - 1))

    def _starts_on(self, weekday: int) -> bool:
        return not self.weekdays or _WEEK[(weekday - 1) % 7] in self.weekdays


def _hours_words(settings: Hours, _: str = "") -> str:
    days = ", ".join(day.capitalize() for day in _WEEK if day in settings.weekdays)
    span = f"{settings.start:%H:%M} to {settings.end:%H:%M}"
    if settings.start == settings.end == _MIDNIGHT:
        return days or "at any time"
    return f"{days}, {span}" if days else span


def _hours(settings: Hours, basket: OfferBasket) -> bool | Unmet:
    if settings.holds(basket.weekday, basket.minute):
        return True
    return Unmet(lambda: f"It is valid at other times: {_hours_words(settings)}.", Reason.HOURS)


HOURS = OfferConditionKind(
    "HOURS", Hours, "Times of day and days of the week, where the shop is", _hours, sentence=_hours_words
)
CONDITIONS: Sequence[OfferConditionKind] = (BASKET_TOTAL, QUANTITY, HOURS)
