"""Why an offer does not apply: reasons for programs, in the order in which they are told, and sentences for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from regulars_core.plugin import Instant


class Reason(StrEnum):
    """Why an offer does not apply. They are told in this order: what the code is, when and where, who, what, and the other
    offers."""

    UNKNOWN_CODE = "UNKNOWN_CODE"
    NOT_THEIRS = "NOT_THEIRS"
    REVOKED = "REVOKED"
    UNAVAILABLE = "UNAVAILABLE"
    NOT_STARTED = "NOT_STARTED"
    EXPIRED = "EXPIRED"
    LIMIT_REACHED = "LIMIT_REACHED"
    RESERVED = "RESERVED"
    HOURS = "HOURS"
    STORE = "STORE"
    CUSTOMER_STATUS = "CUSTOMER_STATUS"
    AUDIENCE = "AUDIENCE"
    CONSENT = "CONSENT"
    CONTACT = "CONTACT"
    SCOPE = "SCOPE"
    MIN_NOT_REACHED = "MIN_NOT_REACHED"
    MAX_EXCEEDED = "MAX_EXCEEDED"
    CONDITION = "CONDITION"
    NOTHING_LEFT = "NOTHING_LEFT"
    EXCLUDED_BY = "EXCLUDED_BY"


_PLACES = {reason: n for n, reason in enumerate(Reason)}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way of an offer. `missing` is an amount in minor units, `excluded_by` the id of the promotion
    that keeps it out, `leaf` the name of the leaf of its audience that does not hold, and `at` when it starts or started, ends or
    ended, or is free again: each where that is the reason."""

    reason: Reason
    message: str
    missing: int | None = None
    excluded_by: str | None = None
    leaf: str | None = None
    at: Instant | None = None


def in_order(obstacles: Iterable[Obstacle]) -> list[Obstacle]:
    """All of them once, in the order in which reasons are told."""
    return sorted(dict.fromkeys(obstacles), key=lambda one: _PLACES[one.reason])


def joined(of_code: Iterable[Obstacle], others: Iterable[Obstacle]) -> list[Obstacle]:
    """What stands in the way of a code and of what it opens, each reason once, in the order of reasons. Of somebody else's coupon
    that alone is told, and what is used up is not only reserved."""
    by_reason: dict[Reason, Obstacle] = {}
    for one in (*of_code, *others):
        by_reason.setdefault(one.reason, one)
    if Reason.NOT_THEIRS in by_reason:
        return [by_reason[Reason.NOT_THEIRS]]
    if Reason.LIMIT_REACHED in by_reason:
        by_reason.pop(Reason.RESERVED, None)
    return in_order(by_reason.values())
