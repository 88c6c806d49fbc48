"""Tiers that somebody gives to a customer, and takes back."""

from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Instant
from regulars_schema.plugin import (
    CustomerCreateInput,
    CustomerPayload,
    Extension,
    IdempotentInput,
    InputField,
    Mutation,
    MutationCode,
    RequestContext,
    customer_row,
    key_of,
    mutation,
    value_or_none,
)
from regulars_tiers import assignments
from regulars_tiers.graphql.standing_types import TierMode
from regulars_tiers.permissions import ASSIGN


@strawberry.input(description="A tier to give to a customer.")
class TierAssignInput(IdempotentInput):
    """Input of tierAssign."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tier: str = strawberry.field(description="The code of the tier.")
    reason: str = strawberry.field(description="Why; at most 500 characters.")
    mode: strawberry.Maybe[TierMode | None] = strawberry.field(
        description="How it stands to what the rules give; FLOOR if absent."
    )
    until: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; for good if absent.")


@strawberry.type(description="What tierAssign answers.")
class TierAssignPayload(CustomerPayload):
    """Payload of tierAssign."""


@mutation(
    name="tierAssign",
    needs=ASSIGN,
    description="Gives a customer a tier at once; ends the assignment before. Codes: `NOT_FOUND`, "
    "`UNKNOWN_TIER`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `INVALID_DATE`.",
)
async def tier_assign(
    context: RequestContext,
    *,
    input: Annotated[TierAssignInput, strawberry.argument(description="Which tier, to whom, why.")],
) -> TierAssignPayload:
    """Give a customer a tier."""
    key = key_of(input.customer_id, "customer", "customerId")
    mode: Any = value_or_none(input.mode) or "FLOOR"
    await assignments.assign(
        context.shop, key, input.tier, mode, input.reason, value_or_none(input.until), context.actor.name
    )
    return TierAssignPayload(customer=await customer_row(context, key))


@strawberry.input(description="A customer to give back to the rules.")
class TierClearInput(IdempotentInput):
    """Input of tierClear."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    reason: strawberry.Maybe[str | None] = strawberry.field(description="Why; at most 500 characters.")


@strawberry.type(description="What tierClear answers.")
class TierClearPayload(CustomerPayload):
    """Payload of tierClear."""


@mutation(
    name="tierClear",
    needs=ASSIGN,
    description="Gives a customer back to the rules. Codes: `NOT_FOUND`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def tier_clear(
    context: RequestContext, *, input: Annotated[TierClearInput, strawberry.argument(description="Whom, and why.")]
) -> TierClearPayload:
    """Give a customer back to the rules."""
    key = key_of(input.customer_id, "customer", "customerId")
    await assignments.clear(context.shop, key, value_or_none(input.reason), context.actor.name)
    return TierClearPayload(customer=await customer_row(context, key))


EXTENSION = Extension(Mutation, [tier_assign, tier_clear])
UNKNOWN_TIER = MutationCode("customerCreate", "UNKNOWN_TIER")
INITIAL = InputField(
    CustomerCreateInput,
    "tier",
    str,
    "The code of the tier to begin with: at least this one, until the grace has passed.",
    needs=ASSIGN,
)
