"""The `where` inputs: trees whose leaves are composed per schema, as they are given and as they are read again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLScalarType,
    Undefined,
    get_nullable_type,
)
from graphql.utilities import coerce_input_value
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import InputContext
from strawberry.types.base import get_object_definition
from strawberry.types.maybe import Some

from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import camel
from regulars_core.queries.where import Leaf, Where
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Doubt, FilterLeaf
from regulars_schema.inputs.idempotent import NO_CONTENT
from regulars_schema.request.context import GraphQLContext, RequestContext

MAX_DEPTH = 6
MAX_LEAVES = 50
MAX_NODES = 200


Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenLeaf:
    """A leaf that stands for a tree which only the database knows, at its place: what stands in the tree until then, and its
    comparison."""

    path: Path
    leaf: FilterLeaf
    stands_in: Leaf
    comparison: Any


@dataclass(frozen=True, slots=True)
class Reading:
    """By which schema and for whom a tree was read."""

    schema: ComposedSchema
    context: RequestContext


@dataclass(frozen=True)
class GivenWhere(Where):
    """A tree as somebody has given it: what becomes of it, and the input that it was read from.

    Where it has doubts or open leaves the database must be asked before it means anything: `doubts.settled` does.
    """

    type: GraphQLInputObjectType = field(kw_only=True, metadata=NO_CONTENT)
    value: Mapping[str, Any] = field(kw_only=True, metadata=NO_CONTENT)
    reading: Reading = field(kw_only=True, repr=False, compare=False, metadata=NO_CONTENT)
    leaf_count: int = field(default=0, kw_only=True, repr=False, compare=False, metadata=NO_CONTENT)
    doubts: Sequence[tuple[Path, Doubt]] = field(
        default=(), kw_only=True, repr=False, compare=False, metadata=NO_CONTENT
    )
    """What only the database knows to be wrong with it, by the place in the tree; nothing where everything is known."""
    open: Sequence[OpenLeaf] = field(default=(), kw_only=True, repr=False, compare=False, metadata=NO_CONTENT)

    def written(self) -> Mapping[str, Any]:
        """The tree as plain JSON that can be sent again: every value as the schema prints it."""
        written: Mapping[str, Any] = _written(self.type, self.value)
        return written


def _written(type_: GraphQLInputType, value: Any) -> Any:
    """A value of an input type, as it was read, as JSON."""
    of = get_nullable_type(type_)
    if value is None:
        return None
    if isinstance(of, GraphQLList):
        return [_written(of.of_type, one) for one in value]
    if isinstance(of, GraphQLInputObjectType):
        return {name: _written(of.fields[name].type, one) for name, one in value.items()}
    assert isinstance(of, GraphQLScalarType | GraphQLEnumType)
    return of.serialize(value)


def where_input(name: str, description: str) -> Any:
    """A class decorator for a marker input whose fields are the leaves of the schema at hand."""

    def decorate(cls: type) -> type:
        made = strawberry.input(name=name, description=description)(cls)
        definition = get_object_definition(made, strict=True)
        definition.from_input = _parse
        return made

    return decorate


def is_where_input(cls: type) -> bool:
    """Whether a class is such a marker."""
    definition = get_object_definition(cls)
    return definition is not None and definition.from_input is _parse


def _parse(cls: type, value: Any, context: Any) -> Where:
    """Strawberry's `from_input` hook: runs wherever the input stands and knows the schema and the caller.

    Raises BadInput, and Forbidden for a condition that the caller may not set.
    """
    if isinstance(value, Where):
        return value
    schema: ComposedSchema = context.info.schema
    return _Reader(cls, Reading(schema, context.info.context.request), context).given(value)


def read_again(cls: type, written: Mapping[str, Any], schema: ComposedSchema, context: RequestContext) -> GivenWhere:
    """A tree that was `written` before, as it is read in this request. Raises what reading it raises: BadInput, Forbidden, and
    GraphQLError for a leaf that is not there, or no longer takes what it is told."""
    type_ = schema.input_type(get_object_definition(cls, strict=True).name)
    value = coerce_input_value(written, type_)
    if value is Undefined:
        raise GraphQLError("These conditions have one that is not there, or that no longer takes what it is told.")
    info: Any = _StoredInfo(schema, GraphQLContext(context))
    own = InputContext(info, schema.config, schema.schema_converter.scalar_registry, ("where",))
    return _Reader(cls, Reading(schema, context), own).given(value)


@dataclass(frozen=True, slots=True)
class _StoredInfo:
    """What a tree within a comparison asks of GraphQL's `info`, where a stored tree is read outside of a request."""

    schema: ComposedSchema
    context: GraphQLContext


class _Reader:
    def __init__(self, cls: type, reading: Reading, strawberry_context: Any) -> None:
        self._cls, self._reading = cls, reading
        self._leaves = reading.schema.leaves[cls]
        self._strawberry = strawberry_context
        self._place = tuple(map(str, strawberry_context.path))  # from the field's argument on
        self._count = self._nodes = 0
        self._doubts: list[tuple[Path, Doubt]] = []
        self._open: list[OpenLeaf] = []

    def given(self, value: Any) -> GivenWhere:
        """The whole tree, with what is not known of it."""
        where = self._tree(value, 1, ())
        return GivenWhere(
            where.op,
            where.parts,
            where.leaf,
            where.conditions,
            type=self._reading.schema.input_type(get_object_definition(self._cls, strict=True).name),
            value=value,
            reading=self._reading,
            leaf_count=self._count,
            doubts=self._doubts,
            open=self._open,
        )

    def _tree(self, value: Any, depth: int, path: Path) -> Where:
        if isinstance(value, Where):
            return value
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise BadInput(f"Conditions have at most {MAX_NODES} nodes.", self._place)
        if depth > MAX_DEPTH:
            raise BadInput(f"Conditions are nested at most {MAX_DEPTH} deep.", (*self._place, *path))
        parts = [self._part(key, given, depth, (*path, key)) for key, given in value.items()]
        return parts[0] if len(parts) == 1 else Where("all", tuple(parts))

    def _part(self, key: str, given: Any, depth: int, path: Path) -> Where:
        if given is None:
            raise BadInput("`null` is no condition; leave it out.", (*self._place, *path))
        if key in {"all", "any"}:
            return Where(key, tuple(self._tree(part, depth + 1, (*path, str(n))) for n, part in enumerate(given)))
        if key == "not":
            return Where("not", (self._tree(given, depth + 1, path),))
        self._counted(1)
        leaf, context = self._leaves[key], self._reading.context
        context.demand(leaf.needs, shop_wide=leaf.shop_wide, otherwise=leaf.otherwise)
        context.shop.refuse_behind(leaf.owner)
        comparison = self._compared(leaf, given, key, path)
        try:
            conditions = leaf.conditions(comparison, context)
        except BadInput as error:
            raise BadInput(str(error), (*self._place, *path, *error.path), error.reason) from None
        doubt = None if leaf.doubt is None else leaf.doubt(comparison, context)
        if doubt is not None:
            self._doubts.append((path, doubt))
        if leaf.stands_for is None:
            return Where(key, leaf=leaf.leaf, conditions=tuple(conditions))
        stands_in = replace(leaf.leaf)  # another object for each place
        self._open.append(OpenLeaf(path, leaf, stands_in, comparison))
        return Where(key, leaf=stands_in, conditions=tuple(conditions))

    def _counted(self, number: int) -> None:
        self._count += number
        if self._count > MAX_LEAVES:
            raise BadInput(f"There are more than {MAX_LEAVES} conditions.", self._place)

    def _compared(self, leaf: FilterLeaf, given: Any, key: str, path: Path) -> Any:
        """A comparison. A tree within it is read as its own one, at its place, and counts with those around it."""
        comparison = self._strawberry.convert(given, StrawberryAnnotation(leaf.comparison).resolve(), *path)
        for name, tree in _trees_in(comparison):
            self._counted(tree.leaf_count)
            self._doubts += [((*path, name, *inner), doubt) for inner, doubt in tree.doubts]
            if tree.open:
                raise TypeError(f"{key} holds a tree with a leaf that stands for another one")
        return comparison


def _trees_in(comparison: Any) -> Iterator[tuple[str, GivenWhere]]:
    """The trees that are fields of a comparison."""
    for one in fields(comparison) if is_dataclass(comparison) else ():
        value = getattr(comparison, one.name)
        value = value.value if isinstance(value, Some) else value
        if isinstance(value, GivenWhere):
            yield camel(one.name), value
