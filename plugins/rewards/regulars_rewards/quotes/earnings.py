"""What baskets would earn, by what plugins tell of it."""

import logging
from collections.abc import Sequence, Set
from dataclasses import replace

from regulars_core.plugin import Basket, Shop
from regulars_rewards.hookspecs import BasketEarning

log = logging.getLogger(__name__)
HOOK = "rewards_earnings"


async def earnings_of(shop: Shop, baskets: Sequence[Basket]) -> Sequence[Sequence[BasketEarning]]:
    """What each of these baskets would earn, one plugin after another. What one does wrong is contained."""
    found: list[list[BasketEarning]] = [[] for _ in baskets]
    for plugin, earner in shop.plugins.declared(HOOK).items():
        if plugin in shop.behind:
            continue
        try:
            told = [[BasketEarning(*one) for one in each] for each in await earner(shop, baskets)]
        except Exception as error:
            if shop.database.in_transaction:
                raise
            # What a plugin raised may quote customers, and is not told.
            log.error("what baskets earn by the plugin '%s' failed: %s", plugin, type(error).__name__)
            continue
        for own, each in zip(found, told, strict=False):
            own.extend(each)
    return found


def as_sold(basket: Basket, left: Sequence[int], offers: Set[str]) -> Basket:
    """A basket at the prices that were quoted for it, to which these promotions were applied."""
    lines = [
        replace(line, discount=line.discount + line.total - total, total=total)
        for line, total in zip(basket.lines, left, strict=True)
    ]
    return replace(basket, lines=tuple(lines), offers=offers)
