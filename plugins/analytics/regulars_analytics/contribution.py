"""What the plugin adds to the schema, room by room."""

from regulars_analytics.insight import divisions
from regulars_analytics.insight import fields as insight
from regulars_analytics.lifetime import graphql as lifetime
from regulars_analytics.rfm import graphql as rfm
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "analytics",
        extensions=[*insight.EXTENSIONS, lifetime.EXTENSION, *rfm.EXTENSIONS],
        leaves=[lifetime.LEAF, rfm.LEAF],
        sorts=[lifetime.SORT],
        breakdowns=divisions.BREAKDOWNS,
    )
