"""Roles that a shop makes itself: a name, and permissions out of those that there are."""

import json
from collections.abc import Sequence

from regulars_core.keys.administrators import MANAGE, demand_management, live_managers, locked_manager, refuse_last
from regulars_core.keys.authentication import forget_keys
from regulars_core.keys.grants import is_role_name, locked_roles, refuse_more
from regulars_core.keys.service import write_audit
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.queries.inserts import insert
from regulars_core.shop.actors import Actor
from regulars_core.shop.permissions import BOX_ROLES
from regulars_core.shop.shop import Shop


async def create_role(shop: Shop, *, by: Actor, name: str, permissions: Sequence[str]) -> None:
    """Make a role. Raises Forbidden for whoever may not manage keys; Refused for a name that cannot be or is taken,
    unknown permissions, and those that its maker lacks."""
    demand_management(by)
    wanted = sorted(set(permissions))

    async def work() -> None:
        maker = await locked_manager(shop, by)
        checks = Checks()
        if not is_role_name(name):
            message = "A role's name is 1 to 40 small letters, digits and _, and begins with a letter."
            checks.fail("INVALID_NAME", message, "name")
        await checks.looked_up(_new(shop, name))
        await checks.looked_up(_givable(checks, shop, maker, wanted, ()))
        checks.refuse()
        await insert(shop.database, "role", ("name", "permissions"), [(name, json.dumps(wanted))])
        await write_audit(shop, by, "roleCreate", {"role": (None, name), "permissions": (None, wanted)})

    await shop.database.transaction(work)


async def change_role(shop: Shop, *, by: Actor, name: str, permissions: Sequence[str]) -> None:
    """Let a role hold these permissions and no others, which the keys that have it feel at once in this process.

    Raises Forbidden for whoever may not manage keys; Refused for a role that is not the shop's own, unknown permissions,
    those that are new to the role and that whoever changes it lacks somewhere where it is held, and where nobody would manage
    keys any more.
    """
    demand_management(by)
    wanted = sorted(set(permissions))

    async def work() -> None:
        changer = await locked_manager(shop, by, managers=True)
        checks = Checks()
        before = await checks.looked_up(_locked(shop, name))
        scopes = set[str | None]() if before is None else await _live_scopes(shop, name)
        stores = None if None in scopes else [scope for scope in scopes if scope is not None]
        # In stores alone, what is shop-wide does not count; but nobody puts into a role what they lack themselves.
        await checks.looked_up(_givable(checks, shop, changer, wanted, stores, before or ()))
        checks.refuse()
        if MANAGE not in wanted:
            managers = await live_managers(shop)
            refuse_last(managers, [one for one in managers if one.role != name], "permissions")
        await shop.database.run("UPDATE role SET permissions = $2 WHERE name = $1", name, json.dumps(wanted))
        changes = {"role": (name, name), "permissions": (list(before or ()), wanted)}
        await write_audit(shop, by, "roleUpdate", {**changes})
        forget_keys(shop)

    await shop.database.transaction(work)


async def delete_role(shop: Shop, *, by: Actor, name: str) -> None:
    """Remove a role. Raises Forbidden for whoever may not manage keys; Refused: UNKNOWN_ROLE for one that is not there,
    BUILT_IN_ROLE for one in the box, ROLE_IN_USE for one that a live key has."""
    demand_management(by)

    async def work() -> None:
        await locked_manager(shop, by)
        before = await _locked(shop, name)
        if await _live_scopes(shop, name):
            raise Refused(Problem("ROLE_IN_USE", "Live keys have this role; revoke them first.", ("name",)))
        await shop.database.run("DELETE FROM role WHERE name = $1", name)
        await write_audit(shop, by, "roleDelete", {"role": (name, None), "permissions": (list(before), None)})

    await shop.database.transaction(work)


async def _new(shop: Shop, name: str) -> None:
    if name in BOX_ROLES or await locked_roles(shop, [name]):
        raise Refused(Problem("NAME_TAKEN", "There is a role of this name already.", ("name",)))


async def _givable(
    checks: Checks,
    shop: Shop,
    by: Actor,
    wanted: Sequence[str],
    stores: Sequence[str] | None,
    before: Sequence[str] = (),
) -> None:
    """Note in `checks` what cannot be put into a role, and raise it where it depends on who does it."""
    if not wanted:
        checks.fail("REQUIRED", "Name at least one permission.", "permissions")
    known = shop.permissions.all
    problems = []
    if any(name not in known for name in wanted):
        message = f"There is no such permission; there are {', '.join(known)}."
        problems.append(Problem("UNKNOWN_PERMISSION", message, ("permissions",)))
    try:
        refuse_more(by, known, [name for name in wanted if name in known and name not in before], stores, "permissions")
    except Refused as refusal:
        problems += refusal.problems
    if problems:
        raise Refused(*problems)


async def _locked(shop: Shop, name: str) -> Sequence[str]:
    roles = await locked_roles(shop, [name])
    if name in roles:
        return roles[name]
    if name in BOX_ROLES:
        raise Refused(Problem("BUILT_IN_ROLE", "This role is one in the box, which nobody changes.", ("name",)))
    raise Refused(Problem("UNKNOWN_ROLE", "The shop has made no role of this name.", ("name",)))


async def _live_scopes(shop: Shop, role: str) -> set[str | None]:
    """The stores in which live keys have a role; None among them for the whole shop."""
    rows = await shop.database.rows(
        "SELECT DISTINCT b.store_id FROM key_binding b JOIN api_key k ON k.id = b.key_id"
        " WHERE b.role = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)",
        role,
        now(),
    )
    return {row[0] for row in rows}
