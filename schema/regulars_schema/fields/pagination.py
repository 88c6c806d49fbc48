"""Relay's cursor connections over the core's keyset pages."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypedDict, TypeVar, Unpack

import strawberry

from regulars_core.queries.pages import Order, Page, Window
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many to answer at most, from the start: 0 to 100; 20 if absent.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after the entry with this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many to answer at most, from the end: 0 to 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before the entry with this cursor.")]


class PageArguments(TypedDict, total=False):
    """The arguments of every field that answers a page, by Relay's specification: `**arguments: Unpack[PageArguments]`."""

    first: First
    after: After
    last: Last
    before: Before


@requires(None)
@strawberry.type(description="Where a page stands in its list, by Relay's specification of cursor connections.")
class PageInfo:
    """Over regulars_core.queries.pages.PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first entry; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last entry; null on an empty page.")


@strawberry.type(description="An entry of a page.")
class Edge(Generic[T]):
    """Over regulars_core.queries.pages.Edge."""

    cursor: str = strawberry.field(description="Leads back to this entry; valid only in lists of the same order.")
    node: T = strawberry.field(description="The entry itself.")


async def total_counts(pages: Sequence[Page[Any]], context: RequestContext) -> Sequence[int]:
    """The lengths of the whole lists; pages of one level share their counter."""
    return [(await page.count())[page.owner] for page in pages]


@strawberry.type(description="A page of a list, by Relay's specification of cursor connections.")
class Connection(Generic[T]):
    """Over regulars_core.queries.pages.Page."""

    edges: list[Edge[T]] = strawberry.field(description="The entries with their cursors, in order.")
    nodes: list[T] = strawberry.field(description="The entries alone, in order.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")
    total_count: int = batched(  # type: ignore[assignment]
        total_counts,
        name="totalCount",
        returns=int,
        description="How many there are in the whole list. Counted only when it is asked for.",
    )


def window(order: Order, **arguments: Unpack[PageArguments]) -> Window:
    """The page that connection arguments ask for. Raises BadInput."""
    return window_of(order, arguments)


def window_of(order: Order, arguments: PageArguments) -> Window:
    """The page that connection arguments ask for, which may stand among others. Raises BadInput."""
    return Window.of(
        order, arguments.get("first"), arguments.get("after"), arguments.get("last"), arguments.get("before")
    )
