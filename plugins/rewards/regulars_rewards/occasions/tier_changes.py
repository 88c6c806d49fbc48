"""What another tier brings: heard from the plugin tiers as it comes, and made up for where nobody has told it.

While rewards are off and tiers are on, tiers change and nobody hears of it. So by time it is looked at all changes since, each as
of its instant; what was heard already brings nothing again.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any

from regulars_core.plugin import Pace, Shop, hold, moment, survivors, survivors_then, told_later
from regulars_rewards.occasions.entered import MERGE, ShownChange, Told
from regulars_rewards.occasions.failed import take_failed_changes
from regulars_rewards.occasions.ids import a_while_ago
from regulars_rewards.occasions.tier_occasions import Histories, TierOccasions, hearing_systems
from regulars_rewards.progress.occasions import earn_occasions, undo_occasions
from regulars_rewards.systems.system import RewardSystem

OWN, TIERS = "rewards", "tiers"
BATCH = 200
"""Changes that are made up for in one transaction at most."""
_BY_TIME = attrgetter("at", "id")


def _door(shop: Shop) -> Any:
    """What tiers let others use; None where they are off."""
    module: Any = dict(shop.plugins.modules).get(TIERS)
    return None if module is None else import_module(f"{module.__name__}.plugin")


async def heard(shop: Shop, changes: Sequence[Told]) -> None:
    """Tiers of customers changed, who are held. While rewards are behind it is made up for by time, in its turn. Where tiers are
    told later, it is about whom the record leads to as far as rewards have heard."""
    if OWN in shop.behind and not told_later():
        return
    systems = await hearing_systems(shop)
    if not systems:
        return
    records = {one.customer_id for one in changes}
    owners = await survivors_then(shop.database, records) if told_later() else {}
    told = [ShownChange.of(one, owners.get(one.customer_id)) for one in changes]
    losing = {one.customer_id for one, shown in zip(changes, told, strict=True) if shown.undoes}
    await _apply(shop, systems, told, await _histories(shop, losing, owners) if losing else {})


async def make_up(shop: Shop) -> int:
    """Let customers have what changes of their tiers bring them that nobody has told, and take back what such changes take; how
    many changes that were. It may be interrupted, and run again. What has failed is tried again."""
    door, after = _door(shop), None
    if door is None or OWN in shop.behind:
        return 0
    done = await shop.database.transaction(partial(_again, shop))
    pace = Pace(shop.database, BATCH, first=50, least=10)
    while (some := await pace.step(partial(_make_up, shop, door, after, pace))) is not None:
        after, number = some
        done += number
    return done


async def _apply(shop: Shop, systems: Sequence[RewardSystem], told: Sequence[ShownChange], undoing: Histories) -> None:
    """Let these changes take back what they do, and then bring what they do: so what is given now is not what is taken. `undoing`
    are the changes of those of whom they take something."""
    told = sorted(await _without_kept(shop, told), key=_BY_TIME)
    known = await TierOccasions.read(shop, systems, [*told, *(one for own in undoing.values() for one in own)])
    for system in systems:
        await undo_occasions(shop, system.id, known.undone(system, undoing))
    for system in systems:
        due = known.due(system, told)
        occasions = [(customer_id, one) for (customer_id, _), (one, _) in due.items()]
        await earn_occasions(shop, system.id, occasions, at={key: at for key, (_, at) in due.items()})
    await known.keep_failed()


async def _histories(shop: Shop, records: Collection[str], owners: Mapping[str, str] | None = None) -> Histories:
    """All changes of the tiers of these records, in the order of time, as those of whom each leads to."""
    found = await _door(shop).shown_changes(shop, records)
    return {id_: [ShownChange.of(one, (owners or {}).get(id_)) for one in own] for id_, own in found.items()}


async def _without_kept(shop: Shop, told: Sequence[ShownChange]) -> Sequence[ShownChange]:
    """These, but for those who come by a merge to a tier that one of them had before: that was given, and goes over with it."""
    merged = {one.customer_id for one in told if one.cause == MERGE and one.is_up}
    if not merged:
        return told
    among = shop.database.dialect.among("merged_into_id", 1)
    rows = await shop.database.rows(f"SELECT id, merged_into_id FROM customer WHERE {among}", sorted(merged))
    histories = await _histories(shop, [row[0] for row in rows])
    had: dict[str, int] = {}
    for alias, survivor in rows:
        if own := histories[alias]:
            had[survivor] = max(had.get(survivor, 0), own[-1].after_position)
    return [one for one in told if one.cause != MERGE or one.after_position > had.get(one.customer_id, -1)]


async def _make_up(shop: Shop, door: Any, after: str | None, pace: Pace) -> tuple[str, int] | None:
    """Make up for the next changes behind one, or behind where it is; the last of them, and for how many. None where there are
    no more."""
    database = shop.database
    [(heard_until,)] = await database.rows(
        f"SELECT after_id FROM rewards_heard WHERE id = 1{database.dialect.lock_rows}"
    )
    rows = await door.changed_after(shop, after or heard_until, pace.size)
    if not rows:
        return None
    last = rows[-1][0]
    number = await _told_now(shop, rows)
    place = max(heard_until, min(last, a_while_ago()))
    await database.run("UPDATE rewards_heard SET after_id = $1 WHERE id = 1", place)
    return last, number


async def _again(shop: Shop) -> int:
    rows = await take_failed_changes(shop, BATCH)
    return await _told_now(shop, rows) if rows else 0


async def _told_now(shop: Shop, rows: Sequence[tuple[str, str]]) -> int:
    """Let those of these changes that have brought nothing yet bring it, each as of its instant. Of who was merged since, to whom
    that record leads."""
    systems = await hearing_systems(shop)
    if not systems:
        return 0
    owners = await survivors(shop.database, {one for _, one in rows})
    await hold(shop.database, owners.values())
    histories, ids = await _histories(shop, owners, owners), {id_ for id_, _ in rows}
    until = {one.id: own[: n + 1] for own in histories.values() for n, one in enumerate(own) if one.id in ids}
    known = await TierOccasions.read(shop, systems, {each for own in until.values() for each in own})
    new = await known.new_among(systems, until, owners)
    for own in sorted((until[id_] for id_ in new), key=lambda own: _BY_TIME(own[-1])):
        with moment(own[-1].at):
            await _apply(shop, systems, own[-1:], {own[-1].customer_id: own} if own[-1].undoes else {})
    return len(new)
