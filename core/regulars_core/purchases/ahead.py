"""What plugins will have to know of a purchase, named before it is recorded, and before it is known who buys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from regulars_core.database import Dialect, Lookup, Sought
from regulars_core.events.events import named_lookups
from regulars_core.plugins.host import Extras
from regulars_core.purchases.quotes import LOOKUPS as QUOTE_LOOKUPS
from regulars_core.purchases.quotes import Quoting, quoting_of
from regulars_core.purchases.recorded import PurchaseOutline
from regulars_core.purchases.rules import CheckedPurchase
from regulars_core.purchases.statistics import lookup_statistics
from regulars_core.shop.shop import Shop

RECORDED = "purchases_recorded"


@dataclass(frozen=True, slots=True)
class NamedAhead:
    """What each plugin has named of one purchase, by plugin; `buyer` is the key of who buys, or what seeks it."""

    buyer: str | None
    by_plugin: Mapping[str, Sequence[Lookup]]
    activity: Sequence[Lookup]
    """What tells that nobody was quicker, as `activity_of` names it."""
    quoted: tuple[CheckedPurchase, Quoting] | None = None
    """What is asked of plugins that quote, and of which purchase."""

    def quoting(self, shop: Shop, purchase: CheckedPurchase) -> "NamedAhead":
        """The same, with what plugins that quote this purchase look up."""
        return replace(self, quoted=(purchase, quoting_of(shop, [purchase])))

    def quoting_for(self, purchase: CheckedPurchase) -> Quoting | None:
        """What was asked of plugins that quote, now that it is known who buys and where; None where it was another purchase, or
        must be asked anew."""
        if self.quoted is None:
            return None
        made, quoting = self.quoted
        if made.lines is not purchase.lines or not self.may_be(purchase.input.customer_id):
            return None
        return quoting.sold_to(purchase.input.customer_id, purchase.input.store_id)

    def may_be(self, customer_id: str | None) -> bool:
        """Whether they are about who buys: not where somebody was named by an id that leads to another customer."""
        return isinstance(self.buyer, Sought) or self.buyer == customer_id

    def keys(self, customer_id: str | None) -> Mapping[Sought, str | None]:
        """What was sought, now that it is known who buys."""
        return {self.buyer: customer_id} if isinstance(self.buyer, Sought) else {}

    @property
    def lookups(self) -> Sequence[Lookup]:
        """What recording the purchase looks up for the plugins, and to know that nobody was quicker."""
        own = [*self.activity, *(one for each in self.by_plugin.values() for one in each)]
        return [*own, *self.quoted[1].lookups] if self.quoted else own


def named_ahead(shop: Shop, purchase: PurchaseOutline, extras: Extras) -> NamedAhead:
    """Ask the plugins what they look up of a purchase."""
    named = named_lookups(shop, RECORDED, [purchase], [extras])
    return NamedAhead(purchase.customer_id, named, activity_of(shop.database.dialect, purchase.customer_id))


def activity_of(dialect: Dialect, customer_id: str | None) -> Sequence[Lookup]:
    """What tells, as its last column, whether something of the customer has been moved meanwhile; nothing for nobody. Plugins
    that look up statistics name the same."""
    return [lookup_statistics(dialect, [customer_id])] if customer_id else []


def quoting_looks_up(shop: Shop) -> bool:
    """Whether recording a purchase looks up anything for what plugins quote, as `quoting_of` says."""
    return shop.plugins.listens(QUOTE_LOOKUPS) and shop.plugins.listens(RECORDED)
