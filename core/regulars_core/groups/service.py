"""Deciding about customer groups."""

from dataclasses import dataclass
from typing import Any, TypedDict

from tortoise.expressions import F

from regulars_core.events.events import announce
from regulars_core.groups.models import CustomerGroup
from regulars_core.groups.reads import GroupRow
from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import name_key
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import Shop


class GroupChanges(TypedDict, total=False):
    """What to change of a group: what is absent stays, None clears. The extras are for the plugins."""

    name: str | None
    description: str | None
    extras: Extras


@dataclass(frozen=True, slots=True)
class GroupConflict(Problem):
    """The group was changed since it was looked at."""

    group_id: str = ""


def _checked(changes: GroupChanges) -> dict[str, Any]:
    checks = Checks()
    columns: dict[str, Any] = {}
    if "name" in changes:
        name = checks.text(changes["name"] or "", "name", 120, required=True) or ""
        columns["name"] = name
        columns["name_key"] = name_key(name)
    if "description" in changes:
        columns["description"] = checks.prose(changes["description"], "description", 2_000)
    checks.refuse()
    return columns


async def _refuse_taken(key: str | None, but_for: str | None = None) -> None:
    if key is not None:
        other = await CustomerGroup.filter(name_key=key).first()
        if other and other.id != but_for:
            raise Refused(Problem("NAME_TAKEN", "Another group has this name.", ("name",)))


async def create_group(shop: Shop, name: str, description: str | None, extras: Extras | None = None) -> str:
    """Make a group, tell the plugins of it, and answer its id. Raises Refused."""
    columns = _checked({"name": name, "description": description})

    async def work() -> str:
        await _refuse_taken(columns["name_key"])
        present = now()
        group = GroupRow(new_id(), columns["name"], columns["description"], False, present, present)
        await CustomerGroup.create(id=group.id, **columns, created_at=present, updated_at=present)
        await announce(shop, "groups_created", [group.id], [extras or {}], {group.id: group})
        return group.id

    return await shop.database.transaction(work)


async def change_group(shop: Shop, group_id: str, changes: GroupChanges, expected_version: int | None = None) -> None:
    """Change a group, and tell the plugins of it; if a version is expected, only as long as it is that. Raises Refused."""
    columns = _checked(changes)

    async def work() -> None:
        if expected_version is not None:
            await _refuse_outdated(shop, group_id, expected_version)
        await _refuse_taken(columns.get("name_key"), but_for=group_id)
        group = CustomerGroup.filter(id=group_id)
        if not await group.update(**columns, version=F("version") + 1, updated_at=now()):
            raise Refused(unknown_group("id"))
        await announce(shop, "groups_changed", [group_id], [changes.get("extras", {})])

    await shop.database.transaction(work)


async def _refuse_outdated(shop: Shop, group_id: str, expected: int) -> None:
    for (version,) in await lock(shop.database, "customer_group", [group_id], ("version",)):
        if version != expected:
            message = f"The group was changed meanwhile and is at version {version}."
            raise Refused(GroupConflict("VERSION_CONFLICT", message, ("expectedVersion",), group_id))


def unknown_group(field: str) -> Problem:
    """The refusal of an id that no group has."""
    return Problem("NOT_FOUND", "There is no group with this id.", (field,))
