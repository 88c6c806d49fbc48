"""What customers bring to the schema."""

from regulars_core.customers import changes
from regulars_core.customers.duplicates import PossibleDuplicates
from regulars_core.customers.erasure import deletion
from regulars_core.customers.reads import customers_by_ids
from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution, NodeKind
from regulars_schema.customers import completeness, duplicates, erasures, errors, exports, sensitive
from regulars_schema.customers.attributes import contribution as attributes
from regulars_schema.customers.fields import EXTENSIONS
from regulars_schema.customers.filters import LEAVES
from regulars_schema.customers.mutations import MUTATIONS
from regulars_schema.customers.queries import QUERIES
from regulars_schema.customers.types import SORTS
from regulars_schema.fields.nodes import in_every_store


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(
            *attributes.EXTENSIONS,
            *EXTENSIONS,
            completeness.EXTENSION,
            sensitive.EXTENSION,
            errors.EXTENSION,
            *duplicates.EXTENSIONS,
            QUERIES,
            MUTATIONS,
            *erasures.EXTENSIONS,
            *exports.EXTENSIONS,
        ),
        types=[errors.VersionConflict, duplicates.PossibleDuplicates, erasures.CustomerReferenced],
        problems=[changes.VersionConflict, PossibleDuplicates, deletion.CustomerReferenced],
        leaves=[*attributes.LEAVES, *LEAVES, completeness.LEAF],
        sorts=SORTS,
        nodes=[
            *attributes.NODES,
            NodeKind("customer", in_every_store(customers_by_ids), "customers.view"),
            *erasures.NODES,
        ],
    )
