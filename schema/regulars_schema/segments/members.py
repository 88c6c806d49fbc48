"""Who is in segments: their conditions as they are read for the caller."""

from collections.abc import Sequence

from regulars_core.audiences.named import SEGMENT as LEAF
from regulars_core.customers.filters import not_gone
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.where import Condition, Leaf, Values, Where
from regulars_core.segments.reads import SegmentRow, segments_by_ids
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.composition.known_schema import schema_asked
from regulars_schema.customers.types import CustomerWhere
from regulars_schema.fields.doubts import each_settled
from regulars_schema.fields.filters import IdComparison, id_conditions
from regulars_schema.fields.stored_trees import unavailable_leaves
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import ConditionsUnavailable
from regulars_schema.types.ids import key_of

MAX_NAMED = 20
"""Segments that one tree names at most: each is as large as a tree."""


async def unavailable_in(
    segments: Sequence[SegmentRow], schema: ComposedSchema, context: RequestContext
) -> Sequence[Sequence[str]]:
    """The leaves of each segment that cannot be asked now."""
    return await unavailable_leaves(CustomerWhere, [one.tree for one in segments], schema, context.shop)


async def each_tree(
    segments: Sequence[SegmentRow], schema: ComposedSchema, context: RequestContext
) -> Sequence[Where | Exception]:
    """The conditions of each segment, as they are read for the caller, or why they cannot be asked: ConditionsUnavailable, or
    Forbidden where the caller may not read what they compare."""
    trees = list(await each_settled(CustomerWhere, [one.tree for one in segments], schema, context))
    # of what is read as a whole nothing is gone
    failed = [n for n, one in enumerate(trees) if isinstance(one, Exception)]
    for n, missing in zip(failed, await unavailable_in([segments[n] for n in failed], schema, context), strict=True):
        if missing:
            trees[n] = ConditionsUnavailable(missing)
    return trees


async def trees_of(segments: Sequence[SegmentRow], context: RequestContext) -> Sequence[Where | Exception]:
    """The conditions on who is in each segment, without who is gone, or why they cannot be asked for the caller."""
    trees = await each_tree(segments, schema_asked(context.shop), context)
    return [one if isinstance(one, Exception) else not_gone(one) for one in trees]


async def _stands_for(
    comparisons: Sequence[IdComparison], context: RequestContext, schema: ComposedSchema
) -> Sequence[Where | BadInput]:
    """The conditions of the segments that each of these comparisons names: those of one of them must hold."""
    named = [[key_of(text, LEAF, "in", str(n)) for n, text in enumerate(one.in_)] for one in comparisons]
    keys = list(dict.fromkeys(key for each in named for key in each))
    if len(keys) > MAX_NAMED:
        return [BadInput(f"Conditions name at most {MAX_NAMED} segments.", ("in",)) for _ in comparisons]
    found = await segments_by_ids(context.database, keys)
    trees: dict[str, Where] = {}
    for key, tree in zip(found, await each_tree(list(found.values()), schema, context), strict=True):
        if isinstance(tree, Exception):
            raise tree
        trees[key] = tree

    def any_of(each: Sequence[str]) -> Where | BadInput:
        for n, key in enumerate(each):
            if key not in trees:
                return BadInput("There is no segment with this id.", ("in", str(n)))
        return Where("any", tuple(trees[key] for key in each))

    return [any_of(each) for each in named]


def _unasked(conditions: Sequence[Condition], _: Values) -> str:
    raise RuntimeError("a segment is what its conditions are")


SEGMENT = FilterLeaf(
    CustomerWhere,
    LEAF,
    IdComparison,
    Leaf(LEAF, _unasked),
    id_conditions(LEAF),
    "A segment that the customer is in, by id; not allowed within a segment.",
    stands_for=_stands_for,
)
