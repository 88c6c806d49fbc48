"""What the plugin decides and writes."""

from collections import Counter
from collections.abc import Mapping, Sequence

from regulars_core.plugin import KEPT, Holding, Merge, PurchaseRow, Shop, inserting

HOLDINGS = [Holding("outline_count", {"customer_id": KEPT, "purchases": KEPT}, key="customer_id")]
"""What is kept of customers, column by column: all is told to them on request, and nothing is erased, as a number names
nobody."""


async def count(shop: Shop, purchases: Sequence[PurchaseRow]) -> None:
    """Count purchases, inside the transaction that records them, also those that are voided later. A purchase may have no
    customer."""
    await _add(shop, Counter(purchase.customer_id for purchase in purchases if purchase.customer_id))


async def move(shop: Shop, before: Sequence[str | None], after: Sequence[str | None]) -> None:
    """Count purchases for who has them now, no longer for who had them."""
    moved = Counter(one for one in after if one)
    moved.subtract(one for one in before if one)
    await _add(shop, moved)


async def go_over(shop: Shop, merges: Sequence[Merge]) -> None:
    """Count the purchases of who was merged for the survivors."""
    for merge in merges:
        owners = list(merge.purchases.values())
        await move(shop, owners, [merge.survivor.id] * len(owners))


async def go_back(shop: Shop, merges: Sequence[Merge]) -> None:
    """Count them for who has them again."""
    for merge in merges:
        owners = list(merge.purchases.values())
        await move(shop, [merge.survivor.id] * len(owners), owners)


async def _add(shop: Shop, counts: Mapping[str, int]) -> None:
    if counts:  # always in the same order, so that two of these never wait for each other
        insertion, values = inserting("outline_count", ("customer_id", "purchases"), sorted(counts.items()))
        added = " ON CONFLICT (customer_id) DO UPDATE SET purchases = outline_count.purchases + excluded.purchases"
        await shop.database.defer([(insertion + added, values)])  # goes out with what core writes


async def counts_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """How often customers have bought, by id; those who never have are left out."""
    among = shop.database.dialect.among("customer_id", 1)
    rows = await shop.database.rows(
        f"SELECT customer_id, purchases FROM outline_count WHERE {among}", list(customer_ids)
    )
    return {row[0]: row[1] for row in rows}
