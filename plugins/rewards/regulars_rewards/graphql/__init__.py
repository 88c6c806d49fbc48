"""What the plugin adds to the schema."""

from regulars_rewards.graphql import (
    coupon_filters,
    coupon_issuing,
    coupon_redeeming,
    coupons,
    obstacles,
    promotion_changes,
    promotions,
    quotes,
    sales,
    standings,
)
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "rewards",
        extensions=[
            promotions.EXTENSION,
            promotion_changes.EXTENSION,
            *coupons.EXTENSIONS,
            coupon_issuing.EXTENSION,
            coupon_redeeming.EXTENSION,
            *obstacles.EXTENSIONS,
            standings.EXTENSION,
            *quotes.EXTENSIONS,
            *sales.EXTENSIONS,
        ],
        types=[*obstacles.TYPES, *quotes.TYPES],
        leaves=[*promotions.LEAVES, *coupon_filters.LEAVES, *sales.LEAVES],
        nodes=[promotions.NODE, *coupons.NODES],
        inputs=sales.INPUTS,
        problems=[*obstacles.PROBLEMS, *quotes.PROBLEMS],
        codes=sales.CODES_OF_SALES,
    )
