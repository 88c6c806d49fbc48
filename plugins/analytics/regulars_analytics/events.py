"""Whose purchases have moved, so that what is kept of them is to be found anew."""

from collections.abc import Mapping, Sequence

from regulars_analytics.lifetime.kept import forget, note_moved
from regulars_core.plugin import Merge, PurchaseRow, ReassignedPurchase, RecordedRefund, Shop


async def moved(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were recorded or voided."""
    await note_moved(shop, [purchase.customer_id for purchase in purchases])


async def refunded(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
    """Something was given back, or that was undone."""
    await note_moved(shop, [refund.purchase.customer_id for refund in refunds])


async def reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase]) -> None:
    """Purchases were given from one customer to another."""
    await note_moved(shop, [id_ for purchase in purchases for id_ in (purchase.before, purchase.customer_id)])


async def merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Customers were made one, or that was undone."""
    await note_moved(shop, [id_ for merge in merges for id_ in merge.customer_ids])


async def erased(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Customers were erased: nothing is told of their future any more."""
    count = await forget(shop, customer_ids)
    return {"lifetimeValues": count} if count else {}
