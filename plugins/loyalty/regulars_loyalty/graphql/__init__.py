"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import (
    credit_by_hand,
    credit_holds,
    entry_types,
    group_limits,
    points_by_hand,
    points_holds,
    problems,
    reversals,
)
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[
            *entry_types.EXTENSIONS,
            credit_by_hand.EXTENSION,
            credit_holds.EXTENSION,
            points_by_hand.EXTENSION,
            points_holds.EXTENSION,
            reversals.EXTENSION,
        ],
        types=[
            entry_types.CreditEntry,
            entry_types.PointsEntry,
            entry_types.CreditHold,
            entry_types.PointsHold,
            *problems.TYPES,
        ],
        inputs=[*group_limits.INPUTS],
        nodes=[*entry_types.NODES],
        problems=[*problems.PROBLEMS],
        codes=[*group_limits.CODES],
    )
