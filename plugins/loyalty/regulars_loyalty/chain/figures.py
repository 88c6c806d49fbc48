"""What became of what was given, by the month of giving and the month of its end. Pure.

A lot stands for the lot that it once was: what is merged, or comes back after its end, belongs to the month in which it was
given first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.plugin import LATEST, Instant, day_of
from regulars_loyalty.chain.canonical import Entry
from regulars_loyalty.ledger.book import DEBT, EXPIRED, ISSUED, LOTS, MERGED, PAID, REDEEMED

NEVER_ENDS, ENDS_WITH_ACTIVITY = 0, -1
"""Stand for the month of the end of what never ends, and of what ends after the last activity."""
_FATES = {REDEEMED: "spent", PAID: "spent", EXPIRED: "expired", ISSUED: "reversed", DEBT: "reversed", MERGED: "moved"}

Cell = tuple[str, int, int]
"""Unit, month of giving, month of the end."""


@dataclass(slots=True)
class Figure:
    """What became of what stands in one cell."""

    given: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    moved: int = 0

    @property
    def open(self) -> int:
        """What is left."""
        return self.given + self.moved - self.spent - self.expired - self.reversed

    @property
    def columns(self) -> tuple[int, ...]:
        """As they are stored."""
        return self.given, self.spent, self.expired, self.reversed, self.moved

    def take(self, other: "Figure") -> None:
        """Add what another one counts."""
        self.given += other.given
        self.spent += other.spent
        self.expired += other.expired
        self.reversed += other.reversed
        self.moved += other.moved


@dataclass(frozen=True, slots=True)
class Part:
    """A lot as figures see it: when the lot was given that it once was, when it ends (None if that moves with activity), and
    whether it is that lot itself."""

    unit: str
    amount: int
    given_at: Instant
    ends_at: Instant | None
    is_original: bool


def month_of(at: Instant, zone: ZoneInfo) -> int:
    """The month of an instant where the shop is, counted from the year 0 on."""
    return _month(at // 900_000, zone)  # offsets of zones are whole quarters of an hour, and months begin at midnight


@lru_cache(maxsize=4096)
def _month(quarter: int, zone: ZoneInfo) -> int:
    day = day_of(Instant(quarter * 900_000), zone)
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def cell_of(part: Part, zone: ZoneInfo) -> Cell:
    """Where a lot is counted."""
    return part.unit, month_of(part.given_at, zone), _month_of_end(part.ends_at, zone)


def _month_of_end(ends_at: Instant | None, zone: ZoneInfo) -> int:
    if ends_at is None:
        return ENDS_WITH_ACTIVITY
    return NEVER_ENDS if ends_at >= LATEST else month_of(ends_at, zone)


@dataclass(slots=True)
class Figures:
    """Figures that are added up, by cell."""

    zone: ZoneInfo
    cells: dict[Cell, Figure] = field(default_factory=dict)

    def of(self, part: Part) -> Figure:
        """The figure that a lot counts in."""
        return self.cells.setdefault(cell_of(part, self.zone), Figure())

    def count(self, entry: Entry, lots: Mapping[str, Part], opened: Part | None) -> None:
        """What an entry did to the lots that it touched, and the lot that it opened."""
        self.count_uses(entry.source, entry.target, [(lots[lot], amount) for lot, amount in entry.uses if lot in lots])
        fate = _FATES.get(entry.source)
        if opened is not None and fate is not None:
            figure = self.of(opened)
            if opened.is_original:
                figure.given += opened.amount
            else:  # what came back, or came over, was given before
                _add(figure, fate, -opened.amount)

    def count_uses(self, source: str, target: str, uses: Iterable[tuple[Part, int]]) -> None:
        """What was taken from lots, or put back to them where it is below zero, by what goes between these accounts."""
        fate = _FATES.get(target if source == LOTS else source)
        if fate is not None:
            for part, amount in uses:
                _add(self.of(part), fate, amount)

    def add(self, others: Iterable[tuple[Cell, Figure]]) -> None:
        """Count what others have counted, too."""
        for cell, figure in others:
            self.cells.setdefault(cell, Figure()).take(figure)


def _add(figure: Figure, fate: str, amount: int) -> None:
    setattr(figure, fate, getattr(figure, fate) + (-amount if fate == "moved" else amount))
