"""The kinds of discounts that are always there. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from math import ceil

from pydantic import BaseModel, ConfigDict, Field, model_validator

from regulars_core.plugin import MinorUnits, decimal_text, divided_half_up, exponent_of
from regulars_rewards.offers.conditions import MAX_AMOUNT, plain
from regulars_rewards.offers.facts import PIECE, OfferBasket
from regulars_rewards.offers.kinds import Figures, Off, OfferDiscountKind, Unmet
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.offers.pieces import (
    Batch,
    Cut,
    cheapest_first,
    chosen,
    cut_by_worth,
    dearest_first,
    taken_by_cuts,
    worth,
)

MAX_PIECES = 10**6
_PERCENT_STEP = 10**6


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def part(amount: int, percent: Decimal) -> int:
    """So many per cent of an amount, rounded once, half-up."""
    return divided_half_up(amount * int(percent * _PERCENT_STEP), 100 * _PERCENT_STEP)


def _money(minor: int, currency: str) -> str:
    return decimal_text(minor, exponent_of(currency))


def _by_cuts(basket: OfferBasket, cuts: Iterable[Cut], figures: Figures, text: str) -> Off:
    shares, prices = taken_by_cuts(basket.lines, cuts)
    return Off(shares, figures, text, prices)


class Percent(_Settings):
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
        f"{'' if settings.maximum is None else f', at most {_money(settings.maximum, currency)}'}"
    ),
)


class Per(StrEnum):
    """Of what an amount is taken off."""

    BASKET = "BASKET"
    UNIT = "UNIT"


class Flat(_Settings):
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
    text = f"{each} off each of {_counted(count)} at {basket.amount(worth(pieces))} together, never more than its price"
    return _by_cuts(basket, cuts, figures, text)


def _counted(count: int, what: str = "piece") -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


FLAT = OfferDiscountKind(
    "FLAT",
    Flat,
    "An amount off the goods, or off each piece",
    _take_flat,
    sentence=lambda settings, currency: (
        f"{_money(settings.amount, currency)} off{' each piece' if settings.per is Per.UNIT else ''}"
        f"{'' if settings.max_units is None else f', at most {_counted(settings.max_units)}'}"
    ),
)


class FreeItem(_Settings):
    """What `FREE_ITEM` is told."""

    sku: str = Field(min_length=1, max_length=64, description="The code of the article; it must be in the basket.")
    quantity: int = Field(1, gt=0, le=MAX_PIECES, description="How many pieces of it are free, the cheapest first.")
    repeat: bool = Field(
        False, description="Whether that many are free for each other piece that the offer is about, and not once only."
    )


def _take_free_item(settings: FreeItem, basket: OfferBasket) -> Off | Unmet:
    lines = [line for line in basket.lines if line.sku == settings.sku]
    if not lines:
        return Unmet(f"The article {settings.sku} is not in the basket.", Reason.SCOPE)
    times = 1
    if settings.repeat:
        others = sum(line.pieces or 0 for line in basket.named if line.sku != settings.sku)
        times = max(1, others)
    pieces = chosen(cheapest_first(lines), settings.quantity * times)
    count, base = sum(taken for _, taken in pieces), worth(pieces)
    cuts = [Cut(batch, taken, batch.price * taken) for batch, taken in pieces]
    figures: Figures = {"BASE": basket.units(base), "PIECES": count}
    return _by_cuts(basket, cuts, figures, f"{_counted(count)} of {settings.sku} free")


FREE_ITEM = OfferDiscountKind(
    "FREE_ITEM",
    FreeItem,
    "An article that is in the basket is free",
    _take_free_item,
    sentence=lambda settings, _: (
        f"{f'{settings.quantity} × ' if settings.quantity > 1 else ''}{settings.sku} free"
        f"{', for each other piece' if settings.repeat else ''}"
    ),
)


class BuyGet(_Settings):
    """What `BUY_GET` is told."""

    buy: int = Field(gt=0, le=MAX_PIECES, description="How many pieces of a set are paid in full.")
    get: int = Field(gt=0, le=MAX_PIECES, description="How many pieces of a set get cheaper: the cheapest.")
    percent: Decimal = Field(
        Decimal(100),
        gt=0,
        le=100,
        decimal_places=6,
        description="By how many per cent these get cheaper; free if absent.",
    )
    limit: int | None = Field(None, gt=0, le=MAX_PIECES, description="How many sets of a purchase count at most.")


def _take_buy_get(settings: BuyGet, basket: OfferBasket) -> Off | Unmet:
    size = settings.buy + settings.get
    batches = cheapest_first(basket.lines, in_sets=False)
    count = sum(one.number for one in batches)
    sets = count // size if settings.limit is None else min(count // size, settings.limit)
    if not sets:
        return Unmet(f"A set is {size} pieces, and there are {count}.", Reason.NOTHING_LEFT)
    cheaper = chosen(batches, sets * settings.get)
    paid = chosen(batches, sets * settings.buy, skip=sets * settings.get)
    base = worth(cheaper)
    cuts = [
        *cut_by_worth(cheaper, part(base, settings.percent), in_set=True),
        *(Cut(batch, taken, 0, True) for batch, taken in paid),
    ]
    figures: Figures = {"SETS": sets, "BASE": basket.units(base), "RATE": settings.percent}
    told = f"the {_counted(sets * settings.get)} that cost least of {_counted(sets * size)}"
    text = f"{plain(settings.percent)} % of {basket.amount(base)} for {told}"
    return _by_cuts(basket, cuts, figures, text)


def _buy_get_words(settings: BuyGet, _: str) -> str:
    how = "free" if settings.percent == 100 else f"{plain(settings.percent)} % off"
    at_most = "" if settings.limit is None else f", at most {_counted(settings.limit, 'time')}"
    return f"buy {settings.buy}, get {settings.get} {how}{at_most}"


BUY_GET = OfferDiscountKind(
    "BUY_GET", BuyGet, "Of complete sets of pieces the cheapest get cheaper", _take_buy_get, sentence=_buy_get_words
)


class By(StrEnum):
    """By what a step is reached."""

    QUANTITY = "QUANTITY"
    AMOUNT = "AMOUNT"


class Tiered(_Settings):
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
    values = [f"{plain(one)} %" for one in settings.percents] or [_money(one, currency) for one in settings.amounts]
    steps = (f"{value} off from {plain(start)} on" for start, value in zip(settings.starts, values, strict=True))
    return "; ".join(steps)


TIERED = OfferDiscountKind(
    "TIERED", Tiered, "More off in steps, the highest that is reached", _take_tiered, sentence=_tiered_words
)


class PricePer(StrEnum):
    """What a fixed price buys."""

    UNIT = "UNIT"
    SET = "SET"


class FixedPrice(_Settings):
    """What `FIXED_PRICE` is told."""

    price: MinorUnits = Field(ge=0, le=MAX_AMOUNT, description="What it costs then, in prices as shown.")
    per: PricePer = Field(PricePer.UNIT, description="Each piece, or so many of them together.")
    pieces: int | None = Field(None, gt=0, le=MAX_PIECES, description="How many pieces are a set, the dearest first.")

    @model_validator(mode="after")
    def _set(self) -> "FixedPrice":
        if (self.pieces is not None) is (self.per is PricePer.UNIT):
            raise ValueError("pieces goes with per SET, and SET needs it")
        return self


def _take_fixed_price(settings: FixedPrice, basket: OfferBasket) -> Off | Unmet:
    batches = dearest_first(basket.lines)
    if settings.pieces is None:
        pieces = [(one, one.number) for one in batches if one.price > settings.price]
        cuts = [Cut(batch, count, (batch.price - settings.price) * count) for batch, count in pieces]
        count = sum(taken for _, taken in pieces)
        what = f"{basket.amount(settings.price)} for each of {_counted(count)}"
    else:
        sets = _sets(batches, settings.pieces)
        if not sets:
            return Unmet(f"A set is {_counted(settings.pieces)}, and there are fewer.", Reason.NOTHING_LEFT)
        dearer = [(times, ones) for times, ones in sets if worth(ones) > settings.price * times]
        pieces = [one for _, ones in dearer for one in ones]
        cuts = [cut for times, ones in dearer for cut in cut_by_worth(ones, worth(ones) - settings.price * times)]
        count = sum(times for times, _ in dearer)
        what = f"{basket.amount(settings.price)} for each of {_counted(count, 'set')} of {_counted(settings.pieces)}"
    base = worth(pieces)
    figures: Figures = {"BASE": basket.units(base), "PRICE": basket.units(settings.price), "COUNT": count}
    return _by_cuts(basket, cuts, figures, f"{basket.amount(base)} less {what}")


def _sets(batches: Sequence[Batch], size: int) -> list[tuple[int, list[tuple[Batch, int]]]]:
    """Complete sets in the order of batches: how many are alike, and the pieces of these together."""
    sets: list[tuple[int, list[tuple[Batch, int]]]] = []
    begun: list[tuple[Batch, int]] = []
    need = size
    for batch in batches:
        count = batch.number
        while count:
            if not begun and count >= size:
                times = count // size
                sets.append((times, [(batch, times * size)]))
                count -= times * size
                continue
            taken = min(count, need)
            begun.append((batch, taken))
            count, need = count - taken, need - taken
            if not need:
                sets.append((1, begun))
                begun, need = [], size
    return sets


def _fixed_price_words(settings: FixedPrice, currency: str) -> str:
    price = _money(settings.price, currency)
    return f"each piece for {price}" if settings.pieces is None else f"{_counted(settings.pieces)} for {price}"


FIXED_PRICE = OfferDiscountKind(
    "FIXED_PRICE",
    FixedPrice,
    "Pieces or sets of pieces for a price, never dearer than before",
    _take_fixed_price,
    sentence=_fixed_price_words,
)
DISCOUNTS: Sequence[OfferDiscountKind] = (PERCENT, FLAT, FREE_ITEM, BUY_GET, TIERED, FIXED_PRICE)
