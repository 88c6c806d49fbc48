"""Roles that a shop makes itself: a name, and permissions out of those that there are."""

import json
import re
from collections.abc import Sequence

from regulars_core.keys.grants import demand_management, locked_roles, refuse_more
from regulars_core.keys.service import write_audit
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import BOX_ROLES
from regulars_core.shop.shop import Shop

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


async def create_role(shop: Shop, *, by: Actor, name: str, permissions: Sequence[str]) -> None:
    """Make a role. Raises Forbidden for whoever may not manage keys; Refused for a name that cannot be or is taken,
    unknown permissions, and those that its maker lacks."""
    demand_management(by)
    if not _NAME.fullmatch(name):
        message = "A role's name is 1 to 40 small letters, digits and _, and begins with a letter."
        raise Refused(Problem("INVALID_NAME", message, ("name",)))
    wanted = _checked(shop, permissions)

    async def work() -> None:
        if name in BOX_ROLES or await locked_roles(shop, [name]):
            raise Refused(Problem("NAME_TAKEN", "There is a role of this name already.", ("name",)))
        refuse_more(by, shop.permissions.all, wanted, ())
        await insert(shop.database, "role", ("name", "permissions"), [(name, json.dumps(wanted))])
        await write_audit(shop, by, "roleCreate", {"role": (None, name), "permissions": (None, wanted)})

    await shop.database.transaction(work)


async def change_role(shop: Shop, *, by: Actor, name: str, permissions: Sequence[str]) -> None:
    """Let a role hold these permissions and no others, which the keys that have it feel within five seconds.

    Raises Forbidden for whoever may not manage keys; Refused for a role that is not the shop's own, unknown permissions,
    and those that are new to the role and that whoever changes it lacks somewhere where it is held.
    """
    demand_management(by)
    wanted = _checked(shop, permissions)

    async def work() -> None:
        before = await _locked(shop, name)
        added = set(wanted) - set(before)
        scopes = await _live_scopes(shop, name)
        stores = None if None in scopes else [scope for scope in scopes if scope is not None]
        # In stores alone, what is shop-wide does not count; but nobody puts into a role what they lack themselves.
        refuse_more(by, shop.permissions.all, added, stores)
        await shop.database.run("UPDATE role SET permissions = $2 WHERE name = $1", name, json.dumps(wanted))
        changes = {"role": (name, name), "permissions": (list(before), wanted)}
        await write_audit(shop, by, "roleChange", {**changes})

    await shop.database.transaction(work)


async def delete_role(shop: Shop, *, by: Actor, name: str) -> None:
    """Remove a role. Raises Forbidden for whoever may not manage keys; Refused: NOT_FOUND for one that is not the shop's
    own, ROLE_IN_USE for one that a live key has."""
    demand_management(by)

    async def work() -> None:
        before = await _locked(shop, name)
        if await _live_scopes(shop, name):
            raise Refused(Problem("ROLE_IN_USE", "Live keys have this role; revoke them first.", ("name",)))
        await shop.database.run("DELETE FROM role WHERE name = $1", name)
        await write_audit(shop, by, "roleDelete", {"role": (name, None), "permissions": (list(before), None)})

    await shop.database.transaction(work)


def _checked(shop: Shop, permissions: Sequence[str]) -> list[str]:
    if not permissions:
        raise Refused(Problem("REQUIRED", "Name at least one permission.", ("permissions",)))
    if any(name not in shop.permissions.all for name in permissions):
        message = f"There is no such permission; there are {', '.join(shop.permissions.all)}."
        raise Refused(Problem("NOT_FOUND", message, ("permissions",)))
    return sorted(set(permissions))


async def _locked(shop: Shop, name: str) -> Sequence[str]:
    roles = await locked_roles(shop, [name])
    if name not in roles:
        raise Refused(Problem("NOT_FOUND", "The shop has made no role of this name.", ("name",)))
    return roles[name]


async def _live_scopes(shop: Shop, role: str) -> set[str | None]:
    """The stores in which live keys have a role; None among them for the whole shop."""
    rows = await shop.database.rows(
        "SELECT DISTINCT b.store_id FROM key_binding b JOIN api_key k ON k.id = b.key_id"
        " WHERE b.role = $1 AND k.revoked_at IS NULL",
        role,
    )
    return {row[0] for row in rows}
