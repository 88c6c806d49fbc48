"""What groups of customers bring to the schema."""

from regulars_core.groups import service
from regulars_core.groups.reads import groups_by_ids
from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution, NodeKind
from regulars_schema.fields.nodes import in_every_store
from regulars_schema.groups.mutations import CONFLICT, MUTATIONS, GroupConflict
from regulars_schema.groups.queries import MEMBERS, QUERIES


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(QUERIES, MEMBERS, MUTATIONS, CONFLICT),
        types=[GroupConflict],
        problems=[service.GroupConflict],
        nodes=[NodeKind("group", in_every_store(groups_by_ids), "groups.view")],
    )
