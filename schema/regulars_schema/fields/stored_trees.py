"""Trees of conditions that were stored, as plain JSON: who may read what they compare, and which leaves nobody brings now."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
)
from strawberry.types.base import StrawberryContainer, get_object_definition

from regulars_core.audiences.trees import leaves_in
from regulars_core.primitives.errors import BadInput, Forbidden
from regulars_core.primitives.text import camel
from regulars_core.queries.where import Where
from regulars_core.shop.actors import operator
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import FilterLeaf, SortField
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.where_trees import GivenWhere, Path, is_where_input
from regulars_schema.request.context import RequestContext

_TELLING_NOBODY = frozenset(
    {"Boolean", "Int", "Float", "BigInt", "Decimal", "DateTime", "Date", "ID", "CurrencyCode", "LocalTime"}
)
"""Scalars whose values say nothing of anybody, in a condition."""


def impersonal(type_: GraphQLInputType, value: Any) -> Any:
    """A value of an input type as JSON, without texts, which may be whatever somebody is called; members of enums are none."""
    of = get_nullable_type(type_)
    if value is None:
        return None
    if isinstance(of, GraphQLList):
        return [impersonal(of.of_type, one) for one in value]
    if isinstance(of, GraphQLInputObjectType):
        fields = {name: of.fields[name].type for name in value}
        return {name: impersonal(fields[name], one) for name, one in value.items() if not _is_text(fields[name])}
    assert isinstance(of, GraphQLScalarType | GraphQLEnumType)
    return of.serialize(value)


def _is_text(type_: GraphQLInputType) -> bool:
    named = get_named_type(type_)
    return isinstance(named, GraphQLScalarType) and named.name not in _TELLING_NOBODY


def empty_places(written: Any, path: Path = ()) -> list[Path]:
    """The places in a written tree of nodes that have no condition, and so hold for everybody."""
    if not written:
        return [path]
    found = empty_places(written["not"], (*path, "not")) if "not" in written else []
    for name in ("all", "any"):
        parts = written.get(name)
        if parts is not None and not parts:
            found.append((*path, name))
        for n, part in enumerate(parts or ()):
            found += empty_places(part, (*path, name, str(n)))
    return found


Trees = Sequence[Mapping[str, Any]]


async def may_read_trees(cls: type, trees: Trees, schema: ComposedSchema, context: RequestContext) -> Sequence[bool]:
    """Whether the caller may read all that each tree compares, also in the trees within its comparisons. Of leaves that nobody
    brings nobody knows what they need: these do not count."""
    allowed = [_may_read(cls, tree, schema, context) for tree in trees]
    # what a leaf needs may depend on what it compares, such as an attribute that is sensitive: that is told where it is read
    asked = [tree if may else {} for tree, may in zip(trees, allowed, strict=True)]
    return [
        may and not any(isinstance(one, Forbidden) for _, one in leaves)
        for may, leaves in zip(allowed, await _leaves_read(cls, asked, schema, context), strict=True)
    ]


def _may_read(cls: type, tree: Mapping[str, Any], schema: ComposedSchema, context: RequestContext) -> bool:
    try:
        for leaf in _known_leaves(cls, tree, schema):
            context.demand(leaf.needs, shop_wide=leaf.shop_wide, otherwise=leaf.otherwise)
    except Forbidden:
        return False
    return True


def needs_of_tree(cls: type, given: GivenWhere, context: RequestContext) -> Iterator[str]:
    """The permissions by which the caller reads what a settled tree compares: also in the trees within its comparisons, and in
    those that its leaves stand for."""
    for leaf in _known_leaves(cls, given.written(), given.reading.schema):
        yield from read_by(leaf, context)
    for tree in _stood_for(given):
        yield from needs_of_tree(cls, tree, context)


def read_by(one: FilterLeaf | SortField, context: RequestContext) -> Sequence[str]:
    """The permission by which the caller reads what is compared here, or ordered by; none where everybody may."""
    if one.needs is None:
        return ()
    held = context.actor.covers(one.needs, None) if one.shop_wide else context.actor.may(one.needs)
    return (one.needs if held or one.otherwise is None else one.otherwise,)


def _stood_for(where: Where) -> Iterator[GivenWhere]:
    for part in where.parts:
        if isinstance(part, GivenWhere):
            yield part
        else:
            yield from _stood_for(part)


async def unavailable_leaves(cls: type, trees: Trees, schema: ComposedSchema, shop: Shop) -> Sequence[Sequence[str]]:
    """The leaves of each tree, each once, that cannot be asked now: their plugin is off, or what they compare with is no longer
    there. Whoever asks the tree all the same would take it for something else."""
    everything = RequestContext(shop, operator(shop.permissions))
    return [
        list(dict.fromkeys(name for name, one in leaves if isinstance(one, BadInput | GraphQLError)))
        for leaves in await _leaves_read(cls, trees, schema, everything)
    ]


async def _leaves_read(
    cls: type, trees: Trees, schema: ComposedSchema, context: RequestContext
) -> Sequence[Sequence[tuple[str, Where | Exception]]]:
    """The leaves of each tree, each read for itself: its name, and what it means or why it cannot be read. One that is missing,
    also within a comparison, is a GraphQLError."""
    leaves = [[(name, {name: comparison}) for _, name, comparison in leaves_in(tree)] for tree in trees]
    read = iter(await each_settled(cls, [leaf for each in leaves for _, leaf in each], schema, context))
    return [[(name, next(read)) for name, _ in each] for each in leaves]


def _known_leaves(cls: type, tree: Mapping[str, Any], schema: ComposedSchema) -> Iterator[FilterLeaf]:
    for _, name, comparison in leaves_in(tree):
        leaf = schema.leaves[cls].get(name)
        if leaf is None:
            continue
        yield leaf
        for inner, where in _trees_within(leaf.comparison).items():
            if inner in comparison:
                yield from _known_leaves(where, comparison[inner], schema)


@cache
def _trees_within(comparison: Any) -> Mapping[str, type]:
    """The fields of a comparison that are trees, by their names, and of what."""
    definition = get_object_definition(comparison)
    if definition is None:
        return {}
    types = {one.python_name: _bare(one.resolve_type(type_definition=definition)) for one in definition.fields}
    return {camel(name): type_ for name, type_ in types.items() if isinstance(type_, type) and is_where_input(type_)}


def _bare(type_: Any) -> Any:
    return _bare(type_.of_type) if isinstance(type_, StrawberryContainer) else type_
