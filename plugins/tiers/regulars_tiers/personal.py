"""What tiers keep of a customer, and what of it is erased: what somebody typed. The tiers stay, since nothing is personal in
them."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import ERASED, INNER, KEPT, WHEN, Holding, Shop, counted_by, erase_held

HOLDINGS: Sequence[Holding] = (
    Holding(
        "tier_assignment",
        {
            "id": INNER, "customer_id": KEPT, "at": WHEN, "kind": KEPT, "tier": KEPT, "mode": KEPT, "until": WHEN,
            "reason": ERASED, "author": INNER,
        },
        kind="tierAssignments",
    ),
    Holding(
        "tier_spell",
        {"number": INNER, "customer_id": KEPT, "begins": WHEN, "ends": WHEN, "tier": KEPT, "position": INNER},
        key="number",
    ),
    Holding(
        "tier_standing",
        {"customer_id": KEPT, "tier": KEPT, "next_at": INNER, "policy": INNER, "failed": INNER},
        key="customer_id",
    ),
    Holding(
        "tier_change",
        {
            "id": INNER, "customer_id": KEPT, "at": WHEN, "before": KEPT, "after": KEPT, "cause": KEPT, "purchase_id": KEPT,
        },
    ),
)  # fmt: skip
"""Column by column. Who assigned a tier is not told: that is somebody else."""


async def erase(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, int]:
    """Erase what was typed about these customers; how much, by kind.

    Their standings are to be made anew, by the job and if tiers are off when they are on again: a criterion may have gone by
    what is erased now, such as the date of birth.
    """
    counts = await erase_held(shop.database, HOLDINGS, customer_ids)
    among = shop.database.dialect.among("customer_id", 1)
    await shop.database.run(f"UPDATE tier_standing SET policy = -1 WHERE {among}", list(customer_ids))
    return counts


async def references(shop: Shop, customer_ids: Sequence[str]) -> Sequence[Mapping[str, int]]:
    """What keeps each of these customers from being deleted: decisions about the tier, and that it has changed."""
    places = {"tierAssignments": "tier_assignment.customer_id", "tierChanges": "tier_change.customer_id"}
    return await counted_by(shop.database, places, customer_ids)
