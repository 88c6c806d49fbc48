"""The world around a function, watched and changed: files and sockets, the environment, the clock, the time zone, the locale."""

import locale
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from unittest.mock import patch

import time_machine

_IO = ("open", "os.", "socket.", "sqlite3.", "subprocess.", "shutil.", "urllib.", "ftplib.", "http.", "smtplib.")
"""How the interpreter's audit events of files, sockets and processes begin."""
_heard: ContextVar[list[str] | None] = ContextVar("_heard", default=None)
_BY_LOCALE = re.compile("%[aAbBcpxX]")
"""What `strftime` writes as the locale does."""


@contextmanager
def watching() -> Iterator[list[str]]:
    """The I/O that is done inside, and what is read of the environment."""
    _listen()
    events: list[str] = []
    token = _heard.set(events)
    try:
        yield events
    finally:
        _heard.reset(token)


@cache
def _listen() -> None:
    """Let the interpreter and the environment tell what is done, once and for good; it matters only inside `watching`."""

    def hear(event: str, _: Any, io: tuple[str, ...] = _IO, listening: ContextVar[list[str] | None] = _heard) -> None:
        # What it needs it holds itself: the interpreter's end empties the module, and goes on telling.
        heard = listening.get()
        if heard is not None and event.startswith(io):
            heard.append(event)

    sys.addaudithook(hear)
    os.environ.__class__ = _Environment


def _tell(event: str) -> None:
    heard = _heard.get()
    if heard is not None:
        heard.append(event)


class _Environment(type(os.environ)):  # type: ignore[misc]
    """The environment, which tells that it is read."""

    def __getitem__(self, name: Any) -> Any:
        _tell("os.environ")
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[Any]:
        _tell("os.environ")
        return super().__iter__()  # type: ignore[no-any-return]


@contextmanager
def in_time_zone(zone: str) -> Iterator[None]:
    """The machine in another time zone, as POSIX writes it: `AAA-14` is 14 hours before UTC."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ |= {} if before is None else {"TZ": before}
        time.tzset()


@contextmanager
def in_another_locale() -> Iterator[None]:
    """Names of days and months, decimal points and the order of words as they are nowhere; not as C's own functions see it."""
    strftime: Callable[..., str] = time.strftime

    def written(form: str, *when: Any) -> str:
        return strftime(_BY_LOCALE.sub(r"x\g<0>", form), *when)

    conventions = {**locale.localeconv(), "decimal_point": "'", "thousands_sep": "_", "grouping": [2, 0]}
    with ExitStack() as changes:
        changes.enter_context(patch.object(time, "strftime", written))
        changes.enter_context(patch.object(locale, "localeconv", lambda: conventions))
        changes.enter_context(patch.object(locale, "strxfrm", lambda text: text[::-1]))
        changes.enter_context(patch.object(locale, "strcoll", lambda a, b: (a < b) - (a > b)))
        for name in ("getlocale", "getdefaultlocale"):
            changes.enter_context(patch.object(locale, name, lambda *_: ("xx_XX", "UTF-8")))
        yield


def elsewhere_and_later() -> Sequence[tuple[str, Any]]:
    """Where and when else a function answers the same, each as a law."""
    later = datetime(2099, 12, 31, 23, 59, tzinfo=UTC)
    return (
        ("it is deterministic, and looks at no clock", partial(time_machine.travel, later)),
        ("it does not depend on the machine's time zone", partial(in_time_zone, "AAA-14")),
        ("it does not depend on the machine's time zone", partial(in_time_zone, "BBB+12")),
        ("it does not depend on the machine's locale", in_another_locale),
    )
