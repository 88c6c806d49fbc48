"""Objects that stand at one place of the answer."""

from dataclasses import dataclass
from typing import Any

from regulars_schema.executor.plan import ExecutionField, Selection


@dataclass(slots=True, eq=False, repr=False)
class Level:
    """Objects of one type that stand at one place, whatever their numbers in lists: the parents of the fields asked there.

    `answers` are the objects of the answer, one for each parent; a parent that stands there several times has one. `weights`
    say how often each of them stands in the whole answer: as often as it stands there, times the weights of what it stands in.
    `above` is the field that led to them, and its level.
    """

    selection: Selection
    parents: list[Any]
    answers: list[dict[str, Any]]
    weights: list[int]
    path: tuple[str, ...] = ()
    above: "tuple[Level, ExecutionField] | None" = None
