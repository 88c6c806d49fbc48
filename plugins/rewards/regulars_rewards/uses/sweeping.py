"""Freeing what was reserved and has run out. It counts as free before that; here its counters follow, and plugins are told."""

from collections.abc import Sequence

from regulars_core.plugin import Shop, now
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.rows import KeptUse, kept_uses, lookup_swept

BATCH = 500
"""Reservations of one transaction."""


async def sweep(shop: Shop) -> int:
    """Free all reservations that have run out by now, so many at a time; how many. It may be interrupted, and done twice."""
    swept = 0
    while True:
        count = await shop.database.transaction(lambda: _sweep_some(shop))
        swept += count
        if count < BATCH:
            return swept


async def _sweep_some(shop: Shop) -> int:
    sql, values = lookup_swept(now(), BATCH)
    found = kept_uses(await shop.database.read(sql, *values))
    await free(shop, found)
    return len(found)


async def free(shop: Shop, reserved: Sequence[KeptUse]) -> None:
    """Free reservations, whether or not they have run out, in this transaction."""
    present, changes = now(), UseChanges(shop)
    for one in reserved:
        if one.row.has_run_out(present) and one.row.reserved_until is not None:
            changes.release(one, one.row.reserved_until, has_run_out=True)
        else:
            changes.release(one, present)
    await changes.write()
