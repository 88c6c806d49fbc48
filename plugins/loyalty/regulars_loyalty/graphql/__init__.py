"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import entry_types, sales
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[*entry_types.EXTENSIONS],
        types=[entry_types.CreditEntry, entry_types.PointsEntry, entry_types.CreditHold, entry_types.PointsHold],
        nodes=[*entry_types.NODES],
        inputs=sales.INPUTS,
        codes=sales.CODES,
    )
