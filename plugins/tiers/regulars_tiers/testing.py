"""The laws of criteria, for the tests of whoever brings one.

    def test_my_criterion() -> None:
        try_laws(WEEKEND_ORDERS, NoSettings(), facts)

`facts` are some purchases of one customer, such as Hypothesis makes with `purchases()` of this module. Needs the extra
`testing`.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from pydantic import BaseModel

from regulars_core.plugin import DAY_MS, Instant
from regulars_tiers.rules.criteria import CriterionKind, Lifetime, PurchaseFact
from regulars_tiers.rules.days import day_number


class LawBroken(AssertionError):
    """A kind of criterion does not keep a law; the message says which."""


def fact(at: Instant, net: int, *, counted: bool = True, number: int = 0, zone: str = "UTC") -> PurchaseFact:
    """A purchase at an instant, of a net amount in minor units."""
    return PurchaseFact(f"{number:032x}", at, day_number(at, ZoneInfo(zone)), net, counted, "0" * 32, None)


def purchases(amounts: Sequence[tuple[int, int]], start: Instant) -> list[PurchaseFact]:
    """Purchases out of (days since the one before, net amount)."""
    facts, at = [], start
    for number, (days, net) in enumerate(amounts):
        at = Instant(at + days * DAY_MS + number)
        facts.append(fact(at, net, counted=net > 0, number=number))
    return facts


def try_laws(kind: CriterionKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> None:
    """Try every law on some purchases. Raises LawBroken."""
    ordered = sorted(facts, key=lambda one: (one.at, one.id))
    kind.measure(settings, tuple(ordered))  # what it imports when it is first called is no I/O of its own
    with _no_io(kind):
        whole = kind.measure(settings, tuple(ordered))
        _hold(type(whole) is int and whole >= 0, kind, "it measures a whole number, 0 or more")
        _hold(kind.measure(settings, ()) == 0, kind, "nothing measures 0")
        _hold(kind.measure(settings, tuple(ordered)) == whole, kind, "it is deterministic")
        _hold(kind.measure(settings, list(ordered)) == whole, kind, "it takes any sequence")
        for other in _other_orders(ordered):
            _hold(kind.measure(settings, other) == whole, kind, "it is independent of the order")
        if kind.weigh:
            parts = [kind.weigh(settings, one) for one in ordered]
            _hold(sum(parts) == whole, kind, "it is the sum of what each weighs")
        if kind.monotone:
            for n in range(len(ordered)):
                fewer = kind.measure(settings, tuple(ordered[:n] + ordered[n + 1 :]))
                _hold(fewer <= whole, kind, "it is monotone in purchases, as it says")
    _hold(kind.lifetime is None or kind.weigh is not None, kind, "it is a sum where it is told from sums")
    if kind.lifetime:
        sums = Lifetime(sum(one.net for one in ordered), sum(one.counted for one in ordered))
        _hold(kind.lifetime(sums) == whole, kind, "what it tells from sums is what it measures")
    with time_machine.travel(datetime(2099, 12, 31, 23, 59, tzinfo=UTC)):
        _hold(kind.measure(settings, tuple(ordered)) == whole, kind, "it is deterministic, and looks at no clock")


def _other_orders(ordered: Sequence[PurchaseFact]) -> Iterator[Sequence[PurchaseFact]]:
    yield tuple(reversed(ordered))
    dice = Random(len(ordered))
    for _ in range(min(len(ordered), 5)):
        yield tuple(dice.sample(ordered, len(ordered)))


def _hold(kept: bool, kind: CriterionKind, law: str) -> None:
    if not kept:
        raise LawBroken(f"{kind.kind} breaks a law: {law}.")


_IO = ("open", "os.", "socket.", "sqlite3.", "subprocess.", "shutil.", "urllib.", "ftplib.", "http.", "smtplib.")
"""How the interpreter's audit events of files, sockets and processes begin."""
_watched: ContextVar[CriterionKind | None] = ContextVar("_watched", default=None)


@cache
def _watch() -> None:
    """Let the interpreter tell of I/O, once and for good; it matters only inside `_no_io`."""

    def hook(event: str, _: Any) -> None:
        if event.startswith(_IO) and (kind := _watched.get()):
            raise LawBroken(f"{kind.kind} breaks a law: no I/O, and this was {event}.")

    sys.addaudithook(hook)


@contextmanager
def _no_io(kind: CriterionKind) -> Iterator[None]:
    """Files, sockets and processes raise inside."""
    _watch()
    token = _watched.set(kind)
    try:
        yield
    finally:
        _watched.reset(token)
