"""Telling plugins what happened while they were off.

Those that missed the same are told together: event by event, each in the order in which they are told of things that happen, and
by the clock of then. What an event brings, and the histories that core reads for plugins, are as they were at the time
(`ahead`); what plugins have written of it themselves they have just written.

Each batch of events is one transaction together with the plugins' places in the journal: whoever is killed goes on where the
last batch ended, and two processes that do it at once tell each event once. However much was missed, what is in memory is a
batch.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import orjson

from regulars_core.database import Database, Unavailable
from regulars_core.events import ahead, behind
from regulars_core.events.events import Found, look_up, named_lookups, tell
from regulars_core.events.journal import JournalEntry
from regulars_core.events.runs import Rows, Run, customers_of, runs
from regulars_core.primitives.clock import moment
from regulars_core.primitives.errors import Refused
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace
from regulars_core.shop.shop import Shop

BATCH_SIZE = 200
"""Entries of the journal that are looked at in one transaction, at most; fewer where telling plugins of them takes long."""
_BATCH_CHARACTERS = 40_000  # of their ids, but for the last one: some thousand rows
AT_ONCE = 20_000
"""Entries that are numbered or forgotten in one statement, at most."""
_FIRST = 2_000  # entries in the first of such statements: how long they take is not known yet
_LAST_BATCHES = 3  # batches that are told while nobody else may write an event
_MAX_MEETINGS = 20  # how often a plugin may be told a last time before it is told at once
_LOCK = 7_306_085_893_296_000_002  # of pg_advisory_xact_lock; any number, the same in every version

_WRITTEN = {"postgres": "written, at, id", "sqlite": "rowid"}
"""In which order entries were written, whatever the clocks of the processes say."""

log = logging.getLogger(__name__)


async def switch_on(shop: Shop) -> None:
    """Let the shop's plugins take part: they are told first what they missed since they were on last.

    A plugin that was never on begins now. Raises what a plugin raises, as `catch_up` does.
    """
    await keep_if_anybody_was_on(shop)
    await catch_up(shop)


async def keep_if_anybody_was_on(shop: Shop) -> None:
    """Write the journal in a process without plugins too, if there was ever any."""
    if not shop.keeps_journal:
        shop.keeps_journal = await shop.database.row("SELECT 1 FROM journal_cursor LIMIT 1") is not None


async def catch_up(shop: Shop, *plugins: str) -> int:
    """Tell the plugins that are on, or those of them that are named, what they missed, and answer how many events that were.
    May be interrupted at any time. Unless they are named, those that are behind are left to who is telling them (`catching_up`).
    Whoever was behind is told at once of what happens when this is done.

    What a plugin refuses comes too late: it is logged, and passed over for this plugin. Where it raises anything else, it and
    those that want to be told after it stay behind the batch in which it did, and are told again the next time; the others
    are told to the end. Then the first of these errors is raised. Raises Unavailable at once.
    """
    names = [name for name in shop.plugins.names if (name in plugins if plugins else name not in shop.behind)]
    await give_positions(shop)
    for name in names:
        await shop.database.transaction(lambda name=name: begin_cursor(shop, name))  # type: ignore[misc]
    return await _Walk(shop, names).to_the_end()


async def give_positions(shop: Shop) -> int:
    """Number what was committed since the last time, some thousand entries at a time, and answer how many that were."""
    if await shop.database.row("SELECT 1 FROM journal WHERE position IS NULL LIMIT 1") is None:
        return 0
    return await _to_the_last(shop.database, lambda most: _number_some(shop.database, most))


async def _to_the_last(database: Database, work: Callable[[int], Awaitable[int]]) -> int:
    """Do it again as long as there was enough to do; what is added meanwhile may wait until the next time. For how many entries
    that was."""
    pace, done = Pace(database, AT_ONCE, first=_FIRST), 0
    while True:
        size = pace.size
        some = await pace.step(lambda size=size: work(size))  # type: ignore[misc]
        done += some
        if some < size:
            return done


async def _number_some(database: Database, most: int) -> int:
    if database.engine == "postgres":
        # A statement of its own: the next one then sees whatever the last holder has committed.
        await database.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)
    [last] = await database.rows(
        "SELECT coalesce(max(position), 0) FROM (SELECT max(position) AS position FROM journal"
        " UNION ALL SELECT max(position) FROM journal_cursor) taken"
    )
    order = _WRITTEN[database.engine]
    return await database.run(
        f"UPDATE journal SET position = $1 + fresh.n FROM (SELECT id, row_number() OVER (ORDER BY {order}) AS n"
        f" FROM journal WHERE position IS NULL ORDER BY {order} LIMIT $2) fresh WHERE journal.id = fresh.id",
        last[0],
        most,
    )


async def forget_old(shop: Shop) -> int:
    """Delete what every plugin that was ever on has been told, some thousand entries at a time, and answer how many that were."""
    old = "position <= (SELECT min(position) FROM journal_cursor)"
    some = (
        f"DELETE FROM journal WHERE position IN (SELECT position FROM journal WHERE {old} ORDER BY position LIMIT $1)"
    )
    return await _to_the_last(shop.database, lambda most: shop.database.run(some, most))


async def begin_cursor(shop: Shop, plugin: str) -> None:
    """Let whoever has no place in the journal begin with the present; to be called in a transaction."""
    await shop.database.run(
        "INSERT INTO journal_cursor (plugin, position)"
        " SELECT $1, coalesce(max(position), 0) FROM (SELECT max(position) AS position FROM journal"
        " UNION ALL SELECT max(position) FROM journal_cursor) taken WHERE 1 = 1 ON CONFLICT (plugin) DO NOTHING",
        plugin,
    )


_ENTRY = "position, kind, ids, others, took_part, at"


async def entries_after(database: Database, position: int, most: int | None = None) -> Sequence[JournalEntry]:
    """The next entries of the journal behind a position, at most BATCH_SIZE or `most`, and fewer where they are about many
    rows."""
    rows = await database.rows(
        f"SELECT {_ENTRY} FROM (SELECT {_ENTRY}, sum(length(ids)) OVER (ORDER BY position) - length(ids) AS before"
        f" FROM (SELECT {_ENTRY} FROM journal WHERE position > $1 ORDER BY position LIMIT $2) upcoming) sized"
        f" WHERE before < {_BATCH_CHARACTERS} ORDER BY position",
        position,
        BATCH_SIZE if most is None else most,
    )
    return [
        JournalEntry(
            place,
            kind,
            (about := orjson.loads(ids)),
            orjson.loads(others) if others else [None] * len(about),
            took_part.split(),
            at,
            others is not None,
        )
        for place, kind, ids, others, took_part, at in rows
    ]


class _Walk:
    """A walk along the journal, telling these plugins what they missed."""

    def __init__(self, shop: Shop, names: Sequence[str]) -> None:
        self._shop, self._names = shop, list(names)
        self._telling: str | None = None
        self._is_ahead_written = self._must_write_ahead = False
        self._error: Exception | None = None
        self._end = 0
        self._pace = Pace(shop.database, BATCH_SIZE)

    async def to_the_end(self) -> int:
        """Walk to what is the end now, since others may go on writing, and with those who are behind to where they are told at
        once again; how many events were told."""
        told = await self._on()
        for _ in range(_MAX_MEETINGS):
            if not self._names or not await behind.any_behind(self._shop.database, self._names):
                break
            told += await self._meet()
        if self._is_ahead_written:
            await ahead.forget_told(self._shop.database, self._shop.plugins.names)
        if self._error:
            raise self._error
        return told

    async def _on(self) -> int:
        """Walk to what is the end now."""
        told, last = 0, await self._shop.database.row("SELECT coalesce(max(position), 0) FROM journal")
        self._end = last[0] if last else 0
        while self._names and (batch := await self._next()) is not None:
            told += batch
        return told

    async def _meet(self) -> int:
        """Tell those who are behind the last of it while nobody writes an event without them, and let them be told at once from
        then on. Where somebody fails at it, or it would take long, all walk on as before."""

        was_written = self._is_ahead_written

        async def meet() -> int | None:
            database, told, self._is_ahead_written = self._shop.database, 0, was_written
            await behind.alone(database)
            while await _number_some(database, AT_ONCE) == AT_ONCE:
                pass
            last = await database.row("SELECT coalesce(max(position), 0) FROM journal")
            self._end = last[0] if last else 0
            for _ in range(_LAST_BATCHES):
                await self._write_ahead()
                if (batch := await self._batch(self._tell_together)) is None:
                    await behind.note_caught_up(database, self._names)
                    return told
                told += batch
            return None

        try:
            told = await self._shop.database.transaction(meet)
        except Unavailable:
            raise
        except Exception as error:
            told, self._is_ahead_written = None, was_written
            log.debug("the last of what was missed is told by batches: %r", error)
        await behind.notice(self._shop)
        return await self._on() if told is None else told

    async def _write_ahead(self) -> None:
        """Write down what lies ahead, once it is known that something does; twice, since much is written meanwhile."""
        if self._must_write_ahead and not self._is_ahead_written:
            await ahead.write_down(self._shop.database, self._names)
            await give_positions(self._shop)
            await ahead.write_down(self._shop.database, self._names)
            self._is_ahead_written = True

    async def _next(self) -> int | None:
        """Tell a batch: all of them together or, where somebody refuses something or fails, one after the other."""
        database = self._shop.database
        await self._write_ahead()
        await give_positions(self._shop)
        try:
            return await self._pace.step(lambda: self._batch(self._tell_together))
        except Unavailable:
            raise
        except Exception as error:
            log.debug("a batch of what was missed is told once more, by itself: %r", error)
        try:
            return await database.transaction(lambda: self._batch(self._tell_apart))
        except Unavailable:
            raise
        except Exception as error:
            if self._telling is None:
                raise
            self._leave_behind(self._telling, error)
            return 0

    def _leave_behind(self, plugin: str, error: Exception) -> None:
        """Go on without a plugin that fails, and without those that would be told after it."""
        followers = [name for name in self._shop.plugins.followers(plugin) if name in self._names]
        log.error(
            "the plugin '%s' fails at what it missed and is left behind, with %s", plugin, followers or "no other"
        )
        self._names = [name for name in self._names if name != plugin and name not in followers]
        self._error = self._error or error

    async def _batch(self, tell_run: "_TellRun") -> int | None:
        """Tell one batch; the number of events that were missed, or None at the end of the journal."""
        self._telling = None
        database, names = self._shop.database, self._names
        rows = await lock(database, "journal_cursor", names, ("plugin", "position"), key="plugin", type="text")
        places = {row[0]: row[1] for row in rows}
        entries = await entries_after(database, min(places.values()), self._pace.size)
        if not entries or entries[0].position > self._end:
            return None
        missed = [
            (entry, [name for name in names if entry.position > places[name] and name not in entry.took_part])
            for entry in entries
        ]
        heard = [(entry, self._listeners(entry.event, some)) for entry, some in missed]
        if any(who for _, who in heard):
            if not self._is_ahead_written:
                self._must_write_ahead = True
                return 0
            if any(entry.event in ahead.MERGES for entry, _ in heard):
                await database.allow(ahead.MERGE_SECONDS)
            await self._tell_all(heard, tell_run)
        among = database.dialect.among("plugin", 1, "text")
        forward = f"UPDATE journal_cursor SET position = $2 WHERE {among} AND position < $2"
        await database.run(forward, names, entries[-1].position)
        return sum(bool(some) for _, some in missed)

    def _listeners(self, event: str, names: Sequence[str]) -> list[str]:
        plugins = self._shop.plugins
        return [name for name in names if event in plugins.events and plugins.listens(event, name)]

    async def _tell_all(self, heard: Sequence[tuple[JournalEntry, Sequence[str]]], tell_run: "_TellRun") -> None:
        """Tell these entries to these plugins, with their customers held as they were when it happened: so nothing more
        happens to them."""
        database, entries = self._shop.database, [entry for entry, who in heard if who]
        await self._hold(entries)
        unnumbered = await ahead.complete(database, self._names)
        rows = await self._rows(entries)
        for run in runs(self._shop.plugins, heard, rows):
            with moment(run.entries[-1].at):
                await tell_run(run)
        self._telling = None
        if unnumbered:
            await ahead.forget_unnumbered(database, self._names, unnumbered)

    async def _hold(self, entries: Sequence[JournalEntry]) -> None:
        """As `regulars_core.purchases.statistics.hold` does: whoever has decided by these customers is overtaken."""
        database, customers, unknown = self._shop.database, set[str](), list[str]()
        for entry in entries:
            if (own := customers_of(self._shop.plugins, entry)) is not None:
                customers |= set(own)
            elif entry.event in ahead.KINDS:
                unknown += entry.ids
        if unknown:
            customers |= await ahead.buyers_of(database, unknown)
        if customers:
            await lock(database, "customer_stats", customers, key="customer_id")
            among = database.dialect.among("customer_id", 1)
            await database.run(f"UPDATE customer_stats SET activity = activity + 1 WHERE {among}", sorted(customers))

    async def _rows(self, entries: Sequence[JournalEntry]) -> Mapping[int, Rows]:
        """The rows that each of these entries is about, by its position."""
        by_kind: dict[str, list[JournalEntry]] = {}
        for entry in entries:
            by_kind.setdefault(entry.event, []).append(entry)
        found: dict[int, Rows] = {}
        for event, some in by_kind.items():
            kind = self._shop.plugins.events[event]
            if kind.read_then is not None:
                each = await kind.read_then(self._shop.database, some)
            else:
                ids = list(dict.fromkeys(id_ for entry in some for id_ in entry.ids))
                each = [await kind.read(self._shop.database, ids)] * len(some)
            found |= dict(zip((entry.position for entry in some), each, strict=True))
        return found

    async def _named(self, run: Run, who: Collection[str]) -> Found:
        """What the first half of an event finds."""
        kind = self._shop.plugins.events[run.event]
        outlined = [kind.outline(row) for row in run.rows.values()]
        before = run.entries[0].position - 1 if kind.asks_before else run.entries[-1].position
        with ahead.standing_at(before):
            found, _ = await look_up(self._shop, named_lookups(self._shop, run.event, outlined, only=who))
        return found

    async def _told(self, run: Run, who: Collection[str], found: Found) -> None:
        ids, moments = list(run.rows), run.moments
        with ahead.standing_at(run.entries[-1].position):
            await tell(self._shop, run.event, ids, rows=run.rows, found=found, only=who, moments=moments)

    async def _tell_together(self, run: Run) -> None:
        await self._told(run, run.who, await self._named(run, run.who))

    async def _tell_apart(self, run: Run) -> None:
        """The same, entry by entry and plugin by plugin, so that it is known who fails. What one refuses it is not told: it has
        happened."""
        for part in run.apart():
            found: dict[str, Any] = {}
            with moment(part.entries[0].at):
                for plugin in part.who:
                    self._telling = plugin
                    with suppress(Refused):  # told below
                        async with self._shop.database.savepoint():
                            found |= {plugin: (), **await self._named(part, [plugin])}
                for plugin in part.who:
                    self._telling = plugin
                    await self._tell_one(part, plugin, found)

    async def _tell_one(self, run: Run, plugin: str, found: Found) -> None:
        """Tell one plugin; where it refuses, of each row by itself."""
        try:
            async with self._shop.database.savepoint():
                await self._told(run, [plugin], found if plugin in found else await self._named(run, [plugin]))
        except Refused as refused:
            if len(run.rows) > 1:
                for id_ in run.rows:
                    await self._tell_one(replace(run, rows={id_: run.rows[id_]}), plugin, {})
            else:
                log.warning(
                    "the plugin '%s' missed %s of %s and refuses it now: %s", plugin, run.event, *run.rows, refused
                )


_TellRun = Callable[[Run], Awaitable[None]]
