"""Giving places and hashes to what was posted, behind the hot path.

A place is given after the transfer was committed, by one process at a time: so places have no hole, and what has none yet is
still to come. Within an account they follow its versions. What is chained is counted in the figures in the same transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import Database, Instant, Pace, Shop, insert, new_id
from regulars_loyalty.chain.canonical import FIRST, Entry, entry_hash
from regulars_loyalty.chain.figures import Figures
from regulars_loyalty.chain.reads import Entries, entries_from, ids_of, lookup_entries

AT_ONCE = 2_000
"""Entries that are chained in one transaction, at most."""
_LOCK = 7_306_085_893_296_000_018  # of pg_advisory_xact_lock; any number, the same in every version
_LOWEST = "0" * 32
LINK = ("position", "customer_id", "unit", "version", "hash")
FIGURE = ("id", "unit", "month", "ends", "given", "spent", "expired", "reversed", "moved")
_SUMS = ", ".join(f"{name} = loyalty_figure.{name} + excluded.{name}" for name in FIGURE[4:])
_PUT_FIGURE = (
    f"INSERT INTO loyalty_figure ({', '.join(FIGURE)}) VALUES ({', '.join(f'${n}' for n in range(1, len(FIGURE) + 1))})"
    f" ON CONFLICT (unit, month, ends) DO UPDATE SET {_SUMS}"
)

Head = tuple[int, bytes]
"""The version and the hash of an account's last entry in the chain."""


async def alone(database: Database) -> None:
    """Let nobody else chain until the transaction ends."""
    if database.engine == "postgres":
        # A statement of its own: the next one then sees whatever the last holder has committed.
        await database.rows("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def chain(shop: Shop) -> int:
    """Chain what was committed since the last time, and answer how many entries that were. May be interrupted."""
    if await shop.database.row("SELECT 1 FROM loyalty_unchained LIMIT 1") is None:
        return 0
    pace, after, done = Pace(shop.database, AT_ONCE, first=AT_ONCE // 4), _LOWEST, 0
    while True:
        size = pace.size
        seen, chained = await pace.step(lambda size=size, after=after: _some(shop, after, size))  # type: ignore[misc]
        done += chained
        if len(seen) < size:
            return done
        after = seen[-1]


async def _some(shop: Shop, after: str, most: int) -> tuple[Sequence[str], int]:
    """Chain the next ones of those that wait; the ids that were looked at, and how many of them had their turn."""
    database = shop.database
    await alone(database)
    waiting = "SELECT transfer_id FROM loyalty_unchained WHERE transfer_id > $1 ORDER BY transfer_id LIMIT $2"
    ids = [row[0] for row in await database.rows(waiting, after, most)]
    if not ids:
        return ids, 0
    found = entries_from(await database.read_together(lookup_entries(database.dialect, ids)))
    [(last,)] = await database.rows("SELECT coalesce(max(position), 0) FROM loyalty_link")
    linked, links = linked_to(await heads_of(database, ids), found.all, last)
    await insert(database, "loyalty_link", LINK, links)
    await _count(shop, linked, found)
    among = database.dialect.among("transfer_id", 1)
    await database.run(f"DELETE FROM loyalty_unchained WHERE {among}", ids_of(linked))
    return ids, len(linked)


async def heads_of(database: Database, transfer_ids: Sequence[str]) -> Mapping[tuple[str, str], Head]:
    """Where the chain of each account ends that these transfers are of; accounts without any are missing."""
    among = database.dialect.among("t.id", 1)
    newest = "SELECT max(x.version) FROM loyalty_link x WHERE x.customer_id = t.customer_id AND x.unit = t.unit"
    rows = await database.rows(
        "SELECT k.customer_id, k.unit, k.version, k.hash FROM"
        f" (SELECT t.customer_id, t.unit, ({newest}) AS version FROM"
        f" (SELECT DISTINCT t.customer_id, t.unit FROM loyalty_transfer t WHERE {among}) t) h"
        " JOIN loyalty_link k ON k.customer_id = h.customer_id AND k.unit = h.unit AND k.version = h.version",
        list(transfer_ids),
    )
    return {(row[0], row[1]): (row[2], bytes(row[3])) for row in rows}


def linked_to(
    heads: Mapping[tuple[str, str], Head], entries: Sequence[Entry], last: int
) -> tuple[Sequence[Entry], Sequence[tuple[Any, ...]]]:
    """Those of the entries that follow the heads without a hole, in the order of recording, and their places after the last
    one. An entry whose predecessor is not there waits for it."""
    ends, linked, links = dict(heads), list[Entry](), list[tuple[Any, ...]]()
    for entry in sorted(entries, key=_recorded):
        version, before = ends.get(entry.account, (0, FIRST))
        if entry.version != version + 1:
            continue
        hashed = entry_hash(before, entry)
        ends[entry.account] = entry.version, hashed
        linked.append(entry)
        links.append((last + len(linked), entry.customer_id, entry.unit, entry.version, hashed))
    return linked, links


def _recorded(entry: Entry) -> tuple[Instant, str, str, int]:
    return entry.recorded_at, entry.customer_id, entry.unit, entry.version


async def _count(shop: Shop, entries: Sequence[Entry], found: Entries) -> None:
    figures = Figures(shop.settings.zone)
    for entry in entries:
        figures.count(entry, found.lots, found.opened.get(entry.id))
    rows = [(new_id(), *cell, *figure.columns) for cell, figure in sorted(figures.cells.items())]
    if rows:
        await shop.database.run_many(_PUT_FIGURE, rows)
