"""The shop itself, who is asking, and `node`."""

from typing import Annotated, Any, cast

import strawberry
from strawberry import Info
from strawberry.types.field import StrawberryField

from regulars_core.money import CurrencyCode
from regulars_core.permissions import PERMISSIONS
from regulars_schema.batching import Batch, root
from regulars_schema.composition import CORE, ComposedSchema, Contribution, Extension, Query
from regulars_schema.context import Context
from regulars_schema.nodes import Node, node
from regulars_schema.permissions import under


@under(None)
@strawberry.type(description="A plugin that is switched on.")
class Plugin:
    """Over an installed distribution."""

    name: str = strawberry.field(description="What it is switched on by.")
    version: str = strawberry.field(description="Its version.")
    description: str = strawberry.field(description="What it does, in a sentence.")


@under(None)
@strawberry.type(description="The shop whose customers these are.")
class Shop:
    """Over regulars_core.settings.Settings."""

    name: str = strawberry.field(description="The shop's name.")
    currency_code: CurrencyCode = strawberry.field(description="The one currency that the shop sells in.")
    timezone: str = strawberry.field(description="IANA name of the time zone in which the shop's days begin and end.")
    country: str = strawberry.field(
        description="ISO 3166 code of the country whose way of writing phone numbers is understood."
    )
    plugins: list[Plugin] = strawberry.field(description="The plugins that are switched on.")


@under(None)
@strawberry.type(description="Whoever asks.")
class Viewer:
    """Over regulars_core.actors.Actor."""

    name: str = strawberry.field(description="The name of the key that is used.")
    roles: list[str] = strawberry.field(description="What the key may do, as names of roles.")
    permissions: list[str] = strawberry.field(description="What the key may do, one by one.")


async def shop(batch: Batch) -> Shop:
    """The shop."""
    settings, told = batch.shop.settings, batch.shop.plugins.about
    return Shop(
        name=settings.shop_name,
        currency_code=batch.shop.currency,
        timezone=settings.timezone,
        country=settings.country,
        plugins=[Plugin(name=one.name, version=one.version, description=one.description) for one in told],
    )


async def viewer(batch: Batch) -> Viewer:
    """Who asks."""
    held = sorted(permission for permission in PERMISSIONS if batch.actor.may(permission))
    return Viewer(name=batch.actor.name, roles=[batch.actor.role], permissions=held)


def _node() -> StrawberryField:
    async def resolve(
        info: Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="The id that the object has answered.")],
    ) -> Node | None:
        schema: Any = info.schema
        assert isinstance(schema, ComposedSchema)
        found: Node | None = await node(info.context.batch, schema, id)
        return found

    field: Any = strawberry.field(
        resolver=resolve,
        name="node",
        description="The object with this id; null if there is none. An id that is malformed is refused.",
    )
    field.python_name = "node"
    return cast(StrawberryField, field)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(
                Query,
                [
                    _node(),
                    root(shop, name="shop", returns=Shop | None, description="The shop whose customers these are."),
                    root(viewer, name="viewer", returns=Viewer | None, description="Whoever asks."),
                ],
            )
        ],
        types=[Node],
    )
