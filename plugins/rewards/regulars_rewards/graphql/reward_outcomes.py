"""What each reward system gave for a purchase."""

from collections.abc import Sequence

from regulars_core.plugin import PurchaseRow, RuleOutcome
from regulars_rewards.graphql.progress import MAX_SYSTEMS
from regulars_rewards.permissions import OFFERS_VIEW
from regulars_rewards.progress.outcomes import outcomes_of
from regulars_schema import plugin as schema
from regulars_schema.plugin import Extension, Purchase, RequestContext, batched


@batched(
    name="rewardOutcomes",
    needs=OFFERS_VIEW,
    returns=list[schema.RuleOutcome] | None,
    most=MAX_SYSTEMS,
    description="What each reward system gave for it, or why it gave nothing; found anew by the rules of that time.",
)
async def reward_outcomes(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[Sequence[RuleOutcome]]:
    """What each system gave for each purchase."""
    found = await outcomes_of(context.shop, [one.id for one in purchases])
    return [found.get(one.id, ()) for one in purchases]


EXTENSION = Extension(Purchase, [reward_outcomes])
