"""Objects that can be fetched again by their id, by Relay's specification of global object identification."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import strawberry

from regulars_core.database import Database
from regulars_core.primitives.errors import BadInput
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import split_id


@strawberry.interface(
    description="Something that `node(id:)` answers again, by Relay's specification of global object identification."
)
class Node:
    """Over every row with an id of its own."""

    id: strawberry.ID = strawberry.field(description="Opaque and stable.")


def backed_by(row: type) -> Any:
    """A type's `is_type_of`, for one whose objects are rows of the core; it says so, and need not be asked of each."""

    def is_type_of(value: object, _: Any) -> bool:
        return isinstance(value, row)

    is_type_of.row = row  # type: ignore[attr-defined]
    return staticmethod(is_type_of)


MAX_NODES = 100
"""Ids of one `nodes` at most."""


async def node(context: RequestContext, schema: ComposedSchema, id_: str) -> Any:
    """The object with this id; None for one that is not there."""
    kind, key = split_id(id_, "id")
    found = schema.nodes.get(kind)
    if found is None or not found.is_node:
        return None
    context.demand(found.needs)
    context.shop.refuse_behind(found.owner)
    return (await found.load(context, [key])).get(key)


async def nodes(context: RequestContext, schema: ComposedSchema, ids: Sequence[str]) -> list[Any]:
    """The objects with these ids, in their order; None in the place of one that is not there or that the caller may not see. Each
    kind of them is read once. Raises BadInput."""
    if len(ids) > MAX_NODES:
        raise BadInput(f"At most {MAX_NODES} ids at once.", ("ids",))
    wanted: dict[str, list[str]] = {}
    places = [split_id(id_, "ids", str(n)) for n, id_ in enumerate(ids)]
    for kind, key in dict.fromkeys(places):
        wanted.setdefault(kind, []).append(key)
    found: dict[tuple[str, str], Any] = {}
    for kind, keys in wanted.items():
        one = schema.nodes.get(kind)
        if one is None or not one.is_node or not (one.needs is None or context.actor.may(one.needs)):
            continue
        context.shop.refuse_behind(one.owner)
        found |= {(kind, key): row for key, row in (await one.load(context, keys)).items()}
    return [found.get(place) for place in places]


def in_every_store(
    read: Callable[[Database, Sequence[str]], Awaitable[Mapping[str, Any]]],
) -> Callable[[RequestContext, Sequence[str]], Awaitable[Mapping[str, Any]]]:
    """A NodeKind's `load` for rows that are the whole shop's, whoever asks."""

    async def load(context: RequestContext, keys: Sequence[str]) -> Mapping[str, Any]:
        return await read(context.database, keys)

    return load


def in_order(keys: Sequence[str | None], found: Any) -> list[Any]:
    """The found rows in the order of the keys, None where there is none."""
    return [found.get(key) if key is not None else None for key in keys]
