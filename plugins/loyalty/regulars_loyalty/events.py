"""What is told of purchases, and what the ledger does about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import (
    Instant,
    Lookup,
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    inserting,
)
from regulars_loyalty.ledger.storage import Ledger, write_ledger
from regulars_loyalty.purchases import paying_later, recording
from regulars_loyalty.purchases.settling import Happened, settle


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded."""
    return recording.lookups_before(shop, purchases)


async def recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Sequence[Sequence[Any]],
) -> None:
    """Purchases were recorded: what pays for them is taken, and what they give is given."""
    ledger = await recording.record(shop, purchases, extras, found)
    if lines := recording.credit_lines_of(list(zip(purchases, extras, strict=True))):
        await shop.database.defer([inserting("loyalty_credit_line", ("line_id", "purchase_id"), lines)])
    await _write(ledger)


async def paid(shop: Shop, payments: Sequence[RecordedPayment], extras: Sequence[Mapping[str, Any]]) -> None:
    """Something that was due was paid."""
    ledger = await paying_later.pay_later(shop, payments, extras)
    await _write(ledger)
    if ledger is not None:
        paid_for = {payment.purchase_id: payment.purchase for payment in payments}
        await _write(await settle(shop, [Happened(one, "PURCHASE", ledger.present) for one in paid_for.values()]))


async def refunded(shop: Shop, refunds: Sequence[RecordedRefund]) -> None:
    """Money was given back. Raises Refused where credit is to be given to nobody."""
    ledger = await settle(shop, [Happened(one.purchase, "REFUND", one.refunded_at, one) for one in refunds])
    await _write(ledger)


async def voided(shop: Shop, purchases: Sequence[RecordedPurchase], moments: Sequence[Instant]) -> None:
    """Purchases were undone."""
    happened = [Happened(one, "VOID", at) for one, at in zip(purchases, moments, strict=True)]
    await _write(await settle(shop, happened))


async def undone(shop: Shop, refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> None:
    """What was given back in an exchange was not, after all."""
    happened = [Happened(one.purchase, "VOID", at) for one, at in zip(refunds, moments, strict=True)]
    await _write(await settle(shop, happened))


async def reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase], moments: Sequence[Instant]) -> None:
    """Purchases were given to others: the one has earned nothing by them, and the other what there would have been."""
    happened = [Happened(one, "VOID", at) for one, at in zip(purchases, moments, strict=True)]
    await _write(await settle(shop, happened))
    await recording.earn_for_new_owners(shop, purchases, moments)


async def _write(ledger: Ledger | None) -> None:
    if ledger is not None:
        await write_ledger(ledger)
