"""What becomes of errors: where a value failed stands null, or where null cannot stand, nothing of its parent.

Fields are answered level by level, so that no call knows the path of a value. A value that failed leaves a Failure in the
answer; when everything is answered, the places that may hold one are walked from the root, and only then are paths known
and nulls propagated (GraphQL specification, 6.4.4). Each null that stands for an error has exactly one: the first in the
order of the answer.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, located_error

from regulars_schema.executor.plan import ExecutionField, Many, OneOf, Selection, Shape

Path = tuple[str | int, ...]


class Denied(Exception):
    """Why a value is null without an error of its own: the caller lacks a permission, which is told once for all parents."""

    def __init__(self, permission: str, *, shop_wide: bool = False, store: str | None = None) -> None:
        super().__init__(permission)
        self.permission, self.shop_wide, self.store = permission, shop_wide, store


@dataclass(slots=True, eq=False)
class Failure:
    """Stands in an answer where there is an error instead of a value."""

    error: Exception


@dataclass(slots=True)
class NullPropagation:
    """The walk over an answer. `suspects` are the fields below which a failure may lie, `types` what the objects are that
    stand where several types may, and `note_denial` hears of each value that the caller was denied."""

    suspects: set[ExecutionField]
    types: Mapping[int, Selection]
    note_denial: Callable[[Denied, ExecutionField, Path], None]
    errors: list[GraphQLError] = dataclasses.field(default_factory=list)

    def data(self, root: Selection, answer: dict[str, Any]) -> dict[str, Any] | None:
        """The answer without failures; None if a null went all the way up."""
        settled = self._object(root, answer, ())
        if isinstance(settled, GraphQLError):
            self.errors = [settled]
            return None
        return settled

    def _object(self, selection: Selection, answer: dict[str, Any], path: Path) -> dict[str, Any] | GraphQLError:
        settled = dict(answer)  # objects that stand at several places are one in the answer, but their paths differ
        for field in selection.fields:
            if field not in self.suspects:
                continue
            value, place = answer[field.name], (*path, field.name)
            if isinstance(value, Failure) and isinstance(value.error, Denied):
                self.note_denial(value.error, field, place)
                settled[field.name] = None
                continue
            settled[field.name] = inner = self._place(field, field.shape, value, place)
            if isinstance(inner, GraphQLError):
                return inner
        return settled

    def _place(self, field: ExecutionField, shape: Shape, value: Any, path: Path) -> Any:
        """What stands at a place, or the error for which its parent must go."""
        before = len(self.errors)
        settled = self._inside(field, shape, value, path)
        if not isinstance(settled, GraphQLError) or not shape.nullable:
            return settled
        self.errors[before:] = [settled]
        return None

    def _inside(self, field: ExecutionField, shape: Shape, value: Any, path: Path) -> Any:
        if isinstance(value, Failure):
            return located_error(value.error, field.nodes, list(path))
        if isinstance(value, list) and isinstance(shape, Many):
            items = []
            for number, item in enumerate(value):
                settled = self._place(field, shape.item, item, (*path, number))
                if isinstance(settled, GraphQLError):
                    return settled
                items.append(settled)
            return items
        if isinstance(value, dict) and not isinstance(shape, Many):
            selection = self.types[id(value)] if isinstance(shape, OneOf) else getattr(shape, "selection", None)
            return self._object(selection, value, path) if selection else value
        return value
