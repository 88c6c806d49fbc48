"""The whole schema: core's own domains, which join in the way plugins do, and what plugins add."""

from collections.abc import Sequence

from regulars_schema import audit, customers, errors, groups, notes, purchases, shop, stores
from regulars_schema.composition import CORE, ComposedSchema, Contribution
from regulars_schema.documents import Documents


def core_contributions() -> list[Contribution]:
    """What core brings, room by room."""
    rooms = (shop, stores, customers, groups, notes, purchases, audit)
    return [Contribution(CORE, types=errors.ERROR_TYPES), *(room.contribution() for room in rooms)]


def build_schema(plugins: Sequence[Contribution] = (), documents: Documents | None = None) -> ComposedSchema:
    """A schema of core and these plugins, which keeps parsed documents in `documents`.

    Raises SchemaConflict where two of them claim the same place.
    """
    return ComposedSchema([*core_contributions(), *plugins], documents=documents)
