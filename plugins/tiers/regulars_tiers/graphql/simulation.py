"""Trying a policy before it holds."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from regulars_core.plugin import BadInput, CustomerRow, Instant, Refused, Shop, customers_by_ids
from regulars_schema.plugin import (
    Customer,
    Extension,
    Query,
    RequestContext,
    batched,
    guarded,
    in_order,
    requires,
    root,
    value_or_none,
)
from regulars_tiers.graphql.policy_inputs import EFFECTIVE, TierPolicyInput, as_in_input, policy_of
from regulars_tiers.graphql.standing_types import TierStanding, standing_of
from regulars_tiers.permissions import FIGURES, MANAGE, PURCHASES_VIEW, VIEW
from regulars_tiers.simulation import Simulation, simulate


@requires(MANAGE)
@strawberry.type(description="How many customers would go from one tier to another.")
class TierMove:
    """An entry of simulation.Simulation.moves."""

    before: str = strawberry.field(description="The code of the tier by the policy as it is.")
    after: str = strawberry.field(description="The code of the tier by the policy that is tried.")
    customer_count: int = strawberry.field(description="How many.")


@requires(MANAGE)
@strawberry.type(description="A customer who would have another tier.")
class TierMoved:
    """Over simulation.Moved."""

    before: TierStanding | None = guarded(VIEW, description="The standing by the policy as it is.")
    after: TierStanding | None = guarded(VIEW, description="The standing by the policy that is tried.")
    customer_id: strawberry.Private[str]


@requires(MANAGE)
@strawberry.type(description="What a policy would change. Nothing was written.")
class TierSimulation:
    """Over simulation.Simulation."""

    at: Instant = strawberry.field(description="The instant at which tiers are compared.")
    customer_count: int = strawberry.field(description="All customers.")
    moved_count: int = strawberry.field(description="Customers who would have another tier.")
    unmeasured_count: int = strawberry.field(
        description="Customers who cannot be measured, and so would keep the tier that they have."
    )
    moves: list[TierMove] = strawberry.field(description="How many from where to where, those who stay included.")
    sample: list[TierMoved] = strawberry.field(description="Some of those who are moved, explained.")


def simulation_of(simulation: Simulation, shop: Shop) -> TierSimulation:
    """A simulation as it is shown."""
    return TierSimulation(
        at=simulation.at,
        customer_count=simulation.customers,
        moved_count=simulation.moved,
        unmeasured_count=simulation.unmeasured,
        moves=[
            TierMove(before=before, after=after, customer_count=count)
            for (before, after), count in sorted(simulation.moves.items())
        ],
        sample=[
            TierMoved(
                before=standing_of(one.before, shop), after=standing_of(one.after, shop), customer_id=one.customer_id
            )
            for one in simulation.sample
        ],
    )


@strawberry.input(description="A policy to try on the shop's own history.")
class TierPolicySimulateInput:
    """Input of tierPolicySimulate."""

    policy: TierPolicyInput = strawberry.field(description="The policy to try.")
    effective_at: strawberry.Maybe[Instant | None] = strawberry.field(description=EFFECTIVE)
    at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="The instant at which tiers are compared; now if absent, or when the policy begins if that is later."
    )
    sample: strawberry.Maybe[int | None] = strawberry.field(
        description="How many of those who are moved to explain: 0 to 100; 20 if absent."
    )


@root(
    name="tierPolicySimulate",
    needs=MANAGE,
    returns=TierSimulation | None,
    description="What a policy would change, tried on the shop's own history by the code that would apply it. "
    f"Writes nothing. {FIGURES}",
)
async def tier_policy_simulate(
    context: RequestContext,
    *,
    input: Annotated[TierPolicySimulateInput, strawberry.argument(description="What to try.")],
) -> TierSimulation:
    """What a policy would change."""
    context.demand(PURCHASES_VIEW, shop_wide=True)
    sample = value_or_none(input.sample)
    if sample is not None and not 0 <= sample <= 100:
        raise BadInput("A sample has 0 to 100 customers.", ("input", "sample"))
    try:
        policy = policy_of(input.policy, context.shop)
        with as_in_input():
            simulation = await simulate(
                context.shop,
                policy,
                effective_at=value_or_none(input.effective_at),
                at=value_or_none(input.at),
                sample=20 if sample is None else sample,
            )
    except Refused as refused:
        first = refused.problems[0]
        raise BadInput(first.message, ("input", *first.path)) from None
    return simulation_of(simulation, context.shop)


@batched(name="customer", needs="customers.view", returns=Customer | None, description="Who is moved.")
async def moved_customer(moved: Sequence[TierMoved], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Who is moved."""
    ids = [one.customer_id for one in moved]
    return in_order(ids, await customers_by_ids(context.database, ids))


EXTENSIONS = (Extension(Query, [tier_policy_simulate]), Extension(TierMoved, [moved_customer]))
