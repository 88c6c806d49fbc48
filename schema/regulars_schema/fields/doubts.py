"""What of conditions only the database knows: whether they mean anything, and which trees their leaves stand for.

Every field and every mutation asks before it does anything: a field of its arguments, a mutation of its input. Whoever reads a
stored tree again asks with `each_settled`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from graphql import GraphQLError
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.maybe import Some

from regulars_core.primitives.errors import BadInput, Forbidden
from regulars_core.primitives.text import camel
from regulars_core.queries.where import Where
from regulars_core.shop.shop import CatchingUp
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.fields.where_trees import GivenWhere, OpenLeaf, Path, is_where_input, read_again
from regulars_schema.request.context import RequestContext


def is_doubtful(arguments: Mapping[str, Any]) -> bool:
    """Whether the database must be asked what the conditions among these arguments mean, those within inputs too."""
    return any(_is_open(given) or (_is_input(given) and _holds_open(given)) for given in arguments.values())


async def settled(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with their conditions as the database knows them. Raises BadInput for conditions that mean nothing, and
    Forbidden for those that stand for what the caller may not read."""
    known = {}
    for name, given in arguments.items():
        if _is_input(given):
            await settle_input(given, (camel(name),))
        known[name] = await settled_tree(given, camel(name)) if _is_open(given) else given
    return known


async def settle_input(given: Any, path: Path = ()) -> None:
    """The same for the conditions that lie in an input, at whatever depth: they are replaced in it."""
    if isinstance(given, list):
        for n, one in enumerate(given):
            await settle_input(one, (*path, str(n)))
    for name in _fields(given) if _is_input(given) else ():
        value = getattr(given, name)
        inside, place = (value.value if isinstance(value, Some) else value), (*path, camel(name))
        if _is_open(inside):
            tree = await settled_tree(inside, *place)
            setattr(given, name, Some(tree) if isinstance(value, Some) else tree)
        elif isinstance(inside, list) or _is_input(inside):
            await settle_input(inside, place)


async def settled_tree(given: GivenWhere, *path: str) -> GivenWhere:
    """A tree, which stands at this place, as the database knows it; what it is written as stays the same. Raises as
    `settled`."""
    for place, doubt in given.doubts:
        try:
            await doubt()
        except BadInput as error:
            raise BadInput(str(error), (*path, *place, *error.path), error.reason) from None
    known = await _trees_of(given, path) if given.open else {}
    parts = tuple(_with(part, known) for part in given.parts)
    whole = known.get(id(given.leaf))
    if whole is not None:  # nothing but an open leaf
        return replace(
            given,
            op=whole.op,
            parts=whole.parts,
            leaf=whole.leaf,
            conditions=whole.conditions,
            doubts=(),
            open=(),
        )
    return replace(given, parts=parts, doubts=(), open=())


async def each_settled(
    cls: type, trees: Sequence[Mapping[str, Any]], schema: ComposedSchema, context: RequestContext
) -> Sequence[GivenWhere | Exception]:
    """Stored trees as they are read in this request, with what the database knows of them now; in place of one that cannot be
    read why not: what `read_again` and `settled` raise. All are read before the database is asked of the first, so that whoever
    doubts may ask once for all of them."""
    anew = replace(context, anew=True)
    read: list[GivenWhere | Exception] = []
    for tree in trees:
        try:
            read.append(read_again(cls, tree, schema, anew))
        except (BadInput, GraphQLError, Forbidden, CatchingUp) as error:
            read.append(error)
    return [one if isinstance(one, Exception) else await _settled_or_why_not(one) for one in read]


async def _settled_or_why_not(given: GivenWhere) -> GivenWhere | Exception:
    try:
        return await settled_tree(given, "where")
    except (BadInput, GraphQLError, Forbidden, CatchingUp) as error:
        return error


def _is_open(given: Any) -> bool:
    return isinstance(given, GivenWhere) and bool(given.doubts or given.open)


def _is_input(given: Any) -> bool:
    return bool(_fields(given))


def _fields(given: Any) -> Sequence[str]:
    kind: Any = type(given)
    return _fields_of(kind)


@cache
def _fields_of(kind: Any, above: Sequence[Any] = ()) -> Sequence[str]:
    """The fields of an input in which conditions may lie, at whatever depth, by their names here; none of what is no input."""
    definition = None if issubclass(kind, Where) else get_object_definition(kind)
    if definition is None or not definition.is_input or kind in above:
        return ()
    held = {one.python_name: _bare(one.resolve_type(type_definition=definition)) for one in definition.fields}
    return [
        name
        for name, type_ in held.items()
        if isinstance(type_, type) and (is_where_input(type_) or _fields_of(type_, (*above, kind)))
    ]


def _bare(type_: Any) -> Any:
    """What a list, an Optional or a Maybe is of."""
    return _bare(type_.of_type) if isinstance(type_, StrawberryContainer) else type_


def _holds_open(given: Any) -> bool:
    """Whether conditions that lie in an input are open."""
    if isinstance(given, Some):
        return _holds_open(given.value)
    if isinstance(given, list):
        return any(map(_holds_open, given))
    return _is_open(given) or any(_holds_open(getattr(given, name)) for name in _fields(given))


async def _trees_of(given: GivenWhere, path: Path) -> Mapping[int, Where]:
    """What open leaves stand for, by what stands in for each in the tree; those of one kind are asked together."""
    by_leaf: dict[str, tuple[FilterLeaf, list[OpenLeaf]]] = {}
    for one in given.open:
        by_leaf.setdefault(one.leaf.name, (one.leaf, []))[1].append(one)
    found: dict[int, Where] = {}
    for leaf, places in by_leaf.values():
        assert leaf.stands_for is not None
        trees = await leaf.stands_for([one.comparison for one in places], given.reading.context, given.reading.schema)
        for one, tree in zip(places, trees, strict=True):
            if isinstance(tree, BadInput):
                raise BadInput(str(tree), (*path, *one.path, *tree.path), tree.reason)
            found[id(one.stands_in)] = tree
    return found


def _with(where: Where, known: Mapping[int, Where]) -> Where:
    if where.leaf is not None:
        return known.get(id(where.leaf), where)
    return replace(where, parts=tuple(_with(part, known) for part in where.parts)) if known else where
