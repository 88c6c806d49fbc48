"""Whom records led to when a plugin that is told later what it missed would have been told."""

from collections.abc import Collection, Mapping

from regulars_core.customers.aliases import SURVIVOR_OF
from regulars_core.database import Database
from regulars_core.events.ahead import MERGED_EVENT, UNMERGED_EVENT, Place, place


async def survivors_then(database: Database, ids: Collection[str]) -> Mapping[str, str]:
    """The id of the customer to whom each of these ids led as of the event that is being told, in a replay, and else leads now;
    unknown ones are missing. Who was erased is told as any other."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    among = database.dialect.among("a.id", 1)
    rows = await database.rows(f"SELECT a.id, c.id FROM customer a {SURVIVOR_OF} WHERE {among}", wanted)
    found = {row[0]: row[1] for row in rows}
    standing = place()
    if standing is None:
        return found
    found = {id_: id_ for id_ in found}
    step = await _absorbed_then(database, wanted, standing)
    known = dict(step)
    while step := await _absorbed_then(database, set(step.values()) - known.keys(), standing):
        known |= step
    for id_ in found:
        while found[id_] in known:
            found[id_] = known[found[id_]]
    return found


async def _absorbed_then(database: Database, ids: Collection[str], standing: Place) -> Mapping[str, str]:
    """Into whom each of these was merged by then, one step; those who were not are left out."""
    if not ids:
        return {}
    among = database.dialect.among("customer_id", 1)
    ahead = {
        (row[0], row[1])
        for row in await database.rows(
            f"SELECT row_id, kind FROM journal_ahead WHERE plugin = $2 AND {among} AND position > $3"
            f" AND kind IN ('{MERGED_EVENT}', '{UNMERGED_EVENT}')",
            sorted(ids),
            standing.plugin,
            standing.position,
        )
    }
    merges = await database.rows(
        "SELECT b.customer_id, m.survivor_id, m.id, m.undone_at FROM customer_merge_absorbed b"
        f" JOIN customer_merge m ON m.id = b.merge_id WHERE {among}",
        sorted(ids),
    )
    return {
        absorbed: survivor
        for absorbed, survivor, merge_id, undone_at in merges
        if (merge_id, MERGED_EVENT) not in ahead and (undone_at is None or (merge_id, UNMERGED_EVENT) in ahead)
    }
