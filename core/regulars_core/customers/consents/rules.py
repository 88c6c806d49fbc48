"""Which of the records of what a customer said is in force. Pure.

A record is about a purpose and a way of contact, or about every way. In force, for a purpose and a way, is the latest that is
about that way or about every one; of several at the same instant a refusal wins over a question that is still open, and that over
an agreement. So an older agreement never lifts a refusal, whenever it is written down.

Customers who are made one may have said different things, as what they thought were two people. Of these the most restrictive
holds, unless the agreement is later than all that speaks against it and somebody can prove it. What is written down after that
was said by one person, and is held against what was in force by then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from regulars_core.customers.columns import CONTACT_METHODS
from regulars_core.primitives.clock import Instant

GRANTED, PENDING, WITHDRAWN = "GRANTED", "PENDING", "WITHDRAWN"
DECISIONS = (GRANTED, PENDING, WITHDRAWN)
"""From the least restrictive to the most."""
UNPROVEN = "NONE"
PROOFS = ("CHECKBOX", "CONFIRMED", UNPROVEN, "RECORDING", "SIGNED")
WAYS: Sequence[str | None] = (None, *CONTACT_METHODS)
"""For what a record can be in force: for what is asked of every way, and for each channel."""
BIT_OF: Mapping[str | None, int] = {way: 1 << n for n, way in enumerate(WAYS)}
"""What a way counts in a sum of ways."""


class Said(Protocol):
    """As much of a record as decides."""

    @property
    def id(self) -> str:
        """The id; later ones of the same customer are greater."""

    @property
    def channel(self) -> str | None:
        """By which way; None for every one."""

    @property
    def purpose(self) -> str:
        """What for."""

    @property
    def decision(self) -> str:
        """What was said."""

    @property
    def at(self) -> Instant:
        """When."""

    @property
    def proof(self) -> str:
        """What speaks for it."""


S = TypeVar("S", bound=Said)
State = dict[tuple[str, str | None], S]
"""The record in force of each purpose and way that has one."""


def say(state: State[S], record: S) -> None:
    """Let a record that is written down take its place."""
    for way in WAYS if record.channel is None else (record.channel,):
        place = record.purpose, way
        before = state.get(place)
        state[place] = record if before is None else max(before, record, key=_latest)


def _latest(record: Said) -> tuple[Instant, int, str]:
    return record.at, DECISIONS.index(record.decision), record.id


def united(states: Sequence[Mapping[tuple[str, str | None], S]]) -> State[S]:
    """What is in force of customers who are made one."""
    places = dict.fromkeys(place for state in states for place in state)
    return {place: _of_several([state[place] for state in states if place in state]) for place in places}


def _of_several(records: Sequence[S]) -> S:
    against = [record for record in records if record.decision != GRANTED]
    agreed = [record for record in records if record.decision == GRANTED]
    if against:
        until = max(record.at for record in against)
        agreed = [record for record in agreed if record.at > until and record.proof != UNPROVEN]
    return max(agreed or against, key=_latest if agreed else _most_restrictive)


def _most_restrictive(record: Said) -> tuple[int, Instant, str]:
    return DECISIONS.index(record.decision), record.at, record.id


@dataclass(frozen=True, slots=True)
class United:
    """A merge: its id, and who was absorbed."""

    id: str
    absorbed: Sequence[str]


def in_force(customer_id: str, said: Mapping[str, Iterable[S]], merges: Mapping[str, Sequence[United]]) -> State[S]:
    """What is in force of a customer, from the beginning: from the records of everybody who led to them, by whose they are, and
    the merges that stand, by survivor. Ids tell what was first."""
    state: State[S] = {}
    events: list[tuple[str, S | United]] = [(record.id, record) for record in said.get(customer_id, ())]
    events += [(one.id, one) for one in merges.get(customer_id, ())]
    for _, event in sorted(events, key=lambda each: each[0]):
        if isinstance(event, United):
            state = united([state, *(in_force(one, said, merges) for one in event.absorbed)])
        else:
            say(state, event)
    return state


def sums(state: State[S]) -> Mapping[str, tuple[S, int]]:
    """The records in force by id, each with the sum of the ways for which it is."""
    found: dict[str, tuple[S, int]] = {}
    for (_, way), record in state.items():
        found[record.id] = record, found.get(record.id, (record, 0))[1] + BIT_OF[way]
    return found


def ways_in(total: int) -> Iterable[str | None]:
    """The ways in a sum of ways."""
    return (way for way, bit in BIT_OF.items() if total & bit)


def sums_with(way: str | None) -> Sequence[int]:
    """Every sum in which a way is."""
    return [total for total in range(1, 2 * BIT_OF[WAYS[-1]]) if total & BIT_OF[way]]
