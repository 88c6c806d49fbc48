"""Making, changing and removing reward systems.

Each bumps the revision, by which every process knows that what it remembers is out of date. It does so first: that row lets one
change follow the other. Then it locks the system, which whoever books progress holds in the writing statement as shared. A sale
that has decided by an older version finds another one, and decides again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.plugin import (
    LATEST,
    NEVER,
    SEGMENT,
    Checks,
    Instant,
    Malformed,
    Problem,
    Refused,
    Shop,
    changed,
    has_past,
    hold_segments,
    inserting,
    leaves_in,
    lock,
    name_key,
    new_id,
    now,
    printed,
)
from regulars_rewards.systems.known import REVISION, data_of, version_of
from regulars_rewards.systems.system import MAX_TARGET, SystemData
from regulars_rewards.triggers.bands import check_bands
from regulars_rewards.triggers.kinds import PurchaseTrigger

MAX_NAME = 120
MAX_SYSTEMS = 100
FIRST_ID = "0" * 32
"""Comes before all ids: where looking at targets anew begins."""


@dataclass(frozen=True)
class SystemDraft:
    """A reward system that somebody wants: its rules, texts and amounts are checked, but for what depends on the calendar, on
    each other, and on what is there."""

    name: str
    data: SystemData
    is_shadow: bool = False


Change = Callable[[SystemDraft], SystemDraft]
"""What becomes of a reward system by a change, pure."""


async def create_system(shop: Shop, draft: SystemDraft) -> str:
    """Make a reward system; its key. Raises Malformed with INVALID_DATE, INVALID_RULE, BANDS_OVERLAP, INVALID_AUDIENCE,
    OUT_OF_RANGE and TOO_MANY, and Refused with NAME_TAKEN, behind `rewardSystem`."""

    async def work() -> str:
        await _bump(shop)
        present, checks = now(), Checks("rewardSystem")
        data = draft.data if draft.data.starts_at else draft.data.model_copy(update={"starts_at": present})
        check_system(shop, data, checks)
        if (data.starts_at or Instant(0)) < data.ends_at <= present:
            checks.fail("INVALID_DATE", "A reward system ends later than now.", "endsAt")
        await hold_segments(shop, {("audience",): data.audience}, checks)
        if checks.problems:
            await checks.looked_up(refuse_taken(shop, draft.name))
        checks.refuse()
        await _refuse_too_many(shop)
        await refuse_taken(shop, draft.name, None, "rewardSystem")
        id_ = await _id_after_all_purchases(shop)
        row = (
            id_, draft.name, name_key(draft.name), 1, data.starts_at, data.ends_at, data.is_enabled, draft.is_shadow, present,
            present,
        )  # fmt: skip
        await shop.database.defer([inserting("rewards_system", _SYSTEM, [row]), _version(id_, 1, NEVER, data)])
        return id_

    return await shop.database.transaction(work)


async def _id_after_all_purchases(shop: Shop) -> str:
    """An id that comes after those of all purchases that were recorded before, also by a machine whose clock is ahead of ours."""
    id_ = new_id()
    latest = await shop.database.row("SELECT id FROM purchase ORDER BY id DESC LIMIT 1")
    return id_ if latest is None or latest[0] < id_ else f"{int(latest[0], 16) + 1:032x}"


async def update_system(shop: Shop, id_: str, change: Change) -> None:
    """Change a reward system from now on: progress stays, and targets are looked at anew. One that is left as it is keeps its
    version. Raises Refused with NOT_FOUND and NAME_TAKEN, and what `create_system` raises."""

    async def work() -> None:
        await _bump(shop)
        before, number = await _locked(shop, id_)
        present, checks, after = now(), Checks(), change(before)
        begun = before.data.starts_at or Instant(0)
        begins = after.data.starts_at or (present if begun > present else begun)
        data = after.data.model_copy(update={"starts_at": begins})
        if begins != begun and begun <= present:
            checks.fail("INVALID_DATE", "It has started, and when it did stays so.", "startsAt")
        if data.mode is not before.data.mode:
            checks.fail("INVALID_RULE", "How bands and targets are read stays as it is.", "mode")
        check_system(shop, data, checks)
        if data.ends_at != before.data.ends_at and begins < data.ends_at <= present:
            checks.fail("INVALID_DATE", "A reward system ends later than now; disable it to end it at once.", "endsAt")
        await hold_segments(shop, {("audience",): data.audience}, checks)
        if checks.problems:
            await checks.looked_up(refuse_taken(shop, after.name, id_))
        checks.refuse()
        after = replace(after, data=data)
        if after == before:
            changed({})
            await _unbump(shop)
            return
        await refuse_taken(shop, after.name, id_)
        await shop.database.run(
            "UPDATE rewards_system SET name = $2, name_key = $3, version = $4, starts_at = $5, ends_at = $6, is_enabled = $7,"
            " updated_at = $8 WHERE id = $1",
            id_, after.name, name_key(after.name), number + 1, begins, data.ends_at, data.is_enabled, present,
        )  # fmt: skip
        anew = [(_ANEW, [id_, FIRST_ID])] if _may_give_more(before.data, data) else []
        await shop.database.defer([_version(id_, number + 1, present, data), *anew])
        changed(_told(before, after))

    await shop.database.transaction(work)


async def delete_system(shop: Shop, id_: str) -> None:
    """Remove a reward system in which nobody has progress. Raises Refused with NOT_FOUND and SYSTEM_IN_USE."""

    async def work() -> None:
        await _bump(shop)
        await _locked(shop, id_)
        used = await shop.database.row("SELECT 1 FROM rewards_progress WHERE system_id = $1 LIMIT 1", id_)
        if used is not None:
            message = "Somebody has progress in this reward system; disable it instead."
            raise Refused(Problem("SYSTEM_IN_USE", message, ("id",)))
        for table, key in (
            ("rewards_failed", "system_id"),
            ("rewards_walk", "system_id"),
            ("rewards_anew", "system_id"),
            ("rewards_system_version", "system_id"),
            ("rewards_system", "id"),
        ):
            await shop.database.run(f"DELETE FROM {table} WHERE {key} = $1", id_)

    await shop.database.transaction(work)


async def _bump(shop: Shop) -> None:
    await shop.database.run(f"UPDATE rewards_revision SET revision = revision + 1 WHERE id = {REVISION}")


async def _unbump(shop: Shop) -> None:
    """Nothing was changed: others may go on remembering. Nobody has seen the other number, which this transaction alone knows."""
    await shop.database.run(f"UPDATE rewards_revision SET revision = revision - 1 WHERE id = {REVISION}")


_ANEW = (
    "INSERT INTO rewards_anew (system_id, after_id) VALUES ($1, $2)"
    " ON CONFLICT (system_id) DO UPDATE SET after_id = excluded.after_id"
)
_SYSTEM = (
    "id", "name", "name_key", "version", "starts_at", "ends_at", "is_enabled", "is_shadow", "created_at", "updated_at",
)  # fmt: skip


def _version(id_: str, number: int, since: Instant, data: SystemData) -> tuple[str, Any]:
    row = (new_id(), id_, number, since, data.model_dump_json())
    return inserting("rewards_system_version", ("id", "system_id", "number", "since", "body"), [row])


async def _locked(shop: Shop, id_: str) -> tuple[SystemDraft, int]:
    """A reward system, in which nobody books anything until the transaction ends, and the number of its version."""
    rows = await lock(shop.database, "rewards_system", [id_], ("name", "version", "is_shadow"))
    if not rows:
        raise Refused(Problem("NOT_FOUND", "There is no such reward system.", ("id",)))
    name, number, is_shadow = rows[0]
    sql = "SELECT body FROM rewards_system_version WHERE system_id = $1 AND number = $2"
    [(body,)] = await shop.database.rows(sql, id_, number)
    return SystemDraft(name, data_of(body), bool(is_shadow)), number


def check_system(shop: Shop, data: SystemData, checks: Checks) -> None:
    """Tell `checks` what is wrong with a reward system whatever else there is."""
    if not 1 <= data.target <= MAX_TARGET:
        checks.fail("OUT_OF_RANGE", f"A target is from 1 to {MAX_TARGET}.", "target")
    if data.ends_at <= (data.starts_at or Instant(0)):
        checks.fail("INVALID_DATE", "A reward system ends after it has begun.", "endsAt")
    kind = version_of(shop, "", 1, NEVER, data).kind
    if data.bands and kind is not None and not (isinstance(kind, PurchaseTrigger) and kind.has_bands):
        checks.fail("INVALID_RULE", "Bands are of the trigger `PURCHASE`; leave them out with any other.", "bands")
    check_bands([one.band for one in data.bands], checks, "bands")
    for place, name, comparison in leaves_in(data.audience or {}):
        if name != SEGMENT and not has_past(shop, name, comparison):
            message = f"`{name}` does not answer for a past instant."
            checks.fail("INVALID_AUDIENCE", message, "audience", *place)


async def _refuse_too_many(shop: Shop) -> None:
    [(count,)] = await shop.database.rows("SELECT count(*) FROM rewards_system")
    if count >= MAX_SYSTEMS:
        message = (
            f"There are {count} reward systems, and at most {MAX_SYSTEMS}; remove some in which nobody has progress."
        )
        raise Malformed(Problem("TOO_MANY", message, ("rewardSystem",)))


async def refuse_taken(shop: Shop, name: str, but_for: str | None = None, *path: str) -> None:
    """Raise Refused where another reward system has this name, behind this path."""
    sql = "SELECT id FROM rewards_system WHERE name_key = $1"
    if any(row[0] != but_for for row in await shop.database.rows(sql, name_key(name))):
        raise Refused(Problem("NAME_TAKEN", "Another reward system has this name.", (*path, "name")))


def _may_give_more(before: SystemData, after: SystemData) -> bool:
    """Whether somebody may have what gives a reward now, and did not before."""
    return after.target < before.target or after.reward != before.reward


_NAMES = {
    "trigger": "triggerRule", "is_enabled": "isEnabled", "starts_at": "startsAt", "ends_at": "endsAt",
}  # fmt: skip


def _told(before: SystemDraft, after: SystemDraft) -> Mapping[str, tuple[Any, Any] | None]:
    """What was changed, for the audit: names of fields as clients know them. An audience may compare what is personal."""
    old, new = _flat(before), _flat(after)
    different = [name for name in new if old[name] != new[name]]
    return {name: None if name == "audience" else (old[name], new[name]) for name in different}


def _flat(draft: SystemDraft) -> Mapping[str, Any]:
    data = draft.data.model_dump(mode="json")
    instants = {
        "starts_at": None if draft.data.starts_at is None else printed(draft.data.starts_at),
        "ends_at": None if draft.data.ends_at == LATEST else printed(draft.data.ends_at),
    }
    flat = {**data, **instants}
    return {"name": draft.name, **{_NAMES.get(name, name): value for name, value in flat.items()}}
