"""The whole schema: core's own domains, which join in the way plugins do, and what plugins add."""

from collections.abc import Sequence
from typing import Any, TypeVar

from graphql import GraphQLError
from graphql.utilities import coerce_input_value, validate_input_value
from strawberry.types.arguments import convert_argument
from strawberry.types.base import get_object_definition

from regulars_core.plugins.host import Plugins
from regulars_core.plugins.owners import CORE, PluginError
from regulars_core.primitives.errors import Malformed, Problem
from regulars_core.shop.permissions import Permissions
from regulars_core.shop.shop import Shop
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, needs_of
from regulars_schema.composition.known_schema import known_schema, remember_schema
from regulars_schema.customers import consents, merges, pairs, verifications
from regulars_schema.customers import contribution as customers
from regulars_schema.customers.notes import contribution as notes
from regulars_schema.documents.documents import Documents
from regulars_schema.groups import contribution as groups
from regulars_schema.inputs.readers import reader
from regulars_schema.purchases import contribution as purchases
from regulars_schema.request import errors
from regulars_schema.rules import contribution as rules
from regulars_schema.segments import contribution as segments
from regulars_schema.shop import audit, bulk_jobs, files, imports, keys, retention, roles, shop, stores, vocabulary

T = TypeVar("T")


def core_contributions() -> list[Contribution]:
    """What core brings, room by room."""
    rooms = (
        shop,
        stores,
        customers,
        groups,
        notes,
        consents,
        verifications,
        merges,
        pairs,
        purchases,
        segments,
        rules,
        audit,
        bulk_jobs,
        files,
        imports,
        vocabulary,
        keys,
        roles,
        retention,
    )
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
    known = known_schema(shop)
    return remember_schema(shop, schema_of(shop.plugins)) if known is None else known


def contributions_of(plugins: Plugins) -> list[Contribution]:
    """What plugins add to the schema. Raises PluginError for what is not a plugin's own Contribution."""
    found = plugins.declared("regulars_schema")
    for name, contribution in found.items():
        if not isinstance(contribution, Contribution) or contribution.owner != name:
            raise PluginError(
                f"The plugin '{name}' must answer regulars_schema with a Contribution of the owner '{name}'."
            )
    return list(found.values())


def read_input(shop: Shop, cls: type[T], value: Any) -> T:
    """An input as a request would bring it, out of plain JSON such as a file holds. Raises Malformed with everything that is
    wrong with its form, each at its place."""
    schema, problems = schema_in(shop), list[Problem]()

    def wrong(error: GraphQLError, path: Sequence[str | int]) -> None:
        problems.append(Problem("INVALID", error.message, tuple(str(one) for one in path)))

    type_ = schema.input_type(get_object_definition(cls, strict=True).name)
    validate_input_value(value, type_, wrong)
    if problems:
        raise Malformed(*problems)
    coerced = coerce_input_value(value, type_)
    read = reader(cls, schema)
    made = (
        convert_argument(coerced, cls, schema.schema_converter.scalar_registry, schema.config)
        if read is None
        else read(coerced)
    )
    assert isinstance(made, cls)
    return made
