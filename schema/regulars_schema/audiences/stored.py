"""What plugins store of a `CustomerWhere`, and what of it is shown.

    audience = audience_of(input.audience, context.shop, checks, "rules", "0", "audience")     plain JSON, or None
    shown = await shown_audiences([row.audience for row in rows], context)                     each a CustomerFilter, or None

Whoever sets an audience must be allowed to read what it compares: that is looked at where the input is read, as for any filter.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.named import SEGMENT
from regulars_core.audiences.registry import audience_leaves
from regulars_core.audiences.trees import leaves_in
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import BadInput, Forbidden
from regulars_core.queries.where import Where
from regulars_core.shop.shop import Shop
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.stored_trees import may_read_trees
from regulars_schema.fields.where_trees import GivenWhere
from regulars_schema.request.context import RequestContext
from regulars_schema.schema import schema_in
from regulars_schema.types.scalars import CustomerFilter

CODE = "INVALID_AUDIENCE"


def audience_of(where: Where | None, shop: Shop, checks: Checks, *path: str, any_leaf: bool = False) -> Audience | None:
    """A `CustomerWhere` that was given as an input, as the JSON that is stored: it can be sent as a `CustomerWhere` again.

    Checks are told `INVALID_AUDIENCE`, at its place under this path, of an empty tree, and unless `any_leaf` will do, of a leaf
    that does not answer for a past instant, and of what means nothing there. None for what is absent or was refused. Of a segment
    `hold_segments` tells whether it answers, where the audience is stored.
    """
    if where is None:
        return None
    if not isinstance(where, GivenWhere):
        raise TypeError("an audience is stored as it was given")
    audience, before = where.written(), len(checks.problems)
    for place in _empty(audience, ()):
        checks.fail(CODE, "An audience has conditions; leave it out for everybody.", *path, *place)
    known = audience_leaves(shop).by_name
    for place, name, comparison in leaves_in(audience):
        if name == SEGMENT:  # what it asks is looked at in the transaction that stores it: hold_segments
            continue
        if any_leaf:
            continue
        leaf = known.get(name)
        if leaf is None:
            checks.fail(CODE, f"`{name}` does not answer for a past instant.", *path, *place)
            continue
        for part in leaf.refuses:
            if isinstance(comparison, Mapping) and part in comparison:
                message = f"An audience is asked as of each instant; leave out `{part}`."
                checks.fail(CODE, message, *path, *place, part)
    return audience if len(checks.problems) == before else None


def _empty(node: Any, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The places of nodes without any condition."""
    if not node:
        return [path]
    inside = [(node["not"], (*path, "not"))] if "not" in node else []
    inside += [(part, (*path, name, str(n))) for name in ("all", "any") for n, part in enumerate(node.get(name, ()))]
    return [place for one, where in inside for place in _empty(one, where)]


async def shown_audiences(
    audiences: Sequence[Audience | None], context: RequestContext
) -> Sequence[CustomerFilter | None]:
    """Stored audiences as the caller may see them: None for everybody, and where one compares what the caller may not read. A
    leaf whose plugin is off stays in it."""
    trees = [one or {} for one in audiences]
    allowed = await may_read_trees(CustomerWhere, trees, schema_in(context.shop), context)
    return [
        CustomerFilter(dict(one)) if one is not None and may else None
        for one, may in zip(audiences, allowed, strict=True)
    ]


async def audience_trees(audiences: Sequence[Audience | None], context: RequestContext) -> Sequence[Where | Exception]:
    """The conditions of stored audiences as they are read for the caller now: everybody for None, and nobody where a leaf is off
    or means nothing any more. Forbidden in place of one that compares what the caller may not read."""
    schema = schema_in(context.shop)
    read = iter(await each_settled(CustomerWhere, [one for one in audiences if one is not None], schema, context))
    trees = [Where("all") if one is None else next(read) for one in audiences]
    return [Where("any") if isinstance(one, BadInput | GraphQLError) else one for one in trees]


def may_read_leaf(name: str, context: RequestContext) -> bool:
    """Whether the caller may read what a leaf compares; nobody may where nobody brings it."""
    leaf = schema_in(context.shop).leaves[CustomerWhere].get(name)
    if leaf is None:
        return False
    try:
        context.demand(leaf.needs, shop_wide=leaf.shop_wide, otherwise=leaf.otherwise)
    except Forbidden:
        return False
    return True
