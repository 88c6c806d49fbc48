"""Uses that several purchases of one basket share."""

from collections.abc import Sequence

from regulars_core.plugin import Shop, lock
from regulars_rewards.uses.rows import KeptUse, kept_uses, lookup_uses


async def alone_with(shop: Shop, uses: Sequence[KeptUse]) -> Sequence[KeptUse]:
    """The same uses as they are, while nobody else gives back what stands beside them, nor joins them: of purchases of one basket
    that come and go at the same time the last one gives back the use that they share."""
    if all(one.row.basket is None for one in uses):
        return uses
    database = shop.database
    await lock(database, "rewards_use", sorted({one.row.group for one in uses}), ("id",))
    sql, values = lookup_uses(database.dialect, [one.row.id for one in uses])
    return kept_uses(await database.rows(sql, *values))
