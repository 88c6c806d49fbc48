"""What the plugin adds to the schema."""

from regulars_rewards.graphql import promotion_changes, promotions
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "rewards",
        extensions=[promotions.EXTENSION, promotion_changes.EXTENSION],
        leaves=promotions.LEAVES,
        nodes=[promotions.NODE],
    )
