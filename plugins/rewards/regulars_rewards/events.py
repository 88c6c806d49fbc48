"""What is told of purchases, and what offers and reward systems make of it. Offers come first: what they name is looked up first,
and what they give back is free by the time a system gives something."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import (
    Instant,
    Lookup,
    PurchaseOutline,
    Quoted,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    now,
)
from regulars_rewards.progress import recording as collecting
from regulars_rewards.progress import settling as returning
from regulars_rewards.purchases import recording, settling

Found = Sequence[Sequence[Any]]


def lookups_before(
    shop: Shop, purchases: Sequence[PurchaseOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded."""
    return [*recording.lookups_before(shop, purchases, extras), *collecting.lookups_before(shop, purchases)]


async def recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Found,
    quoted: Sequence[Quoted | None],
) -> None:
    """Purchases were recorded: what they used of offers is used, and what they bring in reward systems is collected."""
    number = len(recording.lookups_before(shop, [one.outline for one in purchases], extras))
    await recording.record(shop, purchases, extras, found[:number], quoted)
    await collecting.record(shop, purchases, found[number:])


def lookups_of_payments(shop: Shop, payments: Sequence[RecordedPayment]) -> Sequence[Lookup]:
    """What will have to be known of purchases of which something is paid that was due."""
    return returning.lookups_of(shop, [one.purchase for one in payments])


async def paid(shop: Shop, payments: Sequence[RecordedPayment], found: Found) -> None:
    """Something that was due was paid: where points or given credit pay it, that is no money that brings anything."""
    await returning.settle(shop, returning.of_payments(payments, now()), found)


def lookups_of_refunds(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    """What will have to be known of purchases of which something is given back."""
    return _lookups_of(shop, settling.gone(refunds), [one.purchase for one in refunds])


async def refunded(shop: Shop, refunds: Sequence[RecordedRefund], found: Found) -> None:
    """Money was given back: of a purchase of which nothing is left, what it used is free again, and what a purchase brought is
    reversed in its part."""
    used, brought = _parted(settling.gone(refunds), found)
    await settling.give_back(shop, settling.gone(refunds), used)
    await returning.settle(shop, returning.of_refunds(refunds), brought)


def lookups_of_purchases(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    """What will have to be known of purchases that are voided, or given to others."""
    return _lookups_of(shop, purchases, purchases)


async def voided(shop: Shop, purchases: Sequence[RecordedPurchase], found: Found, moments: Sequence[Instant]) -> None:
    """Purchases were undone: what they used is free again, and what they brought is reversed."""
    used, brought = _parted(purchases, found)
    await settling.give_back(shop, purchases, used)
    await returning.settle(shop, returning.of_voids(purchases, moments), brought)


def lookups_of_undone(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    """What will have to be known of purchases that count again."""
    return _lookups_of(shop, settling.standing_again(refunds), [one.purchase for one in refunds])


async def undone(shop: Shop, refunds: Sequence[RecordedRefund], found: Found, moments: Sequence[Instant]) -> None:
    """Refunds were undone: of a purchase that counts again, what it had used is used again, and what it brought is there
    again."""
    if refunds:
        used, brought = _parted(settling.standing_again(refunds), found)
        await settling.take_again(shop, settling.standing_again(refunds), used, moments[0])
        await returning.settle(shop, returning.of_undone(refunds, moments), brought)


async def reassigned(
    shop: Shop, purchases: Sequence[ReassignedPurchase], found: Found, moments: Sequence[Instant]
) -> None:
    """Purchases were given to others, and with them what they used; what they bring, these collect."""
    used, brought = _parted(purchases, found)
    await settling.pass_on(shop, purchases, used)
    await returning.pass_on(shop, purchases, brought, moments)


def _lookups_of(
    shop: Shop, using: Sequence[RecordedPurchase], bringing: Sequence[RecordedPurchase]
) -> Sequence[Lookup]:
    return [*settling.lookups_of(shop, using), *returning.lookups_of(shop, bringing)]


def _parted(using: Sequence[RecordedPurchase], found: Found) -> tuple[Found, Found]:
    """What was looked up for offers, and what for reward systems."""
    number = settling.LOOKUPS if using else 0
    return found[:number], found[number:]
