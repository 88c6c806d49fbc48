"""What coupons, batches and uses lead to, each for all of a level at once."""

from collections.abc import Sequence
from typing import Any, Unpack

from regulars_core.plugin import (
    CustomerRow,
    Money,
    Page,
    PurchaseRow,
    StoreRow,
    customers_by_ids,
    purchases_by_ids,
    stores_by_ids,
)
from regulars_rewards.coupons import reads
from regulars_rewards.coupons.reads import BatchRow, CouponRow
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_rewards.uses import reads as use_reads
from regulars_rewards.uses.reads import ShownUse
from regulars_schema.plugin import PageArguments, RequestContext, in_order, visible_purchases, window


async def promotion_of(found: Sequence[Any], context: RequestContext) -> Sequence[PromotionRow | None]:
    """The promotion of each coupon, batch or use."""
    keys = [one.promotion_id for one in found]
    return in_order(keys, await promotions_by_ids(context.database, list(dict.fromkeys(keys))))


async def customer_of(found: Sequence[Any], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whose each is."""
    keys = [one.customer_id for one in found]
    return in_order(keys, await customers_by_ids(context.database, [key for key in keys if key]))


async def store_of(found: Sequence[ShownUse], context: RequestContext) -> Sequence[StoreRow | None]:
    """Where each was used."""
    keys = [one.store_id for one in found]
    return in_order(keys, await stores_by_ids(context.database, keys))


async def purchase_of(found: Sequence[ShownUse], context: RequestContext) -> Sequence[PurchaseRow | None]:
    """The purchases, where the caller may see them."""
    keys = [one.purchase_id for one in found]
    visible = visible_purchases(context)
    return in_order(keys, await purchases_by_ids(context.database, [key for key in keys if key], visible))


async def coupon_of(found: Sequence[ShownUse], context: RequestContext) -> Sequence[CouponRow | None]:
    """The coupon by which each use came."""
    keys = [one.coupon_id for one in found]
    return in_order(keys, await reads.coupons_by_ids(context.database, [key for key in keys if key]))


async def batch_of(found: Sequence[CouponRow], context: RequestContext) -> Sequence[BatchRow | None]:
    """The batch with which each coupon was generated."""
    keys = [one.batch_id for one in found]
    return in_order(keys, await reads.batches_by_ids(context.database, [key for key in keys if key]))


async def amount_of(found: Sequence[ShownUse], context: RequestContext) -> Sequence[Money]:
    """What each took off; asks no database."""
    return [context.shop.money(one.minor) for one in found]


async def uses_of_coupons(
    found: Sequence[CouponRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[ShownUse]]:
    """A page of each coupon's uses."""
    asked = window(use_reads.LATEST_FIRST, **arguments)
    return await use_reads.uses_of_coupons(context.database, [one.id for one in found], asked)


async def uses_of_promotions(
    found: Sequence[PromotionRow], context: RequestContext, **arguments: Unpack[PageArguments]
) -> Sequence[Page[ShownUse]]:
    """A page of each promotion's uses."""
    asked = window(use_reads.LATEST_FIRST, **arguments)
    return await use_reads.uses_of_promotions(context.database, [one.id for one in found], asked)
