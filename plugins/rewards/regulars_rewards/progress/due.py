"""Giving what could not be given when its progress came, was too much for one event, or is given by a lower target: looked at by
time."""

from collections.abc import Sequence
from functools import partial

from regulars_core.plugin import Shop, hold
from regulars_rewards.coupons.rewards import COUPON
from regulars_rewards.progress.book import ProgressBook
from regulars_rewards.progress.giving import can_give, can_give_coupons
from regulars_rewards.progress.rows import lookup_progress, progress_from
from regulars_rewards.systems.known import KnownSystems, read_systems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.bands import RewardMode

BATCH = 200
"""Customers of one transaction at most."""
_FIRST = "0" * 32


async def give_due(shop: Shop) -> int:
    """Give what is due in all reward systems that are enabled, so many customers at a time; how many were looked at. It may be
    interrupted, and done again: who was given something has it once. In the mode NEXOPOS, which keeps what is beyond one reward,
    only where targets are looked at anew."""
    known, looked_at = await read_systems(shop), 0
    for system in known.systems:
        if system.current.data.is_enabled and await _is_there(shop, system):
            looked_at += await _give_all(shop, known, system)
    return looked_at


async def _is_there(shop: Shop, system: RewardSystem) -> bool:
    """Whether it can be given now: of a coupon, that its promotion has not ended. A shadow gives nothing, which it always can."""
    if system.is_shadow or not can_give(shop, system.current):
        return system.is_shadow
    return system.current.data.reward.kind != COUPON.name or await can_give_coupons(shop, system.current)


async def _give_all(shop: Shop, known: KnownSystems, system: RewardSystem) -> int:
    row = await shop.database.row("SELECT after_id FROM rewards_anew WHERE system_id = $1", system.id)
    is_anew = row is not None
    if not is_anew and system.current.data.mode is RewardMode.NEXOPOS:
        return 0
    place, looked_at = row[0] if row else _FIRST, 0
    while place is not None:
        found = await shop.database.rows(
            "SELECT customer_id FROM rewards_progress WHERE system_id = $1 AND progress >= $2 AND customer_id > $3"
            f" ORDER BY customer_id LIMIT {BATCH}",
            system.id,
            system.current.data.target,
            place,
        )
        customers = [str(one[0]) for one in found]
        last = customers[-1] if len(customers) == BATCH else None
        if customers or is_anew:
            at = place if is_anew else None
            await shop.database.transaction(partial(_give, shop, system, customers, at, last))
        looked_at += len(customers)
        place = last
    return looked_at


async def _give(
    shop: Shop, system: RewardSystem, customers: Sequence[str], place: str | None, last: str | None
) -> None:
    """Give these what is due. Where targets are looked at anew, from a `place` on up to the `last` of these: unless somebody else
    has been there meanwhile."""
    if place is not None and not await _is_at(shop, system, place):
        return
    merged = await hold(shop.database, customers)
    known = await read_systems(shop)
    there = known.by_id.get(system.id)
    if there is None or there.current.number != system.current.number:
        return  # it was changed meanwhile, and is looked at anew by that
    held = [one for one in customers if one not in merged]
    if held:
        sql, values = lookup_progress(shop.database.dialect, held)
        book = ProgressBook(shop, known, progress_from(await shop.database.read(sql, *values)))
        await book.settle([one for one in book.tallies if one.system.id == system.id])
        await book.write()
    if place is not None and last is not None:
        await shop.database.run("UPDATE rewards_anew SET after_id = $2 WHERE system_id = $1", system.id, last)
    elif place is not None:
        await shop.database.run("DELETE FROM rewards_anew WHERE system_id = $1", system.id)


async def _is_at(shop: Shop, system: RewardSystem, place: str) -> bool:
    """Whether this is how far it is; nobody else goes on until the transaction ends."""
    sql = f"SELECT after_id FROM rewards_anew WHERE system_id = $1{shop.database.dialect.lock_rows}"
    row = await shop.database.row(sql, system.id)
    return row is not None and row[0] == place
