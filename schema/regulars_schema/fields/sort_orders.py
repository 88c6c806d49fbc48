"""Sort orders: a field of a list's own enum and a direction."""

from enum import Enum
from typing import Any

import strawberry

from regulars_core.queries.pages import Order
from regulars_schema.request.context import RequestContext


@strawberry.enum(description="Which end of an order comes first.")
class OrderDirection(Enum):
    """As in SQL."""

    ASC = strawberry.enum_value("ASC", description="From the smallest; what has no value comes before everything.")
    DESC = strawberry.enum_value("DESC", description="Exactly the reverse of ASC.")


def order_of(given: Any, default: Order, context: RequestContext) -> Order:
    """The order that an `orderBy` input asks for; its field arrives as the SortField of whoever contributed it.

    Raises Forbidden for an order that the caller may not ask for.
    """
    if given is None:
        return default
    context.demand(given.field.needs, shop_wide=given.field.shop_wide, otherwise=given.field.otherwise)
    context.shop.refuse_behind(given.field.owner)
    return Order(given.field.key, given.direction is OrderDirection.DESC)
