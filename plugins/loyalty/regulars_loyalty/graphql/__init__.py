"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import accounts, entry_types, filters, history, sales
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[*entry_types.EXTENSIONS, *accounts.EXTENSIONS, *sales.EXTENSIONS, *history.EXTENSIONS],
        types=[entry_types.CreditEntry, entry_types.PointsEntry, entry_types.CreditHold, entry_types.PointsHold],
        leaves=filters.LEAVES,
        sorts=filters.SORTS,
        nodes=[*entry_types.NODES],
    )
