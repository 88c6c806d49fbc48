"""Reward systems that collect beside the live ones and give nothing: started, listed, read beside the one that they would
replace, and stopped.

    await start_shadow(shop, draft, beside)      from now on
    await read_shadow(shop, name, totals)        what it would have given since, beside what the other one has given
    await stop_shadow(shop, name)                it collects no more; what it has collected stays to be read
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars_core.plugin import Instant, Problem, Refused, Shop, exponent_of, name_key, now
from regulars_rewards.simulations.giving import worth_of
from regulars_rewards.simulations.totals import Totals
from regulars_rewards.simulations.whole_shop import Result
from regulars_rewards.systems.changes import SystemDraft, create_system, delete_system, update_system
from regulars_rewards.systems.known import read_systems
from regulars_rewards.systems.system import RewardSystem

_BATCH = 1_000


async def start_shadow(shop: Shop, draft: SystemDraft, beside: str | None = None) -> str:
    """Let a reward system collect from now on and give nothing; its key. It is read beside the live one of this name, if any.
    Raises what `create_system` raises, and Refused with NOT_FOUND at `beside`."""
    other = None if beside is None else await _named(shop, beside, "beside", is_shadow=False)
    data = draft.data.model_copy(update={"is_enabled": True, "starts_at": None, "beside": other.id if other else None})
    return await create_system(shop, replace(draft, data=data, is_shadow=True))


async def shadows(shop: Shop) -> Sequence[RewardSystem]:
    """All of them, those that were stopped too, in the order in which they were started."""
    return [one for one in (await read_systems(shop)).systems if one.is_shadow]


async def stop_shadow(shop: Shop, name: str) -> bool:
    """Let a shadow collect no more; whether it is gone, since nobody had anything of it. Raises Refused with NOT_FOUND."""
    shadow = await _named(shop, name, "name", is_shadow=True)
    try:
        await delete_system(shop, shadow.id)
    except Refused as refused:
        if [one.code for one in refused.problems] != ["SYSTEM_IN_USE"]:
            raise
        await update_system(
            shop, shadow.id, lambda before: replace(before, data=before.data.model_copy(update={"is_enabled": False}))
        )
        return False
    return True


async def read_shadow(shop: Shop, name: str, totals: Totals) -> Result:
    """What a shadow would have given everybody since it was started, beside what the other one has given since. Raises Refused
    with NOT_FOUND."""
    shadow = await _named(shop, name, "name", is_shadow=True)
    other = (await read_systems(shop)).by_id.get(shadow.current.data.beside or "")
    since, until = shadow.current.data.starts_at or Instant(0), now()
    unit, notes = worth_of(shadow.current).unit, list[str]()
    await _add(shop, shadow, since, totals, is_first=True)
    if other is not None and worth_of(other.current).unit == unit:
        await _add(shop, other, since, totals, is_first=False)
    elif other is not None:
        notes.append("The one beside it gives something else, which is not compared.")
    [(purchases,)] = await shop.database.rows(
        "SELECT count(*) FROM purchase p WHERE p.purchased_at >= $1 AND p.status NOT IN ('VOIDED', 'REFUNDED')", since
    )
    notes.append("It has given nothing: whatever was taken back of it was there to be taken back.")
    exponent = exponent_of(shop.currency) if unit is None else 0
    return Result(since, until, unit or shop.currency, exponent, "givenNow", int(purchases), notes)


async def _named(shop: Shop, name: str, place: str, *, is_shadow: bool) -> RewardSystem:
    systems = (await read_systems(shop)).systems
    found = [one for one in systems if name_key(one.name) == name_key(name) and one.is_shadow is is_shadow]
    if not found:
        what = "shadow" if is_shadow else "reward system"
        raise Refused(Problem("NOT_FOUND", f"There is no such {what}.", (place,)))
    return found[0]


async def _add(shop: Shop, system: RewardSystem, since: Instant, totals: Totals, *, is_first: bool) -> None:
    """What a system has given since an instant and not taken back, customer by customer."""
    numbers: Mapping[int, int] = {one.number: worth_of(one).number for one in system.versions}
    last = "0" * 32
    while True:
        rows = await shop.database.rows(
            "SELECT g.customer_id, g.version, count(*) FROM rewards_given g WHERE g.system_id = $1 AND g.given_at >= $2"
            " AND g.taken_back_at IS NULL AND g.customer_id IN (SELECT p.customer_id FROM rewards_progress p"
            f" WHERE p.system_id = $1 AND p.customer_id > $3 ORDER BY p.customer_id LIMIT {_BATCH})"
            " GROUP BY g.customer_id, g.version ORDER BY g.customer_id",
            system.id,
            since,
            last,
        )
        for customer_id, version, count in rows:
            given = numbers.get(version, 0) * count
            totals.add([(customer_id, given if is_first else 0, 0 if is_first else given)])
        place = await shop.database.row(
            "SELECT max(CAST(x.customer_id AS TEXT)), count(*) FROM (SELECT p.customer_id FROM rewards_progress p"
            f" WHERE p.system_id = $1 AND p.customer_id > $2 ORDER BY p.customer_id LIMIT {_BATCH}) x",
            system.id,
            last,
        )
        if place is None or place[1] < _BATCH:
            return
        last = str(place[0]).replace("-", "")
