"""What purchases can be filtered by."""

from collections.abc import Sequence

import strawberry

from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.text import tidy
from regulars_core.purchases import filters as sql
from regulars_core.purchases.figures.calendar import HOURS, MONTHS, WEEKDAYS
from regulars_core.queries.where import Condition
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
from regulars_schema.request.context import RequestContext


@strawberry.input(description="Compares with a list of purchase statuses.")
class PurchaseStatusComparison:
    """Conditions over purchase.status."""

    in_: list[PurchaseStatus] = strawberry.field(name="in", description="One of these.")


@strawberry.input(
    description="Compares the place of an instant in the calendar where the shop is; everything given must hold."
)
class CalendarComparison:
    """Conditions over the local time of an instant."""

    hours: strawberry.Maybe[list[int] | None] = strawberry.field(
        description="In one of these hours of the day, 0 to 23."
    )
    months: strawberry.Maybe[list[int] | None] = strawberry.field(description="In one of these months, 1 to 12.")
    weekdays: strawberry.Maybe[list[int] | None] = strawberry.field(
        description="On one of these days of the week, 1 for Monday to 7 for Sunday."
    )


_RANGES = {HOURS: range(24), MONTHS: range(1, 13), WEEKDAYS: range(1, 8)}


def calendar_conditions(comparison: CalendarComparison, context: RequestContext) -> Sequence[Condition]:
    """Whole numbers, and where the shop is."""
    conditions: list[Condition] = []
    for name, allowed in _RANGES.items():
        some = getattr(comparison, name)
        if some is None:
            continue
        if some.value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name,))
        for n, one in enumerate(some.value):
            if one not in allowed:
                raise BadInput(f"Between {allowed[0]} and {allowed[-1]}.", (name, str(n)))
        conditions.append((name, sorted(set(some.value))))
    if not conditions:
        raise BadInput("A comparison needs something to compare with.")
    return [*conditions, (sql.ZONE, context.shop.settings.zone.key)]


_AS_WRITTEN = text_conditions(tidy)
_ABOUT = {
    "status": (PurchaseStatusComparison, enum_conditions, "What has become of the purchase."),
    "store": (IdComparison, id_conditions("store"), "Where it was made, by id."),
    "customer": (IdComparison, id_conditions("customer"), "Who bought, by id."),
    "channel": (TextComparison, _AS_WRITTEN, "How it was made, as it was written."),
    "register": (TextComparison, _AS_WRITTEN, "The till, as it was written."),
    "calendar": (CalendarComparison, calendar_conditions, "When in the year, the week and the day it was made."),
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
