"""What lies ahead of a plugin that is told later what it missed: it is not to see yet what has happened since.

The tables are as they are now. So it is written down, before anything is told, of which purchases, refunds and voids each plugin
has yet to be told; `regulars_core.purchases.histories` reads without them. What is on its way into the journal meanwhile is no
matter, as long as the customers are held whom it is about.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import orjson

from regulars_core.database import Database
from regulars_core.plugins.host import hearing
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock
from regulars_core.queries.pace import Pace

RECORDED, REFUNDED, VOIDED = "purchases_recorded", "purchases_refunded", "purchases_voided"
REASSIGNED, UNDONE, PAID = "purchases_reassigned", "refunds_undone", "purchases_paid"
MERGED_EVENT, UNMERGED_EVENT = "customers_merged", "customers_unmerged"
KINDS = frozenset({RECORDED, REFUNDED, VOIDED, REASSIGNED, UNDONE, PAID, MERGED_EVENT, UNMERGED_EVENT})
"""The events that histories, and purchases as they were, are made of. To histories a merge is a move of the purchases that went
over, and its undoing one of those that went back."""
MERGES = frozenset({MERGED_EVENT, UNMERGED_EVENT})
"""The events of which one may be about hundreds of thousands of purchases."""
MERGE_SECONDS = 600
"""What a statement about one of these may take."""
_BEYOND = 2**62  # the position of what has none yet, and those behind it in the order of writing
_NOBODY = "0" * 32  # whose a purchase was before it was given to somebody, if it was nobody's
_PART, _PART_CHARACTERS = 200, 40_000  # entries that are written down in one transaction, and characters of their ids
_FORGOTTEN = 10_000  # rows that are looked at in one transaction, whether they can be forgotten
_ENTRY = "position, kind, ids, others, took_part"
_NEXT_NUMBERED = (
    f"SELECT {_ENTRY} FROM (SELECT {_ENTRY}, sum(length(ids)) OVER (ORDER BY position) - length(ids) AS before"
    f" FROM (SELECT {_ENTRY} FROM journal WHERE position > $1 ORDER BY position LIMIT {_PART}) part) sized"
    f" WHERE before < {_PART_CHARACTERS}"
)
# One statement, so that nothing gets its position between two of them.
_NEXT = (
    f"{_NEXT_NUMBERED} UNION ALL SELECT {_ENTRY} FROM (SELECT {_ENTRY} FROM journal WHERE position IS NULL"
    " ORDER BY written, at, id) unnumbered"
)
_COLUMNS = ("plugin", "position", "kind", "row_id", "purchase_id", "customer_id", "amount")


class Place(NamedTuple):
    """Where in the journal the plugin is that is being told something later."""

    plugin: str
    position: int


class _Standing:
    __slots__ = ("over", "position")

    def __init__(self, position: int) -> None:
        self.position, self.over = position, False


_standing: ContextVar[_Standing | None] = ContextVar("regulars_replay", default=None)


def place() -> Place | None:
    """Where the plugin is that is being told something later; None where things are told as they happen."""
    standing = _standing.get()
    if standing is None or standing.over:
        return None
    plugin = hearing.get()
    return None if plugin is None else Place(plugin, standing.position)


def told_later() -> bool:
    """Whether plugins are being told of something that has happened while they were off, and not as it happens."""
    return place() is not None


@contextmanager
def standing_at(position: int) -> Iterator[None]:
    """Inside, plugins are told of what stands at this position, and know of nothing behind it."""
    standing = _Standing(position)
    token = _standing.set(standing)
    try:
        yield
    finally:
        standing.over = True
        _standing.reset(token)


async def write_down(database: Database, plugins: Collection[str]) -> None:
    """Write down what lies ahead of these plugins, as far as it has a position. Each part is a transaction, so it may be
    interrupted, and goes on where it was."""
    pace = Pace(database, _PART)
    while not (await pace.step(lambda: _part(database, plugins, numbered_only=True)))[0]:
        pass


async def complete(database: Database, plugins: Collection[str]) -> set[str]:
    """Write down the rest, what has no position yet too, in the caller's transaction; answers of which purchases there is any of
    that, which must be taken back by `forget_unnumbered` at its end."""
    nothing_left, unnumbered = False, list[tuple[Any, ...]]()
    while not nothing_left:
        nothing_left, unnumbered = await _part(database, plugins)
    await insert(database, "journal_ahead", _COLUMNS, unnumbered)
    return {row[_COLUMNS.index("purchase_id")] for row in unnumbered}


async def forget_unnumbered(database: Database, plugins: Collection[str], purchases: Collection[str]) -> None:
    """Take back what of these purchases had no position: it gets one."""
    dialect = database.dialect
    among = f"{dialect.among('purchase_id', 2)} AND {dialect.among('plugin', 1, 'text')}"
    await database.run(
        f"DELETE FROM journal_ahead WHERE {among} AND position >= {_BEYOND}", list(plugins), sorted(purchases)
    )


async def forget_told(database: Database, plugins: Collection[str]) -> None:
    """Delete what these plugins have been told since it was written down, some thousand rows in a transaction."""
    pace, last, is_done = Pace(database, _FORGOTTEN, first=_FORGOTTEN // 10), 0, False

    async def some() -> tuple[int, bool]:
        among = database.dialect.among("plugin", 1, "text")
        cursors = await database.rows(f"SELECT plugin, position FROM journal_cursor WHERE {among}", list(plugins))
        places = dict(cursors) if cursors else {}
        rows = await database.rows(
            "SELECT number, plugin, position FROM journal_ahead WHERE number > $1 ORDER BY number LIMIT $2",
            last,
            pace.size,
        )
        told = [number for number, plugin, position in rows if position <= places.get(plugin, -1)]
        if told:
            await database.run(f"DELETE FROM journal_ahead WHERE {database.dialect.among('number', 1, 'bigint')}", told)
        return (rows[-1][0], len(rows) < pace.size) if rows else (last, True)

    while not is_done:
        last, is_done = await pace.step(some)


async def _part(
    database: Database, plugins: Collection[str], *, numbered_only: bool = False
) -> tuple[bool, list[tuple[Any, ...]]]:
    """Write down a part of it; whether nothing is left, and then the rows of what has no position yet, unless that is not looked
    at."""
    cursors = await lock(
        database, "journal_cursor", plugins, ("plugin", "position", "ahead"), key="plugin", type="text"
    )
    marks = {plugin: max(position, ahead) for plugin, position, ahead in cursors}
    entries = await database.rows(_NEXT_NUMBERED if numbered_only else _NEXT, min(marks.values()))
    if any(entry[1] in MERGES for entry in entries):
        await database.allow(MERGE_SECONDS)
    numbered = [entry for entry in entries if entry[0] is not None]
    if not numbered:
        return True, await _rows(database, marks, entries)
    await insert(database, "journal_ahead", _COLUMNS, await _rows(database, marks, numbered))
    among = database.dialect.among("plugin", 1, "text")
    forward = f"UPDATE journal_cursor SET ahead = $2 WHERE {among} AND ahead < $2"
    await database.run(forward, list(plugins), max(entry[0] for entry in numbered))
    return False, []


async def _rows(database: Database, marks: Mapping[str, int], entries: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of `journal_ahead` for these entries, in their order."""
    found: list[tuple[str, int, str, str, str | None]] = []
    ids: dict[str, set[str]] = {kind: set() for kind in KINDS}
    moves: list[tuple[Any, ...]] = []
    undone: dict[str, set[str]] = {}
    merges: list[tuple[str, int, str, str, str | None]] = []
    for n, (number, kind, about, others, took_part) in enumerate(entries):
        if kind not in KINDS:
            continue
        position, told = _BEYOND + n if number is None else number, took_part.split()
        some: Sequence[str] = orjson.loads(about)
        owners: Sequence[str | None] = orjson.loads(others) if others else [_UNKNOWN] * len(some)
        for plugin, mark in marks.items():
            if kind == UNDONE and position > mark and plugin in told:
                undone.setdefault(plugin, set()).update(some)
            if position <= mark or plugin in told:
                continue
            if kind == REASSIGNED:
                moves += _moves(plugin, position, some, owners)
            elif kind in MERGES:
                merges.append((plugin, position, kind, some[0], owners[0]))
            else:
                ids[kind].update(some)
                found += [(plugin, position, kind, id_, owner) for id_, owner in zip(some, owners, strict=True)]
    await _forget_undone(database, undone)
    found = [one for one in found if not (one[2] == REFUNDED and one[3] in undone.get(one[0], ()))]
    refunds = await _refunds(database, ids[REFUNDED] | ids[UNDONE])
    purchases = {**{id_: purchase for id_, (purchase, _) in refunds.items()}, **await _paid(database, ids[PAID])}
    unknown = {purchases.get(id_, id_) for _, _, _, id_, owner in found if owner == _UNKNOWN}
    owners_now = await _owners(database, unknown)
    rows = []
    for plugin, position, kind, id_, owner in found:
        if kind in {REFUNDED, UNDONE, PAID} and id_ not in purchases:
            continue  # it is gone
        purchase_id = purchases.get(id_, id_)
        amount = refunds[id_][1] if kind in {REFUNDED, UNDONE} else 0
        amount = -amount if kind == UNDONE else amount
        whose = owners_now.get(purchase_id) if owner == _UNKNOWN else owner
        rows.append((plugin, position, kind, id_, purchase_id, whose, amount))
    return await _for_all_owners(database, [*rows, *moves, *await _merged(database, merges)])


def _moves(plugin: str, position: int, ids: Sequence[str], others: Sequence[str | None]) -> list[tuple[Any, ...]]:
    """The rows of purchases that were given to others: each for whom it was taken from, and for whom it was given to. Their
    `row_id` is whom it was taken from."""
    each = zip(ids, others[: len(ids)], others[len(ids) :], strict=True)
    return [
        (plugin, position, REASSIGNED, before or _NOBODY, id_, whose, 0)
        for id_, before, after in each
        for whose in (before, after)
    ]


async def _forget_undone(database: Database, undone: Mapping[str, Collection[str]]) -> None:
    """Forget refunds that plugins missed and of which they know that they are undone: to them they never were."""
    for plugin, ids in undone.items():
        among = database.dialect.among("purchase_id", 2)
        purchases = {purchase for purchase, _ in (await _refunds(database, ids)).values()}
        await database.run(
            f"DELETE FROM journal_ahead WHERE plugin = $1 AND {among} AND {database.dialect.among('row_id', 3)}"
            f" AND kind = '{REFUNDED}'",
            plugin,
            sorted(purchases),
            sorted(ids),
        )


async def _merged(database: Database, merges: Sequence[tuple[str, int, str, str, str | None]]) -> list[tuple[Any, ...]]:
    """The rows of merges, given as (plugin, position, kind, id, survivor): of each purchase that went over, or went back, as if
    it had been given to another customer by itself; and of the merge, for everybody who became an alias."""
    went: dict[str, list[tuple[str, str, bool]]] = {}
    absorbed: dict[str, list[str]] = {}
    if merges:
        ids = sorted({merge[3] for merge in merges})
        for merge_id, customer_id in await database.rows(
            f"SELECT merge_id, customer_id FROM customer_merge_absorbed WHERE {database.dialect.among('merge_id', 1)}",
            ids,
        ):
            absorbed.setdefault(merge_id, []).append(customer_id)
        for merge_id, *one in await database.rows(
            "SELECT merge_id, row_id, owner_id, is_returned FROM customer_merge_row"
            f" WHERE kind = 'PURCHASE' AND {database.dialect.among('merge_id', 1)} ORDER BY row_id",
            ids,
        ):
            went.setdefault(merge_id, []).append((one[0], one[1], bool(one[2])))
    moves: list[tuple[Any, ...]] = []
    for plugin, position, kind, merge_id, survivor in merges:
        over = kind == MERGED_EVENT
        moves += [(plugin, position, kind, merge_id, merge_id, one, 0) for one in absorbed.get(merge_id, ())]
        for purchase_id, owner, is_returned in went.get(merge_id, ()):
            if over or is_returned:
                pair = [owner, survivor] if over else [survivor, owner]
                moves += _moves(plugin, position, [purchase_id], pair)
    return moves


async def _for_all_owners(database: Database, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The same rows and, of purchases that were given to others, each row for everybody whose the purchase ever was, those that
    were written before included: so the histories of each of them are shown without it."""
    among = database.dialect.among("purchase_id", 1)
    purchases = list({row[4] for row in rows})
    moved = {row[4] for row in rows if row[2] == REASSIGNED}
    if purchases:
        earlier = f"SELECT DISTINCT purchase_id FROM journal_ahead WHERE {among} AND kind = '{REASSIGNED}'"
        moved |= {row[0] for row in await database.rows(earlier, purchases)}
    if not moved:
        return rows
    written = [
        tuple(row)
        for row in await database.rows(f"SELECT {', '.join(_COLUMNS)} FROM journal_ahead WHERE {among}", list(moved))
    ]
    events: dict[tuple[str, str], set[tuple[Any, ...]]] = {}
    owners: dict[tuple[str, str], set[str]] = {}
    for plugin, position, kind, row_id, purchase_id, whose, amount in [*written, *rows]:
        if purchase_id in moved:
            events.setdefault((plugin, purchase_id), set()).add((position, kind, row_id, amount))
            owners.setdefault((plugin, purchase_id), set()).update({whose} - {None})
    wanted = {
        (plugin, position, kind, row_id, purchase_id, whose, amount)
        for (plugin, purchase_id), each in events.items()
        for position, kind, row_id, amount in each
        for whose in owners[plugin, purchase_id]
    }
    return [row for row in rows if row[4] not in moved] + sorted(wanted.difference(written))


_UNKNOWN = ""  # whose a purchase was that was told before owners were noted


async def _refunds(database: Database, ids: Collection[str]) -> Mapping[str, tuple[str, int]]:
    """(purchase, amount) of each refund."""
    if not ids:
        return {}
    among = database.dialect.among("id", 1)
    rows = await database.rows(f"SELECT id, purchase_id, amount FROM refund WHERE {among}", list(ids))
    return {row[0]: (row[1], row[2]) for row in rows}


async def _paid(database: Database, ids: Collection[str]) -> Mapping[str, str]:
    """The purchase of each payment."""
    if not ids:
        return {}
    sql = f"SELECT id, purchase_id FROM payment WHERE {database.dialect.among('id', 1)}"
    return {row[0]: row[1] for row in await database.rows(sql, list(ids))}


async def _owners(database: Database, purchase_ids: Collection[str]) -> Mapping[str, str | None]:
    """Whose each purchase is now."""
    if not purchase_ids:
        return {}
    among = database.dialect.among("id", 1)
    rows = await database.rows(f"SELECT id, customer_id FROM purchase WHERE {among}", list(purchase_ids))
    return {row[0]: row[1] for row in rows}


async def buyers_of(database: Database, row_ids: Collection[str]) -> set[str]:
    """Whose these purchases, and the purchases of these refunds and payments, are now."""
    refunds, paid = await _refunds(database, row_ids), await _paid(database, row_ids)
    owners = await _owners(database, {*row_ids, *(purchase for purchase, _ in refunds.values()), *paid.values()})
    return {owner for owner in owners.values() if owner}
