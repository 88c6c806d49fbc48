"""Roles and permissions in the language of the API."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.keys.reads import RoleRow, list_roles
from regulars_core.keys.roles import change_role, create_role, delete_role
from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution, Extension, Mutation, Query
from regulars_schema.fields.declarations import mutation, root
from regulars_schema.fields.nodes import backed_by
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires

MANAGE = "keys.manage"


@requires(MANAGE)
@strawberry.type(description="A set of permissions.")
class Role:
    """Over regulars_core.keys.reads.RoleRow."""

    is_type_of = backed_by(RoleRow)
    name: str = strawberry.field(description="What it is called; unique.")
    permissions: list[str] = strawberry.field(description="What it allows, one by one.")
    is_built_in: bool = strawberry.field(description="Whether it is one in the box, which nobody changes.")

    @staticmethod
    def kept(row: RoleRow) -> str:
        """What is kept of it under an idempotency key."""
        return row.name

    @staticmethod
    async def recalled(kept: str | None, context: RequestContext) -> RoleRow | None:
        """The role of this name as it is now."""
        return None if kept is None else await _role(context, kept)


@requires(MANAGE)
@strawberry.type(description="Something that can be allowed.")
class Permission:
    """Over regulars_core.shop.permissions.Permission."""

    name: str = strawberry.field(description="Its name, such as `customers.view`.")
    description: str = strawberry.field(description="What it allows, in a sentence.")
    is_shop_wide: bool = strawberry.field(description="Whether it counts in the whole shop only.")
    plugin: str | None = strawberry.field(description="The plugin that brings it; null for the core's own.")


@root(name="roles", needs=MANAGE, returns=list[Role] | None, description="The roles in the box and the shop's own.")
async def roles(context: RequestContext) -> Sequence[RoleRow]:
    """All roles."""
    return await list_roles(context.shop)


@root(
    name="permissions",
    needs=MANAGE,
    returns=list[Permission] | None,
    description="All permissions there are, by name.",
)
async def permissions(context: RequestContext) -> Sequence[Permission]:
    """All permissions."""
    known = context.shop.permissions
    return [
        Permission(
            name=name,
            description=one.description,
            is_shop_wide=one.shop_wide,
            plugin=None if known.owners[name] == CORE else known.owners[name],
        )
        for name, one in sorted(known.all.items())
    ]


@strawberry.input(description="A new role.")
class RoleCreateInput(IdempotentInput):
    """Input of roleCreate."""

    name: str = strawberry.field(
        description="What it is called: 1 to 40 small letters, digits and `_`, a letter first; unique."
    )
    permissions: list[str] = strawberry.field(description="What it allows; at least one.")


@strawberry.type(description="What roleCreate answers.")
class RoleCreatePayload(Payload):
    """Payload of roleCreate."""

    role: Role | None = guarded(MANAGE, default=None, description="The new role.")


@mutation(
    name="roleCreate",
    needs=MANAGE,
    description="Makes a role of the shop's own. Codes: `REQUIRED`, `NAME_TAKEN`, `INVALID_NAME`, `UNKNOWN_PERMISSION`, "
    "`EXCEEDS_OWN_PERMISSIONS`.",
)
async def role_create(
    context: RequestContext,
    *,
    input: Annotated[RoleCreateInput, strawberry.argument(description="The role to make.")],
) -> RoleCreatePayload:
    """Make a role."""
    await create_role(context.shop, by=context.actor, name=input.name, permissions=input.permissions)
    return RoleCreatePayload(role=await _role(context, input.name))


@strawberry.input(description="What a role shall hold.")
class RoleUpdateInput(IdempotentInput):
    """Input of roleUpdate."""

    name: str = strawberry.field(description="The name of the role.")
    permissions: list[str] = strawberry.field(description="What it allows from now on; at least one.")


@strawberry.type(description="What roleUpdate answers.")
class RoleUpdatePayload(Payload):
    """Payload of roleUpdate."""

    role: Role | None = guarded(MANAGE, default=None, description="The role as it is now.")


@mutation(
    name="roleUpdate",
    needs=MANAGE,
    description="Lets a role of the shop's own hold these permissions and no others; felt within five seconds. Codes: "
    "`REQUIRED`, `UNKNOWN_ROLE`, `BUILT_IN_ROLE`, `UNKNOWN_PERMISSION`, `EXCEEDS_OWN_PERMISSIONS`, `LAST_ADMINISTRATOR`.",
)
async def role_update(
    context: RequestContext,
    *,
    input: Annotated[RoleUpdateInput, strawberry.argument(description="What it shall hold.")],
) -> RoleUpdatePayload:
    """Change a role."""
    await change_role(context.shop, by=context.actor, name=input.name, permissions=input.permissions)
    return RoleUpdatePayload(role=await _role(context, input.name))


@strawberry.input(description="A role to remove.")
class RoleDeleteInput(IdempotentInput):
    """Input of roleDelete."""

    name: str = strawberry.field(description="The name of the role.")


@strawberry.type(description="What roleDelete answers.")
class RoleDeletePayload(Payload):
    """Payload of roleDelete."""

    deleted_role_name: str | None = strawberry.field(
        default=None, description="The name of the role that is gone.", metadata={"named": True}
    )


@mutation(
    name="roleDelete",
    needs=MANAGE,
    description="Removes a role of the shop's own that no live key has. Codes: `UNKNOWN_ROLE`, `BUILT_IN_ROLE`, `ROLE_IN_USE`.",
)
async def role_delete(
    context: RequestContext,
    *,
    input: Annotated[RoleDeleteInput, strawberry.argument(description="Which role.")],
) -> RoleDeletePayload:
    """Remove a role."""
    await delete_role(context.shop, by=context.actor, name=input.name)
    return RoleDeletePayload(deleted_role_name=input.name)


async def _role(context: RequestContext, name: str) -> Any:
    return next((role for role in await list_roles(context.shop) if role.name == name), None)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[
            Extension(Query, [roles, permissions]),
            Extension(Mutation, [role_create, role_update, role_delete]),
        ],
    )
