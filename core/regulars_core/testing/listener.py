"""What events bring."""

from collections.abc import Sequence

from regulars_core.customers.reads import CustomerRow
from regulars_core.hookspecs import hookimpl
from regulars_core.purchases.reads import PurchaseRow, RefundRow


class Listener:
    """A plugin that hears every event and does nothing: `heard` holds the names of the events with the rows they brought.

    Goes beside the plugin under test: `plugins_on({"visits": regulars_visits, "listener": listener})`.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[str, Sequence[CustomerRow | PurchaseRow | RefundRow]]] = []

    @hookimpl
    async def customers_registered(self, customers: Sequence[CustomerRow]) -> None:
        """Hear of customers."""
        self.heard.append(("customers_registered", customers))

    @hookimpl
    async def customers_changed(self, customers: Sequence[CustomerRow]) -> None:
        """Hear of changes."""
        self.heard.append(("customers_changed", customers))

    @hookimpl
    async def purchases_recorded(self, purchases: Sequence[PurchaseRow]) -> None:
        """Hear of purchases."""
        self.heard.append(("purchases_recorded", purchases))

    @hookimpl
    async def purchases_refunded(self, refunds: Sequence[RefundRow]) -> None:
        """Hear of refunds."""
        self.heard.append(("purchases_refunded", refunds))

    @hookimpl
    async def purchases_voided(self, purchases: Sequence[PurchaseRow]) -> None:
        """Hear of what was undone."""
        self.heard.append(("purchases_voided", purchases))
