"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import (
    accounts,
    credit_by_hand,
    credit_holds,
    entry_types,
    filters,
    group_limits,
    history,
    ledger,
    outcomes,
    paying,
    points_by_hand,
    points_holds,
    problems,
    program_simulation,
    programs,
    reversals,
    sales,
)
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "loyalty",
        extensions=[
            *entry_types.EXTENSIONS,
            *accounts.EXTENSIONS,
            *sales.EXTENSIONS,
            *history.EXTENSIONS,
            *ledger.EXTENSIONS,
            credit_by_hand.EXTENSION,
            credit_holds.EXTENSION,
            points_by_hand.EXTENSION,
            points_holds.EXTENSION,
            reversals.EXTENSION,
            *outcomes.EXTENSIONS,
            *program_simulation.EXTENSIONS,
            *programs.EXTENSIONS,
        ],
        types=[
            entry_types.CreditEntry,
            entry_types.PointsEntry,
            entry_types.CreditHold,
            entry_types.PointsHold,
            *problems.TYPES,
        ],
        leaves=filters.LEAVES,
        sorts=filters.SORTS,
        nodes=[*entry_types.NODES, programs.NODE, ledger.NODE],
        inputs=[*paying.INPUTS, *group_limits.INPUTS],
        problems=[*problems.PROBLEMS],
        codes=[*paying.CODES, *group_limits.CODES],
    )
