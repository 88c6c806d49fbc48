"""The kinds of discounts that are always there and choose pieces: a free article, sets, fixed prices. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import Field, model_validator

from regulars_core.plugin import MinorUnits
from regulars_rewards.offers.conditions import MAX_AMOUNT, plain
from regulars_rewards.offers.discounts import MAX_PIECES, Settings, by_cuts, counted, money, part
from regulars_rewards.offers.facts import OfferBasket
from regulars_rewards.offers.kinds import Figures, Off, OfferDiscountKind, Unmet
from regulars_rewards.offers.obstacles import Reason
from regulars_rewards.offers.pieces import Batch, Cut, cheapest_first, chosen, cut_by_worth, dearest_first, worth


class FreeItem(Settings):
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
    return by_cuts(basket, cuts, figures, f"{counted(count)} of {settings.sku} free")


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


class BuyGet(Settings):
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
    told = f"the {counted(sets * settings.get)} that cost least of {counted(sets * size)}"
    text = f"{plain(settings.percent)} % of {basket.amount(base)} for {told}"
    return by_cuts(basket, cuts, figures, text)


def _buy_get_words(settings: BuyGet, _: str) -> str:
    how = "free" if settings.percent == 100 else f"{plain(settings.percent)} % off"
    at_most = "" if settings.limit is None else f", at most {counted(settings.limit, 'time')}"
    return f"buy {settings.buy}, get {settings.get} {how}{at_most}"


BUY_GET = OfferDiscountKind(
    "BUY_GET", BuyGet, "Of complete sets of pieces the cheapest get cheaper", _take_buy_get, sentence=_buy_get_words
)


class PricePer(StrEnum):
    """What a fixed price buys."""

    UNIT = "UNIT"
    SET = "SET"


class FixedPrice(Settings):
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
        what = f"{basket.amount(settings.price)} for each of {counted(count)}"
    else:
        sets = _sets(batches, settings.pieces)
        if not sets:
            return Unmet(f"A set is {counted(settings.pieces)}, and there are fewer.", Reason.NOTHING_LEFT)
        dearer = [(times, ones) for times, ones in sets if worth(ones) > settings.price * times]
        pieces = [one for _, ones in dearer for one in ones]
        cuts = [cut for times, ones in dearer for cut in cut_by_worth(ones, worth(ones) - settings.price * times)]
        count = sum(times for times, _ in dearer)
        what = f"{basket.amount(settings.price)} for each of {counted(count, 'set')} of {counted(settings.pieces)}"
    base = worth(pieces)
    figures: Figures = {"BASE": basket.units(base), "PRICE": basket.units(settings.price), "COUNT": count}
    return by_cuts(basket, cuts, figures, f"{basket.amount(base)} less {what}")


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
    price = money(settings.price, currency)
    return f"each piece for {price}" if settings.pieces is None else f"{counted(settings.pieces)} for {price}"


FIXED_PRICE = OfferDiscountKind(
    "FIXED_PRICE",
    FixedPrice,
    "Pieces or sets of pieces for a price, never dearer than before",
    _take_fixed_price,
    sentence=_fixed_price_words,
)
