"""Finding and ordering customers by what they have, in the language of the API."""

from collections.abc import Sequence
from typing import Any

from regulars_loyalty.graphql.accounts import days_within
from regulars_loyalty.ledger import filters
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW
from regulars_schema.plugin import (
    AmountComparison,
    BigIntComparison,
    CustomerOrderField,
    CustomerWhere,
    FilterLeaf,
    RequestContext,
    SortField,
    amount_conditions,
    big_int_conditions,
)


def credit_conditions(comparison: AmountComparison, context: RequestContext) -> Sequence[tuple[str, Any]]:
    """The shop's currency, and the amounts."""
    return filters.unit_first(context.shop.currency, amount_conditions(comparison, context))


def days_conditions(days: int, _: RequestContext) -> Sequence[tuple[str, Any]]:
    """The number of days. Raises BadInput."""
    return [("within", days_within(days))]


LEAVES = (
    FilterLeaf(
        CustomerWhere,
        "credit",
        AmountComparison,
        filters.CREDIT_LEAF,
        credit_conditions,
        "The credit that is available in the shop's currency.",
        needs=CREDIT_VIEW,
    ),
    FilterLeaf(
        CustomerWhere,
        "points",
        BigIntComparison,
        filters.POINTS_LEAF,
        big_int_conditions,
        "The points that are available.",
        needs=POINTS_VIEW,
    ),
    FilterLeaf(
        CustomerWhere,
        "pointsExpireInDays",
        int,
        filters.EXPIRING_LEAF,
        days_conditions,
        "Points of the customer expire within this many days, 0 to 366.",
        needs=POINTS_VIEW,
    ),
)
SORTS = (
    SortField(
        CustomerOrderField,
        filters.CREDIT_ORDER,
        "By the credit that is available in the shop's currency.",
        needs=CREDIT_VIEW,
    ),
    SortField(CustomerOrderField, filters.POINTS_ORDER, "By the points that are available.", needs=POINTS_VIEW),
)
