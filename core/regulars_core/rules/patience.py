"""How long what a plugin wrote may take: one call, and all calls of a trial. What takes longer is broken off."""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.purity import with_functions

_Kind = TypeVar("_Kind", bound=RuleKind)
PER_CALL = 1.0
"""Seconds that a function may take for one answer."""
_EVERY = 0.05
_TURNS = 1_000


class TookTooLong(BaseException):
    """A function took longer than it may; no function that catches what it raises holds it back."""


class _Watch:
    """Since when the function that is called now is at work; a thread breaks it off in time, as long as it runs Python."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._since: float | None = None
        self._has_broken_off = False
        self._lock, self._over = threading.Lock(), threading.Event()

    def call(self, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        """What a function answers. Raises TookTooLong."""
        if self._since is not None:  # one calls another
            return function(*given)
        self._since = since = monotonic()
        try:
            return function(*given)
        finally:
            with self._lock:
                self._since = None
            if monotonic() - since > PER_CALL:
                raise TookTooLong

    def watch(self) -> None:
        """Break off what takes too long, until it is over."""
        while not self._over.wait(_EVERY):
            with self._lock:
                if self._since is not None and monotonic() - self._since > PER_CALL:
                    _raise_in(self._thread, TookTooLong)
                    self._has_broken_off = True
                    self._since = monotonic()  # again, if that was held back

    def end(self) -> None:
        """It is over, for the watching thread. In the watched one `settle` takes what was not raised in time."""
        self._over.set()

    def settle(self) -> None:
        """Nothing waits to be raised any longer. To take back what waits is not enough: the interpreter (seen with 3.11 and 3.12)
        would look for it at each call and each turn of a loop for as long as the process lives, which makes all of it slower,
        and under a profiler it would look for ever. So it is raised here."""
        if not self._has_broken_off:
            return
        try:
            _raise_in(self._thread, TookTooLong)
            for _ in range(_TURNS):
                pass
        except TookTooLong:
            return


@contextmanager
def patiently(kind: _Kind) -> Iterator[_Kind]:
    """The same kind, whose functions raise TookTooLong where they take longer than they may."""
    watch = _Watch()
    thread = threading.Thread(target=watch.watch, name="patience", daemon=True)
    thread.start()
    try:
        yield with_functions(kind, lambda function: lambda *given: watch.call(function, given))
    finally:
        watch.end()
        thread.join()
        watch.settle()


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
