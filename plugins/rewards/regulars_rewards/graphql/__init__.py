"""What the plugin adds to the schema."""

from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution("rewards")
