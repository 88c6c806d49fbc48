"""What is told of purchases, and what offers make of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import (
    Instant,
    Lookup,
    PurchaseOutline,
    Quoted,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    Shop,
)
from regulars_rewards.purchases import recording, settling

Found = Sequence[Sequence[Any]]


def lookups_before(
    shop: Shop, purchases: Sequence[PurchaseOutline], extras: Sequence[Mapping[str, Any]]
) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded."""
    return recording.lookups_before(shop, purchases, extras)


async def recorded(
    shop: Shop,
    purchases: Sequence[RecordedPurchase],
    extras: Sequence[Mapping[str, Any]],
    found: Found,
    quoted: Sequence[Quoted | None],
) -> None:
    """Purchases were recorded: what they used of offers is used."""
    await recording.record(shop, purchases, extras, found, quoted)


def lookups_of_refunds(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    """What will have to be known of purchases of which nothing is left."""
    return settling.lookups_of(shop, settling.gone(refunds))


async def refunded(shop: Shop, refunds: Sequence[RecordedRefund], found: Found) -> None:
    """Money was given back: of a purchase of which nothing is left, what it used is free again."""
    await settling.give_back(shop, settling.gone(refunds), found)


def lookups_of_purchases(shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
    """What will have to be known of purchases that are voided, or given to others."""
    return settling.lookups_of(shop, purchases)


async def voided(shop: Shop, purchases: Sequence[RecordedPurchase], found: Found) -> None:
    """Purchases were undone: what they used is free again."""
    await settling.give_back(shop, purchases, found)


def lookups_of_undone(shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
    """What will have to be known of purchases that count again."""
    return settling.lookups_of(shop, settling.standing_again(refunds))


async def undone(shop: Shop, refunds: Sequence[RecordedRefund], found: Found, moments: Sequence[Instant]) -> None:
    """Refunds were undone: of a purchase that counts again, what it had used is used again."""
    if refunds:
        await settling.take_again(shop, settling.standing_again(refunds), found, moments[0])


async def reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase], found: Found) -> None:
    """Purchases were given to others, and with them what they used."""
    await settling.pass_on(shop, purchases, found)
