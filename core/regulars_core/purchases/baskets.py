"""A basket before it is sold, and what plugins take off it. Pure: whole numbers in, whole numbers out.

Core knows adjustments of lines and nothing of why they are made: not a coupon, not a promotion.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import CurrencyCode

MAX_PARTS = 10_000
"""Adjustments of one quote at most, and as many reasons why something does not apply."""


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One article of a basket: the quantity in millionths, money in minor units; `unit_price` is None where only the line's total
    was told.

    `discount` is what was taken off by hand, and `total` what is left of the line: after that, and after what plugins have
    taken off that were asked before. It is `is_goods` unless a plugin says that it sells something of its own, such as credit.
    """

    sku: str | None
    name: str
    brand: str | None
    category: str | None
    quantity: int
    unit_price: int | None
    discount: int
    total: int
    is_goods: bool = True


@dataclass(frozen=True, slots=True)
class BasketOutline:
    """What is known of a basket before anything is looked up: who buys, None for nobody who is known; at which instant, in which
    currency, by which channel; the caller's own name of the basket; and what is in it."""

    customer_id: str | None
    at: Instant
    currency: CurrencyCode
    channel: str | None
    name: str | None
    lines: Sequence[BasketLine]


@dataclass(frozen=True, slots=True)
class Basket(BasketOutline):
    """The same, and in which store. `offers` are the ids of the promotions that were applied to it, once they are known."""

    store_id: str
    offers: Set[str] = frozenset()

    @property
    def outline(self) -> BasketOutline:
        """What is known of it before anything is looked up."""
        return BasketOutline(self.customer_id, self.at, self.currency, self.channel, self.name, self.lines)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """So many minor units, 0 or more, taken off the line in this place, 0 for the first. `code` says for programs why, and
    `message` for people."""

    line: int
    amount: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Declined:
    """Something that does not apply: why, for programs and for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Quote:
    """What one plugin takes off a basket, in the order in which it does, and what does not apply.

    A plugin may answer a subclass with more in it, such as what it will write: it gets the very same object back in
    `purchases_recorded`.
    """

    adjustments: Sequence[Adjustment] = ()
    declined: Sequence[Declined] = ()

    def off(self, lines: int) -> list[int]:
        """What it takes off each of so many lines."""
        taken = [0] * lines
        for adjustment in self.adjustments:
            taken[adjustment.line] += adjustment.amount
        return taken


class Outdated(Exception):
    """What a plugin has looked up was named by what is no longer so, such as by what it remembers of its offers. Asked again, it
    names it anew."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What plugins take off one basket.

    `basket` is it before they take anything off, `quotes` is what each of them has answered, in the order in which they were
    asked, and `left` what is left of each line in the end. Those that `failed` have no quote, and took nothing off.
    """

    basket: Basket
    quotes: Mapping[str, Quote]
    failed: Mapping[str, Exception]
    left: Sequence[int]

    @property
    def subtotal(self) -> int:
        """The lines before plugins take anything off, in minor units."""
        return sum(line.total for line in self.basket.lines)

    @property
    def total(self) -> int:
        """What is left of them."""
        return sum(self.left)

    @property
    def discount(self) -> int:
        """What plugins take off in all."""
        return self.subtotal - self.total


class WrongQuote(Exception):
    """What a plugin has answered is no quote of the basket that it was asked about."""


def off_each_line(quote: object, lines: Sequence[BasketLine]) -> list[int]:
    """What a plugin's answer takes off each of these lines. Raises WrongQuote for one that takes off what is not there."""
    if not isinstance(quote, Quote):
        raise WrongQuote(f"a {type(quote).__name__} is no Quote")
    for parts, kind in ((quote.adjustments, Adjustment), (quote.declined, Declined)):
        if not isinstance(parts, list | tuple) or not all(isinstance(part, kind) for part in parts):
            raise WrongQuote(f"a Quote has a list of {kind.__name__}s")
        if len(parts) > MAX_PARTS:
            raise WrongQuote(f"{len(parts)} {kind.__name__}s are more than {MAX_PARTS}")
        if not all(isinstance(part.code, str) and isinstance(part.message, str) for part in parts):
            raise WrongQuote("codes and messages are text")
    for adjustment in quote.adjustments:
        if type(adjustment.line) is not int or not 0 <= adjustment.line < len(lines):
            raise WrongQuote(f"there are {len(lines)} lines, and no line {adjustment.line!r}")
        if type(adjustment.amount) is not int or adjustment.amount < 0:
            raise WrongQuote(f"{adjustment.amount!r} is no amount of minor units that can be taken off")
    taken = quote.off(len(lines))
    for n, (line, off) in enumerate(zip(lines, taken, strict=True)):
        if off > max(line.total, 0):  # of what comes back nothing is taken off
            raise WrongQuote(f"{off} is more than the {line.total} that are left of line {n}")
    return taken


def less(basket: Basket, off: Sequence[int]) -> Basket:
    """The basket with so much less left of each line."""
    lines = [
        replace(line, total=line.total - taken) if taken else line
        for line, taken in zip(basket.lines, off, strict=True)
    ]
    return replace(basket, lines=tuple(lines))


def without_goods(basket: Basket, places: Collection[int]) -> Basket:
    """The basket, in which the lines in these places are no goods."""
    if not places:
        return basket
    lines = [replace(line, is_goods=False) if n in places else line for n, line in enumerate(basket.lines)]
    return replace(basket, lines=tuple(lines))


def before(basket: Basket, told: Sequence[int]) -> Basket:
    """The basket as it was before plugins took off what their tills were told: that is part of each line's discount, and never
    more than all of it."""
    if not any(told):
        return basket
    taken = [min(off, line.discount) for line, off in zip(basket.lines, told, strict=True)]
    lines = [
        replace(line, discount=line.discount - off, total=line.total + off)
        for line, off in zip(basket.lines, taken, strict=True)
    ]
    return replace(basket, lines=tuple(lines))
