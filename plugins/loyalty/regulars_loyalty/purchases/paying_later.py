"""Paying later what was due of a purchase."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import Problem, RecordedPayment, Refused, Shop, told_later
from regulars_loyalty.ledger.limits import lookup_limits
from regulars_loyalty.ledger.storage import Ledger, read_ledger
from regulars_loyalty.points.program_versions import unchanged, versions_of
from regulars_loyalty.purchases.paying import Payer, lowered, paid_cause
from regulars_loyalty.settings import LoyaltySettings


async def pay_later(
    shop: Shop, payments: Sequence[RecordedPayment], extras: Sequence[Mapping[str, Any]]
) -> Ledger | None:
    """Take what the payments say from the customers' credit and points; where less will do, they say afterwards what was taken.
    What is paid so earns no longer what it had earned as money. Raises Refused and Forbidden."""
    settings = shop.settings.of(LoyaltySettings)
    own = {settings.credit_method, settings.points_method}
    if not any(payment.method in own for payment in payments):
        return None
    purchases = {payment.purchase_id: payment.purchase for payment in payments}
    _refuse(payments, own)
    buyers = {one.customer_id for one in purchases.values() if one.customer_id}
    ledger, versions = await read_ledger(shop, buyers), await versions_of(shop)
    sql, values = lookup_limits(shop.database.dialect, buyers)
    for customer_id, limit in await shop.database.rows(sql, *values):
        ledger.account(customer_id, shop.currency).limit = limit
    for purchase in purchases.values():
        if purchase.customer_id is None:
            continue
        mine = [n for n, payment in enumerate(payments) if payment.purchase_id == purchase.id]
        carried = [extras[n] if n < len(extras) else {} for n in mine]
        payer = Payer(
            ledger, versions, purchase, [payments[n] for n in mine], carried, paid_cause(purchase), is_later=True
        )
        await payer.pay()
        for n in mine:
            payments[n].amount_minor -= payer.less.get(payments[n].id, 0)
        lowered(purchase, payer.less)
    await shop.database.defer([unchanged(versions)])
    return ledger


def _refuse(payments: Sequence[RecordedPayment], own: set[str]) -> None:
    """Nobody who is not known pays so."""
    if told_later():
        return
    problems = [
        Problem("CUSTOMER_REQUIRED", "Only a customer pays this way.", ("payments", str(n), "method"))
        for n, payment in enumerate(payments)
        if payment.method in own and payment.purchase.customer_id is None
    ]
    if problems:
        raise Refused(*problems)
