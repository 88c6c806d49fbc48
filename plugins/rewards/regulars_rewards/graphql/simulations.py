"""Trying promotions and reward systems before they are switched on."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Instant, RuleSimulation, Shop
from regulars_rewards.graphql.promotion_inputs import PromotionInput, draft_of
from regulars_rewards.graphql.system_inputs import RewardSystemInput
from regulars_rewards.graphql.system_inputs import draft_of as system_draft_of
from regulars_rewards.graphql.systems import SYSTEM
from regulars_rewards.permissions import OFFERS_MANAGE, PURCHASES_VIEW
from regulars_rewards.simulations.promotions import TriedPromotion, simulate_promotion, tried_promotion
from regulars_rewards.simulations.systems import TriedSystem, simulate_system, tried_system
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    Extension,
    Query,
    RequestContext,
    asked_simulation,
    key_of,
    refused_as_bad_input,
    root,
    value_or_none,
)


@strawberry.input(description="A promotion to try on the shop's own past purchases.")
class PromotionSimulateInput:
    """Input of promotionSimulate."""

    since: strawberry.Maybe[Instant | None] = strawberry.field(
        name="from", description="The first instant to look at; a year before `until` if absent."
    )
    promotion: PromotionInput = strawberry.field(
        description="The promotion to try, whatever its schedule; one that needs a coupon as if everybody had one."
    )
    replaces_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="A promotion that it would replace, by id; it would come beside all others if absent."
    )
    sample: strawberry.Maybe[int | None] = strawberry.field(
        description="How many customers to explain, 0 to 100; 20 if absent."
    )
    until: strawberry.Maybe[Instant | None] = strawberry.field(description="The instant to stop before; now if absent.")


@root(
    name="promotionSimulate",
    needs=OFFERS_MANAGE,
    returns=schema.RuleSimulation | None,
    description="What a promotion would have taken off the shop's own past purchases, found by the code that would apply it. "
    "Writes nothing. Its figures add up purchases of all stores: also needs `purchases.view` in the whole shop.",
)
async def promotion_simulate(
    context: RequestContext,
    *,
    input: Annotated[PromotionSimulateInput, strawberry.argument(description="What to try.")],
) -> RuleSimulation:
    """What a promotion would have taken off. Raises BadInput."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    since, until, sample = asked_simulation(input)
    with refused_as_bad_input():
        tried = await tried_promotion_of(context.shop, input)
    return await simulate_promotion(context.shop, tried, since, until, sample)


@strawberry.input(description="A reward system to try on the shop's own past purchases.")
class RewardSystemSimulateInput:
    """Input of rewardSystemSimulate."""

    since: strawberry.Maybe[Instant | None] = strawberry.field(
        name="from", description="The first instant to look at; a year before `until` if absent."
    )
    replaces_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The reward system that it would replace, by id; it would come beside all others if absent."
    )
    reward_system: RewardSystemInput = strawberry.field(description="The reward system to try, whatever its schedule.")
    sample: strawberry.Maybe[int | None] = strawberry.field(
        description="How many customers to explain, 0 to 100; 20 if absent."
    )
    until: strawberry.Maybe[Instant | None] = strawberry.field(description="The instant to stop before; now if absent.")


@root(
    name="rewardSystemSimulate",
    needs=OFFERS_MANAGE,
    returns=schema.RuleSimulation | None,
    description="What a reward system would have given over the shop's own past purchases, found by the code that would apply "
    "it. Writes nothing. Its figures add up purchases of all stores: also needs `purchases.view` in the whole shop.",
)
async def reward_system_simulate(
    context: RequestContext,
    *,
    input: Annotated[RewardSystemSimulateInput, strawberry.argument(description="What to try.")],
) -> RuleSimulation:
    """What a reward system would have given. Raises BadInput."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    since, until, sample = asked_simulation(input)
    with refused_as_bad_input():
        tried = await tried_system_of(context.shop, input)
    return await simulate_system(context.shop, tried, since, until, sample)


async def tried_promotion_of(shop: Shop, input: PromotionSimulateInput) -> TriedPromotion:
    """The promotion that an input says. Raises Refused and BadInput."""
    named = value_or_none(input.replaces_id)
    replaces = None if named is None else key_of(named, "promotion", "input", "replacesId")
    return await tried_promotion(shop, await draft_of(shop, input.promotion), replaces)


async def tried_system_of(shop: Shop, input: RewardSystemSimulateInput) -> TriedSystem:
    """The reward system that an input says. Raises Refused and BadInput."""
    named = value_or_none(input.replaces_id)
    replaces = None if named is None else key_of(named, SYSTEM, "input", "replacesId")
    return await tried_system(shop, await system_draft_of(shop, input.reward_system), replaces)


EXTENSIONS = (Extension(Query, [promotion_simulate, reward_system_simulate]),)
