"""What the plugin adds to the schema."""

from regulars_rewards.graphql import obstacles, promotion_changes, promotions, standings
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "rewards",
        extensions=[
            promotions.EXTENSION,
            promotion_changes.EXTENSION,
            *obstacles.EXTENSIONS,
            standings.EXTENSION,
        ],
        types=[*obstacles.TYPES],
        leaves=promotions.LEAVES,
        nodes=[promotions.NODE],
        problems=[*obstacles.PROBLEMS],
    )
