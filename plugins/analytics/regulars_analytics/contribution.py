"""What the plugin adds to the schema, room by room."""

from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution("analytics", extensions=[], leaves=[], breakdowns=[])
