"""Looking by time which occasions customers have: each day once, for all customers in the order of their ids.

How far it is stands in the transaction that gives, so that whoever is interrupted goes on there, and of two who look at the same
time the one goes on behind the other. Whoever is registered later has a greater id: so the walk of a day is never over before the
next one begins, and finds them too. What it has found already brings nothing again, by its key.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import NamedTuple

from regulars_core.plugin import Instant, Pace, Shop, day_of, hold, now, start_of
from regulars_rewards.occasions.dates import Person, active_after, known_of, persons
from regulars_rewards.occasions.days import DAY, FromDay, Part, known_until, parts_of
from regulars_rewards.occasions.failed import failed_since, forget_failed, keep_failed, next_failed
from regulars_rewards.occasions.ids import FIRST_ID, a_while_ago
from regulars_rewards.progress.occasions import earn_occasions
from regulars_rewards.systems.known import KnownSystems, read_systems
from regulars_rewards.systems.system import RewardSystem
from regulars_rewards.triggers.occasions import Occasion

log = logging.getLogger(__name__)

PAGE = 2_000
"""Customers of one transaction at most."""
_COLUMNS = "since, until, after_id, version"


class Walk(NamedTuple):
    """How far it is looked: of the days from one on and before another, of customers up to one. `version` is the number of the
    system's at its beginning."""

    since: date
    until: date
    after_id: str
    version: int


@dataclass
class Found:
    """What is due for customers, and of whom it could not be told."""

    due: dict[str, list[Occasion]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def occasions(self) -> Sequence[tuple[str, Occasion]]:
        """What is due for each."""
        return [(id_, one) for id_, own in self.due.items() for one in own]

    @property
    def everybody(self) -> set[str]:
        """All of whom something is to be written."""
        return {*self.due, *self.failed}


async def look_at_days(shop: Shop) -> int:
    """Let customers have what days have brought them in all reward systems, up to today; how many occasions brought something. It
    may be interrupted, and run again, and by several at the same time."""
    brought = 0
    for system in (await read_systems(shop)).systems:
        pace = Pace(shop.database, PAGE, first=500, least=20)
        goes_on = True
        while goes_on:
            some, goes_on = await pace.step(partial(_step, shop, system.id, pace))
            brought += some
        brought += await _try_again(shop, system.id)
    return brought


async def _step(shop: Shop, system_id: str, pace: Pace) -> tuple[int, bool]:
    """Look at the next customers; how many occasions brought something, and whether there is more to look at now."""
    opened = await _opened(shop, system_id)
    if opened is None:
        return 0, False
    known, system, walk = opened
    parts = _by_days(parts_of(system, walk.since, walk.until, _begin(shop)))
    page = await _page(shop, parts, walk.after_id, pace.size) if parts else []
    brought = await _earn(shop, known, system, parts, page) if page else 0
    is_through = not parts or len(page) < pace.size
    after = page[-1].id if page else walk.after_id
    upcoming = _upcoming(shop, system, walk) if is_through else None
    if is_through and page:
        after = max(walk.after_id, min(after, a_while_ago()))
    if (kept := upcoming or walk._replace(after_id=after)) != walk:
        await _keep(shop, system_id, kept)
    return brought, not is_through or upcoming is not None


async def _opened(shop: Shop, system_id: str) -> tuple[KnownSystems, RewardSystem, Walk] | None:
    """A system as it is now, and its walk, on which nobody else goes until the transaction ends. None where it is gone."""
    known = await read_systems(shop)
    system = known.by_id.get(system_id)
    if system is None:
        return None
    database = shop.database
    sql = f"SELECT {_COLUMNS} FROM rewards_walk WHERE system_id = $1{database.dialect.lock_rows}"
    row = await database.row(sql, system_id)
    if row is None:
        created = await database.row("SELECT created_at FROM rewards_system WHERE id = $1", system_id)
        first = day_of(created[0] if created else now(), shop.settings.zone).toordinal()
        await database.run(
            f"INSERT INTO rewards_walk (system_id, {_COLUMNS}) VALUES ($1, $2, $2, $3, 0) ON CONFLICT (system_id) DO NOTHING",
            system_id,
            first,
            FIRST_ID,
        )
        row = await database.row(sql, system_id)
        assert row is not None
    return known, system, Walk(date.fromordinal(row[0]), date.fromordinal(row[1]), row[2], row[3])


async def _keep(shop: Shop, system_id: str, walk: Walk) -> None:
    await shop.database.run(
        "UPDATE rewards_walk SET since = $2, until = $3, after_id = $4, version = $5 WHERE system_id = $1",
        system_id,
        walk.since.toordinal(),
        walk.until.toordinal(),
        walk.after_id,
        walk.version,
    )


def _upcoming(shop: Shop, system: RewardSystem, walk: Walk) -> Walk | None:
    """The walk that follows one that is through: of the days since, and once more of today where the system was changed. None
    while there is none."""
    today = day_of(now(), shop.settings.zone)
    until = known_until(system, parts_of(system, walk.until, today + DAY, _begin(shop)), today + DAY)
    is_changed = walk.version not in (0, system.current.number)
    since = min(walk.until, today) if is_changed else walk.until
    until = max(until, walk.until)
    if since >= until or (until == walk.until and walk.version == system.current.number):
        return None
    return Walk(since, until, FIRST_ID, system.current.number)


def _begin(shop: Shop) -> FromDay:
    zone = shop.settings.zone

    def first_instant(day: date) -> Instant:
        return start_of(day, zone)

    return first_instant


def _by_days(parts: Iterable[Part]) -> Sequence[Part]:
    return [one for one in parts if one.kind is not None]


def _of(parts: Sequence[Part]) -> set[str]:
    return {name for one in parts if one.kind is not None for name in one.kind.of}


async def _page(shop: Shop, parts: Sequence[Part], after: str, most: int) -> Sequence[Person]:
    of_birth = all(one.kind is not None and one.kind.of == {"birth_date"} for one in parts)
    return await active_after(shop, after, most, with_birth_date=of_birth)


async def _earn(
    shop: Shop, known: KnownSystems, system: RewardSystem, parts: Sequence[Part], page: Sequence[Person]
) -> int:
    """Let those of these have what is due for them. Who may have something is held, and looked at once more: so nobody has bought
    meanwhile, or is somebody else."""
    found = await _look(shop, system, parts, page)
    if not found.everybody:
        return 0
    merged = await hold(shop.database, found.everybody)
    found = await _look(shop, system, parts, await persons(shop, found.everybody - merged.keys()))
    await keep_failed(shop, system.id, found.failed, parts[0].since)
    return await earn_occasions(shop, system.id, found.occasions, keep_untold=keep_failed)


async def _look(shop: Shop, system: RewardSystem, parts: Sequence[Part], some: Sequence[Person]) -> Found:
    """What is due for these customers. A trigger that raises is contained."""
    found = Found()
    if not some or not parts:
        return found
    known = await known_of(shop, some, parts[0].since, parts[-1].until, _of(parts))
    for id_, own in known.items():
        try:
            due = [occasion for part in parts for occasion in part.due(own)]
        except Exception as error:  # a plugin's own: one customer must not keep the others from theirs
            if not found.failed:
                log.error("the trigger of the reward system %s failed: %s", system.id, type(error).__name__)
            found.failed.append(id_)
        else:
            if due:
                found.due[id_] = due
    return found


async def _try_again(shop: Shop, system_id: str) -> int:
    """Look once more at the days at which a trigger has failed for customers, each once: what fails still fails until the next
    time."""
    after, brought = FIRST_ID, 0
    while rows := await next_failed(shop, system_id, after):
        brought += await shop.database.transaction(partial(_again, shop, system_id, rows))
        after = max(rows)
    return brought


async def _again(shop: Shop, system_id: str, since: Mapping[str, date]) -> int:
    opened = await _opened(shop, system_id)
    merged = await hold(shop.database, since)
    since = await failed_since(shop, system_id, since)
    if opened is None or not since:
        return 0
    _, system, walk = opened
    parts = parts_of(system, min(since.values()), walk.until, _begin(shop))
    if known_until(system, parts, walk.until) < walk.until:
        return 0
    found = Found()
    for day in sorted(set(since.values())):
        own = _by_days(parts_of(system, day, walk.until, _begin(shop)))
        ids = [id_ for id_, first in since.items() if first == day and id_ not in merged]
        some = await _look(shop, system, own, await persons(shop, ids))
        found.due |= some.due
        found.failed += some.failed
    await forget_failed(shop, system_id, since.keys() - set(found.failed))
    return await earn_occasions(shop, system_id, found.occasions, keep_untold=keep_failed)
