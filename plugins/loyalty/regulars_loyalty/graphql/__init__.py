"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import accounts, entry_types, outcomes, paying, program_simulation, programs, sales
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[
            *entry_types.EXTENSIONS,
            *accounts.EXTENSIONS,
            *sales.EXTENSIONS,
            *outcomes.EXTENSIONS,
            *program_simulation.EXTENSIONS,
            *programs.EXTENSIONS,
        ],
        types=[entry_types.CreditEntry, entry_types.PointsEntry, entry_types.CreditHold, entry_types.PointsHold],
        nodes=[*entry_types.NODES, programs.NODE],
        inputs=paying.INPUTS,
        codes=paying.CODES,
    )
