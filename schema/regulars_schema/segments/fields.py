"""What is asked of segments: their conditions, and who is in them."""

from collections.abc import Sequence
from typing import Any, TypeVar, Unpack

from regulars_core.customers.filters import not_gone
from regulars_core.customers.reads import CustomerRow
from regulars_core.queries.pages import Page
from regulars_core.queries.where import Where
from regulars_core.segments.reads import SegmentRow, counts_in, customers_in
from regulars_schema.composition.contributions import Extension
from regulars_schema.composition.known_schema import schema_asked
from regulars_schema.customers.types import Customer, CustomersArguments, CustomerWhere, customers_window
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.pagination import Connection
from regulars_schema.fields.stored_trees import may_read_trees
from regulars_schema.request.context import RequestContext
from regulars_schema.segments.members import each_tree, trees_of, unavailable_in
from regulars_schema.segments.types import Segment
from regulars_schema.types.scalars import CustomerFilter

T = TypeVar("T")


@batched(
    name="filter",
    returns=CustomerFilter | None,
    description="The conditions. Null where they hold values that the caller may not read.",
)
async def filter_of(segments: Sequence[SegmentRow], context: RequestContext) -> Sequence[Any]:
    """The conditions of each."""
    schema = schema_asked(context.shop)
    allowed = await may_read_trees(CustomerWhere, [one.tree for one in segments], schema, context)
    return [CustomerFilter(dict(one.tree)) if may else None for one, may in zip(segments, allowed, strict=True)]


@batched(
    name="unavailable",
    returns=list[str],
    description="Leaves of the filter whose plugin is off or whose attribute is gone; while there are any the segment answers "
    "nobody and says so.",
)
async def unavailable_of(segments: Sequence[SegmentRow], context: RequestContext) -> Sequence[Sequence[str]]:
    """What cannot be asked of each."""
    return await unavailable_in(segments, schema_asked(context.shop), context)


@batched(
    name="customers",
    returns=Connection[Customer] | None,
    description="Who is in it now. Refused, as the filter itself would be, to who may not read what it compares.",
)
async def customers_of(
    segments: Sequence[SegmentRow], context: RequestContext, **arguments: Unpack[CustomersArguments]
) -> Sequence[Page[CustomerRow] | Exception]:
    """A page of each segment's customers."""
    window, _ = customers_window(context, **arguments)
    given: Any = arguments.get("where")
    trees = await each_tree(segments, schema_asked(context.shop), context)
    asked = [not_gone(one if given is None else Where("all", (one, given))) for one in _known(trees)]
    return _in_place(trees, await customers_in(context.database, asked, window))


@batched(
    name="customerCount",
    returns=int | None,
    description="How many customers are in it now. Refused, as the filter itself would be, to who may not read what it compares.",
    refuses=True,
)
async def customer_count_of(segments: Sequence[SegmentRow], context: RequestContext) -> Sequence[int | Exception]:
    """How many are in each."""
    trees = await trees_of(segments, context)
    return _in_place(trees, await counts_in(context.database, _known(trees)))


def _known(trees: Sequence[Where | Exception]) -> Sequence[Where]:
    return [one for one in trees if isinstance(one, Where)]


def _in_place(trees: Sequence[Where | Exception], answers: Sequence[T]) -> Sequence[T | Exception]:
    """The answers of those that can be asked, and of the others why not."""
    rest = iter(answers)
    return [one if isinstance(one, Exception) else next(rest) for one in trees]


FIELDS = Extension(Segment, [filter_of, unavailable_of, customers_of, customer_count_of])
