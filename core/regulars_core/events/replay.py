"""Telling a plugin what happened while it was off.

Each batch is one transaction together with the plugin's cursor: whoever is killed goes on where the last batch ended, and
two processes that do it at once tell each event once.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regulars_core.events.events import MAX_ROWS, tell
from regulars_core.primitives.errors import Refused
from regulars_core.queries.locks import lock, lock_where
from regulars_core.shop.shop import Shop

BATCH_SIZE = 200
"""Entries of the journal that are looked at in one transaction."""
_LOCK = 7_306_085_893_296_000_002  # of pg_advisory_xact_lock; any number, the same in every version

log = logging.getLogger(__name__)


async def switch_on(shop: Shop) -> None:
    """Let the shop's plugins take part: each is told first what it missed since it was on last.

    A plugin that was never on begins now. Raises what a plugin raises, but for refusals, which come too late.
    """
    if not shop.keeps_journal:
        shop.keeps_journal = await shop.database.row("SELECT 1 FROM journal_cursor LIMIT 1") is not None
    for plugin in shop.plugins.names:
        await catch_up(shop, plugin)


async def catch_up(shop: Shop, plugin: str) -> int:
    """Tell a plugin what it missed, and answer how many events that were. May be interrupted at any time."""
    await give_positions(shop)
    await shop.database.transaction(lambda: _begin(shop, plugin))
    missed = 0
    while (batch := await shop.database.transaction(lambda: _batch(shop, plugin))) is not None:
        missed += batch
    return missed


async def give_positions(shop: Shop) -> int:
    """Number what was committed since the last time, and answer how many entries that were."""
    if await shop.database.row("SELECT 1 FROM journal WHERE position IS NULL LIMIT 1") is None:
        return 0

    async def work() -> int:
        if shop.database.engine == "postgres":
            # A statement of its own: the next one then sees whatever the last holder has committed.
            await shop.database.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)
        [last] = await shop.database.rows(
            "SELECT coalesce(max(position), 0) FROM (SELECT max(position) AS position FROM journal"
            " UNION ALL SELECT max(position) FROM journal_cursor) taken"
        )
        return await shop.database.run(
            "UPDATE journal SET position = $1 + fresh.n FROM (SELECT id, row_number() OVER (ORDER BY at, id) AS n"
            " FROM journal WHERE position IS NULL) fresh WHERE journal.id = fresh.id",
            last[0],
        )

    return await shop.database.transaction(work)


async def forget_old(shop: Shop) -> int:
    """Delete what every plugin that was ever on has been told, and answer how many entries that were."""
    return await shop.database.transaction(
        lambda: shop.database.run("DELETE FROM journal WHERE position <= (SELECT min(position) FROM journal_cursor)")
    )


async def _begin(shop: Shop, plugin: str) -> None:
    await shop.database.run(
        "INSERT INTO journal_cursor (plugin, position)"
        " SELECT $1, coalesce(max(position), 0) FROM (SELECT max(position) AS position FROM journal"
        " UNION ALL SELECT max(position) FROM journal_cursor) taken WHERE 1 = 1 ON CONFLICT (plugin) DO NOTHING",
        plugin,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    position: int
    kind: str
    ids: Sequence[str]
    took_part: Sequence[str]


async def _batch(shop: Shop, plugin: str) -> int | None:
    """Tell one batch; the number of events that were missed, or None at the end of the journal."""
    [cursor] = await lock(shop.database, "journal_cursor", [plugin], ("position",), key="plugin", type="text")
    rows = await shop.database.rows(
        f"SELECT position, kind, ids, took_part FROM journal WHERE position > $1 ORDER BY position LIMIT {BATCH_SIZE}",
        cursor[0],
    )
    if not rows:
        return None
    entries = [_Entry(row[0], row[1], json.loads(row[2]), row[3].split()) for row in rows]
    missed = [entry for entry in entries if plugin not in entry.took_part]
    for kind, ids in _together(missed):
        if shop.plugins.listens(kind, plugin):
            await _tell(shop, plugin, kind, ids)
    await shop.database.run("UPDATE journal_cursor SET position = $2 WHERE plugin = $1", plugin, entries[-1].position)
    return len(missed)


def _together(entries: Sequence[_Entry]) -> Iterator[tuple[str, Sequence[str]]]:
    """Entries of one kind that follow each other, as one; but what happened twice to a row stays twice."""
    kind, ids = "", dict[str, None]()
    for entry in entries:
        if entry.kind != kind or len(ids) + len(entry.ids) > MAX_ROWS or not ids.keys().isdisjoint(entry.ids):
            if ids:
                yield kind, list(ids)
            kind, ids = entry.kind, {}
        ids |= dict.fromkeys(entry.ids)
    if ids:
        yield kind, list(ids)


_BUYERS = {
    "purchases_recorded": "SELECT customer_id FROM purchase WHERE {}",
    "purchases_voided": "SELECT customer_id FROM purchase WHERE {}",
    "purchases_refunded": "SELECT customer_id FROM purchase WHERE id IN (SELECT purchase_id FROM refund WHERE {})",
}


async def _hold_buyers(shop: Shop, kind: str, ids: Sequence[str]) -> None:
    """Hold the statistics of who bought, as it was held when it happened."""
    if kind in _BUYERS:
        theirs = _BUYERS[kind].format(shop.database.dialect.among("id", 1))
        await lock_where(shop.database, "customer_stats", f"customer_id IN ({theirs})", [ids], key="customer_id")


async def _tell(shop: Shop, plugin: str, kind: str, ids: Sequence[str]) -> None:
    """Tell of these; where the plugin refuses, of each by itself, and go on without what it refuses: it has happened."""
    try:
        async with shop.database.savepoint():
            await _hold_buyers(shop, kind, ids)
            await tell(shop, kind, ids, only=plugin)
    except Refused as refused:
        if len(ids) > 1:
            for id_ in ids:
                await _tell(shop, plugin, kind, [id_])
        else:
            log.warning("the plugin '%s' missed %s of %s and refuses it now: %s", plugin, kind, ids[0], refused)
