"""The law of progress: what is given once there is enough of it, and what is taken back once there is too little. Pure.

What a customer's sources bring is counted in units, of which so many are one progress: each in its part of one, so that nothing
is lost where a system comes to ask for more or fewer of them. Progress is what is whole of that, with what was given by hand,
less the cost of the rewards that live: that were given and not taken back, used ones included.

As long as progress is below zero the latest reward that nobody has used is taken back, and its cost returns; those that are
reserved for an open basket come after those that are not. Where there is none, progress stays below zero, and what comes next
settles it. As long as there is what a reward costs, one is given.

*60 and a purchase of 40: 100, so a coupon, and 0 is left. The purchase comes back: -40. The coupon is unused: it is taken back,
60. It is used: it stays, and so does -40.*

Where an occasion has not been one after all, what was given for it is gone even if it is used: such a reward lives no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from math import floor

from regulars_rewards.triggers.bands import RewardMode

MAX_AT_ONCE = 100
"""Rewards that a customer is given in a system by one event at most; what is left is given by time."""


class RewardState(StrEnum):
    """What has become of a reward that was given."""

    ISSUED = "ISSUED"
    RESERVED = "RESERVED"
    REDEEMED = "REDEEMED"


@dataclass(frozen=True, slots=True)
class Live:
    """A reward that was given and not taken back: by its id, which is in the order of giving, and the progress that it cost."""

    id: str
    cost: int
    state: RewardState = RewardState.ISSUED


@dataclass(frozen=True, slots=True)
class Terms:
    """What a reward costs, how targets are read, and whether what is given can be had at the moment."""

    target: int
    mode: RewardMode = RewardMode.STANDARD
    can_give: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's progress, and the units that it comes from."""

    units: Fraction = Fraction(0)
    progress: int = 0

    def with_units(self, units: Fraction) -> "Standing":
        """With other units: progress changes by what is whole of them."""
        return Standing(units, self.progress + floor(units) - floor(self.units))

    def with_progress(self, delta: int) -> "Standing":
        """With so much more that no source has brought."""
        return replace(self, progress=self.progress + delta)


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows from a change: progress as it is then, which rewards are taken back, in this order, and how many are given."""

    progress: int
    taken_back: Sequence[Live] = field(default=())
    given: int = 0


def is_settled(progress: int, terms: Terms) -> bool:
    """Whether nothing follows, whatever rewards live."""
    return progress >= 0 and not to_give(progress, terms)


def settled(progress: int, terms: Terms, live: Sequence[Live] = (), *, forced: bool = False) -> Settled:
    """What follows from progress, given the rewards that live; used ones are taken back too where that is `forced`. In the mode
    NEXOPOS at most one is given, and the rest is kept."""
    taken = []
    for one in in_order_of_return(live, forced=forced):
        if progress >= 0:
            break
        taken.append(one)
        progress += one.cost
    given = to_give(progress, terms)
    return Settled(progress - given * terms.target, tuple(taken), given)


def to_give(progress: int, terms: Terms) -> int:
    """How many rewards so much progress gives."""
    if progress < terms.target or not terms.can_give:
        return 0
    return 1 if terms.mode is RewardMode.NEXOPOS else progress // terms.target


def in_order_of_return(live: Sequence[Live], *, forced: bool = False) -> Sequence[Live]:
    """Those that can be taken back: the latest first, and what is reserved for an open basket last; behind them, where it is
    `forced`, what is used."""
    latest = sorted(live, key=lambda one: one.id, reverse=True)
    states = (*_UNUSED, RewardState.REDEEMED) if forced else _UNUSED
    return [one for state in states for one in latest if one.state is state]


_UNUSED = (RewardState.ISSUED, RewardState.RESERVED)
