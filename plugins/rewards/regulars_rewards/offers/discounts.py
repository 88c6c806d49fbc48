"""The kinds of discounts that are always there. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from math import ceil

from pydantic import BaseModel, ConfigDict, Field, model_validator

from regulars_core.plugin import MinorUnits, decimal_text, divided_half_up, exponent_of
from regulars_rewards.offers.conditions import MAX_AMOUNT, plain
from regulars_rewards.offers.facts import PIECE, OfferBasket
from regulars_rewards.offers.kinds import Figures, Off, OfferDiscountKind, Unmet
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.offers.pieces import Cut, chosen, dearest_first, taken_by_cuts, worth

MAX_PIECES = 10**6
_PERCENT_STEP = 10**6


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def part(amount: int, percent: Decimal) -> int:
    """So many per cent of an amount, rounded once, half-up."""
    return divided_half_up(amount * int(percent * _PERCENT_STEP), 100 * _PERCENT_STEP)


def money(minor: int, currency: str) -> str:
    return decimal_text(minor, exponent_of(currency))


def by_cuts(basket: OfferBasket, cuts: Iterable[Cut], figures: Figures, text: str) -> Off:
    shares, prices = taken_by_cuts(basket.lines, cuts)
    return Off(shares, figures, text, prices)


class Percent(Settings):
    """What `PERCENT` is told."""

    percent: Decimal = Field(gt=0, le=100, decimal_places=6, description="How many per cent are taken off.")
    maximum: MinorUnits | None = Field(None, gt=0, le=MAX_AMOUNT, description="How much it takes off at most.")


def _take_percent(settings: Percent, basket: OfferBasket) -> Off:
    base = basket.left
    off, text = part(base, settings.percent), f"{plain(settings.percent)} % of {basket.amount(base)}"
    figures: dict[str, int | Decimal] = {"BASE": basket.units(base), "RATE": settings.percent}
    if settings.maximum is not None:
        figures["MAXIMUM"] = basket.units(settings.maximum)
        if off > settings.maximum:
            off, text = settings.maximum, f"{text}, at most {basket.amount(settings.maximum)}"
    return Off(off, figures, text)


PERCENT = OfferDiscountKind(
    "PERCENT",
    Percent,
    "A percentage of what earlier offers left",
    _take_percent,
    sentence=lambda settings, currency: (
        f"{plain(settings.percent)} % off"
        f"{'' if settings.maximum is None else f', at most {money(settings.maximum, currency)}'}"
    ),
)


class Per(StrEnum):
    """Of what an amount is taken off."""

    BASKET = "BASKET"
    UNIT = "UNIT"


class Flat(Settings):
    """What `FLAT` is told."""

    amount: MinorUnits = Field(gt=0, le=MAX_AMOUNT, description="How much is taken off, in prices as shown.")
    per: Per = Field(Per.BASKET, description="Once off the goods, or off each piece; weighed goods have no pieces.")
    max_units: int | None = Field(
        None, alias="maxUnits", gt=0, le=MAX_PIECES, description="Off how many pieces at most, the dearest first."
    )

    @model_validator(mode="after")
    def _units(self) -> "Flat":
        if self.max_units is not None and self.per is Per.BASKET:
            raise ValueError("maxUnits goes with per UNIT")
        return self


def _take_flat(settings: Flat, basket: OfferBasket) -> Off:
    if settings.per is Per.UNIT:
        return _flat_per_unit(settings, basket)
    base = basket.left
    figures = {"BASE": basket.units(base), "RATE": basket.units(settings.amount)}
    text = f"{basket.amount(settings.amount)} off {basket.amount(base)}"
    return Off(min(settings.amount, base), figures, text)


def _flat_per_unit(settings: Flat, basket: OfferBasket) -> Off:
    batches = dearest_first(basket.lines)
    count = sum(one.number for one in batches)
    if settings.max_units is not None:
        count = min(count, settings.max_units)
    pieces = chosen(batches, count)
    cuts = [Cut(batch, taken, min(settings.amount, batch.price) * taken) for batch, taken in pieces]
    each = basket.amount(settings.amount)
    figures: Figures = {"BASE": basket.units(worth(pieces)), "RATE": basket.units(settings.amount), "PIECES": count}
    text = f"{each} off each of {counted(count)} at {basket.amount(worth(pieces))} together, never more than its price"
    return by_cuts(basket, cuts, figures, text)


def counted(count: int, what: str = "piece") -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


FLAT = OfferDiscountKind(
    "FLAT",
    Flat,
    "An amount off the goods, or off each piece",
    _take_flat,
    sentence=lambda settings, currency: (
        f"{money(settings.amount, currency)} off{' each piece' if settings.per is Per.UNIT else ''}"
        f"{'' if settings.max_units is None else f', at most {counted(settings.max_units)}'}"
    ),
)


class By(StrEnum):
    """By what a step is reached."""

    QUANTITY = "QUANTITY"
    AMOUNT = "AMOUNT"


class Tiered(Settings):
    """What `TIERED` is told."""

    by: By = Field(By.QUANTITY, description="Whether steps are reached by quantity or by amount.")
    starts: tuple[Decimal, ...] = Field(
        alias="from", min_length=1, max_length=50, description="From how much on each step holds, the lowest first."
    )
    percents: tuple[Decimal, ...] = Field(
        (), alias="percent", max_length=50, description="How many per cent each step takes off, in the same order."
    )
    amounts: tuple[MinorUnits, ...] = Field(
        (), alias="amount", max_length=50, description="How much each step takes off instead, in the same order."
    )

    @model_validator(mode="after")
    def _steps(self) -> "Tiered":
        if bool(self.percents) == bool(self.amounts):
            raise ValueError("Say percent or amount, one for each step")
        if len(self.starts) != len(self.percents or self.amounts):
            raise ValueError("There are as many values of from as of percent or amount")
        if any(not 0 < one <= MAX_AMOUNT for one in self.starts):
            raise ValueError("Steps start above 0")
        if any(a >= b for a, b in zip(self.starts, self.starts[1:], strict=False)):
            raise ValueError("Each step starts above the one before")
        if any(not 0 < one <= 100 or int(one * _PERCENT_STEP) != one * _PERCENT_STEP for one in self.percents):
            raise ValueError("Percentages are above 0, at most 100, and have at most 6 decimals")
        if any(not 0 < one <= MAX_AMOUNT for one in self.amounts):
            raise ValueError("Amounts are above 0")
        return self

    def reached(self, found: Decimal) -> int | None:
        """The highest step that is reached."""
        steps = [n for n, start in enumerate(self.starts) if start <= found]
        return steps[-1] if steps else None


def _take_tiered(settings: Tiered, basket: OfferBasket) -> Off | Unmet:
    base = basket.left
    by_amount = settings.by is By.AMOUNT
    found = basket.units(base) if by_amount else Decimal(basket.quantity) / PIECE
    step = settings.reached(found)
    if step is None:
        first = settings.starts[0]
        missing = ceil((first - found).scaleb(exponent_of(basket.currency))) if by_amount else None
        said = f"The first step starts at {plain(first)}, and this is {plain(found)}."
        return Unmet(said, Reason.MIN_NOT_REACHED, missing)
    figures: dict[str, int | Decimal] = {"BASE": basket.units(base), "FROM": settings.starts[step]}
    if not by_amount:
        figures["QUANTITY"] = found
    start = f"from {plain(settings.starts[step])} on"
    if settings.percents:
        percent = settings.percents[step]
        text = f"{plain(percent)} % of {basket.amount(base)}, {start}"
        return Off(part(base, percent), {**figures, "RATE": percent}, text)
    amount = settings.amounts[step]
    text = f"{basket.amount(amount)} off {basket.amount(base)}, {start}"
    return Off(min(amount, base), {**figures, "RATE": basket.units(amount)}, text)


def _tiered_words(settings: Tiered, currency: str) -> str:
    values = [f"{plain(one)} %" for one in settings.percents] or [money(one, currency) for one in settings.amounts]
    steps = (f"{value} off from {plain(start)} on" for start, value in zip(settings.starts, values, strict=True))
    return "; ".join(steps)


TIERED = OfferDiscountKind(
    "TIERED", Tiered, "More off in steps, the highest that is reached", _take_tiered, sentence=_tiered_words
)
