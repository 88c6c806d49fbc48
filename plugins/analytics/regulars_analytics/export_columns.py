"""What customers are worth, and their kind, as columns of exports."""

from collections.abc import Sequence

from regulars_analytics.lifetime.kept import worth_of
from regulars_analytics.permissions import VIEW
from regulars_analytics.rfm.reads import scores_of
from regulars_core.plugin import Cell, ExportBatch, ExportColumn


async def _worth(batch: ExportBatch) -> Sequence[Cell]:
    """Spent so far and projected, by what is kept; of all stores and days, whatever the export counts."""
    worth = await worth_of(batch.shop, batch.ids)
    return [batch.shop.money(worth.get(id_, 0)).amount for id_ in batch.ids]


async def _kinds(batch: ExportBatch) -> Sequence[Cell]:
    found = await scores_of(batch.shop, batch.ids)
    return [found[id_].kind.value if id_ in found else None for id_ in batch.ids]


COLUMNS = (
    ExportColumn("lifetime_value", "Lifetime value", _worth, VIEW, shop_wide=True),
    ExportColumn("rfm", "Recency, frequency, value", _kinds, VIEW, shop_wide=True),
)
