"""What offers look at: a basket as plain values. Money in minor units, quantities in millionths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from regulars_core.plugin import Instant, decimal_text, exponent_of
from regulars_rewards.offers.scope import lines_by_name

PIECE = 1_000_000
"""One piece of an article."""


class Pieces(NamedTuple):
    """So many pieces of a line of which as much is left each; `in_set` where sets of an earlier offer have counted them."""

    price: int
    number: int
    in_set: bool = False


class OfferLine(NamedTuple):
    """The line of a basket in this place, 0 for the first.

    `by_hand` is what was taken off it by hand, and `left` what is left of it after that and after what earlier offers took off.
    `uneven` is what is left of its pieces where earlier offers took more off some of them than off others. Without a price of a
    piece, `unit_price` is None.
    """

    place: int
    sku: str | None
    name: str
    brand: str | None
    category: str | None
    quantity: int
    unit_price: int | None
    by_hand: int
    left: int
    uneven: Sequence[Pieces] = ()

    @property
    def pieces(self) -> int | None:
        """How many whole pieces it is; None for weighed goods, which have none."""
        return self.quantity // PIECE if self.quantity >= PIECE and self.quantity % PIECE == 0 else None

    def changed(self, left: int, uneven: Sequence[Pieces] = ()) -> "OfferLine":
        """The same line with so much left of it."""
        place, sku, name, brand, category, quantity, unit_price, by_hand, *_ = (
            self  # a fraction of what `_replace` takes
        )
        return OfferLine(place, sku, name, brand, category, quantity, unit_price, by_hand, left, uneven)

    @property
    def prices(self) -> Sequence[Pieces]:
        """What is left of each of its pieces, the dearest first; nothing of weighed goods. They sum to `left`."""
        if self.uneven:
            return self.uneven
        count = self.pieces
        return even(self.left, count) if count else ()


def even(amount: int, count: int, in_set: bool = False) -> tuple[Pieces, ...]:
    """An amount over so many pieces, alike but for what cannot be divided."""
    price, dearer = divmod(amount, count)
    if not dearer:
        return (Pieces(price, count, in_set),)
    return Pieces(price + 1, dearer, in_set), Pieces(price, count - dearer, in_set)


@dataclass(frozen=True)
class OfferBasket:
    """A basket: `day` is the day on which it is sold where the shop is, counted as `date.toordinal` does, and `minute` that of
    this day, 0 to 1439. Without a customer it is a stranger's. `lines` are the lines of goods that an offer is for; what comes
    back and what sells credit is none. `named` are those of them that its scope names, all without a scope."""

    at: Instant
    day: int
    minute: int
    currency: str
    store_id: str
    customer_id: str | None
    channel: str | None
    lines: Sequence[OfferLine]
    named: Sequence[OfferLine] = ()

    @property
    def weekday(self) -> int:
        """Its day of the week where the shop is: 1 for Monday to 7 for Sunday, as ISO 8601 counts."""
        return (self.day - 1) % 7 + 1

    @property
    def date(self) -> date:
        """The day on which it is sold where the shop is."""
        return date.fromordinal(self.day)

    @cached_property
    def left(self) -> int:
        """What is left of its lines together."""
        return sum([line.left for line in self.lines])

    @cached_property
    def quantity(self) -> int:
        """How much its lines are together, in millionths; of weighed goods what they weigh."""
        return sum([line.quantity for line in self.lines])

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[int]]:
        """Which of its lines, by their number, have a name that scopes may name."""
        return lines_by_name(self.lines)

    def amount(self, minor: int) -> str:
        """Minor units as decimal text: `10.50`."""
        return decimal_text(minor, exponent_of(self.currency))

    def units(self, minor: int) -> Decimal:
        """Minor units in the currency's units, for figures."""
        return Decimal(minor).scaleb(-exponent_of(self.currency))

    def of(self, lines: Sequence[OfferLine], named: Sequence[OfferLine]) -> "OfferBasket":
        """The same with other lines."""
        return OfferBasket(
            self.at, self.day, self.minute, self.currency, self.store_id, self.customer_id, self.channel, lines, named
        )
