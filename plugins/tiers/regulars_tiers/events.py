"""When standings are brought up to date: registrations, purchases, refunds, voids, and time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regulars_core.plugin import CustomerRow, PurchaseRow, RefundRow, Shop, purchases_by_ids
from regulars_tiers.assignments import assign_initial
from regulars_tiers.reassessment import work_off
from regulars_tiers.recalculation import Recalculate, recalculate


async def registered(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Customers were registered, some of them with a tier to begin with. Raises Refused for one that there is not."""
    tiers = {customer.id: own["tier"] for customer, own in zip(customers, extras, strict=True) if own.get("tier")}
    if tiers:
        await assign_initial(shop, tiers, {customer.id: customer.created_at for customer in customers})


async def recorded(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were recorded."""
    await recalculate(shop, _buyers(purchases), "PURCHASE", locked=True)


async def refunded(shop: Shop, refunds: Sequence[RefundRow]) -> None:
    """Money was given back: it never was spent, from the purchase on."""
    purchases = await purchases_by_ids(shop.database, [refund.purchase_id for refund in refunds])
    await recalculate(shop, _buyers(purchases.values()), "REFUND", locked=True)


async def voided(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were undone."""
    await recalculate(shop, _buyers(purchases), "VOID", locked=True)


async def time_passed(shop: Shop) -> None:
    """Time has passed, or there is a new policy."""
    async for _ in work_off(shop):
        pass


def _buyers(purchases: Iterable[PurchaseRow]) -> dict[str, Recalculate]:
    """Whose periods may be others, each from the earliest of their purchases on; the latest is the reason."""
    buyers: dict[str, Recalculate] = {}
    for purchase in sorted(purchases, key=lambda one: (one.purchased_at, one.id)):
        if purchase.customer_id:
            since = buyers.get(purchase.customer_id, Recalculate(purchase.purchased_at)).since
            buyers[purchase.customer_id] = Recalculate(since, purchase.id)
    return buyers
