"""The laws of criteria, for the tests of whoever brings one.

    def test_my_criterion() -> None:
        try_laws(WEEKEND_ORDERS, NoSettings(), facts)

`facts` are some purchases of one customer, such as Hypothesis makes with `purchases()` of this module.
"""

import builtins
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from regulars_core.clock import DAY, Instant
from regulars_tiers.criteria import CriterionKind, Fact
from regulars_tiers.days import day_number


class LawBroken(AssertionError):
    """A kind of criterion does not keep a law; the message says which."""


def fact(at: Instant, net: int, *, counted: bool = True, number: int = 0, zone: str = "UTC") -> Fact:
    """A purchase at an instant, of a net amount in minor units."""
    return Fact(f"{number:032x}", at, day_number(at, ZoneInfo(zone)), net, counted, "0" * 32, None)


def purchases(amounts: Sequence[tuple[int, int]], start: Instant) -> list[Fact]:
    """Purchases out of (days since the one before, net amount)."""
    found, at = [], start
    for number, (days, net) in enumerate(amounts):
        at = Instant(at + days * DAY + number)
        found.append(fact(at, net, counted=net > 0, number=number))
    return found


def try_laws(kind: CriterionKind, settings: BaseModel, facts: Sequence[Fact]) -> None:
    """Try every law on some purchases. Raises LawBroken."""
    ordered = sorted(facts, key=lambda one: (one.at, one.id))
    with _no_io():
        whole = kind.measure(settings, tuple(ordered))
        _hold(type(whole) is int and whole >= 0, kind, "it measures a whole number, 0 or more")
        _hold(kind.measure(settings, ()) == 0, kind, "nothing measures 0")
        _hold(kind.measure(settings, tuple(ordered)) == whole, kind, "it is deterministic")
        _hold(kind.measure(settings, list(ordered)) == whole, kind, "it takes any sequence")
        _hold(kind.measure(settings, tuple(reversed(ordered))) == whole, kind, "it is independent of the order")
        if kind.weigh:
            parts = [kind.weigh(settings, one) for one in ordered]
            _hold(sum(parts) == whole, kind, "it is the sum of what each weighs")
        if kind.monotone:
            for n in range(len(ordered)):
                fewer = kind.measure(settings, tuple(ordered[:n] + ordered[n + 1 :]))
                _hold(fewer <= whole, kind, "it is monotone in purchases, as it says")
    _hold(kind.lifetime is None or kind.weigh is not None, kind, "it is a sum where it is told from sums")


def _hold(law: bool, kind: CriterionKind, said: str) -> None:
    if not law:
        raise LawBroken(f"{kind.kind} breaks a law: {said}.")


@contextmanager
def _no_io() -> Iterator[None]:
    """Files and sockets raise inside."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise LawBroken("A criterion does no I/O.")

    kept: tuple[Any, Any] = builtins.open, socket.socket.connect
    builtins.open, socket.socket.connect = refuse, refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        builtins.open, socket.socket.connect = kept  # type: ignore[method-assign]
