"""Deciding about segments."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypedDict

import orjson

from regulars_core.audiences.leaves import Audience
from regulars_core.audiences.named import SEGMENT, keys_in, no_longer_answering
from regulars_core.audiences.stored import stored_leaves
from regulars_core.audiences.trees import leaves_in
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import NEVER, Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.text import name_key
from regulars_core.queries.locks import lock
from regulars_core.segments.models import Segment, SegmentVersion
from regulars_core.shop.shop import Shop

MAX_NAME, MAX_DESCRIPTION = 120, 2_000


class SegmentChanges(TypedDict, total=False):
    """What to change of a segment: what is absent stays, None clears. The tree is plain JSON in the shape of `CustomerWhere`."""

    name: str | None
    description: str | None
    tree: Audience | None


@dataclass(frozen=True, slots=True)
class SegmentConflict(Problem):
    """The segment was changed since it was looked at."""

    segment_id: str = ""


async def create_segment(shop: Shop, name: str, description: str | None, tree: Audience) -> str:
    """Keep conditions under a name, and answer the id. Raises Refused, with all that is wrong."""

    async def work() -> str:
        columns = await _checked(shop, {"name": name, "description": description, "tree": tree})
        present = now()
        id_ = new_id()
        await Segment.create(id=id_, **columns, version=1, created_at=present, updated_at=present)
        await _keep_version(id_, 1, NEVER, columns["conditions"])
        return id_

    return await shop.database.transaction(work)


async def change_segment(
    shop: Shop, segment_id: str, changes: SegmentChanges, expected_version: int | None = None
) -> None:
    """Change a segment; if a version is expected, only as long as it is that. Raises Refused, with all that is wrong."""

    async def work() -> None:
        rows = await lock(shop.database, "segment", [segment_id], ("version", "conditions"))
        if not rows:
            raise Refused(unknown_segment("id"))
        version, before = rows[0]
        if expected_version is not None and version != expected_version:
            message = "The segment was changed since it was looked at: look again, and decide again."
            raise Refused(SegmentConflict("VERSION_CONFLICT", message, ("expectedVersion",), segment_id))
        columns = await _checked(shop, changes, but_for=segment_id)
        present, after = now(), columns.get("conditions", before)
        if after != before:
            await _refuse_without_past(shop, segment_id, before, after)
            await _keep_version(segment_id, version + 1, present, after)
        await Segment.filter(id=segment_id).update(**columns, version=version + 1, updated_at=present)

    await shop.database.transaction(work)


async def _keep_version(segment_id: str, number: int, since: Instant, conditions: str) -> None:
    """Keep what a segment asks from an instant on: audiences that name it ask as of an instant."""
    await SegmentVersion.create(id=new_id(), segment_id=segment_id, number=number, since=since, conditions=conditions)


async def delete_segment(shop: Shop, segment_id: str) -> None:
    """Remove a segment that no audience of a plugin names. Raises Refused: NOT_FOUND, SEGMENT_IN_USE."""

    async def work() -> None:
        if not await lock(shop.database, "segment", [segment_id]):
            raise Refused(unknown_segment("id"))
        if owners := await _named_by(shop, segment_id):
            message = f"{_audiences_of(owners)} names the segment; change that first."
            raise Refused(Problem("SEGMENT_IN_USE", message, ("id",)))
        await SegmentVersion.filter(segment_id=segment_id).delete()
        await Segment.filter(id=segment_id).delete()

    await shop.database.transaction(work)


async def _named_by(shop: Shop, segment_id: str) -> Collection[str]:
    """The plugins of which an audience names a segment."""
    named = [one for one in await stored_leaves(shop, SEGMENT) if one.owner != CORE]
    return {one.owner for one in named if segment_id in keys_in(one.comparison)}


async def _refuse_without_past(shop: Shop, segment_id: str, before: str, after: str) -> None:
    """Raise Refused with SEGMENT_IN_USE where new conditions no longer answer for a past instant, as the old ones do, and an
    audience names the segment: that may ask what was then."""
    leaves = no_longer_answering(shop, before, after)
    if leaves and (owners := await _named_by(shop, segment_id)):
        message = f"{_audiences_of(owners)} names the segment, and `{leaves[0]}` does not answer for a past instant."
        raise Refused(Problem("SEGMENT_IN_USE", message, ("where",)))


def _audiences_of(owners: Collection[str]) -> str:
    return f"An audience of {' and of '.join(sorted(owners))}"


def unknown_segment(*path: str) -> Problem:
    """The refusal of an id that no segment has."""
    return Problem("NOT_FOUND", "There is no segment with this id.", path)


async def _checked(shop: Shop, changes: SegmentChanges, but_for: str | None = None) -> dict[str, Any]:
    """The columns that these changes give. Raises Refused."""
    checks, columns = Checks(), dict[str, Any]()
    if "name" in changes:
        name = checks.text(changes["name"] or "", "name", MAX_NAME, required=True) or ""
        columns["name"], columns["name_key"] = name, name_key(name)
        if name and await _is_taken(columns["name_key"], but_for):
            checks.unfit("NAME_TAKEN", "Another segment has this name.", "name")
    if "description" in changes:
        columns["description"] = checks.prose(changes["description"], "description", MAX_DESCRIPTION)
    if "tree" in changes:
        tree = changes["tree"] or {}
        for code, message, place in _mistakes(tree):
            checks.fail(code, message, "where", *place)
        columns["conditions"] = orjson.dumps(tree).decode()
    checks.refuse()
    return columns


def _mistakes(tree: Audience) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    leaves = list(leaves_in(tree))
    if not leaves:
        yield "EMPTY_FILTER", "A segment has at least one condition.", ()
    for place, name, _ in leaves:
        if name == SEGMENT:
            yield "NESTED_SEGMENT", "A segment holds no other one: give its conditions themselves.", place


async def _is_taken(key: str, but_for: str | None) -> bool:
    other = await Segment.filter(name_key=key).first()
    return other is not None and other.id != but_for
