"""The reward systems with all their versions, remembered by each process for as long as the revision is the one that it has read.

    lookup_systems(shop)                  names one look-up, reads nothing
    known_systems(shop, rows)             pure, from its rows: reads the definitions in them, where there are any
    await read_systems(shop)              both

The look-up asks the revision, and brings definitions only where the remembered ones are of another: so as long as nobody changes
a reward system, none is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Any

from regulars_core.plugin import Audience, Instant, Lookup, Precondition, RewardKind, Shop, usable_rule
from regulars_rewards.revisions import UNKNOWN, Revisions
from regulars_rewards.systems.system import RewardSystem, SystemData, SystemVersion
from regulars_rewards.triggers.kinds import RewardTriggerKind

REVISION = 2
"""The row of `rewards_revision` that counts changes of reward systems."""


@dataclass(frozen=True)
class KnownSystems:
    """The reward systems of a revision, in the order in which they were made.

    `is_as_looked_up` says whether they are those that were remembered as the look-up was named: only then does what was looked up
    beside it fit them. Who finds that it does not asks again, and finds them remembered.
    """

    revision: int
    systems: Sequence[RewardSystem]
    is_as_looked_up: bool = field(default=True, compare=False)

    @cached_property
    def by_id(self) -> Mapping[str, RewardSystem]:
        """The same by id."""
        return {one.id: one for one in self.systems}

    @property
    def unchanged(self) -> Precondition:
        """That these are still the systems that there are when it is written what was decided by them."""
        holds = f"(SELECT revision FROM rewards_revision WHERE id = {REVISION}) = CAST($1 AS BIGINT)"
        return Precondition(holds, [self.revision])


class _Memory(Revisions[KnownSystems]):
    """What is known of the last few revisions."""


def remembered_systems(shop: Shop) -> KnownSystems | None:
    """What this process has read last; None if it has not yet. It may be out of date: it says what to look up, no more."""
    memory: _Memory = shop.memory.get(_Memory, _Memory())
    return memory.newest


def lookup_systems(shop: Shop) -> Lookup:
    """What `known_systems` tells by which systems there are."""
    remembered = remembered_systems(shop)
    revision = UNKNOWN if remembered is None else remembered.revision
    sql = (
        "SELECT r.revision, CAST($1 AS BIGINT), s.id, s.name, s.is_shadow, v.number, v.since, v.body FROM rewards_revision r"
        " LEFT JOIN rewards_system_version v ON r.revision <> $1 LEFT JOIN rewards_system s ON s.id = v.system_id"
        f" WHERE r.id = {REVISION} ORDER BY s.id, v.number"
    )
    return sql, [revision]


def known_systems(shop: Shop, rows: Sequence[Any]) -> KnownSystems:
    """The systems that there were when `lookup_systems` was read. Raises LookupError where they were changed more often meanwhile
    than is remembered."""
    revision, assumed = rows[0][:2]
    memory: _Memory = shop.memory.setdefault(_Memory, _Memory())
    if revision == assumed:
        before = memory.get(revision)
        if before is None:
            raise LookupError("reward systems are being changed all the time; try again")
        return before
    if revision < assumed:  # the database is an older one now
        memory.clear()
    own = [tuple(row)[2:] for row in rows if row[2] is not None]
    systems = [_system(shop, key, list(versions)) for key, versions in groupby(own, lambda one: one[:3])]
    known = KnownSystems(revision, tuple(systems))
    memory.keep(revision, known)
    return replace(known, is_as_looked_up=False)


async def systems_looked_up(shop: Shop, rows: Sequence[Any]) -> KnownSystems:
    """The same as `known_systems`; read anew where they were changed too often meanwhile."""
    try:
        return known_systems(shop, rows)
    except LookupError:
        return replace(await read_systems(shop), is_as_looked_up=False)


async def read_systems(shop: Shop) -> KnownSystems:
    """The reward systems: one look at the revision, where they are remembered."""
    sql, values = lookup_systems(shop)
    return replace(known_systems(shop, await shop.database.read(sql, *values)), is_as_looked_up=True)


ALL_SYSTEMS: Lookup = ("SELECT body FROM rewards_system_version", [])
"""What looks up every version of every reward system."""


def system_audiences(rows: Sequence[Sequence[str]]) -> Sequence[Audience]:
    """The audiences out of these rows; of versions for everybody there are none."""
    return [audience for row in rows if (audience := data_of(row[0]).audience) is not None]


def _system(shop: Shop, key: Sequence[Any], rows: Sequence[Sequence[Any]]) -> RewardSystem:
    id_, name, is_shadow = key
    versions = [version_of(shop, id_, number, since, data_of(body)) for *_, number, since, body in rows]
    return RewardSystem(id_, name, bool(is_shadow), tuple(versions))


def version_of(shop: Shop, id_: str, number: int, since: Instant, data: SystemData) -> SystemVersion:
    """A version as it can be applied; a rule whose plugin is off, or whose kind no longer takes what it is told, is None. So is a
    trigger that does not say how many units are one of progress."""
    trigger = usable_rule(shop, RewardTriggerKind.use, data.trigger.stored)
    if trigger and isinstance(trigger.kind, RewardTriggerKind) and not trigger.kind.is_countable(trigger.settings):
        trigger = None
    reward = usable_rule(shop, RewardKind.use, data.reward.stored)
    return SystemVersion(id_, number, since, data, trigger, reward)


@lru_cache(maxsize=1_024)
def data_of(body: str) -> SystemData:
    """A version out of its column; those that are read again and again are made once."""
    return SystemData.model_validate_json(body)
