"""What baskets would earn if they were paid now: by the very code by which a sale earns."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from regulars_core.plugin import Basket, Shop, as_if_sold, sale_of
from regulars_loyalty.points.earning import earnings_from


class Earning(NamedTuple):
    """Something that a basket would earn: what it is, how much, and the same for people."""

    kind: str
    value: Decimal
    text: str


async def points_of_baskets(shop: Shop, baskets: Sequence[Basket]) -> Sequence[Sequence[Earning]]:
    """The points that each of these baskets would earn if it were sold as it is and paid in money; nothing for a stranger's, and
    where it would earn none. As many statements as for one."""
    theirs = [n for n, basket in enumerate(baskets) if basket.customer_id is not None]
    if not theirs:
        return [()] * len(baskets)
    sales = [sale_of(shop, as_if_sold(baskets[n]), is_new=True) for n in theirs]
    outcomes = await earnings_from(shop, sales)
    earned = {n: sum(max(0, one.points) for one in each) for n, each in zip(theirs, outcomes, strict=True)}
    return [_told(earned.get(n, 0)) for n in range(len(baskets))]


def _told(points: int) -> Sequence[Earning]:
    return [Earning("POINTS", Decimal(points), f"{points} {'point' if points == 1 else 'points'}")] if points else []
