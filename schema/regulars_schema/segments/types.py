"""What a segment is for clients."""

import strawberry

from regulars_core.primitives.clock import Instant
from regulars_core.segments.reads import SegmentRow
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.request.permissions import requires
from regulars_schema.types.ids import identified


@requires("customers.view")
@strawberry.type(
    description="A filter that is kept under a name. Who is in it is found anew whenever it is asked. Needs `customers.view`."
)
class Segment(Node):
    """Over regulars_core.segments.reads.SegmentRow."""

    is_type_of = backed_by(SegmentRow)
    id: strawberry.ID = identified("segment")
    name: str = strawberry.field(description="What people call it; unique.")
    description: str | None = strawberry.field(description="What it is for.")
    version: int = strawberry.field(description="Grows by one with every change.")
    created_at: Instant = strawberry.field(description="When it was made.")
    updated_at: Instant = strawberry.field(description="When it was last changed.")
