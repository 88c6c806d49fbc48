"""Standings made anew."""

from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Problem, Refused, survivors
from regulars_schema.plugin import (
    BulkJob,
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
from regulars_tiers.bulk_reassessment import MAX_COUNTED, reassess_many
from regulars_tiers.permissions import MANAGE


@strawberry.input(description="Whose standings to make anew: exactly one of these.")
class TiersReassessInput(IdempotentInput):
    """Input of tiersReassess."""

    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="One customer, at once.")
    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="Those for whom these conditions hold, at once where they are few, and else by a job."
    )
    all: strawberry.Maybe[bool | None] = strawberry.field(
        description="True: everybody, at once where they are few, and else by a job."
    )


@strawberry.type(description="What tiersReassess answers.")
class TiersReassessPayload(Payload):
    """Payload of tiersReassess."""

    reassessed_count: int = strawberry.field(default=0, description="How many customers were assessed at once.")
    moved_count: int = strawberry.field(default=0, description="How many of them are shown in another tier now.")
    queued_count: int = strawberry.field(
        default=0, description=f"How many are left to the job; {MAX_COUNTED} where they are more."
    )
    bulk_job: BulkJob | None = strawberry.field(
        default=None, description="The work that is left to the job; null where all was done at once."
    )


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
        done = await reassess_many(context.shop, where, context.actor)
        job: Any = done.job
        return TiersReassessPayload(
            reassessed_count=done.reassessed, moved_count=done.moved, queued_count=done.queued, bulk_job=job
        )
    key = key_of(id_, "customer", "customerId")
    if (survivor := (await survivors(context.database, [key])).get(key)) is None:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    return TiersReassessPayload(reassessed_count=1, moved_count=await reassessment.reassess(context.shop, [survivor]))


EXTENSION = Extension(Mutation, [tiers_reassess])
