"""A plugin that looks things up before it is told, and remembers what it was given."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import (
    Lookup,
    PurchaseOutline,
    ReassignedPurchase,
    RecordedPayment,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    hookimpl,
)


class Asker:
    """Names two look-ups in the first half of each event: how many purchases each customer has by then, and how many there are.

    `found` holds, for each event, its name, the rows that it brought, and the answers.
    """

    def __init__(self) -> None:
        self.found: list[tuple[str, Sequence[Any], Sequence[Any]]] = []

    def _note(self, event: str, rows: Sequence[Any], found: Sequence[Sequence[Any]]) -> None:
        by_customer, [(count,)] = found
        self.found.append((event, rows, [dict(map(tuple, by_customer)), count]))

    @hookimpl
    def purchases_recorded_lookups(
        self, shop: Shop, purchases: Sequence[PurchaseOutline], extras: Sequence[Any]
    ) -> Sequence[Lookup]:
        """Look up before purchases are written."""
        assert len(purchases) == len(extras)
        return _lookups(shop, [purchase.customer_id for purchase in purchases])

    @hookimpl
    def purchases_paid_lookups(
        self, shop: Shop, payments: Sequence[RecordedPayment], extras: Sequence[Any]
    ) -> Sequence[Lookup]:
        """Look up when something that was due is paid."""
        assert len(payments) == len(extras)
        return _lookups(shop, [payment.purchase.customer_id for payment in payments])

    @hookimpl
    async def purchases_paid(self, payments: Sequence[RecordedPayment], found: Sequence[Sequence[Any]]) -> None:
        """Note it."""
        self._note("paid", payments, found)

    @hookimpl
    def purchases_refunded_lookups(self, shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
        """Look up when money is given back."""
        return _lookups(shop, [refund.purchase.customer_id for refund in refunds])

    @hookimpl
    def purchases_voided_lookups(self, shop: Shop, purchases: Sequence[RecordedPurchase]) -> Sequence[Lookup]:
        """Look up when purchases are undone."""
        return _lookups(shop, [purchase.customer_id for purchase in purchases])

    @hookimpl
    def refunds_undone_lookups(self, shop: Shop, refunds: Sequence[RecordedRefund]) -> Sequence[Lookup]:
        """Look up when refunds are undone."""
        return _lookups(shop, [refund.purchase.customer_id for refund in refunds])

    @hookimpl
    async def refunds_undone(self, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]]) -> None:
        """Note it."""
        self._note("undone", refunds, found)

    @hookimpl
    def purchases_reassigned_lookups(self, shop: Shop, purchases: Sequence[ReassignedPurchase]) -> Sequence[Lookup]:
        """Look up when purchases are given to others."""
        return _lookups(shop, [id_ for one in purchases for id_ in (one.before, one.customer_id)])

    @hookimpl
    async def purchases_reassigned(
        self, purchases: Sequence[ReassignedPurchase], found: Sequence[Sequence[Any]]
    ) -> None:
        """Note it."""
        self._note("reassigned", purchases, found)

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
        """Note it."""
        self._note("recorded", purchases, found)

    @hookimpl
    async def purchases_refunded(self, refunds: Sequence[RecordedRefund], found: Sequence[Sequence[Any]]) -> None:
        """Note it."""
        self._note("refunded", refunds, found)

    @hookimpl
    async def purchases_voided(self, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
        """Note it."""
        self._note("voided", purchases, found)


def _lookups(shop: Shop, customers: Sequence[str | None]) -> Sequence[Lookup]:
    among = shop.database.dialect.among("customer_id", 1)
    counted = f"SELECT customer_id, purchase_count FROM customer_stats WHERE {among}"
    return [(counted, [sorted({one for one in customers if one})]), ("SELECT count(*) FROM purchase", ())]
