"""What events bring."""

from collections.abc import Sequence

from regulars_core.customers.merge.facts import Merge
from regulars_core.customers.reads import CustomerRow
from regulars_core.groups.reads import GroupRow
from regulars_core.hookspecs import hookimpl
from regulars_core.purchases.recorded import ReassignedPurchase, RecordedPayment, RecordedPurchase, RecordedRefund

Told = CustomerRow | GroupRow | Merge | RecordedPayment | RecordedPurchase | RecordedRefund
"""What an event brings."""


class Listener:
    """A plugin that hears every event and does nothing: `heard` holds the names of the events with the rows they brought.

    Goes beside the plugin under test: `plugins_on({"visits": regulars_visits, "listener": listener})`.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[str, Sequence[Told]]] = []

    @hookimpl
    async def customers_registered(self, customers: Sequence[CustomerRow]) -> None:
        """Hear of customers."""
        self.heard.append(("customers_registered", customers))

    @hookimpl
    async def customers_changed(self, customers: Sequence[CustomerRow]) -> None:
        """Hear of changes."""
        self.heard.append(("customers_changed", customers))

    @hookimpl
    async def groups_created(self, groups: Sequence[GroupRow]) -> None:
        """Hear of groups."""
        self.heard.append(("groups_created", groups))

    @hookimpl
    async def groups_changed(self, groups: Sequence[GroupRow]) -> None:
        """Hear of changes of groups."""
        self.heard.append(("groups_changed", groups))

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[RecordedPurchase]) -> None:
        """Hear of purchases."""
        self.heard.append(("purchases_recorded", purchases))

    @hookimpl
    async def purchases_paid(self, payments: Sequence[RecordedPayment]) -> None:
        """Hear of what was paid later."""
        self.heard.append(("purchases_paid", payments))

    @hookimpl
    async def purchases_refunded(self, refunds: Sequence[RecordedRefund]) -> None:
        """Hear of refunds."""
        self.heard.append(("purchases_refunded", refunds))

    @hookimpl
    async def purchases_voided(self, purchases: Sequence[RecordedPurchase]) -> None:
        """Hear of what was undone."""
        self.heard.append(("purchases_voided", purchases))

    @hookimpl
    async def refunds_undone(self, refunds: Sequence[RecordedRefund]) -> None:
        """Hear of refunds that were undone."""
        self.heard.append(("refunds_undone", refunds))

    @hookimpl
    async def purchases_reassigned(self, purchases: Sequence[ReassignedPurchase]) -> None:
        """Hear of what was given to others."""
        self.heard.append(("purchases_reassigned", purchases))

    @hookimpl
    async def customers_merged(self, merges: Sequence[Merge]) -> None:
        """Hear of customers who were made one."""
        self.heard.append(("customers_merged", merges))

    @hookimpl
    async def customers_unmerged(self, merges: Sequence[Merge]) -> None:
        """Hear of merges that were undone."""
        self.heard.append(("customers_unmerged", merges))
