"""Pairs of customers who may be the same: listed, and dismissed."""

from collections.abc import Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers.pairs.dismissal import dismiss
from regulars_core.customers.pairs.reads import (
    LIKELIEST_FIRST,
    MOST_OF_ONE,
    PairRow,
    page_of_pairs,
    pairs_by_ids,
    pairs_of_customers,
)
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.customers.duplicates import DuplicateReason
from regulars_schema.customers.merge_fields import MERGE
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store, in_order
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.ids import identified, key_of


@requires(MERGE)
@strawberry.type(description="Two customers who may be the same.")
class DuplicatePair(Node):
    """Over regulars_core.customers.pairs.reads.PairRow."""

    is_type_of = backed_by(PairRow)
    id: strawberry.ID = identified("duplicate")
    score: int = strawberry.field(description="How likely, 0 to 100.")
    reasons: list[DuplicateReason] = strawberry.field(
        resolver=lambda root: [DuplicateReason(reason) for reason in root.reasons],
        description="Why they may be the same, the likeliest reason first.",
    )
    found_at: Instant = strawberry.field(description="When the likeness was found.")
    dismissed_at: Instant | None = strawberry.field(
        description="When somebody said that they are two; null while nobody has."
    )


@batched(
    name="customer",
    needs="customers.view",
    returns=Customer | None,
    description="The one of the two who was registered first.",
)
async def first_of(pairs: Sequence[PairRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Who was registered first."""
    keys = [pair.customer_id for pair in pairs]
    return in_order(keys, await customers_by_ids(context.database, keys))


@batched(name="other", needs="customers.view", returns=Customer | None, description="The other one.")
async def other_of(pairs: Sequence[PairRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """The other one."""
    keys = [pair.other_id for pair in pairs]
    return in_order(keys, await customers_by_ids(context.database, keys))


@batched(
    name="duplicates",
    needs=MERGE,
    returns=list[DuplicatePair] | None,
    most=MOST_OF_ONE,
    description=f"Who this may also be: pairs that nobody has dismissed, the likeliest first, at most {MOST_OF_ONE}. Found "
    "within a minute of a change.",
)
async def duplicates_of(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Sequence[PairRow]]:
    """The pairs of each customer."""
    keys = [customer.id for customer in customers]
    return in_order(keys, await pairs_of_customers(context.database, keys))


@root(
    name="customerDuplicates",
    needs=MERGE,
    returns=Connection[DuplicatePair] | None,
    description="Pairs of customers who may be the same, the likeliest first. Found within a minute of a change; a value that "
    "very many customers share, such as the shop's own number, makes nobody alike.",
    replica=True,
)
async def customer_duplicates(
    context: RequestContext,
    *,
    dismissed: Annotated[
        bool | None,
        strawberry.argument(description="Whether to answer those that were dismissed instead; not if absent."),
    ] = None,
    minimum_score: Annotated[
        int | None, strawberry.argument(description="Only pairs of at least this score, 0 to 100; 50 if absent.")
    ] = None,
    **asked: Unpack[PageArguments],
) -> Page[PairRow]:
    """A page of all pairs."""
    least = 50 if minimum_score is None else minimum_score
    if not 0 <= least <= 100:
        raise BadInput(f"A score is 0 to 100; {least} was asked for.", ("minimumScore",))
    wanted = window(LIKELIEST_FIRST, **asked)
    return await page_of_pairs(context.database, wanted, dismissed=bool(dismissed), minimum_score=least)


@strawberry.input(description="A pair to dismiss.")
class CustomerDuplicateDismissInput(IdempotentInput):
    """Input of customerDuplicateDismiss."""

    dismissed: strawberry.Maybe[bool | None] = strawberry.field(
        description="False takes a dismissal back; true if absent."
    )
    pair_id: strawberry.ID = strawberry.field(description="The pair.")


@strawberry.type(description="What customerDuplicateDismiss answers.")
class CustomerDuplicateDismissPayload(Payload):
    """Payload of customerDuplicateDismiss."""

    duplicate_pair: DuplicatePair | None = guarded(MERGE, default=None, description="The pair as it is now.")


@mutation(
    name="customerDuplicateDismiss",
    needs=MERGE,
    description="Says that two customers are two, or takes that back; the pair is not shown again unless one of them changes in "
    "what made them alike. Codes: `NOT_FOUND`.",
)
async def customer_duplicate_dismiss(
    context: RequestContext,
    *,
    input: Annotated[CustomerDuplicateDismissInput, strawberry.argument(description="Which pair.")],
) -> CustomerDuplicateDismissPayload:
    """Dismiss a pair, or take that back."""
    is_dismissed = value_or_none(input.dismissed)
    key = key_of(input.pair_id, "duplicate", "pairId")
    row: Any = await dismiss(context.shop, key, is_dismissed=is_dismissed is None or is_dismissed)
    return CustomerDuplicateDismissPayload(duplicate_pair=row)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(Query, [customer_duplicates]),
            Extension(Mutation, [customer_duplicate_dismiss]),
            Extension(Customer, [duplicates_of]),
            Extension(DuplicatePair, [first_of, other_of]),
        ],
        nodes=[NodeKind("duplicate", in_every_store(pairs_by_ids), MERGE)],
    )
