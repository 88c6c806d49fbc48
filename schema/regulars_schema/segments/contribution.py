"""What segments bring to the schema."""

from regulars_core.plugins.owners import CORE
from regulars_core.segments import service
from regulars_core.segments.reads import segments_by_ids
from regulars_schema.composition.contributions import Contribution, NodeKind
from regulars_schema.fields.nodes import in_every_store
from regulars_schema.segments.fields import FIELDS
from regulars_schema.segments.members import SEGMENT
from regulars_schema.segments.mutations import CONFLICT, MUTATIONS, SegmentConflict
from regulars_schema.segments.queries import QUERIES


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(QUERIES, FIELDS, MUTATIONS, CONFLICT),
        types=[SegmentConflict],
        problems=[service.SegmentConflict],
        leaves=[SEGMENT],
        nodes=[NodeKind("segment", in_every_store(segments_by_ids), "customers.view")],
    )
