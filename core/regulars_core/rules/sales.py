"""A sale as rules look at it: plain facts, each line with what it is worth, and what a rule gives for it. Pure.

What a line is worth has a meaning for every rule by itself: with the tax or without, before or after what was paid by points and
by credit.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from regulars_core.primitives.clock import Instant
from regulars_core.primitives.money import decimal_text, exponent_of
from regulars_core.rules.facts import PurchaseFact

MILLION = 1_000_000
"""A quantity of one."""
Number = int | Fraction | Decimal
"""A figure that a rule works with, exactly."""


class EarnOn(StrEnum):
    """What of a line earns."""

    NET = "NET"
    """What was paid after discounts, points, and credit that was given."""
    GROSS = "GROSS"
    """What it would have cost without any of these."""


class Tax(StrEnum):
    """Whether the tax on a line earns."""

    EXCLUDED = "EXCLUDED"
    INCLUDED = "INCLUDED"


Basis = tuple[EarnOn, Tax, bool]
"""What of a line earns: net or gross, with the tax or without, and whether credit that was bought is as good as money."""
USUAL: Basis = (EarnOn.NET, Tax.EXCLUDED, True)
"""What earns unless a rule says otherwise."""
BASES: Sequence[Basis] = tuple(
    (earn_on, tax, is_money) for is_money in (True, False) for earn_on in EarnOn for tax in Tax
)
"""All that there are."""


@dataclass(frozen=True, slots=True)
class PaidWith:
    """What of a purchase was paid by points, by credit that was given, and by credit that was bought, in minor units."""

    points: int = 0
    given_credit: int = 0
    bought_credit: int = 0


@dataclass(slots=True)
class SaleDetails:
    """What plugins know of a purchase that rules look at, and core does not: each adds what is its own.

    `paid` is what it was paid with when it was made, and `paid_later` which part of the money that earned was paid afterwards by
    points or by credit that was given, 0 to 1. `not_goods` are the ids of the lines that sell something of a plugin's own, such
    as credit, and `offers` those of the promotions that were applied.
    """

    paid: PaidWith = field(default_factory=PaidWith)
    paid_later: Fraction = Fraction(0)
    not_goods: Set[str] = frozenset()
    offers: Set[str] = frozenset()


class SaleLine(NamedTuple):
    """An article of a sale. `quantity` is in millionths, 1_000_000 for one. `net` is what it is worth to most rules, in minor
    units: what was paid after discounts, points, and credit that was given, without tax."""

    id: str
    sku: str | None
    name: str | None
    brand: str | None
    category: str | None
    quantity: int
    worths: Mapping[Basis, int]
    """What it is worth by each basis, in minor units, 0 or more."""

    @property
    def net(self) -> int:
        """What it is worth by the usual basis, in minor units."""
        return self.worths[USUAL]

    @property
    def pieces(self) -> int:
        """How many pieces it is; what is weighed has none."""
        return self.quantity // MILLION if self.quantity % MILLION == 0 else 0

    def worth(self, earn_on: EarnOn = EarnOn.NET, tax: Tax = Tax.EXCLUDED, bought_credit: bool = True) -> int:
        """What it is worth by a basis, in minor units."""
        return self.worths[earn_on, tax, bought_credit]


@dataclass(frozen=True)
class Sale:
    """A purchase as it was made, whatever was given back since. `day` is the day where the shop is, counted as `date.toordinal`
    does, and `minute` that of this day, 0 to 1439. Lines that sell credit, and what came back with it, are not among its lines.

    `tier_multiplier` is by what the tier whose terms hold for it multiplies points, 1 where it does not. `offers` are the ids of
    the promotions that were applied.
    """

    id: str
    customer_id: str | None
    at: Instant
    day: int
    minute: int
    store_id: str
    channel: str | None
    currency: str
    lines: Sequence[SaleLine]
    tier_multiplier: Decimal = Decimal(1)
    fact: PurchaseFact | None = field(default=None, compare=False)
    """The purchase as rules of other uses see it, while it is being recorded."""
    offers: Set[str] = frozenset()

    @property
    def date(self) -> date:
        """The day on which it was made where the shop is."""
        return date.fromordinal(self.day)

    @property
    def weekday(self) -> int:
        """Its day of the week where the shop is: 1 for Monday to 7 for Sunday, as ISO 8601 counts."""
        return (self.day - 1) % 7 + 1

    @cached_property
    def net(self) -> int:
        """What its lines are worth together by the usual basis, in minor units."""
        return sum(line.net for line in self.lines)

    @property
    def turned(self) -> "Sale":
        """The same with its lines the other way round."""
        return replace(self, lines=tuple(reversed(self.lines)))

    def amount(self, minor: int) -> str:
        """Minor units as decimal text: `10.50`."""
        return decimal_text(minor, exponent_of(self.currency))


@dataclass(frozen=True)
class Given:
    """What a rule gives for a sale, where there is more to say than the number: the `lines` that it is about, which are all lines
    if it does not say; what each of these is worth to it, by the usual basis if it does not say; figures by name, and the
    arithmetic as it reads before the result: `10 points × 2`. Both are shown to people.

    What is given back later takes it back in the part that it has of the worth of these lines.
    """

    value: Number
    lines: Sequence[SaleLine] | None = None
    worth: Callable[[SaleLine], int] | None = None
    figures: Mapping[str, Number] = field(default_factory=dict)
    text: str | None = None

    @classmethod
    def of(cls, answered: "Number | Given") -> "Given":
        """What a rule has answered."""
        return answered if isinstance(answered, Given) else cls(answered)

    def shares(self, sale: Sale) -> dict[str, int]:
        """What each line that it is about is worth, by line."""
        worth = self.worth or (lambda line: line.net)
        return {line.id: worth(line) for line in (sale.lines if self.lines is None else self.lines)}

    def wrong_shares(self, sale: Sale, shares: Mapping[str, int]) -> str | None:
        """Why these cannot be the shares of a sale, as a law that is broken."""
        is_of_all = self.lines is None or self.lines is sale.lines
        if not is_of_all and not shares.keys() <= {line.id for line in sale.lines}:
            return "it is about lines of the sale"
        return None if all(type(one) is int and one >= 0 for one in shares.values()) else "a line is worth 0 or more"
