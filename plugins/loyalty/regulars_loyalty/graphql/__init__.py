"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import accounts, entry_types, ledger, sales
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[*entry_types.EXTENSIONS, *accounts.EXTENSIONS, *sales.EXTENSIONS, *ledger.EXTENSIONS],
        types=[entry_types.CreditEntry, entry_types.PointsEntry, entry_types.CreditHold, entry_types.PointsHold],
        nodes=[*entry_types.NODES, ledger.NODE],
    )
