"""What each rule of the program gave for a purchase."""

from collections.abc import Sequence

from regulars_core.plugin import PurchaseRow, RuleOutcome
from regulars_loyalty.permissions import POINTS_VIEW
from regulars_loyalty.purchases.outcomes import outcomes_of
from regulars_schema import plugin as schema
from regulars_schema.plugin import Extension, Purchase, RequestContext, batched

MAX_RULES = 50


@batched(
    name="pointsOutcomes",
    needs=POINTS_VIEW,
    returns=list[schema.RuleOutcome] | None,
    most=MAX_RULES,
    description="How many points each rule of the program gave for it, or why it gave none; found anew by the program of that "
    "time.",
)
async def points_outcomes(purchases: Sequence[PurchaseRow], context: RequestContext) -> Sequence[Sequence[RuleOutcome]]:
    """What each rule gave for each purchase."""
    found = await outcomes_of(context.shop, [one.id for one in purchases])
    return [found.get(one.id, ()) for one in purchases]


EXTENSIONS = (Extension(Purchase, [points_outcomes]),)
