"""Laws of every kind, whatever its use: it is a plain function of what it is given, in whole numbers. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, unwrap
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel

from regulars_core.rules.facts import LineFact, PurchaseFact
from regulars_core.rules.kinds import RuleKind

_Kind = TypeVar("_Kind", bound=RuleKind)
_FIGURES = ("quantity", "returned", "total", "refunded")
_ID = re.compile(r"\b[0-9a-f]{32}\b")


def functions_of(kind: RuleKind) -> Mapping[str, Callable[..., Any]]:
    """What a plugin wrote of a kind, by the field that holds it."""
    values = {one.name: getattr(kind, one.name) for one in fields(kind)}
    return {name: value for name, value in values.items() if callable(value) and not isinstance(value, type)}


def with_functions(kind: _Kind, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> _Kind:
    """The same kind, each function of which is called through another."""
    wrapped: dict[str, Any] = {name: wraps(one)(around(one)) for name, one in functions_of(kind).items()}
    return replace(kind, **wrapped)


def no_plain_function(kind: RuleKind) -> str | None:
    """The law that a kind breaks whose functions answer later, or bit by bit."""
    for name, called in functions_of(kind).items():
        one = unwrap(called)
        if iscoroutinefunction(one) or isasyncgenfunction(one):
            return f"it is a plain function, and `{name}` is async"
        if isgeneratorfunction(one):
            return f"it answers by `return`, and `{name}` is a generator"
    return None


def impurity(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact], whole: Any) -> str | None:
    """The first of the laws of every kind that one breaks which answered `whole` on these facts."""
    if _changes_what_it_gets(kind, settings, facts):
        return "it leaves what it is given as it is"
    if _depends_on_ids(kind, settings, facts, whole):
        return "it does not depend on what ids purchases and lines have"
    if _calculates_in_floats(kind, settings, facts):
        return "it calculates in whole numbers, Fraction or Decimal, and in no float"
    return None


def _changes_what_it_gets(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> bool:
    changed = []

    def compared(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            before = repr(given)
            answered = function(*given)
            changed.extend([function] if repr(given) != before else [])
            return answered

        return call

    with_functions(kind, compared).apply(settings.model_copy(deep=True), list(facts))
    return bool(changed)


def _depends_on_ids(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact], whole: Any) -> bool:
    """Whether it decides something else where ids are others, in the same order."""
    ids = sorted({one for fact in facts for one in (fact.id, *(line.id for line in fact.lines))})
    others = {one: f"{(n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC8:032x}" for n, one in enumerate(ids)}
    before = {other: one for one, other in others.items()}
    renamed = [
        fact._replace(id=others[fact.id], lines=tuple(line._replace(id=others[line.id]) for line in fact.lines))
        for fact in facts
    ]
    answered = repr(kind.apply(settings, renamed))
    return _ID.sub(lambda found: before.get(found[0], found[0]), answered) != repr(whole)


class _Whole(int):
    """A whole number that tells when a float is made of it."""

    made: ClassVar[list[str]] = []

    def __float__(self) -> float:
        self.made.append("float")
        return int(self).__float__()

    def __round__(self, digits: Any = None) -> int:
        return _Whole(int(self).__round__(digits or 0))

    def __abs__(self) -> int:
        return _Whole(abs(int(self)))

    def __neg__(self) -> int:
        return _Whole(-int(self))


def _kept_whole(name: str) -> Callable[[_Whole, Any], Any]:
    def calculate(self: _Whole, other: Any) -> Any:
        if isinstance(other, float) or (name in {"__truediv__", "__rtruediv__"} and isinstance(other, int)):
            self.made.append(name)
        answered = getattr(int, name)(self, other)
        return _Whole(answered) if type(answered) is int else answered

    return calculate


for _name in ("add", "sub", "mul", "floordiv", "mod", "truediv"):
    for _side in (f"__{_name}__", f"__r{_name}__"):
        setattr(_Whole, _side, _kept_whole(_side))


def _calculates_in_floats(kind: RuleKind, settings: BaseModel, facts: Sequence[PurchaseFact]) -> bool:
    """Whether a figure of a purchase becomes a float on the way; what it answers then is of no account."""
    watched = [_watched(fact) for fact in facts]
    _Whole.made.clear()
    for some in (watched, *([one] for one in watched)):
        with suppress(Exception):  # for its answer is not of the very type
            kind.apply(settings, some)
        if _Whole.made:
            return True
    return False


def _watched(fact: PurchaseFact) -> PurchaseFact:
    return fact._replace(net=_Whole(fact.net), lines=tuple(_watched_line(line) for line in fact.lines))


def _watched_line(line: LineFact) -> LineFact:
    figures: dict[str, Any] = {name: _Whole(getattr(line, name)) for name in _FIGURES}
    return line._replace(**figures)
