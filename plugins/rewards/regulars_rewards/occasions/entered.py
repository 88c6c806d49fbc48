"""Which tiers customers have come to, and which of them a refund, a void or a move took again. Pure.

A tier is held from when a customer comes to it until falling below it. Where the customer falls below it because purchases came
back, were voided or are another's, it has not been earned: what was given for coming to it is taken back. The same holds where
customers are two again who had come to it as one. Where time takes it, or somebody's decision, what was given stays.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from regulars_core.plugin import Instant

UNDOING = frozenset({"REFUND", "VOID", "REASSIGNMENT", "UNMERGE"})
"""Why a tier that is lost was never earned."""
MERGE = "MERGE"


class Told(Protocol):
    """A change of a tier as the plugin tiers tells it."""

    @property
    def id(self) -> str: ...
    @property
    def customer_id(self) -> str: ...
    @property
    def at(self) -> Instant: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def before_position(self) -> int: ...
    @property
    def after_position(self) -> int: ...
    @property
    def cause(self) -> str: ...


class ShownChange(NamedTuple):
    """A change of the tier of a customer as it was shown: codes, and positions, of which 0 is the lowest."""

    id: str
    customer_id: str
    at: Instant
    before: str
    after: str
    before_position: int
    after_position: int
    cause: str

    @classmethod
    def of(cls, told: Told, customer_id: str | None = None) -> "ShownChange":
        """As it was told; of this customer, where the one whom it is about was merged into that one."""
        return cls(
            told.id, customer_id or told.customer_id, told.at, told.before, told.after, told.before_position,
            told.after_position, told.cause,
        )  # fmt: skip

    @property
    def is_up(self) -> bool:
        """Whether it is to a higher tier."""
        return self.after_position > self.before_position

    @property
    def undoes(self) -> bool:
        """Whether it takes something that was never earned."""
        return not self.is_up and self.cause in UNDOING


def unearned(changes: Sequence[ShownChange]) -> Collection[str]:
    """Of the changes of one customer, in the order of time, the ids of those by which the customer came to a tier that was not
    earned after all."""
    held: list[ShownChange] = []
    gone: set[str] = set()
    for one in changes:
        if not one.is_up:
            lost = [each for each in held if each.after_position > one.after_position]
            gone |= {each.id for each in lost} if one.undoes else set()
            held = [each for each in held if each not in lost]
        held.append(one)
    return gone
