"""What plugins store of a `CustomerWhere`, and what of it is shown.

    audience = audience_of(input.audience, context.shop, checks, "rules", "0", "audience")     plain JSON, or None
    shown = shown_audience(row.audience, context)                                                a CustomerFilter, or None

Whoever sets an audience must be allowed to read what it compares: that is looked at where the input is read, as for any filter.
"""

from collections.abc import Mapping
from typing import Any

from regulars_core.audiences.answers import leaves_in
from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.registry import audience_leaves
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Forbidden
from regulars_core.queries.where import Where
from regulars_core.shop.shop import Shop
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.filters import GivenWhere
from regulars_schema.request.context import RequestContext
from regulars_schema.schema import contributions_of, core_contributions
from regulars_schema.types.scalars import CustomerFilter

CODE = "INVALID_AUDIENCE"


def audience_of(where: Where | None, shop: Shop, checks: Checks, *path: str, any_leaf: bool = False) -> Audience | None:
    """A `CustomerWhere` that was given as an input, as the JSON that is stored: it can be sent as a `CustomerWhere` again.

    Checks are told `INVALID_AUDIENCE`, at its place under this path, of an empty tree, and unless `any_leaf` will do, of a leaf
    that does not answer for a past instant, and of what means nothing there. None for what is absent or was refused.
    """
    if where is None:
        return None
    if not isinstance(where, GivenWhere):
        raise TypeError("an audience is stored as it was given")
    audience, before = where.written(), len(checks.problems)
    for place in _empty(audience, ()):
        checks.fail(CODE, "An audience has conditions; leave it out for everybody.", *path, *place)
    known = audience_leaves(shop).by_name
    for place, name, comparison in () if any_leaf else leaves_in(audience):
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


def shown_audience(audience: Audience | None, context: RequestContext) -> CustomerFilter | None:
    """A stored audience as the caller may see it: None for everybody, and where it compares what the caller may not read. A leaf
    whose plugin is off stays in it."""
    if audience is None:
        return None
    known = _customer_leaves(context.shop)
    try:
        for _, name, _ in leaves_in(audience):
            if name in known:
                context.demand(known[name].needs, shop_wide=known[name].shop_wide)
    except Forbidden:
        return None
    return CustomerFilter(dict(audience))


def may_read_leaf(name: str, context: RequestContext) -> bool:
    """Whether the caller may read what a leaf compares; nobody may where nobody brings it."""
    leaf = _customer_leaves(context.shop).get(name)
    if leaf is None:
        return False
    try:
        context.demand(leaf.needs, shop_wide=leaf.shop_wide)
    except Forbidden:
        return False
    return True


class _CustomerLeaves(dict[str, FilterLeaf]):
    """The leaves of `CustomerWhere` in a shop, by name."""


def _customer_leaves(shop: Shop) -> Mapping[str, FilterLeaf]:
    leaves: _CustomerLeaves | None = shop.memory.get(_CustomerLeaves)
    if leaves is None:
        contributions = [*core_contributions(), *contributions_of(shop.plugins)]
        own = (leaf for one in contributions for leaf in one.leaves if leaf.where is CustomerWhere)
        leaves = shop.memory[_CustomerLeaves] = _CustomerLeaves({leaf.name: leaf for leaf in own})
    return leaves
