"""What an operation asks for, worked out once and before anything is read.

A plan is a tree of selections, one for each object type that can stand at a place: the fields asked of it, in order,
fragments and merged fields resolved. Each field knows where its values come from and the shape that they take. The
caller is no part of it, and of the variables only those that steer @skip and @include.

The section numbers are those of the GraphQL specification of September 2025.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLScalarType,
)
from graphql.type import GraphQLAbstractType

from regulars_schema.inputs.readers import Demands, Reader
from regulars_schema.request.context import BatchFunction, RootAnswer


class Unsupported(Exception):
    """An operation that graphql-core shall execute; the message says why."""


@dataclass(slots=True, eq=False, repr=False)
class Leaf:
    """A scalar or an enum. Values whose types are all `plain` are answered as they are."""

    nullable: bool
    of: GraphQLScalarType | GraphQLEnumType
    plain: frozenset[type]


@dataclass(slots=True, eq=False, repr=False)
class Many:
    """A list."""

    nullable: bool
    item: "Shape"


@dataclass(slots=True, eq=False, repr=False)
class One:
    """An object of one type."""

    nullable: bool
    selection: "Selection"


@dataclass(slots=True, eq=False, repr=False)
class OneOf:
    """An object of one of several types: an interface or a union."""

    nullable: bool
    of: GraphQLAbstractType
    selections: dict[str, "Selection"]


Shape = Leaf | Many | One | OneOf


@dataclass(slots=True, eq=False, repr=False)
class ExecutionField:
    """A field of an object type under the name that it has in the answer.

    Its values are read off the parents, one by one (`read`), or fetched for all parents by one call (`batched`), if the
    caller holds the permission that the field needs. A root field has a function of ours (`rooted`), or its own resolver is
    called. `arguments` are there if they only have to be read, and `owner` is the plugin that has added the field, if any.
    """

    name: str
    nodes: list[FieldNode]
    parent: GraphQLObjectType
    definition: GraphQLField
    shape: Shape
    read: Callable[[Any], Any] | None = None
    batched: BatchFunction | None = None
    rooted: RootAnswer | None = None
    needs: str | None = None
    owner: str | None = None
    arguments: "Arguments | None" = None

    @property
    def place(self) -> str:
        """The field as messages name it."""
        return f"{self.parent}.{self.nodes[0].name.value}"

    def asked(self) -> Set[str]:
        """The names of the fields that are asked of its objects."""
        return {one.nodes[0].name.value for each in selections_in(self.shape) for one in each.fields}


@dataclass(slots=True, eq=False, repr=False)
class Arguments:
    """Arguments that only have to be read, by Python's names: leaves that the document writes, and variables that stand for the
    rest, with whether they may be null, and which permissions a value needs, if any can."""

    literals: dict[str, Any]
    variables: list[tuple[str, str, bool, Reader, Demands | None]]

    def of(self, values: Mapping[str, Any], demand: Callable[[str], None]) -> dict[str, Any] | None:
        """The arguments, given the coerced variables; None if one is null that may not be. Raises what `demand` raises for a
        permission that the caller has not."""
        if not self.variables:
            return self.literals
        arguments = self.literals.copy()
        for name, variable, nullable, read, demands in self.variables:
            value = values.get(variable)
            if value is None and not nullable:
                return None
            if variable in values:
                if demands is not None:
                    for permission in demands(value):
                        demand(permission)
                arguments[name] = read(value)
        return arguments


@dataclass(slots=True, eq=False, repr=False)
class Selection:
    """The fields asked of one object type, and an answer in which each of them is still to be filled in. `taken` are classes
    whose instances have been found to be of the type."""

    of: GraphQLObjectType
    fields: list[ExecutionField] = field(default_factory=list)
    blank: dict[str, Any] = field(default_factory=dict)
    taken: frozenset[type] = frozenset()

    def takes(self, kinds: set[type]) -> bool:
        """Whether all instances of these classes are objects of this type, as far as their classes tell."""
        if self.taken.issuperset(kinds):
            return True
        if NoneType in kinds or any(issubclass(kind, Exception) for kind in kinds):
            return False
        row: type | None = getattr(self.of.is_type_of, "row", None)
        if self.of.is_type_of is None or (row is not None and all(issubclass(kind, row) for kind in kinds)):
            self.taken |= kinds
            return True
        return False


def selections_in(shape: Shape) -> Iterable[Selection]:
    """What is asked of the objects of a shape: a selection for each type that they may have."""
    if isinstance(shape, Many):
        return selections_in(shape.item)
    if isinstance(shape, OneOf):
        return shape.selections.values()
    return [shape.selection] if isinstance(shape, One) else []


@dataclass(slots=True, eq=False, repr=False)
class Plan:
    """A whole operation: what is asked of its root type, how many fields that makes in all, and whether a replica may answer
    them all."""

    root: Selection
    size: int
    replica: bool = False
