"""What rules look at: plain values, found before a rule is asked. A rule reads nothing by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from regulars_core.primitives.clock import Instant


class LineFact(NamedTuple):
    """A line of a purchase: quantities in millionths, money in minor units.

    `total` is what was paid for it after its own discount, `returned` how much of it was given back by now, and
    `refunded` the money that was given back for that. A refund that names no lines lessens the purchase's `net` alone.
    """

    id: str
    sku: str | None
    name: str | None
    brand: str | None
    category: str | None
    quantity: int
    returned: int
    total: int
    refunded: int

    @property
    def stands(self) -> bool:
        """Whether any of it was not given back."""
        return self.returned < self.quantity

    @property
    def net(self) -> int:
        """What was paid for it less what was given back."""
        return self.total - self.refunded


class CustomerFact(NamedTuple):
    """A customer as of the instant of the purchase, not as of now. Without a birth date or a store of origin these are
    None."""

    id: str
    group_id: str
    created_at: Instant
    birth_date: date | None
    origin_store_id: str | None


class PurchaseFact(NamedTuple):
    """A purchase: `net` is what was paid less everything given back by now, in minor units; `counted` whether it stands,
    that is, is not wholly refunded. Voided purchases are no facts.

    `day` is the day on which it was made where the shop is, counted as `date.toordinal` does, and `minute` that of this day,
    0 to 1439. `lines` are there for kinds that read lines, and `customer` for kinds that read the customer.
    """

    id: str
    at: Instant
    day: int
    net: int
    counted: bool
    store_id: str
    channel: str | None
    minute: int = 0
    lines: Sequence[LineFact] = ()
    customer: CustomerFact | None = None

    @property
    def date(self) -> date:
        """The day on which it was made where the shop is."""
        return date.fromordinal(self.day)

    @property
    def weekday(self) -> int:
        """Its day of the week where the shop is: 1 for Monday to 7 for Sunday, as ISO 8601 counts."""
        return (self.day - 1) % 7 + 1

    @property
    def given_back(self) -> "PurchaseFact":
        """The same purchase when all of it has been given back."""
        lines = tuple(line._replace(returned=line.quantity, refunded=line.total) for line in self.lines)
        return self._replace(net=0, counted=False, lines=lines)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What purchases that are not looked at one by one amount to: money in minor units, and how many stand."""

    spent: int = 0
    count: int = 0
