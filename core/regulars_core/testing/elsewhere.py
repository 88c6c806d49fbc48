"""Other processes, in which sets and hashes have other orders, and nothing has been asked before."""

import atexit
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import IO, Any, NamedTuple, cast

from pydantic import BaseModel

from regulars_core.rules.facts import PurchaseFact
from regulars_core.rules.kinds import RuleKind
from regulars_core.rules.purity import functions_of

_SEEDS = ("1", "2")
"""Of the hashes there, a process for each. What answers like one of them by chance, as any function of a few hashes may, differs
from the other: so it does not depend on this process's own seed whether that is seen."""


class _Place(NamedTuple):
    """Where a kind is found: in this module, or in what it answers `regulars_rules` with."""

    module: str
    use: str
    name: str


def answers_elsewhere(
    kind: RuleKind, settings: BaseModel, tried: Sequence[Sequence[PurchaseFact]]
) -> Iterator[Sequence[Any]]:
    """What a kind answers in each of them for each of these, asked in this order; nothing of one that no module holds under its
    name, or whose settings or answers cannot be sent."""
    place = _place(kind)
    if place is None:
        return
    try:
        asked = pickle.dumps((place, settings, [tuple(facts) for facts in tried]))
    except (pickle.PicklingError, AttributeError, TypeError):
        return
    for seed in _SEEDS:
        asking, answering = _process(seed)
        asking.write(asked)
        asking.flush()
        answers: Sequence[Any] | None = pickle.load(answering)
        if answers is not None:
            yield answers


def serve() -> None:
    """Answer what is asked, until nobody asks."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a plugin prints is no answer
    while True:
        try:
            place, settings, tried = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            kind = _at(place)
            answered = pickle.dumps(kind and [_answer(kind, settings, facts) for facts in tried])
        except Exception:
            answered = pickle.dumps(None)
        answers.write(answered)
        answers.flush()


def _answer(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> Any:
    try:
        return kind.apply(settings, facts)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@cache
def _process(seed: str) -> tuple[IO[bytes], IO[bytes]]:
    """What is asked, and what is answered, by a process that is begun when it is first asked and ends with this one."""
    around = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    program = [sys.executable, "-c", "from regulars_core.testing.elsewhere import serve; serve()"]
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=around)
    asking, answering = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)

    def end() -> None:
        asking.close()
        answering.close()
        process.wait()

    atexit.register(end)
    return asking, answering


def _place(kind: RuleKind) -> _Place | None:
    for module in dict.fromkeys(_modules(kind)):
        place = _Place(module, kind.use, kind.name)
        if any(found == kind for found in _kinds_of(place)):
            return place
    return None


def _modules(kind: RuleKind) -> Iterator[str]:
    """The modules that its functions and settings are of, and those around them."""
    for one in (*functions_of(kind).values(), kind.settings):
        parts = (getattr(one, "__module__", None) or "__main__").split(".")
        yield from (".".join(parts[:n]) for n in range(len(parts), 0, -1) if parts[0] not in {"__main__", "builtins"})


def _at(place: _Place) -> RuleKind | None:
    return next(iter(_kinds_of(place)), None)


def _kinds_of(place: _Place) -> Iterator[RuleKind]:
    module = import_module(place.module)
    declared = getattr(module, "regulars_rules", None)
    values = [*vars(module).values(), declared() if callable(declared) else ()]
    for value in values:
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, RuleKind) and (one.use, one.name) == (place.use, place.name):
                yield one
