"""Stores in the language of the API."""

from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Page
from regulars_core.queries.rows import load_one
from regulars_core.stores import service
from regulars_core.stores.reads import BY_CODE, StoreRow, page_of_stores, stores_by_ids
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.fields.declarations import mutation, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.ids import identified, key_of


@requires("stores.view")
@strawberry.type(description="A place of sale.")
class Store(Node):
    """Over regulars_core.stores.reads.StoreRow."""

    is_type_of = backed_by(StoreRow)
    id: strawberry.ID = identified("store")
    code: str = strawberry.field(description="Short and unique, such as `S07`; `MAIN` exists from the start.")
    name: str = strawberry.field(description="What people call it.")
    is_active: bool = strawberry.field(description="Whether it is open for business.")
    created_at: Instant = strawberry.field(description="When it was entered here.")
    updated_at: Instant = strawberry.field(description="When it was last changed here.")


@root(
    name="stores",
    needs="stores.view",
    returns=Connection[Store] | None,
    description="All stores, by code.",
    replica=True,
)
async def stores(context: RequestContext, **asked: Unpack[PageArguments]) -> Page[StoreRow]:
    """A page of all stores."""
    return await page_of_stores(context.database, window(BY_CODE, **asked))


@strawberry.input(description="A new store.")
class StoreCreateInput(IdempotentInput):
    """Input of storeCreate."""

    code: str = strawberry.field(description="1 to 16 letters and digits, such as `S07`; kept in capitals.")
    name: str = strawberry.field(description="What people call it; at most 120 characters.")


@strawberry.type(description="What storeCreate answers.")
class StoreCreatePayload(Payload):
    """Payload of storeCreate."""

    store: Store | None = guarded("stores.view", default=None, description="The new store.")


@mutation(
    name="storeCreate",
    needs="stores.manage",
    description="Opens a store. Codes: `INVALID_CODE`, `CODE_TAKEN`, `REQUIRED`, `TOO_LONG`.",
)
async def store_create(
    context: RequestContext,
    *,
    input: Annotated[StoreCreateInput, strawberry.argument(description="The store to open.")],
) -> StoreCreatePayload:
    """Open a store."""
    store_id = await service.create_store(context.shop, input.code, input.name)
    return StoreCreatePayload(store=await _store(context, store_id))


@strawberry.input(description="Changes of a store; what is absent stays as it is.")
class StoreUpdateInput(IdempotentInput):
    """Input of storeUpdate."""

    id: strawberry.ID = strawberry.field(description="The store to change.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="A new name; at most 120 characters.")
    is_active: strawberry.Maybe[bool | None] = strawberry.field(description="Whether it is open for business.")


@strawberry.type(description="What storeUpdate answers.")
class StoreUpdatePayload(Payload):
    """Payload of storeUpdate."""

    store: Store | None = guarded("stores.view", default=None, description="The store as it is now.")


@mutation(
    name="storeUpdate",
    needs="stores.manage",
    description="Renames a store, closes it or opens it again. Codes: `NOT_FOUND`, `MAIN_STORE`, `REQUIRED`, "
    "`TOO_LONG`.",
)
async def store_update(
    context: RequestContext, *, input: Annotated[StoreUpdateInput, strawberry.argument(description="What to change.")]
) -> StoreUpdatePayload:
    """Change a store."""
    store_id, changes = key_of(input.id, "store", "id"), service.StoreChanges()
    if input.name is not None:
        changes["name"] = input.name.value
    if input.is_active is not None:
        changes["is_active"] = input.is_active.value
    await service.change_store(context.shop, store_id, changes)
    return StoreUpdatePayload(store=await _store(context, store_id))


async def _store(context: RequestContext, store_id: str) -> Any:
    return await load_one(stores_by_ids, context.database, store_id)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Query, [stores]), Extension(Mutation, [store_create, store_update])],
        nodes=[NodeKind("store", in_every_store(stores_by_ids), "stores.view")],
    )
