"""Values on their way into the answer: CompleteValue of the GraphQL specification (6.4.3), for a whole level at a time.

A column holds what one field has for each parent of a level. Leaves are written as JSON has them, lists are opened so that
their items are one column, and objects become the parents of the next level.
"""

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from types import NoneType
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLResolveInfo
from graphql.pyutils import Undefined, inspect, is_iterable

from regulars_schema.executor.levels import Level
from regulars_schema.executor.null_propagation import Failure
from regulars_schema.executor.plan import ExecutionField, Leaf, Many, One, OneOf, Selection, Shape


@dataclass(slots=True)
class Completion:
    """The values of one field of one level. What they lead to is in `below`; what failed, in `failed`;
    `objects` are those that they add to the answer once it is written, where equal ones are written again and again."""

    level: Level
    field: ExecutionField
    info: Callable[[Level, ExecutionField], GraphQLResolveInfo[Any]]
    types: dict[int, Selection]
    below: list[Level] = dataclasses.field(default_factory=list)
    failed: bool = False
    objects: int = 0

    def complete(self, values: list[Any]) -> None:
        """Put these values, one for each parent, into the parents' answers."""
        name = self.field.name
        column = self._column(self.field.shape, values, self.level.weights)
        for answer, value in zip(self.level.answers, column, strict=True):
            answer[name] = value

    def _column(self, shape: Shape, values: list[Any], weights: list[int]) -> list[Any]:
        match shape:
            case Leaf():
                return self._leaves(shape, values)
            case One():
                return self._objects(shape.selection, shape, values, weights)
            case Many():
                return self._lists(shape, values, weights)
            case OneOf():
                return self._of_several_types(shape, values, weights)

    def _leaves(self, shape: Leaf, values: list[Any]) -> list[Any]:
        kinds = set(map(type, values))
        if kinds <= shape.plain:
            return values
        nulls = values.count(None) if NoneType in kinds else 0
        if (shape.nullable or not nulls) and not any(issubclass(kind, Exception) for kind in kinds):
            coerce = shape.of.coerce_output_value
            try:
                column = (
                    [None if value is None else coerce(value) for value in values] if nulls else [*map(coerce, values)]
                )
                if column.count(None) == nulls:
                    return column
            except Exception:  # somewhere: each by itself, then
                pass
        return [self._leaf(shape, value) for value in values]

    def _leaf(self, shape: Leaf, value: Any) -> Any:
        if value is None or isinstance(value, Exception):
            return self._nothing(shape, value)
        try:
            coerced = shape.of.coerce_output_value(value)
        except Exception as error:
            return self._failure(error)
        if coerced is None or coerced is Undefined:
            expected = (
                f"Expected `{shape.of}.coerce_output_value({inspect(value)})` to return non-nullable value, returned:"
            )
            return self._failure(TypeError(f"{expected} {inspect(coerced)}"))
        return coerced

    def _lists(self, shape: Many, values: list[Any], weights: list[int]) -> list[Any]:
        lists = [self._opened(shape, value) for value in values]
        items = list(chain.from_iterable(opened for opened in lists if type(opened) is list))
        weighted = zip(weights, lists, strict=True)
        item_weights = [repeat(weight, len(opened)) for weight, opened in weighted if type(opened) is list]
        column = self._column(shape.item, items, list(chain.from_iterable(item_weights))) if items else []
        completed: Iterator[Any] = iter(column)
        return [list(islice(completed, len(opened))) if type(opened) is list else opened for opened in lists]

    def _opened(self, shape: Many, value: Any) -> Any:
        if type(value) is list:
            return value
        if value is None or isinstance(value, Exception):
            return self._nothing(shape, value)
        if not is_iterable(value):
            message = f"Expected Iterable, but did not find one for field '{self.field.place}'."
            return self._failure(GraphQLError(message))
        try:
            return list(value)
        except Exception as error:
            return self._failure(error)

    def _objects(self, selection: Selection, shape: Shape, values: Sequence[Any], weights: Sequence[int]) -> list[Any]:
        """The answers of these objects, blank as yet; the objects themselves are the next level."""
        amiss = self._amiss(selection, shape, values)
        parents, weights = list(values), list(weights)
        if amiss:
            sound = [number for number in range(len(values)) if number not in amiss]
            parents, weights = [values[number] for number in sound], [weights[number] for number in sound]
        self.objects += sum(weights)
        column: list[Any] = [selection.blank.copy() for _ in parents]
        answers = column
        distinct = len(set(map(id, parents))) == len(parents)
        if amiss or not distinct:
            # One that stands here several times is answered once; `values` keeps them all where they lie in memory.
            known = dict(zip(map(id, parents), column, strict=True))
            column = [amiss[number] if number in amiss else known[id(value)] for number, value in enumerate(values)]
            summed: Counter[int] = Counter()
            for parent, weight in zip(parents, weights, strict=True):
                summed[id(parent)] += weight
            parents, answers = list({id(parent): parent for parent in parents}.values()), list(known.values())
            weights = list(summed.values())
        if parents and selection.fields:
            path = (*self.level.path, self.field.name)
            self.below.append(Level(selection, parents, answers, weights, path, (self.level, self.field)))
        return column

    def _amiss(self, selection: Selection, shape: Shape, values: Sequence[Any]) -> dict[int, Failure | None]:
        """Which of these values are no objects of the type, by number, and what stands there instead."""
        kinds = set(map(type, values))
        if selection.takes(kinds):
            return {}
        info = self.info(self.level, self.field)
        amiss: dict[int, Failure | None] = {}
        for number, value in enumerate(values):
            if value is None or isinstance(value, Exception):
                amiss[number] = self._nothing(shape, value)
            elif (error := _not_of(selection.of, value, info, self.field.nodes)) is not None:
                amiss[number] = self._failure(error)
        return amiss

    def _of_several_types(self, shape: OneOf, values: list[Any], weights: list[int]) -> list[Any]:
        """ResolveAbstractType (6.4.3), and the objects by their types: each type is a level of its own."""
        column: list[Any] = [None] * len(values)
        numbers: dict[str, list[int]] = {}
        for number, value in enumerate(values):
            if value is None or isinstance(value, Exception):
                column[number] = self._nothing(shape, value)
                continue
            try:
                numbers.setdefault(self._type_of(shape, value), []).append(number)
            except Exception as error:
                column[number] = self._failure(error)
        for name, places in numbers.items():
            selection = shape.selections[name]
            objects, object_weights = [values[number] for number in places], [weights[number] for number in places]
            answers = self._objects(selection, shape, objects, object_weights)
            for number, answer in zip(places, answers, strict=True):
                column[number] = answer
                self.types[id(answer)] = selection
        return column

    def _type_of(self, shape: OneOf, value: Any) -> str:
        resolve_type = shape.of.resolve_type
        name = resolve_type(value, self.info(self.level, self.field), shape.of) if resolve_type else None
        if name is None:
            raise GraphQLError(
                f"Abstract type '{shape.of}' must resolve to an Object type at runtime for field '{self.field.place}'."
                f" Either the '{shape.of}' type should provide a 'resolve_type' function or each possible type should"
                " provide an 'is_type_of' function.",
                self.field.nodes,
            )
        if not isinstance(name, str) or name not in shape.selections:
            raise GraphQLError(
                f"Runtime Object type '{name}' is not a possible type for '{shape.of}'.", self.field.nodes
            )
        return name

    def _nothing(self, shape: Shape, value: Exception | None) -> Failure | None:
        """Null where it may stand, and a failure for an exception or where it may not."""
        if isinstance(value, Exception):
            return self._failure(value)
        if shape.nullable:
            return None
        return self._failure(TypeError(f"Cannot return null for non-nullable field {self.field.place}."))

    def _failure(self, error: Exception) -> Failure:
        self.failed = True
        return Failure(error)


def _not_of(
    type_: GraphQLObjectType, value: Any, info: GraphQLResolveInfo[Any], nodes: list[FieldNode]
) -> Exception | None:
    """Why a value is not of an object type; None if it is."""
    try:
        if type_.is_type_of is None or type_.is_type_of(value, info):
            return None
    except Exception as error:
        return error
    return GraphQLError(f"Expected value of type '{type_}' but got: {inspect(value)}.", nodes)
