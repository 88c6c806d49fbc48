"""Purchases as rules look at them, each as it was made."""

from zoneinfo import ZoneInfo

from regulars_core.primitives.clock import day_and_minute
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.purchases.sales.worths import LineWorths, WorthsByBasis
from regulars_core.rules.facts import LineFact, PurchaseFact
from regulars_core.rules.sales import Sale, SaleLine
from regulars_core.shop.shop import Shop


def sale_of(shop: Shop, purchase: RecordedPurchase, *, is_new: bool = False) -> Sale:
    """A purchase as rules look at it, by what plugins have told of it in its `details`; it `is_new` while it is being
    recorded."""
    return sale_from(purchase, shop.settings.zone, is_new=is_new)


def sale_from(purchase: RecordedPurchase, zone: ZoneInfo, *, is_new: bool = False) -> Sale:
    """The same, of a shop in a time zone."""
    day, minute = day_and_minute(purchase.purchased_at, zone)
    details = purchase.details
    worths = WorthsByBasis(purchase, details.paid)
    came_back = _came_back(purchase)
    lines = []
    for n, line in enumerate(purchase.lines):
        if line.quantity_millionths < 0 or line.id in details.not_goods:
            continue
        article = line.sku or line.name
        less = min(line.quantity_millionths, came_back.get(article, 0))
        came_back[article] = came_back.get(article, 0) - less
        quantity = line.quantity_millionths - less
        worth = LineWorths(worths, n)
        lines.append(SaleLine(line.id, line.sku, line.name, line.brand, line.category, quantity, worth))
    return Sale(
        purchase.id, purchase.customer_id, purchase.purchased_at, day, minute, purchase.store_id, purchase.channel,
        purchase.currency, tuple(lines), fact=_fact(purchase, day, minute) if is_new else None, offers=details.offers,
    )  # fmt: skip


def _fact(purchase: RecordedPurchase, day: int, minute: int) -> PurchaseFact:
    lines = tuple(
        LineFact(
            line.id, line.sku, line.name, line.brand, line.category, line.quantity_millionths, 0, line.total_minor, 0
        )
        for line in purchase.lines
    )
    net = purchase.total_minor
    return PurchaseFact(
        purchase.id, purchase.purchased_at, day, net, net >= 0, purchase.store_id, purchase.channel, minute, lines
    )


def _came_back(purchase: RecordedPurchase) -> dict[str, int]:
    """How much of each article came back with the sale, whose own sale is not known: nobody has bought it."""
    back: dict[str, int] = {}
    for line in purchase.lines:
        if line.quantity_millionths < 0:
            article = line.sku or line.name
            back[article] = back.get(article, 0) - line.quantity_millionths
    return back
