"""What the plugin adds to the schema."""

from regulars_schema.composition import Contribution
from regulars_tiers.graphql import assigning, history, policies, reassessing, simulation, standings


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "tiers",
        extensions=[
            *policies.EXTENSIONS,
            *standings.EXTENSIONS,
            *history.EXTENSIONS,
            *simulation.EXTENSIONS,
            assigning.EXTENSION,
            reassessing.EXTENSION,
        ],
        leaves=[standings.LEAF],
        sorts=[standings.SORT],
        inputs=[assigning.INITIAL],
        nodes=[policies.NODE, history.NODE],
    )
