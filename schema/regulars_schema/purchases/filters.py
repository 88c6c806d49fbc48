"""What purchases can be filtered by."""

import strawberry

from regulars_core.primitives.text import tidy
from regulars_core.purchases import filters as sql
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.fields.filters import (
    AmountComparison,
    IdComparison,
    InstantComparison,
    TextComparison,
    amount_conditions,
    enum_conditions,
    flag_conditions,
    id_conditions,
    instant_conditions,
    text_conditions,
)
from regulars_schema.purchases.types import PurchaseStatus, PurchaseWhere


@strawberry.input(description="Compares with a list of purchase statuses.")
class PurchaseStatusComparison:
    """Conditions over purchase.status."""

    in_: list[PurchaseStatus] = strawberry.field(name="in", description="One of these.")


_AS_WRITTEN = text_conditions(tidy)
_ABOUT = {
    "status": (PurchaseStatusComparison, enum_conditions, "What has become of the purchase."),
    "store": (IdComparison, id_conditions("store"), "Where it was made, by id."),
    "customer": (IdComparison, id_conditions("customer"), "Who bought, by id."),
    "channel": (TextComparison, _AS_WRITTEN, "How it was made, as it was written."),
    "register": (TextComparison, _AS_WRITTEN, "The till, as it was written."),
    "purchasedAt": (InstantComparison, instant_conditions, "When it was made."),
    "recordedAt": (InstantComparison, instant_conditions, "When it was recorded here."),
    "total": (AmountComparison, amount_conditions, "What it came to."),
    "due": (AmountComparison, amount_conditions, "What is left to be paid."),
    "hasNote": (bool, flag_conditions, "Whether there is a note on it."),
    "paymentMethod": (TextComparison, _AS_WRITTEN, "One of the ways in which it was paid, as it was written."),
    "brand": (TextComparison, _AS_WRITTEN, "The brand of one of its lines, as it was written."),
    "category": (TextComparison, _AS_WRITTEN, "The category of one of its lines, as it was written."),
    "sku": (TextComparison, _AS_WRITTEN, "The sku of one of its lines, as it was written."),
}

_NEEDS = {"store": "stores.view", "customer": "customers.view"}

LEAVES = [
    FilterLeaf(PurchaseWhere, name, comparison, sql.LEAVES[name], conditions, description, _NEEDS.get(name))
    for name, (comparison, conditions, description) in _ABOUT.items()
]
