"""How long what a plugin wrote may take: one call, and all calls of a trial. What takes longer is broken off.

What counts is the time of the processor in which the function itself was at work, since a machine that is busy with others makes
no function slow. One that waits, as in a sleep, takes none: it is broken off once it has waited far longer than it calculated.
"""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, thread_time
from typing import Any, TypeVar

from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.purity import with_functions

_Kind = TypeVar("_Kind", bound=RuleKind)
PER_CALL = 1.0
"""Seconds of the processor that a function may take for one answer."""
WAITING = 10.0
"""Seconds that all calls of a trial may wait together, whoever else has the processor then; and as long again as they calculate,
times `_BUSY`."""
_BUSY = 50
_EVERY = 0.05
_TURNS = 1_000


class TookTooLong(BaseException):
    """A function took longer than it may; no function that catches what it raises holds it back."""

    law = f"it answers in {PER_CALL:g} second of the processor"


class WaitedTooLong(TookTooLong):
    """A function waits, as in a sleep."""

    law = "it answers, and does not wait"


TIMED_LAWS = frozenset({TookTooLong.law, WaitedTooLong.law})
"""Laws that a function may break at one time and keep at another."""


class _Watch:
    """Since when the function that is called now is at work; a thread breaks it off in time, as long as it runs Python."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._clock = _clock_of(self._thread)
        self._since: tuple[float, float] | None = None  # by the clock on the wall, and by the processor
        self._calculated = self._waited = 0.0  # in calls before
        self._again_at = 0.0
        self._has_broken_off = False
        self._lock, self._over = threading.Lock(), threading.Event()

    def call(self, function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
        """What a function answers. Raises TookTooLong."""
        if self._since is not None:  # one calls another
            return function(*given)
        self._since = begun, worked = monotonic(), thread_time()
        try:
            return function(*given)
        finally:
            calculated = thread_time() - worked
            with self._lock:
                self._since = None
                broken = self._broken(calculated, monotonic() - begun)
                self._calculated += calculated
                self._waited += monotonic() - begun - calculated
            if broken is not None:
                raise broken

    def _broken(self, calculated: float, lasted: float) -> type[TookTooLong] | None:
        """What is wrong with a call that has calculated and lasted for so long by now."""
        if calculated > PER_CALL:
            return TookTooLong
        waited = self._waited + lasted - calculated
        return WaitedTooLong if waited > WAITING + _BUSY * (self._calculated + calculated) else None

    def watch(self) -> None:
        """Break off what takes too long, until it is over."""
        while not self._over.wait(_EVERY):
            with self._lock:
                if self._since is None or monotonic() < self._again_at:
                    continue
                begun, worked = self._since
                # Where the processor's time of another thread cannot be told, it is seen when the call ends, or has lasted long.
                calculated = 0.0 if self._clock is None else time.clock_gettime(self._clock) - worked
                if broken := self._broken(calculated, monotonic() - begun):
                    _raise_in(self._thread, broken)
                    self._has_broken_off = True
                    self._again_at = monotonic() + PER_CALL  # if that was held back

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


def _clock_of(thread: int) -> int | None:
    """The clock of the processor's time of a thread; None where there is none, such as on macOS."""
    clock_of = getattr(time, "pthread_getcpuclockid", None)
    return None if clock_of is None else int(clock_of(thread))


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
