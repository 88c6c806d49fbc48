"""What the ledger knows of purchases that rules look at: what they were paid with, and which lines sell credit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.plugin import Lookup, PaidWith, RecordedPurchase, Sale, Shop, read_details, sale_of
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.purchases.reads import lookup_posted, paid_later, posted_from
from regulars_loyalty.purchases.standing import Posted, payments_of


def lookups_kept(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    """What must be known of purchases of the past."""
    return lookup_posted(shop.database.dialect, [one.id for one in purchases])


def tell_kept(purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """Add what was posted to the details of purchases of the past; `found` are the rows of `lookups_kept`."""
    posted = posted_from([one.id for one in purchases], found)
    for purchase in purchases:
        _tell(purchase, posted[purchase.id])


def _tell(purchase: RecordedPurchase, posted: Sequence[Posted]) -> None:
    """Whoever paid: what was paid by points and credit is what the ledger says. What was due then earned as money; that it was
    paid so since is taken back by itself."""
    money = {payment.id: payment.amount_minor for payment in purchase.payments if payment.paid_at is None}
    paid = PaidWith()
    for one in payments_of(posted, money):
        if one.payment_id not in money:
            continue
        if one.unit == POINTS:
            paid = replace(paid, points=paid.points + one.money)
        else:
            given, bought = paid.given_credit + one.given, paid.bought_credit + one.money - one.given
            paid = replace(paid, given_credit=given, bought_credit=bought)
    purchase.details.paid, purchase.details.paid_later = paid, paid_later(purchase, posted)
    purchase.details.not_goods |= {
        line for one in posted if one.kind == "FUNDING" and one.shares for line in one.shares
    }


async def sales_since(
    shop: Shop, purchases: Sequence[RecordedPurchase], posted: Mapping[str, Sequence[Posted]]
) -> Sequence[Sale]:
    """The sales as they were, told later than they were made, of which it is known what they have posted. One look at what other
    plugins have kept, and none where there is none."""
    for purchase in purchases:
        _tell(purchase, posted[purchase.id])
    await read_details(shop, purchases, besides="loyalty")
    return [sale_of(shop, one) for one in purchases]
