"""Progress that is given by hand."""

from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Checks
from regulars_rewards.coupons.issuing import MAX_REASON
from regulars_rewards.graphql.coupon_issuing import AT_STAKE, by_customer
from regulars_rewards.graphql.progress import RewardEntry
from regulars_rewards.graphql.systems import SYSTEM
from regulars_rewards.permissions import COUPONS_ISSUE, OFFERS_VIEW
from regulars_rewards.progress.by_hand import MAX_PROGRESS, grant
from regulars_rewards.progress.reads import entries_by_ids
from regulars_schema.plugin import (
    CustomerPayload,
    Extension,
    IdempotentInput,
    Mutation,
    RequestContext,
    guarded,
    key_of,
    mutation,
    required_key,
    value_or_none,
)


@strawberry.input(description="Progress to add by hand.")
class RewardGrantInput(IdempotentInput):
    """Input of rewardGrant."""

    customer_id: strawberry.ID = strawberry.field(description="Whose progress.")
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    progress: strawberry.Maybe[int | None] = strawberry.field(
        description=f"How much, 1 to {MAX_PROGRESS}; 1 if absent."
    )
    reason: str = strawberry.field(description=f"Why; at most {MAX_REASON} characters.")
    reward_system_id: strawberry.ID = strawberry.field(
        description="The reward system; one of any trigger, `MANUAL` included."
    )


@strawberry.type(description="What rewardGrant answers.")
class RewardGrantPayload(CustomerPayload):
    """Payload of rewardGrant."""

    entry: RewardEntry | None = guarded(OFFERS_VIEW, default=None, description="The entry that was made.")


@mutation(
    name="rewardGrant",
    needs=COUPONS_ISSUE,
    turn=by_customer,
    description="Adds progress to a customer in a reward system by hand, which gives what the target gives. Codes: `NOT_FOUND`, "
    "`SYSTEM_DISABLED`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def reward_grant(
    context: RequestContext,
    *,
    input: Annotated[RewardGrantInput, strawberry.argument(description="How much, to whom, why.")],
) -> RewardGrantPayload:
    """Give progress."""
    checks, given = Checks(), value_or_none(input.progress)
    customer_id = key_of(input.customer_id, "customer", "customerId")
    system_id = key_of(input.reward_system_id, SYSTEM, "rewardSystemId")
    reason = checks.text(input.reason, "reason", MAX_REASON, required=True)
    progress = 1 if given is None else given
    if not 1 <= progress <= MAX_PROGRESS:
        checks.fail("OUT_OF_RANGE", f"Progress is given from 1 to {MAX_PROGRESS}.", "progress")
    checks.refuse()
    assert reason is not None
    customer, key = await grant(context.shop, customer_id, system_id, progress, reason)
    own: Any = customer
    entry: Any = (await entries_by_ids(context.database, [key]))[key]
    return RewardGrantPayload(customer=own, entry=entry)


EXTENSION = Extension(Mutation, [reward_grant])
