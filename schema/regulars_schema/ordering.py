"""Sort orders: a field of a list's own enum and a direction."""

from enum import Enum
from typing import Any

import strawberry

from regulars_core.paging import Order


@strawberry.enum(description="Which end of an order comes first.")
class OrderDirection(Enum):
    """As in SQL."""

    ASC = strawberry.enum_value("ASC", description="From the smallest; what has no value comes before everything.")
    DESC = strawberry.enum_value("DESC", description="Exactly the reverse of ASC.")


def order_of(given: Any, default: Order) -> Order:
    """The order that an `orderBy` input asks for; its field arrives as the sort key of whoever contributed it."""
    return default if given is None else Order(given.field, given.direction is OrderDirection.DESC)
