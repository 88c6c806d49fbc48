"""What plugins are asked: each hook is pure, and called whenever somebody asks."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.database import Lookup
from regulars_core.plugins.host import hookspec
from regulars_core.purchases.baskets import Basket, BasketOutline, Quote
from regulars_core.shop.shop import Shop


@hookspec
def purchases_concern(shop: Shop, purchases: Sequence[str]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """Whose money, points, progress or tier the plugin moves beside the owners' when something becomes of these purchases.

    They are given by their ids, and answered are look-ups of customers' ids. It is asked before money is given back of purchases,
    before they are voided, paid later or given to somebody else: they are locked then. All who are named are held together with
    the owners, in one order, before anything is written. Whom the plugin holds later by itself others may hold already, who wait
    for us: that is a deadlock.

    For example:

        @hookimpl
        def purchases_concern(purchases: Sequence[str]) -> Sequence[Lookup]:
            return [("SELECT customer_id FROM card_payment WHERE purchase_id = $1", [one]) for one in purchases]
    """


@hookspec
def baskets_quoted_lookups(  # type: ignore[empty-body]
    shop: Shop, baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    """The first half of `baskets_quoted`: what will have to be known, named from who buys, when, and what is in the baskets.

    It is asked for all plugins and all baskets together; where a purchase is recorded, together with everything else that this
    looks up. In which store a basket is may not be known yet: look up for all stores.

    For example:

        @hookimpl
        def baskets_quoted_lookups(shop: Shop, baskets: Sequence[BasketOutline]) -> Sequence[Lookup]:
            buyers = sorted({basket.customer_id for basket in baskets if basket.customer_id})
            return [full_cards_of(buyers)]  # a statement and its values
    """


@hookspec
def baskets_quoted(  # type: ignore[empty-body]
    shop: Shop, baskets: Sequence[Basket], extras: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Any]]
) -> Sequence[Quote]:
    """What the plugin takes off baskets before they are sold, and what does not apply and why: a Quote for each, in their order.

    It is asked by `basketAdjustments` and by `purchaseRecord`, in the transaction that records the purchase, so what was told and
    what is recorded come from this one function; purchases that were made elsewhere are not asked about. Plugins are asked in
    their order: `total` of a line is what those before have left of it, and never more than that may be taken off. `found` are
    the rows of the look-ups that were named in the first half, and `extras` are those of the baskets or of the purchase.

    It never refuses. Where it raises, answers another number of quotes, or takes off what is not there, its quote is left out,
    the log and whoever asked are told, and everybody else's stands. Where what it has looked up was named by what is no longer
    so, it raises Outdated, and is asked anew, up to three times. What was told otherwise is refused in `purchases_recorded`.

    For example:

        @hookimpl
        def baskets_quoted(shop: Shop, baskets: Sequence[Basket], found: Sequence[Sequence[Any]]) -> Sequence[Quote]:
            [full] = found
            return [tenth_off_cake(basket, {row[0] for row in full}) for basket in baskets]
    """


@hookspec
def baskets_told(  # type: ignore[empty-body]
    shop: Shop, baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Sequence[int]]:
    """Which part of the discounts of lines the plugin has quoted, for each line of each basket that is about to be recorded.

    It is said in minor units, as the caller tells it in `extras`. Before plugins are asked again it is given back to the lines,
    so that all are asked about the basket as it was before the sale. Whoever has no such hook finds its own discounts among
    those by hand. `basketAdjustments` is given what is taken off by hand only, and does not ask this.

    For example:

        @hookimpl
        def baskets_told(baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[int]]:
            lines = [extra.get("lines") or [{}] * len(basket.lines) for basket, extra in zip(baskets, extras, strict=True)]
            return [[line.get("cakeDiscount") or 0 for line in each] for each in lines]
    """


@hookspec
def baskets_not_goods(  # type: ignore[empty-body]
    shop: Shop, baskets: Sequence[BasketOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Collection[int]]:
    """Which lines sell something of the plugin's own that is no goods, such as credit: their places, for each basket.

    It is asked before any plugin is asked what it takes off, of whoever asks that. The lines are then told with `is_goods` false,
    to all plugins: whoever takes something off goods leaves them out.

    For example:

        @hookimpl
        def baskets_not_goods(extras: Sequence[Mapping[str, Any]]) -> Sequence[Collection[int]]:
            lines = [extra.get("lines") or () for extra in extras]
            return [{n for n, line in enumerate(each) if line.get("giftCard")} for each in lines]
    """
