"""Which offers were applied in purchases: what rules of others look at."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import Lookup, Quoted, RecordedPurchase, Shop
from regulars_rewards.purchases.told import OFFERS, promotions_named, takes_part
from regulars_rewards.quotes.offer_quotes import quote_in


def tell_applied(
    purchases: Sequence[RecordedPurchase], extras: Sequence[Mapping[str, Any]], quoted: Sequence[Quoted | None]
) -> None:
    """Add to the details of purchases that are being recorded which promotions they use, as they say it."""
    for purchase, extra, whole in zip(purchases, extras, quoted, strict=True):
        if takes_part(extra):
            purchase.details.offers |= {*promotions_named(extra), *_opened(extra, whole)}


def _opened(extra: Mapping[str, Any], quoted: Quoted | None) -> set[str]:
    """The promotions that codes open which were told without offers."""
    quote = quote_in(quoted)
    if quote is None or extra.get(OFFERS) is not None:
        return set()
    return {one.coupon.promotion_id for one in quote.codes if one.coupon is not None}


def lookups_applied(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    """What must be known of purchases of the past. Read by `tell_kept`."""
    among = shop.database.dialect.among("purchase_id", 1)
    sql = f"SELECT purchase_id, promotion_id FROM rewards_use WHERE {among}"
    return [(sql, [[one.id for one in purchases]])]


def tell_kept(purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """Add to the details of purchases of the past which promotions they have used, whatever became of that since."""
    used: dict[str, set[str]] = {}
    for purchase_id, promotion_id in found[0]:
        used.setdefault(purchase_id, set()).add(promotion_id)
    for purchase in purchases:
        purchase.details.offers |= used.get(purchase.id, set())
