"""What plugins tell of purchases that rules look at: asked before a purchase is announced, and read of those of the past."""

from collections.abc import Sequence

from regulars_core.plugins.host import Extras
from regulars_core.purchases.baskets import Quoted
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.purchases.sales.sales import sale_of
from regulars_core.rules.sales import Sale
from regulars_core.shop.shop import Shop

TOLD, KEPT, LOOKUPS = "purchases_details_told", "purchases_details_kept", "purchases_details_kept_lookups"


def tell_details(
    shop: Shop, purchases: Sequence[RecordedPurchase], extras: Sequence[Extras], quoted: Sequence[Quoted | None]
) -> None:
    """Let plugins add what they know of purchases that are being recorded to their details, by what their inputs carried and what
    was quoted."""
    answers = quoted or [None] * len(purchases)
    for plugin in shop.plugins.implementing(TOLD):
        shop.plugins.ask(TOLD, plugin, {"shop": shop, "purchases": purchases, "quoted": answers}, extras)


async def read_details(shop: Shop, purchases: Sequence[RecordedPurchase], *, besides: str | None = None) -> None:
    """Let plugins add what they have kept of purchases of the past to their details, as they were before anything was given back;
    `besides` one that knows its own part already. One round, and none where nobody has kept anything."""
    plugins = [one for one in shop.plugins.implementing(KEPT) if one != besides] if purchases else []
    facts = {"shop": shop, "purchases": purchases}
    named = {plugin: list(shop.plugins.ask(LOOKUPS, plugin, facts) or ()) for plugin in plugins}
    lookups = [one for each in named.values() for one in each]
    rows = iter(await shop.database.read_together(lookups) if lookups else ())
    for plugin, own in named.items():
        shop.plugins.ask(KEPT, plugin, {**facts, "found": [next(rows) for _ in own]})


async def past_sales(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Sale]:
    """Purchases of the past as rules look at them; these are as they were recorded, before anything was given back. One round."""
    await read_details(shop, purchases)
    return [sale_of(shop, one) for one in purchases]
