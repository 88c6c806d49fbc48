"""Whose money and points move when something becomes of a purchase: its owner's, and of whom plugins name.

Whoever changes purchases has locked them, and then holds all of these at once, in one order: so nobody waits in a ring.
"""

from collections.abc import Collection

from regulars_core.customers.aliases import hold
from regulars_core.database import Overtaken
from regulars_core.shop.shop import Shop

CONCERN = "purchases_concern"


async def concerned(shop: Shop, purchase_ids: Collection[str]) -> set[str]:
    """The customers whom plugins name for purchases that are locked. One statement, and none where no plugin is asked."""
    facts = {"shop": shop, "purchases": sorted(purchase_ids)}
    lookups = [
        lookup for plugin in shop.plugins.implementing(CONCERN) for lookup in shop.plugins.ask(CONCERN, plugin, facts)
    ]
    found = await shop.database.read_together(lookups) if lookups and purchase_ids else []
    return {row[0] for rows in found for row in rows if row[0] is not None}


async def hold_concerned(
    shop: Shop, purchase_ids: Collection[str], customers: Collection[str | None], *, only_several: bool = False
) -> None:
    """Hold these customers, and whom plugins name for these purchases, which are locked; `only_several` where one by itself is
    about to be locked anyway. Raises Overtaken where one of them was merged into another meanwhile."""
    about = {one for one in customers if one} | await concerned(shop, purchase_ids)
    if only_several and len(about) < 2:
        return
    if await hold(shop.database, about):
        raise Overtaken("A customer was merged into another meanwhile.")
