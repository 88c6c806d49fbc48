"""What the plugin adds to the schema."""

from regulars_loyalty.graphql import sales
from regulars_schema.plugin import Contribution


def contribution() -> Contribution:
    """Everything."""
    return Contribution("loyalty", inputs=sales.INPUTS, codes=sales.CODES)
