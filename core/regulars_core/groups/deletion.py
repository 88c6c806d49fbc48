"""Removing a group: its members go to another one, at once where they are few, and by a bulk job where they are many."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core import audit
from regulars_core.bulk.reads import BULK_JOBS, BulkJobRow
from regulars_core.bulk.service import request_bulk_job
from regulars_core.bulk.tasks import BulkBatch, BulkStep, BulkTask, Input
from regulars_core.database import Database
from regulars_core.events.events import announce
from regulars_core.groups.service import unknown_group
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import DEFAULT_GROUP_ID
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.actors import Actor
from regulars_core.shop.shop import Shop

MAX_AT_ONCE = 1_000
"""Members that are moved within an answer."""
_COLUMNS = ("id", "is_default", "emptying_into", "emptied_by")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of it: the group is gone, or a job will remove it."""

    job: BulkJobRow | None = None


async def delete_group(shop: Shop, group_id: str, move_to: str | None, by: Actor) -> Deletion:
    """Remove a group; its members go to another one, which must be named if there are any. Where they are many the group gets no
    new ones, and a job moves them and removes it; asked again meanwhile, it is the same job. Raises Refused: NOT_FOUND,
    DEFAULT_GROUP, GROUP_NOT_EMPTY."""

    async def work() -> Deletion:
        database = shop.database
        about = "id = $1 OR id = $2 OR emptying_into = $1"
        rows = await lock_where(database, "customer_group", about, [group_id, move_to or group_id], _COLUMNS)
        found = {row[0]: row for row in rows}
        if group_id not in found:
            raise Refused(unknown_group("id"))
        _, is_default, emptying, job_id = found[group_id]
        if is_default:
            raise Refused(Problem("DEFAULT_GROUP", "The default group cannot be deleted.", ("id",)))
        if move_to is not None and (move_to == group_id or move_to not in found or found[move_to][2] is not None):
            raise Refused(unknown_group("moveCustomersTo"))
        if emptying is not None:
            return Deletion(await _job(database, job_id))
        members = await _members(database, group_id, MAX_AT_ONCE + 1)
        count = sum(not is_merged for _, is_merged in members)
        if count and move_to is None:
            many = f"more than {MAX_AT_ONCE}" if count > MAX_AT_ONCE else count
            message = f"The group has members ({many}); name another one for them in `moveCustomersTo`."
            raise Refused(Problem("GROUP_NOT_EMPTY", message, ("id",)))
        target = move_to or DEFAULT_GROUP_ID
        if len(members) > MAX_AT_ONCE:
            job = await request_bulk_job(shop, GROUP_DELETE.name, {"group": group_id}, by)
            begin = "UPDATE customer_group SET emptying_into = $2, emptied_by = $3 WHERE id = $1"
            await database.run(begin, group_id, target, job.id)
            return Deletion(job)
        if members:
            await _move_all(shop, group_id, target)
        await _remove(database, group_id, move_to if any(row[2] == group_id for row in rows) else None)
        return Deletion()

    return await shop.database.transaction(work)


async def _job(database: Database, job_id: str) -> BulkJobRow | None:
    row = await database.row(f"SELECT {BULK_JOBS.column_list} FROM {BULK_JOBS.source} WHERE j.id = $1", job_id)
    return BulkJobRow(*row) if row else None


async def _members(database: Database, group_id: str, most: int) -> Sequence[tuple[str, bool]]:
    """Whoever is in a group, and whether it is a record that was merged into a customer: it goes along without a word."""
    sql = "SELECT id, merged_into_id FROM customer WHERE group_id = $1 ORDER BY created_at, id LIMIT $2"
    return [(row[0], row[1] is not None) for row in await database.rows(sql, group_id, most)]


async def _move_all(shop: Shop, group_id: str, move_to: str) -> None:
    """Move all members, of whom there are few, and tell the plugins."""
    moved = await shop.database.rows(
        "UPDATE customer SET group_id = $2, version = version + 1, updated_at = $3 WHERE group_id = $1"
        " RETURNING id, merged_into_id",
        group_id,
        move_to,
        now(),
    )
    await announce(shop, "customers_changed", sorted(id_ for id_, merged_into in moved if merged_into is None))


async def _move(shop: Shop, ids: Sequence[str], group_id: str, move_to: str) -> int:
    """Move members, and tell the plugins; how many were in the group still."""
    database = shop.database
    members = await lock(database, "customer", ids, ("id", "group_id", "merged_into_id"))
    moved = sorted(id_ for id_, group, _ in members if group == group_id)
    await database.run(
        "UPDATE customer SET group_id = $2, version = version + 1, updated_at = $3"
        f" WHERE {database.dialect.among('id', 1)}",  # locked; by the group SQLite would walk through all its members
        moved,
        move_to,
        now(),
    )
    merged = {id_ for id_, _, merged_into in members if merged_into is not None}
    await announce(shop, "customers_changed", [id_ for id_ in moved if id_ not in merged])
    return len(moved)


async def _remove(database: Database, group_id: str, successor: str | None) -> None:
    """Remove a group without members; whoever was on the way into it goes to the successor."""
    if successor is not None:
        await database.run("UPDATE customer_group SET emptying_into = $2 WHERE emptying_into = $1", group_id, successor)
    await database.run("DELETE FROM customer_group WHERE id = $1", group_id)


async def _step(shop: Shop, batch: BulkBatch) -> BulkStep:
    """Move some members; after the last one the group goes."""
    database, group_id = shop.database, batch.input["group"]
    row = await database.row("SELECT emptying_into FROM customer_group WHERE id = $1", group_id)
    if row is None or row[0] is None:
        return BulkStep(None)
    target = await _open_target(database, row[0])
    if members := await _members(database, group_id, batch.most):
        moved = await _move(shop, [id_ for id_, _ in members], group_id, target)
        return BulkStep("members", moved, {"changed": moved})
    await _remove(database, group_id, target)
    told = audit.writing(key=batch.key, action="customerGroupDelete", entities=[("group", group_id)], changes={})
    await database.defer([told])
    return BulkStep(None)


async def _open_target(database: Database, group_id: str) -> str:
    """The group that members go to: where this one is being emptied too, where that goes; the default one where it is gone."""
    while True:
        row = await database.row("SELECT emptying_into FROM customer_group WHERE id = $1", group_id)
        if row is None:
            [default] = await database.rows("SELECT id FROM customer_group WHERE is_default = $1", True)
            return str(default[0])
        if row[0] is None:
            return group_id
        group_id = row[0]


async def _total(shop: Shop, given: Input) -> int | None:
    row = await shop.database.row("SELECT count(*) FROM customer WHERE group_id = $1", given["group"])
    return row[0] if row else None


async def _ended(shop: Shop, given: Input) -> None:
    """The group stays, with those who are left."""
    await shop.database.run(
        "UPDATE customer_group SET emptying_into = NULL, emptied_by = NULL WHERE id = $1", given["group"]
    )


GROUP_DELETE = BulkTask(
    "GROUP_DELETE", "Moves the members of a group to another one, and removes the group.", _step, _total, _ended
)
"""The bulk task."""
