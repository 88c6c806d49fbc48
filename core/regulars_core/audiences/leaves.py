"""Leaves of audiences: what they look at, and what it is compared with."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from regulars_core.database import Lookup
from regulars_core.primitives.clock import Instant
from regulars_core.shop.shop import Shop

Audience = Mapping[str, Any]
"""A stored tree of conditions on customers: plain JSON in the shape of `CustomerWhere`. Ids are those of clients, instants as
printed, amounts as text."""
Holds = Callable[[Any, Instant], bool]
"""Whether a comparison holds for what a leaf looks at, at an instant."""


class CustomerMoment(NamedTuple):
    """A customer at an instant: that of a purchase, which is not part of it yet."""

    customer_id: str
    at: Instant


@dataclass(frozen=True)
class AudienceFacts:
    """What leaves look at, looked up once for all of them.

    Each of the `lookups` names one query, from the shop, customers and instants alone: a customer may be a key that is only
    sought, since it is named in the first half of an event. `read` makes of their rows, in the same order, what is known of each
    customer and instant; whom it leaves out no comparison matches. Both are pure.
    """

    lookups: Sequence[Callable[[Shop, Sequence[CustomerMoment]], Lookup]]
    read: Callable[[Shop, Sequence[CustomerMoment], Sequence[Sequence[Any]]], Mapping[CustomerMoment, Any]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "lookups", tuple(self.lookups))  # whatever was given: facts are keys


@dataclass(frozen=True)
class AudienceLeaf:
    """A leaf of `CustomerWhere` that has a past: named as it is there, what it looks at, and what its comparisons mean.

    `compares` takes a comparison as it is stored, plain JSON, and answers what tells whether it holds; both are pure. What they
    raise is contained: the audience is then for nobody. `refuses` are parts of a comparison that mean nothing for the past.
    """

    name: str
    facts: AudienceFacts
    compares: Callable[[Shop, Any], Holds]
    refuses: Collection[str] = field(default=(), kw_only=True)
