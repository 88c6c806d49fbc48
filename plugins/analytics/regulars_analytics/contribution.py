"""What the plugin adds to the schema, room by room."""

from regulars_analytics.insight import divisions
from regulars_analytics.insight import fields as insight
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution("analytics", extensions=[*insight.EXTENSIONS], breakdowns=divisions.BREAKDOWNS)
