"""Who responds to promotions, in the language of the API."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from regulars_analytics.arguments import DEFAULT_DAYS, Conditions, last_days, selected
from regulars_analytics.levels import Level, found_of
from regulars_analytics.permissions import TIERS_VIEW, VIEW
from regulars_analytics.promotions.figures import (
    MAX_PROMOTIONS,
    Ran,
    RanRow,
    Reached,
    Responses,
    reached,
    reached_by_rank,
    responses,
    source_of,
)
from regulars_analytics.quotients import rate
from regulars_analytics.tiers_performance.figures import ladder_of
from regulars_core.plugin import Shop
from regulars_schema.plugin import (
    DayRangeInput,
    Extension,
    Money,
    Query,
    RequestContext,
    audience_trees,
    backed_by,
    batched,
    global_id,
    requires,
    root,
)

_RATE = "Those as a share of the audience, 0 to 1, half-up to four decimals; null without one."
_MAX_RANKS = 20


@requires(VIEW)
@strawberry.type(
    description=f"Who responded to a promotion: whoever bought with it, in the stores where the caller holds `{VIEW}`. Needs "
    f"`{VIEW}`."
)
class PromotionResponse:
    """Over figures.RanRow."""

    is_type_of = backed_by(RanRow)
    promotion_id: strawberry.ID = strawberry.field(
        resolver=lambda root: strawberry.ID(global_id("promotion", root.thing.promotion.id)),
        description="Its id; `node` leads to it, and the leaf `usedPromotion` of the rewards plugin to those who responded.",
    )
    name: str = strawberry.field(resolver=lambda root: root.thing.promotion.name, description="What people call it.")
    kind: str = strawberry.field(
        resolver=lambda root: root.thing.promotion.kind, description="What kind it is, such as `PERCENT` or `FLAT`."
    )


@requires(VIEW)
@strawberry.type(description=f"Who of a tier responded to a promotion. Needs `{VIEW}` and `{TIERS_VIEW}`.")
class PromotionTierResponse:
    """Over figures.Reached."""

    tier: str = strawberry.field(description="The code of the tier, as it was when the promotion began.")
    audience_count: int = strawberry.field(description="How many customers of the tier it was for.")
    responded_count: int = strawberry.field(description="How many of them responded.")
    response_rate: Decimal | None = strawberry.field(description=_RATE)


@root(
    name="promotionResponse",
    needs=VIEW,
    returns=list[PromotionResponse] | None,
    most=MAX_PROMOTIONS,
    description="Who responded to promotions, and to which kind in which tier, the latest to begin first, at most "
    f"{MAX_PROMOTIONS}; empty unless the rewards plugin is on.",
    replica=True,
)
async def promotion_response(
    context: RequestContext,
    *,
    days: Annotated[
        DayRangeInput | None,
        strawberry.argument(
            description=f"Promotions that ran on one of these days; the last {DEFAULT_DAYS} if absent."
        ),
    ] = None,
    where: Conditions = None,
) -> Sequence[RanRow]:
    """One statement; what is asked of them is found for all of them."""
    first, before = last_days(context, days)
    source = source_of(context.shop)
    if source is None:
        return []
    promotions = await source.ran(context.shop, first, before, MAX_PROMOTIONS)
    trees = await audience_trees([one.audience for one in promotions], context)
    selection = selected(context, where=where)
    ran = [Ran(one, source, selection, tree) for one, tree in zip(promotions, trees, strict=True)]
    level = Level(context.shop, ran)
    return [RanRow(level, n) for n in range(len(ran))]


def _figure(name: str, returns: Any, description: str, shown: Callable[[Shop, Responses], Any]) -> Any:
    """A figure of what was bought."""

    async def figure(rows: Sequence[RanRow], context: RequestContext) -> Sequence[Any]:
        return [shown(context.shop, one) for one in await found_of(rows, responses)]

    return batched(figure, name=name, returns=returns, description=description, replica=True)


def _reach(name: str, returns: Any, description: str, shown: Callable[[Reached], Any]) -> Any:
    """A figure of whom a promotion was for."""

    async def figure(rows: Sequence[RanRow], _: RequestContext) -> Sequence[Any]:
        return [one if isinstance(one, Exception) else shown(one) for one in await found_of(rows, reached)]

    return batched(figure, name=name, returns=returns, description=description, refuses=True, replica=True)


@batched(
    name="byTier",
    returns=list[PromotionTierResponse] | None,
    most=_MAX_RANKS,
    description=f"The same for each tier, the highest first; empty unless the tiers plugin is on. Also needs `{TIERS_VIEW}`.",
    refuses=True,
    replica=True,
)
async def by_tier(
    rows: Sequence[RanRow], context: RequestContext
) -> Sequence[Sequence[PromotionTierResponse] | Exception]:
    """One statement for all, and one for the tiers. Raises Forbidden."""
    if ladder_of(context.shop) is not None:
        context.demand(TIERS_VIEW)
    return [
        one if isinstance(one, Exception) else [_of_tier(each) for each in one]
        for one in await found_of(rows, reached_by_rank)
    ]


def _of_tier(one: Reached) -> PromotionTierResponse:
    assert one.rank is not None
    return PromotionTierResponse(
        tier=one.rank.code,
        audience_count=one.audience,
        responded_count=one.responded,
        response_rate=rate(one.responded, one.audience),
    )


FIGURES = [
    _figure("respondedCount", int, "How many customers responded.", lambda shop, one: one.customers),
    _figure("purchaseCount", int, "How many purchases were made with it.", lambda shop, one: one.purchases),
    _figure("totalSpent", Money, "What was spent with it.", lambda shop, one: shop.money(one.spent)),
    _figure(
        "discountTotal", Money, "What was taken off by it, as it was sold.", lambda shop, one: shop.money(one.discount)
    ),
    _reach(
        "audienceCount",
        int | None,
        "How many customers it was for: for whom its conditions hold now, or who responded. Refused, as the conditions "
        "themselves would be, to who may not read what they compare.",
        lambda one: one.audience,
    ),
    _reach("responseRate", Decimal | None, _RATE, lambda one: rate(one.responded, one.audience)),
]

EXTENSIONS = (Extension(Query, [promotion_response]), Extension(PromotionResponse, [*FIGURES, by_tier]))
