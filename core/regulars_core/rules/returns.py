"""How much of what a purchase has given is taken back, by what has become of the purchase. Pure.

Nothing here depends on the order of refunds: what is taken back is found from all that has come back by now. So the parts of a
purchase that is given back bit by bit sum to the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class LineState:
    """A line of a purchase: what was paid for it, tax on top included, what money was given back for it, and whether all of its
    goods are back."""

    worth: int
    back: int
    is_back: bool = False

    @property
    def part_back(self) -> Fraction:
        """Which part of it has come back, 0 to 1."""
        if self.worth <= 0:
            return Fraction(int(self.is_back))
        return min(Fraction(max(self.back, 0), self.worth), Fraction(1))


@dataclass(frozen=True, slots=True)
class ReturnState:
    """What has become of a purchase: it `is_void` or, with all goods back, `is_gone`; and its lines. `paid_later` is the part of
    the money that was paid afterwards by points or by credit that was given."""

    is_void: bool = False
    is_gone: bool = False
    lines: Mapping[str, LineState] = field(default_factory=dict)
    paid_later: Fraction = Fraction(0)


def eligible_back(shares: Mapping[str, int], state: ReturnState, *, is_earned: bool = True) -> Fraction:
    """How much of the money that was eligible for something, by line, has come back by now, in minor units. What was paid
    afterwards by points or given credit is no money that has `earned` anything any more."""
    back = Fraction(0)
    for line_id, share in shares.items():
        line = state.lines.get(line_id)
        stands = 1 - (line.part_back if line else Fraction(0))
        if is_earned:
            stands *= 1 - state.paid_later
        back += share * (1 - stands)
    return back


def taken_back(earned: int, base: int, shares: Mapping[str, int], state: ReturnState) -> int:
    """How much of what a purchase has earned is taken back by now, in all: ⌊earned × eligible money back ÷ eligible money⌋, and
    all of it once the goods are back. `base` is what was eligible in all, and `shares` how much of that each line is; what had no
    base comes back with the goods alone."""
    if state.is_void or state.is_gone:
        return earned
    return part_back(earned, base, eligible_back(shares, state)) if base else 0


def part_back(given: int, base: int, back: Fraction) -> int:
    """⌊given × back ÷ base⌋."""
    return int(given * back / base)
