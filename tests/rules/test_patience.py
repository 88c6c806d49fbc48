"""Functions of plugins are broken off where they take too long, however busy the machine is; and the process that tried them is
as quick as before."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from regulars_core.rules import patience
from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import NoSettings
from regulars_core.rules.laws import LawBroken, is_timed, try_laws
from regulars_core.rules.patience import PER_CALL, TookTooLong, WaitedTooLong, patiently
from tests.rules.test_laws import kind

# The interpreter would look for what waits to be raised at each call; while it profiles it would never do anything else. That is
# seen from outside of the process, since nothing within it could end it.
_PROFILED = """
import cProfile
from regulars_core.rules.laws import LawBroken, try_laws
from tests.rules.test_laws import kind

def some(n):
    return n + 1

def endless(facts):
    while True:
        pass

try_laws(kind(len))
if {breaks_off}:
    try:
        try_laws(kind(endless))
    except LawBroken as broken:
        print(broken)
with cProfile.Profile() as profile:
    some(1)
print("profiled")
"""


@pytest.mark.parametrize("breaks_off", [False, True])
def test_nothing_is_left_to_be_raised(breaks_off: bool) -> None:
    program = _PROFILED.format(breaks_off=breaks_off)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1:] == ["profiled"], done.stderr
    assert ("it answers in 1 second" in done.stdout) is breaks_off


def works(seconds: float) -> Callable[[Sequence[PurchaseFact]], int]:
    """A function that keeps the processor at work for so long."""

    def work(_: Sequence[PurchaseFact]) -> int:
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass
        return 0

    return work


def waits(_: Sequence[PurchaseFact]) -> int:
    """A function that waits, and holds back what it can."""
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            continue


@contextmanager
def busy() -> Iterator[None]:
    """Others are at work meanwhile, so that it takes a multiple of the time."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            pass

    others = [threading.Thread(target=work) for _ in range(3)]
    for one in others:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in others:
            one.join()


def test_on_a_busy_machine_nothing_is_slow() -> None:
    begun = time.monotonic()
    with busy(), patiently(kind(works(0.4))) as timed:
        assert timed.apply(NoSettings(), ()) == 0
    assert time.monotonic() - begun > PER_CALL  # by the clock on the wall it was


@pytest.mark.parametrize("clock", ["pthread_getcpuclockid", None])
def test_what_takes_the_processor_for_long_is_seen(clock: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where no clock tells how long another thread was at work: at the end of the call then."""
    if clock is None:
        monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    with pytest.raises(TookTooLong), patiently(kind(works(PER_CALL + 0.2))) as timed:
        timed.apply(NoSettings(), ())


@pytest.mark.parametrize("function", [waits, works(10**6)], ids=["waits", "is endless"])
def test_what_never_ends_is_broken_off_without_that_clock(
    function: Callable[[Sequence[PurchaseFact]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    monkeypatch.setattr(patience, "WAITING", 0.3)
    with pytest.raises(WaitedTooLong), patiently(kind(function)) as timed:
        timed.apply(NoSettings(), ())


def test_one_that_waits_breaks_a_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is no law that is remembered: it may keep it another time."""
    monkeypatch.setattr(patience, "WAITING", 0.3)
    with pytest.raises(LawBroken, match="it answers, and does not wait") as broken:
        try_laws(kind(waits))
    assert is_timed(broken.value.law)
