"""What plugins are asked: each hook is pure, and called whenever somebody asks."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.audiences.leaves import Audience
from regulars_core.database import Lookup
from regulars_core.plugins.host import hookspec
from regulars_core.purchases.baskets import Basket, BasketOutline, Quote, Quoted
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.shop.shop import Shop


@hookspec
def audiences_stored_lookups(shop: Shop, leaves: Sequence[str]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `audiences_stored`: what holds the conditions that are stored. It is asked for all plugins together.

    For example:

        @hookimpl
        def audiences_stored_lookups() -> Sequence[Lookup]:
            return [("SELECT audience FROM greeting WHERE audience IS NOT NULL", [])]
    """


@hookspec
def audiences_stored(  # type: ignore[empty-body]
    shop: Shop, leaves: Sequence[str], found: Sequence[Sequence[Any]]
) -> Sequence[Audience]:
    """The conditions on customers that the plugin has stored, all that it may ask again.

    Those of rules that have ended are among them, if they may be taken up again. Conditions without any of these `leaves` may be
    left out. `found` are the rows of the look-ups that were named in the first half.

    It is asked before something is removed that a condition may name, such as a segment: that is refused as long as one does.
    What a plugin stored that is off nobody knows; its audience is then for nobody, and says so.

    For example:

        @hookimpl
        def audiences_stored(found: Sequence[Sequence[Any]]) -> Sequence[Audience]:
            return [json.loads(row[0]) for row in found[0]]
    """


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
def customers_priority_lookups(shop: Shop, customers: Sequence[str]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `customers_priority`: what must be known of these customers, given by their ids.

    It is asked for all plugins together, and all customers of a list at once.

    For example:

        @hookimpl
        def customers_priority_lookups(shop: Shop, customers: Sequence[str]) -> Sequence[Lookup]:
            among = shop.database.dialect.among("customer_id", 1)
            return [(f"SELECT customer_id, level FROM birthday_club WHERE {among}", [list(customers)])]
    """


@hookspec
def customers_priority(shop: Shop, customers: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[int]:  # type: ignore[empty-body]
    """How urgently customers are to be answered: a number for each, in their order, 0 for as usual and at most 1000.

    The highest number that a plugin says is the customer's priority; a note is given it when it is written. `found` are the rows
    of the look-ups that were named in the first half. It never refuses: what is no whole number for each of the customers is left
    out and logged, and everybody else's stands.

    For example:

        @hookimpl
        def customers_priority(customers: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[int]:
            levels = {row[0]: row[1] for row in found[0]}
            return [levels.get(id_, 0) for id_ in customers]
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


@hookspec
def purchases_details_told(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    quoted: Sequence[Quoted | None],
) -> None:
    """Purchases are about to be announced: add to the `details` of each what the plugin knows of it that rules look at.

    It is asked before any plugin is told `purchases_recorded`, by what the inputs carried for the plugin and what was quoted, so
    that those see it that are told before this one. Nothing is looked up, and nothing is refused here. What is known only once
    it is written down, such as what has paid for a purchase, is added in `purchases_recorded`, for those that are told after.

    For example:

        @hookimpl
        def purchases_details_told(purchases: Sequence[RecordedPurchase], extras: Sequence[Mapping[str, Any]]) -> None:
            for purchase, extra in zip(purchases, extras, strict=True):
                lines = zip(purchase.lines, extra.get("lines") or (), strict=False)
                purchase.details.not_goods |= {row.id for row, line in lines if line.get("giftCard")}
    """


@hookspec
def purchases_details_kept_lookups(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:  # type: ignore[empty-body]
    """The first half of `purchases_details_kept`: what must be known of these purchases. It is asked for all plugins together.

    For example:

        @hookimpl
        def purchases_details_kept_lookups(purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
            return [gift_cards_of([one.id for one in purchases])]  # a statement and its values
    """


@hookspec
def purchases_details_kept(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """The same as `purchases_details_told` of purchases of the past, by what the plugin has kept of them.

    Rules are tried on them, told of them late, or asked again. The purchases are as they were recorded, before anything was given
    back. `found` are the rows of the look-ups that were named in the first half.

    For example:

        @hookimpl
        def purchases_details_kept(purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
            cards = {row[0] for row in found[0]}
            for purchase in purchases:
                purchase.details.not_goods |= {line.id for line in purchase.lines if line.id in cards}
    """
