"""Standings made anew."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Problem, Refused, customers_by_ids
from regulars_schema.plugin import (
    CustomerWhere,
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    RequestContext,
    key_of,
    mutation,
    value_or_none,
)
from regulars_tiers import reassessment
from regulars_tiers.permissions import MANAGE


@strawberry.input(description="Whose standings to make anew: exactly one of these.")
class TiersReassessInput(IdempotentInput):
    """Input of tiersReassess."""

    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="One customer, at once.")
    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="Those for whom these conditions hold, by the job, within a minute or two."
    )
    all: strawberry.Maybe[bool | None] = strawberry.field(description="True: everybody, by the job.")


@strawberry.type(description="What tiersReassess answers.")
class TiersReassessPayload(Payload):
    """Payload of tiersReassess."""

    reassessed_count: int = strawberry.field(default=0, description="How many customers were assessed at once.")
    moved_count: int = strawberry.field(default=0, description="How many of them are shown in another tier now.")
    queued_count: int = strawberry.field(default=0, description="How many are left to the job.")


@mutation(
    name="tiersReassess",
    needs=MANAGE,
    description="Makes standings anew, which changes nothing unless somebody wrote past the API. Codes: "
    "`REQUIRED`, `NOT_FOUND`.",
)
async def tiers_reassess(
    context: RequestContext, *, input: Annotated[TiersReassessInput, strawberry.argument(description="Whose.")]
) -> TiersReassessPayload:
    """Make standings anew."""
    id_, where, everybody = value_or_none(input.customer_id), value_or_none(input.where), value_or_none(input.all)
    if [id_ is not None, where is not None, bool(everybody)].count(True) != 1:
        raise Refused(Problem("REQUIRED", "Give exactly one of customerId, where and all.", ("customerId",)))
    context.demand("customers.view")
    if id_ is None:
        return TiersReassessPayload(queued_count=await reassessment.mark(context.shop, where))
    key = key_of(id_, "customer", "customerId")
    if key not in await customers_by_ids(context.database, [key]):
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    return TiersReassessPayload(reassessed_count=1, moved_count=await reassessment.reassess(context.shop, [key]))


EXTENSION = Extension(Mutation, [tiers_reassess])
