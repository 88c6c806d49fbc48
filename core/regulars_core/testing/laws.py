"""The laws of kinds of rules, tried where a test can try more of them: without I/O, and at another time."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Any

import time_machine
from pydantic import BaseModel

from regulars_core.rules import laws
from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.laws import LawBroken, broken_law

__all__ = ["LawBroken", "try_laws"]


def try_laws(
    kind: RuleKind,
    settings: BaseModel | None = None,
    *,
    examples: Sequence[Sequence[PurchaseFact]] = (),
    tries: int = 200,
    seed: int = 0,
) -> None:
    """Try every law of the kind's use on examples and on purchases made at random, and that it does no I/O and looks at no clock;
    settings are the defaults if not given. Needs the extra `testing`.

    Raises LawBroken, whose message shows the smallest purchases that were found to break one.
    """
    laws.try_laws(kind, settings, examples=examples, tries=tries, seed=seed, broken=_broken)


def _broken(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> str | None:
    kind_of_error = broken_law(kind, settings, facts)  # what it imports when it is first called is no I/O of its own
    if kind_of_error:
        return kind_of_error
    with _watching() as events:
        whole = kind.apply(settings, facts)
    if events:
        return f"no I/O, and this was {events[0]}"
    with time_machine.travel(datetime(2099, 12, 31, 23, 59, tzinfo=UTC)):
        later = kind.apply(settings, facts)
    return None if later == whole else "it is deterministic, and looks at no clock"


_IO = ("open", "os.", "socket.", "sqlite3.", "subprocess.", "shutil.", "urllib.", "ftplib.", "http.", "smtplib.")
"""How the interpreter's audit events of files, sockets and processes begin."""
_heard: ContextVar[list[str] | None] = ContextVar("_heard", default=None)


@cache
def _listen() -> None:
    """Let the interpreter tell of I/O, once and for good; it matters only inside `_watching`."""

    def hear(event: str, _: Any) -> None:
        heard = _heard.get()
        if heard is not None and event.startswith(_IO):
            heard.append(event)

    sys.addaudithook(hear)


@contextmanager
def _watching() -> Iterator[list[str]]:
    """The I/O that is done inside."""
    _listen()
    events: list[str] = []
    token = _heard.set(events)
    try:
        yield events
    finally:
        _heard.reset(token)
