"""What rules bring to the schema."""

from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution
from regulars_schema.rules.queries import QUERIES


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(CORE, extensions=[QUERIES])
