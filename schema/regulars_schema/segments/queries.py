"""Asking for segments."""

from typing import Annotated, Unpack

import strawberry

from regulars_core.queries.pages import Page
from regulars_core.queries.rows import load_one
from regulars_core.segments.reads import BY_NAME, SegmentRow, page_of_segments, segments_by_ids
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.fields.declarations import root
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.request.context import RequestContext
from regulars_schema.segments.types import Segment
from regulars_schema.types.ids import key_of


@root(name="segment", needs="customers.view", returns=Segment | None, description="One segment.", replica=True)
async def segment(
    context: RequestContext, *, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the segment.")]
) -> SegmentRow | None:
    """One segment."""
    return await load_one(segments_by_ids, context.database, key_of(id, "segment", "id"))


@root(
    name="segments",
    needs="customers.view",
    returns=Connection[Segment] | None,
    description="All segments, by name.",
    replica=True,
)
async def segments(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[SegmentRow]:
    """A page of all segments."""
    return await page_of_segments(context.database, window(BY_NAME, **arguments))


QUERIES = Extension(Query, [segment, segments])
