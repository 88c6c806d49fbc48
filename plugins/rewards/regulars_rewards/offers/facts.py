"""What offers look at: a basket as plain values. Money in minor units, quantities in millionths."""

from collections.abc import Sequence
from typing import NamedTuple

from regulars_core.plugin import Instant

PIECE = 1_000_000
"""One piece of an article."""


class OfferLine(NamedTuple):
    """The line of a basket in this place, 0 for the first.

    `by_hand` is what was taken off it by hand, and `left` what is left of it after that and after what earlier offers took off;
    `used` is how many pieces of it sets of earlier offers have counted already. Without a price of a piece, `unit_price` is
    None.
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
    used: int = 0

    @property
    def pieces(self) -> int | None:
        """How many whole pieces it is; None for weighed goods, which have none."""
        return self.quantity // PIECE if self.quantity >= PIECE and self.quantity % PIECE == 0 else None


class OfferBasket(NamedTuple):
    """A basket: `day` is the day on which it is sold where the shop is, counted as `date.toordinal` does, and `minute` that of
    this day, 0 to 1439. Without a customer it is a stranger's. `lines` are all lines of goods; what comes back and what sells
    credit is none."""

    at: Instant
    day: int
    minute: int
    currency: str
    store_id: str
    customer_id: str | None
    channel: str | None
    lines: Sequence[OfferLine]

    @property
    def weekday(self) -> int:
        """Its day of the week where the shop is: 1 for Monday to 7 for Sunday, as ISO 8601 counts."""
        return (self.day - 1) % 7 + 1
