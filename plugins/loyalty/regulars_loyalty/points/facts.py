"""A sale as points rules look at it: plain facts, each line with what it is worth. Pure.

What a line is worth has a meaning for every rule by itself: with the tax or without, before or after what was paid by points and
by credit. Shares are spread by worth and largest remainder, so that they always sum to the whole.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from regulars_core.plugin import (
    Instant,
    LineFact,
    PurchaseFact,
    RecordedPurchase,
    Shop,
    day_and_minute,
    decimal_text,
    divided_half_up,
    exponent_of,
    spread,
)

MILLION = 1_000_000
"""A quantity of one."""


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

    `tier_multiplier` is by what the tier whose terms hold for it multiplies points, 1 where it does not.
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

    def amount(self, minor: int) -> str:
        """Minor units as decimal text: `10.50`."""
        return decimal_text(minor, exponent_of(self.currency))


def sale_of(
    shop: Shop,
    purchase: RecordedPurchase,
    *,
    points_paid: int,
    given_credit: int,
    bought_credit: int,
    credit_lines: Set[str] = frozenset(),
    is_new: bool = False,
) -> Sale:
    """A purchase as rules look at it; it `is_new` while it is being recorded. What was paid by points, by credit that was
    given and by credit that was bought is in minor units; `credit_lines` are those that sell credit, which earns nothing."""
    paid = Paid(points_paid, given_credit, bought_credit)
    return sale_from(purchase, paid, shop.settings.zone, credit_lines, is_new=is_new)


def _fact(purchase: RecordedPurchase, day: int, minute: int) -> PurchaseFact:
    lines = tuple(
        LineFact(
            line.id, line.sku, line.name, line.brand, line.category, line.quantity_millionths, 0, line.total_minor, 0
        )
        for line in purchase.lines
    )
    net = purchase.total_minor
    return PurchaseFact(
        purchase.id, purchase.purchased_at, day, net, net >= 0, purchase.store_id, purchase.channel, minute, lines
    )


@dataclass(frozen=True, slots=True)
class Paid:
    """What of a purchase was paid by points, by credit that was given, and by credit that was bought, in minor units."""

    points: int = 0
    given_credit: int = 0
    bought_credit: int = 0


def sale_from(
    purchase: RecordedPurchase,
    paid: Paid,
    zone: ZoneInfo,
    credit_lines: Set[str] = frozenset(),
    *,
    is_new: bool = False,
) -> Sale:
    """The same, of a shop in a time zone."""
    day, minute = day_and_minute(purchase.purchased_at, zone)
    variants = _Variants(_Worths(purchase), paid)
    came_back = _came_back(purchase)
    lines = []
    for n, line in enumerate(purchase.lines):
        if line.quantity_millionths < 0 or line.id in credit_lines:
            continue
        article = line.sku or line.name
        less = min(line.quantity_millionths, came_back.get(article, 0))
        came_back[article] = came_back.get(article, 0) - less
        quantity = line.quantity_millionths - less
        worth = _LineWorths(variants, n)
        lines.append(SaleLine(line.id, line.sku, line.name, line.brand, line.category, quantity, worth))
    return Sale(
        purchase.id, purchase.customer_id, purchase.purchased_at, day, minute, purchase.store_id, purchase.channel,
        purchase.currency, tuple(lines), fact=_fact(purchase, day, minute) if is_new else None,
    )  # fmt: skip


class _Variants(dict[Basis, Sequence[int]]):
    """What the lines of a purchase are worth by each basis that is asked for: most rules ask for one of the eight."""

    def __init__(self, worths: "_Worths", paid: Paid) -> None:
        super().__init__()
        self._worths, self._paid = worths, paid

    def __missing__(self, basis: Basis) -> Sequence[int]:
        earn_on, tax, is_money = EarnOn(basis[0]), Tax(basis[1]), basis[2]
        if earn_on is EarnOn.GROSS:
            without_tax, with_tax = self._worths.gross
        else:
            paid = self._paid
            taken = paid.points + paid.given_credit + (0 if is_money else paid.bought_credit)
            without_tax, with_tax = self._worths.net_of(taken)
        self[earn_on, Tax.EXCLUDED, is_money], self[earn_on, Tax.INCLUDED, is_money] = without_tax, with_tax
        return with_tax if tax is Tax.INCLUDED else without_tax


class _LineWorths(Mapping[Basis, int]):
    """What one line is worth by each basis."""

    __slots__ = ("_line", "_variants")

    def __init__(self, variants: _Variants, line: int) -> None:
        self._variants, self._line = variants, line

    def __getitem__(self, basis: Basis) -> int:
        return self._variants[basis][self._line]

    def __iter__(self) -> Iterator[Basis]:
        return iter(BASES)

    def __len__(self) -> int:
        return len(BASES)


def _came_back(purchase: RecordedPurchase) -> dict[str, int]:
    """How much of each article came back with the sale, whose own sale is not known: nobody has bought it."""
    back: dict[str, int] = {}
    for line in purchase.lines:
        if line.quantity_millionths < 0:
            article = line.sku or line.name
            back[article] = back.get(article, 0) - line.quantity_millionths
    return back


class _Worths:
    """What the lines of a purchase are worth, in the order of its lines; those that came back are worth nothing, and lessen the
    others."""

    def __init__(self, purchase: RecordedPurchase) -> None:
        self.totals = [line.total_minor for line in purchase.lines]
        bought = [max(total, 0) for total in self.totals]
        back = min(-sum(total for total in self.totals if total < 0), sum(bought))
        self.worths = [one - less for one, less in zip(bought, spread(back, bought), strict=True)] if back else bought
        self.delivery, self.discounts = purchase.shipping_minor, [line.discount_minor for line in purchase.lines]
        is_on_top = purchase.total_minor != sum(self.totals) + purchase.shipping_minor
        self.taxes = self._taxes(purchase)
        self.on_top = max(0, purchase.tax_minor) if is_on_top else 0
        self.delivery_tax = purchase.shipping_tax_minor

    def _taxes(self, purchase: RecordedPurchase) -> list[int]:
        """The tax of each line, less what came back takes of it."""
        told = [line.tax_minor for line in purchase.lines]
        if not purchase.tax_minor and not any(told) and not purchase.shipping_tax_minor:
            return told
        untold = purchase.tax_minor - purchase.shipping_tax_minor - sum(told)
        if untold and any(self.worths):  # of a purchase whose lines were never told theirs
            told = [tax + share for tax, share in zip(told, spread(untold, self.worths), strict=True)]
        return [
            max(0, divided_half_up(tax * worth, total)) if total > 0 else 0
            for tax, worth, total in zip(told, self.worths, self.totals, strict=True)
        ]

    def net_of(self, taken: int) -> tuple[Sequence[int], Sequence[int]]:
        """What was paid for each line, without what was `taken` from the whole by its worth; without the tax, and with it."""
        weights = [*self.worths, self.delivery, self.on_top]
        shares = spread(min(taken, sum(weights)), weights) if taken else [0] * len(weights)
        paid = [worth - share for worth, share in zip(self.worths, shares, strict=False)]
        if not self.on_top:
            return self._all_without_tax(paid), paid
        taxes = [*self.taxes, max(0, self.delivery_tax)]
        left = spread(self.on_top - shares[-1], taxes) if any(taxes) else [0] * len(taxes)
        return paid, [one + tax for one, tax in zip(paid, left, strict=False)]

    @property
    def gross(self) -> tuple[Sequence[int], Sequence[int]]:
        """What each line would have cost without its discount; without the tax, and with it."""
        whole = [
            worth + max(0, discount) if total >= 0 else 0
            for worth, discount, total in zip(self.worths, self.discounts, self.totals, strict=True)
        ]
        if not self.on_top:
            return self._all_without_tax(whole), whole
        with_tax = [
            one + (divided_half_up(one * tax, worth) if worth else 0)
            for one, tax, worth in zip(whole, self.taxes, self.worths, strict=True)
        ]
        return whole, with_tax

    def _all_without_tax(self, amounts: list[int]) -> Sequence[int]:
        return [self._without_tax(n, one) for n, one in enumerate(amounts)] if any(self.taxes) else amounts

    def _without_tax(self, n: int, amount: int) -> int:
        """A part of what a line is worth, of which the tax is a part, without it."""
        worth, tax = self.worths[n], min(self.taxes[n], self.worths[n])
        return divided_half_up(amount * (worth - tax), worth) if worth and tax else amount
