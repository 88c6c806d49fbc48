"""API keys in the language of the API."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.keys.credentials import read_credential
from regulars_core.keys.grants import Grant
from regulars_core.keys.reads import KeyRow, bindings_by_keys, keys_by_ids, list_keys
from regulars_core.keys.service import create_key, revoke_key
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant, now
from regulars_core.shop.actors import Binding
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.shop.shop import RoleBinding
from regulars_schema.types.ids import KEY, identified, key_of

MANAGE = "keys.manage"


@requires(MANAGE)
@strawberry.type(description="A key by which a program or a till asks.")
class ApiKey(Node):
    """Over regulars_core.keys.reads.KeyRow."""

    is_type_of = backed_by(KeyRow)
    id: strawberry.ID = identified(KEY)
    name: str = strawberry.field(description="What people call it.")
    created_at: Instant = strawberry.field(description="When it was made.")
    expires_at: Instant | None = strawberry.field(description="When it ends by itself; null if it does not.")
    last_used_at: Instant | None = strawberry.field(
        description="When it was last used, to the minute; null if it never was."
    )
    revoked_at: Instant | None = strawberry.field(description="When it was revoked; null while it is live.")


@batched(name="bindings", returns=list[RoleBinding], description="The roles, and where each of them counts.")
async def bindings(keys: Sequence[KeyRow], context: RequestContext) -> Sequence[Sequence[Binding]]:
    """The bindings of each key."""
    found = await bindings_by_keys(context.shop, [key.id for key in keys])
    return [found[key.id] for key in keys]


@root(name="apiKeys", needs=MANAGE, returns=list[ApiKey] | None, description="All keys, the latest made first.")
async def api_keys(
    context: RequestContext,
    *,
    include_revoked: Annotated[
        bool | None,
        strawberry.argument(
            description="Whether those that were revoked or have ended are answered too; not if absent."
        ),
    ] = None,
) -> Sequence[KeyRow]:
    """The keys."""
    present = now()
    keys = await list_keys(context.database)
    return [key for key in reversed(keys) if include_revoked or key.is_live(present)]


@strawberry.input(description="A role, and where it counts.")
class RoleBindingInput:
    """One of KeyCreateInput.bindings."""

    role: str = strawberry.field(description="The name of the role.")
    store_codes: list[str] | None = strawberry.field(
        default=None,
        description="The codes of the stores in which it counts; absent for the whole shop, never empty.",
    )


@strawberry.input(description="A new key.")
class KeyCreateInput(IdempotentInput):
    """Input of keyCreate."""

    name: str = strawberry.field(description="What people call it; at most 120 characters.")
    bindings: list[RoleBindingInput] = strawberry.field(
        description="The roles, and where each of them counts; at least one."
    )
    expires_at: Instant | None = strawberry.field(
        default=None, description="When it ends by itself; when the key that makes it does if absent, or never."
    )


@strawberry.type(description="What keyCreate answers.")
class KeyCreatePayload(Payload):
    """Payload of keyCreate."""

    api_key: ApiKey | None = guarded(MANAGE, default=None, description="The new key.")
    secret: str | None = strawberry.field(
        default=None,
        description="The whole key, which is kept nowhere; null in an answer that is repeated under an idempotency key.",
        metadata={"told_once": True},
    )


@mutation(
    name="keyCreate",
    needs=MANAGE,
    description="Makes a key, and shows its secret this once. A key that ends by itself makes none that lasts longer. Codes: "
    "`REQUIRED`, `TOO_LONG`, `INVALID_TEXT`, `UNKNOWN_ROLE`, `NOT_FOUND`, `INVALID_DATE`, `EXCEEDS_OWN_PERMISSIONS`.",
)
async def key_create(
    context: RequestContext,
    *,
    input: Annotated[KeyCreateInput, strawberry.argument(description="The key to make.")],
) -> KeyCreatePayload:
    """Make a key."""
    grants = [Grant(one.role, one.store_codes) for one in input.bindings]
    text = await create_key(
        context.shop, by=context.actor, name=input.name, bindings=grants, expires_at=input.expires_at
    )
    made = read_credential(text)
    assert made is not None
    return KeyCreatePayload(api_key=await _key(context, made.id), secret=text)


@strawberry.input(description="A key to revoke.")
class KeyRevokeInput(IdempotentInput):
    """Input of keyRevoke."""

    id: strawberry.ID = strawberry.field(description="The key.")


@strawberry.type(description="What keyRevoke answers.")
class KeyRevokePayload(Payload):
    """Payload of keyRevoke."""

    api_key: ApiKey | None = guarded(MANAGE, default=None, description="The key as it is now.")


@mutation(
    name="keyRevoke",
    needs=MANAGE,
    description="Makes a key worthless, for ever; felt within five seconds. Codes: `NOT_FOUND`, `LAST_ADMINISTRATOR`.",
)
async def key_revoke(
    context: RequestContext,
    *,
    input: Annotated[KeyRevokeInput, strawberry.argument(description="Which key.")],
) -> KeyRevokePayload:
    """Revoke a key."""
    key_id = key_of(input.id, KEY, "id")
    await revoke_key(context.shop, by=context.actor, key_id=key_id)
    return KeyRevokePayload(api_key=await _key(context, key_id))


async def _key(context: RequestContext, key_id: str) -> Any:
    found: Mapping[str, KeyRow] = await keys_by_ids(context.database, [key_id])
    return found[key_id]


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(Query, [api_keys]),
            Extension(ApiKey, [bindings]),
            Extension(Mutation, [key_create, key_revoke]),
        ],
        nodes=[NodeKind(KEY, in_every_store(keys_by_ids), MANAGE)],
    )
