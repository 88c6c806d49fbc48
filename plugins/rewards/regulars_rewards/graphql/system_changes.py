"""Making, changing and removing reward systems."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Checks
from regulars_rewards.graphql.system_inputs import (
    AT_STAKE,
    RewardSystemInput,
    RewardSystemUpdateInput,
    change_of,
    draft_of,
)
from regulars_rewards.graphql.systems import SYSTEM, RewardSystem
from regulars_rewards.permissions import OFFERS_MANAGE, OFFERS_VIEW
from regulars_rewards.systems import changes
from regulars_rewards.systems.reads import SystemRow, systems_by_ids
from regulars_schema.plugin import (
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    mutation,
    required_key,
)

_CODES = (
    "`INVALID_RULE`, `UNKNOWN_KIND`, `RULE_BREAKS_LAW`, `BANDS_OVERLAP`, `INVALID_AUDIENCE`, `INVALID_AMOUNT`, `INVALID_DATE`, "
    "`OUT_OF_RANGE`, `NAME_TAKEN`, `REQUIRED`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`."
)


@strawberry.input(description="A new reward system.")
class RewardSystemCreateInput(IdempotentInput):
    """Input of rewardSystemCreate."""

    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]
    reward_system: RewardSystemInput = strawberry.field(description="The reward system.")


@strawberry.type(description="What rewardSystemCreate answers.")
class RewardSystemCreatePayload(Payload):
    """Payload of rewardSystemCreate."""

    reward_system: RewardSystem | None = guarded(OFFERS_VIEW, default=None, description="The new reward system.")


@mutation(name="rewardSystemCreate", needs=OFFERS_MANAGE, description=f"Makes a reward system. Codes: {_CODES}")
async def reward_system_create(
    context: RequestContext,
    *,
    input: Annotated[RewardSystemCreateInput, strawberry.argument(description="The reward system to make.")],
) -> RewardSystemCreatePayload:
    """Make a reward system."""
    shop, checks = context.shop, Checks()
    draft = await checks.looked_up(draft_of(shop, input.reward_system))
    if draft is None and ("rewardSystem", "name") not in {problem.path for problem in checks.problems}:
        await checks.looked_up(changes.refuse_taken(shop, input.reward_system.name, None, "rewardSystem"))
    checks.refuse()
    assert draft is not None
    key = await changes.create_system(shop, draft)
    return RewardSystemCreatePayload(reward_system=await _system(context, key))  # type: ignore[arg-type]


@strawberry.type(description="What rewardSystemUpdate answers.")
class RewardSystemUpdatePayload(Payload):
    """Payload of rewardSystemUpdate."""

    reward_system: RewardSystem | None = guarded(
        OFFERS_VIEW, default=None, description="The reward system as it is now."
    )


@mutation(
    name="rewardSystemUpdate",
    needs=OFFERS_MANAGE,
    description="Changes a reward system from now on; progress stays, and targets are looked at anew. Codes: `NOT_FOUND`, "
    f"{_CODES}",
)
async def reward_system_update(
    context: RequestContext,
    *,
    input: Annotated[RewardSystemUpdateInput, strawberry.argument(description="What to change.")],
) -> RewardSystemUpdatePayload:
    """Change a reward system."""
    key = key_of(input.id, SYSTEM, "id")
    await changes.update_system(context.shop, key, await change_of(context.shop, input))
    return RewardSystemUpdatePayload(reward_system=await _system(context, key))  # type: ignore[arg-type]


@strawberry.input(description="A reward system to remove.")
class RewardSystemDeleteInput(IdempotentInput):
    """Input of rewardSystemDelete."""

    id: strawberry.ID = strawberry.field(description="The reward system.")
    idempotency_key: str = required_key(AT_STAKE)  # type: ignore[assignment]


@strawberry.type(description="What rewardSystemDelete answers.")
class RewardSystemDeletePayload(Payload):
    """Payload of rewardSystemDelete."""

    deleted_reward_system_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the reward system that is gone."
    )


@mutation(
    name="rewardSystemDelete",
    needs=OFFERS_MANAGE,
    description="Removes a reward system in which nobody has progress; disable the others. Codes: `NOT_FOUND`, `SYSTEM_IN_USE`.",
)
async def reward_system_delete(
    context: RequestContext,
    *,
    input: Annotated[RewardSystemDeleteInput, strawberry.argument(description="What to remove.")],
) -> RewardSystemDeletePayload:
    """Remove a reward system."""
    await changes.delete_system(context.shop, key_of(input.id, SYSTEM, "id"))
    return RewardSystemDeletePayload(deleted_reward_system_id=input.id)


async def _system(context: RequestContext, key: str) -> SystemRow | None:
    return (await systems_by_ids(context.database, [key])).get(key)


EXTENSION = Extension(Mutation, [reward_system_create, reward_system_update, reward_system_delete])
