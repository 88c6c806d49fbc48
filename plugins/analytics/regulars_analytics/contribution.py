"""What the plugin adds to the schema, room by room."""

from regulars_analytics.insight import divisions
from regulars_analytics.insight import fields as insight
from regulars_analytics.lifetime import graphql as lifetime
from regulars_analytics.promotions import fields as promotions
from regulars_analytics.reports import graphql as reports
from regulars_analytics.retention import fields as retention
from regulars_analytics.rfm import graphql as rfm
from regulars_analytics.tiers_performance import fields as tiers_performance
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution(
        "analytics",
        extensions=[
            *insight.EXTENSIONS,
            *retention.EXTENSIONS,
            *tiers_performance.EXTENSIONS,
            *promotions.EXTENSIONS,
            lifetime.EXTENSION,
            *rfm.EXTENSIONS,
            *reports.EXTENSIONS,
        ],
        leaves=[*retention.LEAVES, lifetime.LEAF, rfm.LEAF],
        sorts=[lifetime.SORT],
        breakdowns=divisions.BREAKDOWNS,
    )
