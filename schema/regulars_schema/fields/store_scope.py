"""Which purchases a caller sees: those of the stores where it may."""

from regulars_core.purchases.filters import LEAVES
from regulars_core.queries.where import Where
from regulars_schema.request.context import RequestContext

VIEW = "purchases.view"
CREATE = "customers.create"
"""What it takes to find out by a whole e-mail address or phone number who somebody is, too."""
TOTALS = "customers.totals"
"""What it takes to be told of the whole shop what a customer's purchases amount to, whatever stores one is bound to."""


def visible_purchases(context: RequestContext, where: Where | None = None) -> Where | None:
    """Conditions on purchases, narrowed to the stores in which the caller may see them; left as they are for one who may
    see them in the whole shop."""
    stores = context.actor.stores(VIEW)
    if stores is None:
        return where
    here = Where("store", leaf=LEAVES["store"], conditions=(("in", sorted(stores)),))
    return here if where is None else Where("all", (here, where))
