"""The shop itself, who is asking, `node` and `nodes`."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

import strawberry
from strawberry import Info
from strawberry.types.field import StrawberryField

from regulars_core.customers.columns import COLUMNS
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.money import CurrencyCode
from regulars_core.shop.actors import Actor, Binding
from regulars_core.stores.reads import StoreRow, stores_by_ids
from regulars_schema.composition.composed_schema import ComposedSchema
from regulars_schema.composition.contributions import Contribution, Extension, Query
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.nodes import Node, backed_by, node, nodes
from regulars_schema.fields.resolvers import Declaration, root_field
from regulars_schema.request.context import Asked, GraphQLContext, RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.shop.status import SupportContact, SystemStatus, statuses, support_of
from regulars_schema.shop.stores import Store


@requires(None)
@strawberry.type(description="A plugin that is switched on.")
class Plugin:
    """Over an installed distribution."""

    name: str = strawberry.field(description="What it is switched on by.")
    version: str = strawberry.field(description="Its version.")
    description: str = strawberry.field(description="What it does, in a sentence.")


@requires(None)
@strawberry.type(description="What the shop asks for of a customer.")
class CustomerFieldRule:
    """Over regulars_core.customers.columns.Column and the settings."""

    field: str = strawberry.field(description="The field, as `CustomerCreateInput` names it.")
    is_required: bool = strawberry.field(description="Whether a customer must have it; at the till none is.")
    is_counted: bool = strawberry.field(description="Whether it counts in the completeness of a profile.")
    is_unique: bool = strawberry.field(description="Whether no two customers may have the same.")


@requires(None)
@strawberry.type(description="The shop whose customers these are.")
class Shop:
    """Over regulars_core.shop.settings.Settings."""

    name: str = strawberry.field(description="The shop's name.")
    currency_code: CurrencyCode = strawberry.field(description="The one currency that the shop sells in.")
    timezone: str = strawberry.field(description="IANA name of the time zone in which the shop's days begin and end.")
    country: str = strawberry.field(
        description="ISO 3166 code of the country whose way of writing phone numbers is understood."
    )
    plugins: list[Plugin] = strawberry.field(description="The plugins that are switched on.")
    customer_fields: list[CustomerFieldRule] = strawberry.field(
        description="What the shop asks for at registration, in the order of a form."
    )
    consent_purposes: list[str] = strawberry.field(
        description="The purposes that consents can be for, by the setting of the shop."
    )
    support: SupportContact | None = strawberry.field(
        description="Whom to ask when data is wrong or missing; null where nobody is set."
    )
    guide_url: str | None = strawberry.field(
        description="The address of the guide for those who work with it; null where none is set."
    )


@requires(None)
@strawberry.type(description="A role of a key, and where it counts.")
class RoleBinding:
    """Over regulars_core.shop.actors.Binding."""

    is_type_of = backed_by(Binding)
    role: str = strawberry.field(description="The name of the role.")
    permissions: list[str] = strawberry.field(
        resolver=lambda root: sorted(root.permissions), description="What it allows there, one by one."
    )


@requires(None)
@strawberry.type(description="Whoever asks.")
class Viewer:
    """Over regulars_core.shop.actors.Actor."""

    is_type_of = backed_by(Actor)
    name: str = strawberry.field(description="The name of the key that is used.")
    roles: list[str] = strawberry.field(description="What the key may do, as names of roles.")
    permissions: list[str] = strawberry.field(
        resolver=lambda root: sorted(root.permissions),
        description="What the key may do, one by one: each in some store at least, `bindings` say in which.",
    )
    bindings: list[RoleBinding] = strawberry.field(description="The roles, and where each of them counts.")


@root(name="shop", returns=Shop | None, description="The shop whose customers these are.")
async def shop(context: RequestContext) -> Shop:
    """The shop."""
    settings, told = context.shop.settings, context.shop.plugins.about
    return Shop(
        name=settings.shop_name,
        currency_code=context.shop.currency,
        timezone=settings.timezone,
        country=settings.country,
        plugins=[Plugin(name=one.name, version=one.version, description=one.description) for one in told],
        support=support_of(settings),
        guide_url=settings.guide_url,
        customer_fields=[
            CustomerFieldRule(
                field=column.field,
                is_required=column.name in settings.required_fields,
                is_counted=column.name in settings.counted_fields,
                is_unique=column.name in settings.unique_fields,
            )
            for column in COLUMNS
        ],
        consent_purposes=list(settings.consent_purposes),
    )


@batched(name="status", returns=SystemStatus, description="Whether everything works, as far as the server can tell.")
async def shop_status(shops: Sequence[Shop], context: RequestContext) -> Sequence[SystemStatus]:
    """How the shop is."""
    return await statuses(context, len(shops))


@root(name="viewer", returns=Viewer | None, description="Whoever asks.")
async def viewer(context: RequestContext) -> Actor:
    """Who asks."""
    return context.actor


@batched(
    name="stores",
    needs="stores.view",
    returns=list[Store] | None,
    description="The stores in which the role counts; null for the whole shop.",
)
async def stores_of_bindings(bindings: Sequence[Binding], context: RequestContext) -> Sequence[list[StoreRow] | None]:
    """The stores of each binding, by code; None for the whole shop."""
    return await _stores(context, [binding.stores for binding in bindings])


@batched(
    name="stores",
    needs="stores.view",
    returns=list[Store] | None,
    description="The stores that the key is bound to; null for one that is bound to the whole shop. "
    "Customers are seen in every store, purchases and what they amount to in these.",
)
async def stores_of_viewers(actors: Sequence[Actor], context: RequestContext) -> Sequence[list[StoreRow] | None]:
    """The stores of all bindings together, by code; None where one is of the whole shop."""
    return await _stores(context, [actor.scope for actor in actors])


async def _stores(context: RequestContext, scopes: Sequence[frozenset[str] | None]) -> list[list[StoreRow] | None]:
    wanted = sorted({store for scope in scopes if scope is not None for store in scope})
    found = sorted((await stores_by_ids(context.database, wanted)).values(), key=lambda store: store.code)
    return [None if scope is None else [store for store in found if store.id in scope] for scope in scopes]


def _node() -> StrawberryField:
    async def resolve(
        info: Info[GraphQLContext, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The id that the object has answered.")],
    ) -> Node | None:
        schema: Any = info.schema
        assert isinstance(schema, ComposedSchema)
        found: Node | None = await node(info.context.request, schema, id)
        return found

    field: Any = strawberry.field(
        resolver=resolve,
        name="node",
        description="The object with this id; null if there is none. An id that is malformed is refused.",
    )
    field.python_name = "node"
    return cast(StrawberryField, field)


def _nodes() -> StrawberryField:
    async def answer(context: GraphQLContext, schema: Any, _: str, arguments: dict[str, Any], __: Asked) -> list[Any]:
        assert isinstance(schema, ComposedSchema)
        return await context.request.in_time(lambda: nodes(context.request, schema, arguments["ids"]))

    def signature(
        *, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids, at most 100.")]
    ) -> None:
        """The arguments."""

    described = (
        "The objects with these ids, in the same order; null in the place of one that does not exist or may not be seen. "
        "Malformed ids are refused."
    )
    return root_field(answer, Declaration("nodes", list[Node | None] | None, described, sized_by="ids"), signature)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(Query, [_node(), _nodes(), shop, viewer]),
            Extension(Shop, [shop_status]),
            Extension(Viewer, [stores_of_viewers]),
            Extension(RoleBinding, [stores_of_bindings]),
        ],
        types=[Node],
    )
