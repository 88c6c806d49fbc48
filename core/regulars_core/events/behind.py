"""Plugins that are told what they missed while the shop goes on.

Whoever is behind is told nothing at once, or it would hear of today before it has heard of last week: what happens meanwhile
stands in the journal like what it missed, without it among those who took part, and comes in its turn. So until it has caught up
it is as if it were off, and what it shows would be of then: its fields answer CatchingUp.

Each process knows for itself which plugins it does not tell (`Shop.behind`). That one has caught up is decided in one
transaction, in which nobody can be writing an event without it: on PostgreSQL who writes one holds a lock that they share, and
whoever ends it takes that lock alone. Who comes later finds that it is over, and begins anew with the plugin.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Database, Overtaken
from regulars_core.plugins.host import Extras
from regulars_core.primitives.clock import Instant
from regulars_core.queries.locks import lock
from regulars_core.shop.shop import CatchingUp, Shop

_LOCK = 7_306_085_893_296_000_015  # of pg_advisory_xact_lock; any number, the same in every version
_CLOCKS_DIFFER_MS = 3_600_000  # by less, among processes that write the journal
_LOOKED_AT = 20_000  # entries of the journal that are looked at in one statement


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a plugin is that is catching up: of the `missed` entries of the journal that have been numbered by now, it has been
    `written_down` what lies ahead of how many, and it has been `told` of how many."""

    plugin: str
    missed: int
    written_down: int
    told: int

    @property
    def percent(self) -> int:
        """How much of the work is done, rounded down; writing down is counted as a tenth of it."""
        return (self.written_down + 9 * self.told) * 10 // self.missed if self.missed else 0


async def progress(database: Database) -> Sequence[Progress]:
    """How far each plugin is that is catching up, by name."""
    rows = await database.rows(
        "SELECT plugin, behind_from, position, ahead, (SELECT coalesce(max(position), 0) FROM journal) FROM journal_cursor"
        " WHERE behind_from IS NOT NULL ORDER BY plugin"
    )
    found = []
    for plugin, start, position, ahead, end in rows:
        last = max(end, position)
        written = min(max(ahead, position), last)
        found.append(Progress(plugin, last - start, max(written - start, 0), max(position - start, 0)))
    return found


async def missed_since(database: Database, plugins: Collection[str]) -> Instant | None:
    """When the first of what these plugins have not been told yet was written down, by whatever clock, or somewhat earlier; None
    where they have been told everything."""
    next_one = "SELECT j.at FROM journal j WHERE j.position > k.position ORDER BY j.position LIMIT 1"
    unnumbered = "SELECT min(j.at) FROM journal j WHERE j.position IS NULL"
    rows = await database.rows(
        f"SELECT ({next_one}), ({unnumbered}) FROM journal_cursor k WHERE {database.dialect.among('k.plugin', 1, 'text')}",
        sorted(plugins),
    )
    found = [at for row in rows for at in row if at is not None]
    return Instant(min(found) - _CLOCKS_DIFFER_MS) if found else None


async def told_at_once(
    shop: Shop, event: str, extras: Sequence[Extras], found: Mapping[str, Any] | None
) -> Sequence[str] | None:
    """The plugins that are told of what happens in this transaction, None for all; nothing of that changes until its end. Raises
    Overtaken where it has changed since the first half of the event, and CatchingUp for extras that one of the others would not
    get."""
    if not shop.was_behind:
        return None
    if shop.behind:
        await _hold(shop)
        for owner in sorted(shop.behind):
            if any(one.get(owner) for one in extras):
                raise CatchingUp(owner)
    told = shop.told
    if found is not None:
        asked = shop.plugins.asking_first(event)
        if any(name not in found for name in asked if told is None or name in told):
            raise Overtaken("A plugin has caught up meanwhile, and has not been asked yet.")
    return told


async def _hold(shop: Shop) -> None:
    """See to it that those who are behind are so until the transaction ends. Raises Overtaken if one is not any more."""
    database = shop.database
    if database.engine == "postgres":
        # A statement of its own: the next one then sees whatever its last holder has committed.
        await database.rows("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)
    if await notice(shop):
        raise Overtaken("A plugin has caught up meanwhile.")


async def notice(shop: Shop) -> bool:
    """Look who has caught up meanwhile, by whatever process; whether anybody has."""
    rows = await shop.database.rows("SELECT plugin FROM journal_cursor WHERE behind_from IS NOT NULL")
    left = shop.behind & {row[0] for row in rows}
    has_changed, shop.behind = left != shop.behind, left
    return has_changed


async def fall_behind(shop: Shop) -> None:
    """Let the plugins that have missed something, and those that are told after them, be told later from now on. A plugin that
    was never on has missed nothing."""
    late = set[str]()
    for name in shop.plugins.names:
        if name not in late and await _has_missed(shop.database, name):
            late |= {name, *shop.plugins.followers(name)}
    if not late:
        return
    database = shop.database

    async def work() -> None:
        among = database.dialect.among("plugin", 1, "text")
        await lock(database, "journal_cursor", late, key="plugin", type="text")
        await database.run(
            f"UPDATE journal_cursor SET behind_from = position WHERE {among} AND behind_from IS NULL", sorted(late)
        )

    await database.transaction(work)
    shop.behind, shop.was_behind = frozenset(late), True


async def _has_missed(database: Database, plugin: str) -> bool:
    """Whether there is an event that a plugin did not take part in, or so many that it would take long to say."""
    cursor = await database.row("SELECT position, behind_from FROM journal_cursor WHERE plugin = $1", plugin)
    if cursor is None:
        return False
    if cursor[1] is not None:
        return True
    position = cursor[0]
    while True:
        rows = await database.rows(
            "SELECT max(position), count(*),"
            " coalesce(sum(CASE WHEN ' ' || took_part || ' ' LIKE $2 ESCAPE '!' THEN 0 ELSE 1 END), 0)"
            " FROM (SELECT position, took_part FROM journal WHERE position > $1 ORDER BY position"
            f" LIMIT {_LOOKED_AT}) upcoming",
            position,
            _among_names(plugin),
        )
        last, count, missed = rows[0]
        if missed:
            return True
        if count < _LOOKED_AT:
            break
        position = last
    rows = await database.rows(
        "SELECT count(*), coalesce(sum(CASE WHEN ' ' || took_part || ' ' LIKE $1 ESCAPE '!' THEN 0 ELSE 1 END), 0)"
        f" FROM (SELECT took_part FROM journal WHERE position IS NULL LIMIT {_LOOKED_AT}) unnumbered",
        _among_names(plugin),
    )
    return bool(rows[0][1]) or rows[0][0] == _LOOKED_AT


def _among_names(plugin: str) -> str:
    """A pattern for names with spaces around them, of which this is one."""
    return f"% {plugin.replace('_', '!_')} %"


async def any_behind(database: Database, plugins: Collection[str]) -> bool:
    """Whether one of these is told later what happens."""
    among = database.dialect.among("plugin", 1, "text")
    sql = f"SELECT 1 FROM journal_cursor WHERE {among} AND behind_from IS NOT NULL"
    return await database.row(sql, sorted(plugins)) is not None


async def alone(database: Database) -> None:
    """Wait until nobody is writing an event that those who are behind are not told of, and let nobody begin to until the
    transaction ends."""
    if database.engine == "postgres":
        await database.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def note_caught_up(database: Database, plugins: Collection[str]) -> None:
    """Note that these are told at once of what happens from now on; to be called in the transaction that is `alone`."""
    among = database.dialect.among("plugin", 1, "text")
    await database.run(f"UPDATE journal_cursor SET behind_from = NULL WHERE {among}", sorted(plugins))
