"""What the plugin adds to the schema."""

from regulars_rewards.graphql import (
    coupon_filters,
    coupon_issuing,
    coupon_redeeming,
    coupons,
    grants,
    obstacles,
    progress,
    promotion_changes,
    promotions,
    quotes,
    reward_outcomes,
    sales,
    simulations,
    standings,
    system_changes,
    systems,
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
            *simulations.EXTENSIONS,
            systems.EXTENSION,
            system_changes.EXTENSION,
            *progress.EXTENSIONS,
            reward_outcomes.EXTENSION,
            grants.EXTENSION,
        ],
        types=[*obstacles.TYPES, *quotes.TYPES],
        leaves=[*promotions.LEAVES, *coupon_filters.LEAVES, *sales.LEAVES],
        nodes=[promotions.NODE, *coupons.NODES, systems.NODE, progress.NODE],
        inputs=sales.INPUTS,
        problems=[*obstacles.PROBLEMS, *quotes.PROBLEMS],
        codes=sales.CODES_OF_SALES,
    )
