"""Reading who is a regular."""

from collections.abc import Sequence, Set

from regulars_core.purchases.regulars.latest import since
from regulars_core.shop.shop import Shop


async def regulars_among(shop: Shop, customer_ids: Sequence[str]) -> Set[str]:
    """Those of the customers who are regulars now."""
    among = shop.database.dialect.among("s.customer_id", 1)
    rows = await shop.database.read(
        f"SELECT s.customer_id FROM customer_stats s WHERE {among} AND s.regular_at > $2",
        list(dict.fromkeys(customer_ids)),
        since(shop.settings),
    )
    return {row[0] for row in rows}
