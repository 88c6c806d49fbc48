"""When standings are brought up to date: registrations, purchases, refunds, voids, and time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regulars_core.plugin import CustomerRow, PurchaseRow, RefundRow, Shop, purchases_by_ids
from regulars_tiers.assignments import begin_with
from regulars_tiers.reassessment import work_off
from regulars_tiers.recalculation import Recalculate, keep


async def registered(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Customers were registered, some of them with a tier to begin with. Raises Refused for one that there is not."""
    tiers = {customer.id: given["tier"] for customer, given in zip(customers, extras, strict=True) if given.get("tier")}
    if tiers:
        await begin_with(shop, tiers, {customer.id: customer.created_at for customer in customers})


async def bought(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were recorded."""
    await keep(shop, _touched(purchases), "PURCHASE", held=True)


async def given_back(shop: Shop, refunds: Sequence[RefundRow]) -> None:
    """Money was given back: it never was spent, from the purchase on."""
    found = await purchases_by_ids(shop.database, [refund.purchase_id for refund in refunds])
    await keep(shop, _touched(found.values()), "REFUND", held=True)


async def voided(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Purchases were undone."""
    await keep(shop, _touched(purchases), "VOID", held=True)


async def time_passed(shop: Shop) -> None:
    """Time has passed, or there is a new policy."""
    async for _ in work_off(shop):
        pass


def _touched(purchases: Iterable[PurchaseRow]) -> dict[str, Recalculate]:
    """Whose spells may be others, each from the earliest of their purchases on; the latest is the reason."""
    found: dict[str, Recalculate] = {}
    for purchase in sorted(purchases, key=lambda one: (one.purchased_at, one.id)):
        if purchase.customer_id:
            first = found.get(purchase.customer_id, Recalculate(purchase.purchased_at)).since
            found[purchase.customer_id] = Recalculate(first, purchase.id)
    return found
