"""Merges of customers, as far as purchases go: they go over to the survivor, and back when the merge is undone."""

from collections.abc import Sequence

from regulars_core.customers.merge.facts import Merge, MergeForecast, PlannedMerge
from regulars_core.customers.merge.rows import PURCHASE, give_back, move_all
from regulars_core.purchases.statistics import recount
from regulars_core.shop.shop import Shop


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """How many purchases will go over in each merge."""
    absorbed = [one.id for merge in merges for one in merge.absorbed]
    rows = await shop.database.rows(
        f"SELECT customer_id, count(*) FROM purchase WHERE {shop.database.dialect.among('customer_id', 1)}"
        " GROUP BY customer_id",
        absorbed,
    )
    counts = {row[0]: row[1] for row in rows}
    return [
        MergeForecast(moved={"purchases": sum(counts.get(one.id, 0) for one in merge.absorbed)}) for merge in merges
    ]


async def merged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let purchases go over to the survivors, and count the statistics of everybody anew."""
    for merge in merges:
        await move_all(shop.database, merge.id, PURCHASE, "purchase", "customer_id", merge.survivor.id)
        await recount(shop.database, merge.customer_ids)


async def unmerged(shop: Shop, merges: Sequence[Merge]) -> None:
    """Let those go back that are the survivor's still, and count anew."""
    for merge in merges:
        await give_back(shop.database, merge.id, PURCHASE, "purchase", "customer_id", merge.survivor.id)
        await recount(shop.database, merge.customer_ids)
