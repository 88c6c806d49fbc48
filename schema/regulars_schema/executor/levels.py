"""Objects that stand at one place of the answer."""

from dataclasses import dataclass
from typing import Any

from regulars_schema.executor.plan import ExecutionField, Selection


@dataclass(slots=True, eq=False, repr=False)
class Level:
    """Objects of one type that stand at one place, whatever their numbers in lists: the parents of the fields asked there.

    `answers` are what is said of each of them; an object that stands there several times has one answer. `weights` say how
    often each answer stands in the whole answer: as often as it stands there, times the weights of what it stands in.
    """

    selection: Selection
    parents: list[Any]
    answers: list[dict[str, Any]]
    weights: list[int]
    path: tuple[str, ...] = ()
    above: "tuple[Level, ExecutionField] | None" = None
