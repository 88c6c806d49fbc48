"""Walking over all accounts with everything that is stored of them, in the order of the tree of seals; some hundred at a time,
so that memory stays flat. What is read of one account is of one moment on PostgreSQL, and nearly so on SQLite."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import Database, Lookup
from regulars_loyalty.chain.canonical import COLUMNS
from regulars_loyalty.chain.checks import Kept, Link, Rows
from regulars_loyalty.chain.figures import Part
from regulars_loyalty.chain.reads import entry_of, part_of
from regulars_loyalty.chain.seals import BEFORE_ALL, Key
from regulars_loyalty.ledger.book import Hold, Lot

AFTER_ALL: Key = ("f" * 32, "~")
"""Stands after every account."""
_ACCOUNTS = 300
_ENTRIES = 3_000
"""Accounts and entries that are read at once, but for an account that has more by itself."""
_LOT = (
    "id", "transfer_id", "origin_id", "purchase_id", "amount", "remaining", "opened_at", "available_at", "expires_at", "life",
    "is_bought", "is_grace",
)  # fmt: skip
_HOLD = ("id", "basket", "amount", "captured", "created_at", "held_until", "closed_at")
_KEPT = ("amount", "debt", "held", "version", "next_at", "active_at")


@dataclass(slots=True)
class Batch:
    """Some accounts that follow each other, and the lots of theirs as figures see them, by id."""

    accounts: list[Rows]
    parts: dict[str, Part]
    merges: dict[str, str]
    """The merge of each entry that belongs to one."""


def _within(alias: str) -> str:
    return f"({alias}.customer_id, {alias}.unit) > ($1, $2) AND ({alias}.customer_id, {alias}.unit) <= ($3, $4)"


def _columns(alias: str, names: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


_LINK = "{0}.customer_id = {1}.customer_id AND {0}.unit = {1}.unit AND {0}.version = {1}.version"
_READS = (
    f"SELECT a.customer_id, a.unit, {_columns('a', _KEPT)} FROM loyalty_account a WHERE {_within('a')}",
    f"SELECT {_columns('t', COLUMNS)}, k.position, k.hash, q.transfer_id, t.merge_id FROM loyalty_transfer t"
    f" LEFT JOIN loyalty_link k ON {_LINK.format('k', 't')} LEFT JOIN loyalty_unchained q ON q.transfer_id = t.id"
    f" WHERE {_within('t')} ORDER BY t.customer_id, t.unit, t.version",
    "SELECT u.transfer_id, u.lot_id, u.amount FROM loyalty_transfer t JOIN loyalty_lot_use u ON u.transfer_id = t.id"
    f" WHERE {_within('t')} ORDER BY u.transfer_id, u.position",
    f"SELECT l.customer_id, l.unit, o.opened_at AS first, {_columns('l', _LOT)} FROM loyalty_lot l"
    f" LEFT JOIN loyalty_lot o ON o.id = l.origin_id WHERE {_within('l')} ORDER BY l.customer_id, l.unit, l.id",
    f"SELECT h.customer_id, h.unit, {_columns('h', _HOLD)} FROM loyalty_hold h WHERE {_within('h')} AND h.closed_at IS NULL",
    f"SELECT k.customer_id, k.unit, k.version, k.position, k.hash FROM loyalty_link k"
    f" LEFT JOIN loyalty_transfer t ON {_LINK.format('t', 'k')} WHERE {_within('k')} AND t.id IS NULL",
)


async def read(database: Database, after: Key, until: Key) -> Batch:
    """The accounts behind one, up to another."""
    lookups: Sequence[Lookup] = [(sql, [*after, *until]) for sql in _READS]
    return _batch(await database.read_together(lookups))


async def batches(database: Database) -> AsyncIterator[Batch]:
    """All accounts."""
    after, until = BEFORE_ALL, BEFORE_ALL
    while until != AFTER_ALL:
        until = await _until(database, after)
        yield await read(database, after, until)
        after = until


async def _until(database: Database, after: Key) -> Key:
    """Up to which account the next batch goes."""
    rows = await database.rows(
        "SELECT t.customer_id, t.unit, count(*) FROM loyalty_transfer t WHERE (t.customer_id, t.unit) > ($1, $2)"
        f" GROUP BY t.customer_id, t.unit ORDER BY t.customer_id, t.unit LIMIT {_ACCOUNTS}",
        *after,
    )
    entries = 0
    for customer_id, unit, number in rows:
        entries += number
        if entries >= _ENTRIES:
            return customer_id, unit
    return (rows[-1][0], rows[-1][1]) if len(rows) == _ACCOUNTS else AFTER_ALL


def _batch(found: Sequence[Sequence[Any]]) -> Batch:
    accounts, transfers, uses, lots, holds, orphans = found
    rows = dict[Key, Rows]()
    merges, parts = dict[str, str](), dict[str, Part]()

    def of(customer_id: str, unit: str) -> Rows:
        return rows.setdefault((customer_id, unit), Rows(customer_id, unit))

    for customer_id, unit, *kept in accounts:
        of(customer_id, unit).kept = Kept(*kept)
    by_transfer = dict[str, list[tuple[str, int]]]()
    for transfer_id, lot_id, amount in uses:
        by_transfer.setdefault(transfer_id, []).append((lot_id, amount))
    for row in transfers:
        entry = entry_of(row, by_transfer.get(row[0], ()))
        position, hashed, waits, merge_id = row[len(COLUMNS) :]
        own = of(*entry.account)
        own.entries.append(entry)
        if position is not None:
            own.links[entry.version] = Link(position, bytes(hashed))
        if waits is not None:
            own.waiting.add(entry.id)
        if merge_id is not None:
            merges[entry.id] = merge_id
    for customer_id, unit, first, *columns in lots:
        values: Any = (*columns[:-2], bool(columns[-2]), bool(columns[-1]))
        lot = Lot(*values)
        of(customer_id, unit).lots.append(lot)
        parts[lot.id] = part_of(
            (lot.id, lot.transfer_id, unit, lot.amount, lot.origin_id, first, lot.expires_at, lot.life, lot.opened_at)
        )
    for customer_id, unit, *columns in holds:
        of(customer_id, unit).holds.append(Hold(*columns))
    for customer_id, unit, version, position, hashed in orphans:
        of(customer_id, unit).links[version] = Link(position, bytes(hashed))
    return Batch([rows[key] for key in sorted(rows)], parts, merges)
