"""Which offers would apply to a customer, in the language of the API."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import BadInput, CustomerRow, Instant
from regulars_rewards.coupons.reads import CouponRow, coupons_by_ids
from regulars_rewards.graphql.coupons import Coupon
from regulars_rewards.graphql.moments import refuse_before_known
from regulars_rewards.graphql.obstacles import OfferObstacle
from regulars_rewards.graphql.promotions import Promotion
from regulars_rewards.permissions import COUPONS_VIEW, OFFERS_VIEW
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_rewards.quotes import standings
from regulars_schema.plugin import (
    Customer,
    Extension,
    RequestContext,
    backed_by,
    batched,
    in_order,
    requires,
)

MAX_STANDINGS = 20
"""What a list of them costs; there are rarely more, and never more than promotions that run and coupons that are told of."""


async def offers_of(found: Sequence[standings.OfferStanding], context: RequestContext) -> Sequence[PromotionRow | None]:
    """The promotion of each."""
    keys = [one.promotion_id for one in found]
    return in_order(keys, await promotions_by_ids(context.database, keys))


async def coupons_of(found: Sequence[standings.OfferStanding], context: RequestContext) -> Sequence[CouponRow | None]:
    """The coupon by which each would apply."""
    keys = [one.coupon_id for one in found]
    return in_order(keys, await coupons_by_ids(context.database, [key for key in keys if key]))


@requires(OFFERS_VIEW)
@strawberry.type(description=f"Whether a promotion would apply to a customer. Needs `{OFFERS_VIEW}`.")
class OfferStanding:
    """Over standings.OfferStanding."""

    is_type_of = backed_by(standings.OfferStanding)
    coupon: Coupon | None = batched(  # type: ignore[assignment]
        coupons_of,
        name="coupon",
        needs=COUPONS_VIEW,
        returns=Coupon | None,
        description="The coupon by which it would.",
    )
    is_applicable: bool = strawberry.field(description="Whether nothing stands in its way but what a basket decides.")
    obstacles: list[OfferObstacle] = strawberry.field(description="All that stands in its way.")
    offer: Promotion = batched(  # type: ignore[assignment]
        offers_of, name="offer", returns=Promotion, description="The promotion."
    )


@batched(
    name="offers",
    needs=OFFERS_VIEW,
    returns=list[OfferStanding] | None,
    most=MAX_STANDINGS,
    description="Every promotion that has not ended, and every coupon that the customer holds: whether it would apply, and all "
    "that stands in its way. What depends on a basket is left open.",
)
async def offers(
    customers: Sequence[CustomerRow],
    context: RequestContext,
    *,
    at: Annotated[Instant | None, strawberry.argument(description="At this instant; now if absent.")] = None,
    store_code: Annotated[str | None, strawberry.argument(description="In this store; in any if absent.")] = None,
) -> Sequence[Any]:
    """What would apply to each customer."""
    store = None if store_code is None else await _store(context, store_code)
    refuse_before_known(at, "at")
    found = await standings.offer_standings(context.shop, customers, at, store)
    return [found[one.id] for one in customers]


async def _store(context: RequestContext, code: str) -> str:
    """The key of the store with this code."""
    rows = await context.database.rows("SELECT id FROM store WHERE code = $1", code.strip().upper())
    if not rows:
        raise BadInput("There is no store with this code.", ("storeCode",), "NOT_FOUND")
    return str(rows[0][0])


EXTENSION = Extension(Customer, [offers])
