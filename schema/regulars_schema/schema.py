"""The whole schema: core's own domains, which join in the way plugins do, and what plugins add."""

from collections.abc import Sequence

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import CORE, PluginError
from regulars_core.shop.permissions import Permissions
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, needs_of
from regulars_schema.customers import contribution as customers
from regulars_schema.customers import merges, notes
from regulars_schema.documents.documents import Documents
from regulars_schema.groups import contribution as groups
from regulars_schema.purchases import contribution as purchases
from regulars_schema.request import errors
from regulars_schema.rules import contribution as rules
from regulars_schema.shop import audit, bulk_jobs, shop, stores


def core_contributions() -> list[Contribution]:
    """What core brings, room by room."""
    rooms = (shop, stores, customers, groups, notes, merges, purchases, rules, audit, bulk_jobs)
    return [Contribution(CORE, types=errors.ERROR_TYPES), *(room.contribution() for room in rooms)]


def build_schema(plugins: Sequence[Contribution] = (), documents: Documents | None = None) -> ComposedSchema:
    """A schema of core and these plugins, which keeps parsed documents in `documents`.

    Raises SchemaConflict where two of them claim the same place.
    """
    return ComposedSchema([*core_contributions(), *plugins], documents=documents)


def schema_of(plugins: Plugins, documents: Documents | None = None) -> ComposedSchema:
    """The schema of core and these plugins. Raises SchemaConflict, and PluginError where something needs a permission that
    nobody declares."""
    contributions, known = contributions_of(plugins), Permissions.of(plugins).all
    schema = build_schema(contributions, documents)
    needs = [
        (place, needed, one.owner) for one in [*core_contributions(), *contributions] for place, needed in needs_of(one)
    ]
    for place, needed, owner in [*needs, *schema.own_needs()]:
        if needed not in known:
            raise PluginError(f"{place} of '{owner}' needs the permission '{needed}', which nobody declares")
    return schema


def schema_in(shop: Shop) -> ComposedSchema:
    """The schema of a shop: the one by which it is asked, where somebody has said which that is by `remember_schema`, and else
    made once. Raises what `schema_of` raises."""
    known: ComposedSchema | None = shop.memory.get(ComposedSchema)
    return remember_schema(shop, schema_of(shop.plugins)) if known is None else known


def remember_schema(shop: Shop, schema: ComposedSchema) -> ComposedSchema:
    """Say by which schema a shop is asked, so that none is made again for what it keeps in its words."""
    shop.memory[ComposedSchema] = schema
    return schema


def contributions_of(plugins: Plugins) -> list[Contribution]:
    """What plugins add to the schema. Raises PluginError for what is not a plugin's own Contribution."""
    found = plugins.declared("regulars_schema")
    for name, contribution in found.items():
        if not isinstance(contribution, Contribution) or contribution.owner != name:
            raise PluginError(
                f"The plugin '{name}' must answer regulars_schema with a Contribution of the owner '{name}'."
            )
    return list(found.values())
