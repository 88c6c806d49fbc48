"""What tiers bring, in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from regulars_analytics.arguments import LastDays, last_days, selected
from regulars_analytics.permissions import TIERS_VIEW, VIEW
from regulars_analytics.quotients import rate
from regulars_analytics.tiers_performance.figures import Performance, ladder_of, performances
from regulars_core.plugin import Shop, divided_half_up
from regulars_schema.plugin import Extension, Money, Query, RequestContext, requires, root


@requires(VIEW)
@strawberry.type(
    description="What a tier brings. Its customers are the whole shop's, and their purchases those in the stores where the "
    f"caller holds `{VIEW}`. Needs `{VIEW}` and `{TIERS_VIEW}`."
)
class TierPerformance:
    """Over figures.Performance."""

    tier: str = strawberry.field(description="The code of the tier.")
    name: str = strawberry.field(description="What people call it.")
    customer_count: int = strawberry.field(
        description="How many customers have the tier at the end of the period, by what is known now."
    )
    buyer_count: int = strawberry.field(description="How many customers bought in the period.")
    purchase_count: int = strawberry.field(description="How many purchases they made in the period.")
    total_spent: Money = strawberry.field(description="What they spent in the period.")
    average_purchase: Money | None = strawberry.field(
        description="What a purchase came to on average, half-up to the minor unit; null without purchases."
    )
    retention_rate: Decimal | None = strawberry.field(
        description="The share of them who bought in the period, 0 to 1, half-up to four decimals; null without customers."
    )
    moved_up_count: int = strawberry.field(description="How many left for a higher tier in the period.")
    moved_down_count: int = strawberry.field(description="How many left for a lower tier in the period.")


@root(
    name="tierPerformance",
    needs=VIEW,
    returns=list[TierPerformance] | None,
    description=f"What the tiers bring, the highest first; empty unless the tiers plugin is on. Also needs `{TIERS_VIEW}`.",
    replica=True,
)
async def tier_performance(context: RequestContext, *, days: LastDays = None) -> Sequence[TierPerformance]:
    """Three statements."""
    first, before = last_days(context, days)
    ladder = ladder_of(context.shop)
    if ladder is None:
        return []
    context.demand(TIERS_VIEW)
    found = await performances(context.shop, ladder, selected(context), first, before)
    return [_shown(context.shop, one) for one in found]


def _shown(shop: Shop, one: Performance) -> TierPerformance:
    spent: Money = shop.money(one.spent)  # type: ignore[assignment]
    average: Money | None = None
    if one.purchases:
        average = shop.money(divided_half_up(one.spent, one.purchases))  # type: ignore[assignment]
    return TierPerformance(
        tier=one.code,
        name=one.name,
        customer_count=one.customers,
        buyer_count=one.buyers,
        purchase_count=one.purchases,
        total_spent=spent,
        average_purchase=average,
        retention_rate=rate(one.buyers, one.customers),
        moved_up_count=one.up,
        moved_down_count=one.down,
    )


EXTENSIONS = (Extension(Query, [tier_performance]),)
