"""The versions of the policy: which is in force, which there are, and a new one."""

from collections.abc import Sequence
from typing import Annotated, Unpack

import strawberry

from regulars_core.plugin import Instant, Page
from regulars_schema.plugin import (
    Connection,
    Extension,
    IdempotentInput,
    Mutation,
    NodeKind,
    PageArguments,
    Payload,
    Query,
    RequestContext,
    batched,
    guarded,
    in_every_store,
    mutation,
    root,
    value_or_none,
    window,
)
from regulars_tiers import policy_versions, reads, reassessment
from regulars_tiers.graphql.policy_inputs import EFFECTIVE, TierPolicyInput, as_in_input, policy_of
from regulars_tiers.graphql.policy_types import At, TierPolicy
from regulars_tiers.permissions import MANAGE, VIEW


@root(
    name="tierPolicy",
    needs=VIEW,
    returns=TierPolicy | None,
    description="The rules by which customers get their tiers, as in force at an instant.",
)
async def tier_policy(context: RequestContext, *, at: At = None) -> reads.PolicyRow:
    """The version in force."""
    return await reads.policy_at(context.database, at)


@root(
    name="tierPolicies",
    needs=VIEW,
    returns=Connection[TierPolicy] | None,
    description="All versions of the rules, the one that begins last first; the one from the beginning included.",
)
async def tier_policies(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[reads.PolicyRow]:
    """A page of all versions."""
    return await reads.page_of_policies(context.database, window(reads.LATEST_VERSION_FIRST, **arguments))


@batched(
    name="waitingCount",
    returns=int,
    description="How many standings the job has yet to make by the latest version.",
)
async def tiers_waiting(policies: Sequence[reads.PolicyRow], context: RequestContext) -> Sequence[int]:
    """How many standings wait, whatever the version that is looked at."""
    count = await reassessment.waiting(context.shop)
    return [count for _ in policies]


@strawberry.input(description="A policy to put in force.")
class TierPolicyUpdateInput(IdempotentInput):
    """Input of tierPolicyUpdate."""

    policy: TierPolicyInput = strawberry.field(description="The policy.")
    effective_at: strawberry.Maybe[Instant | None] = strawberry.field(description=EFFECTIVE)


@strawberry.type(description="What tierPolicyUpdate answers.")
class TierPolicyUpdatePayload(Payload):
    """Payload of tierPolicyUpdate."""

    tier_policy: TierPolicy | None = guarded(VIEW, default=None, description="The new version.")


@mutation(
    name="tierPolicyUpdate",
    needs=MANAGE,
    description="Puts a policy in force from an instant on. Standings are made by it within a minute or two. "
    "Codes: `POLICY_UNCHANGED`, `INVALID_POLICY`, `REQUIRED`, `CODE_TAKEN`, `UNKNOWN_METRIC`, `INVALID_AMOUNT`.",
)
async def tier_policy_update(
    context: RequestContext,
    *,
    input: Annotated[TierPolicyUpdateInput, strawberry.argument(description="What shall hold.")],
) -> TierPolicyUpdatePayload:
    """Make a version."""
    policy = policy_of(input.policy, context.shop)
    with as_in_input():
        number = await policy_versions.change_policy(
            context.shop, policy, value_or_none(input.effective_at), context.actor.name
        )
    [row] = (await reads.policies_by_ids(context.database, [f"{number:032x}"])).values()
    return TierPolicyUpdatePayload(tier_policy=row)  # type: ignore[arg-type]


EXTENSIONS = (
    Extension(Query, [tier_policy, tier_policies]),
    Extension(TierPolicy, [tiers_waiting]),
    Extension(Mutation, [tier_policy_update]),
)
NODE = NodeKind("tierpolicy", in_every_store(reads.policies_by_ids), VIEW)
