"""What the plugin adds to the schema."""

from regulars_schema.plugin import Contribution
from regulars_tiers.graphql import assignments, criteria, history, policies, reassessment, simulation, standings


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "tiers",
        extensions=[
            *policies.EXTENSIONS,
            *standings.EXTENSIONS,
            *history.EXTENSIONS,
            *simulation.EXTENSIONS,
            criteria.EXTENSION,
            assignments.EXTENSION,
            reassessment.EXTENSION,
        ],
        leaves=[standings.LEAF],
        sorts=[standings.SORT],
        vocabularies=[standings.VOCABULARY],
        breakdowns=[standings.BREAKDOWN],
        inputs=[assignments.INITIAL],
        codes=[assignments.UNKNOWN_TIER],
        nodes=[policies.NODE, history.NODE],
    )
