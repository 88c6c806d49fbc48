"""What plugins are told of merges, and what they answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.customers.reads import CustomerRow
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import Problem


@dataclass(frozen=True, slots=True)
class PlannedMerge:
    """Customers who may be made one: who is to stay, and who is to become an alias, in the order in which they were named."""

    survivor: CustomerRow
    absorbed: Sequence[CustomerRow]

    @property
    def everybody(self) -> Sequence[CustomerRow]:
        """The survivor and the others."""
        return [self.survivor, *self.absorbed]


@dataclass(frozen=True, slots=True)
class MergeEffect:
    """Something that changes with a merge: what it is, for programs (`TIER`, `CREDIT`), and one sentence for people. `needs` is
    the permission to see it; None where whoever may merge may see it."""

    kind: str
    message: str
    needs: str | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """How many of a kind go over with a merge. `needs` is the permission, in the whole shop, to be told; None where whoever may
    merge may know."""

    count: int
    needs: str | None


@dataclass(frozen=True, slots=True)
class MergeForecast:
    """What somebody has to tell of a merge before it is done: why it cannot be done now, what changes, and how many of what goes
    over to the survivor, by a word such as `coupons`. The paths of obstacles begin within the input: `("absorbedIds", "0")`."""

    obstacles: Sequence[Problem] = ()
    effects: Sequence[MergeEffect] = ()
    moved: Mapping[str, Moved] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StandingMerge:
    """A merge that is done and may be undone: the customers as they are since, and when it was done."""

    id: str
    survivor: CustomerRow
    absorbed: Sequence[CustomerRow]
    merged_at: Instant

    @property
    def customer_ids(self) -> Sequence[str]:
        """Everybody whom it is about, the survivor first."""
        return [self.survivor.id, *(one.id for one in self.absorbed)]


@dataclass(frozen=True, slots=True)
class Merge(StandingMerge):
    """A merge that was just done, or undone, with the purchases that went over, or went back, each with whose it was before the
    merge."""

    purchases: Mapping[str, str]
