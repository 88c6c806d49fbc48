"""Sealing the chain, and proving that an account was in a seal.

A seal covers the entries up to a place in the chain: its tree has a leaf for each account that has any, in the order of
`account|unit`. Beside it the nodes over each PART accounts are kept, so that a proof reads the accounts of one part.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import (
    Database,
    Instant,
    Lookup,
    Once,
    Order,
    Page,
    Shop,
    SortKey,
    Window,
    insert,
    new_id,
    now,
)
from regulars_loyalty.chain.canonical import leaf, node, seal_hash, statement
from regulars_loyalty.chain.chaining import alone
from regulars_loyalty.chain.tree import Tree, path_of, root_of

PART = 1_024
"""Accounts in a part of a tree; a power of two."""
_COLUMNS = ("number", "sealed_at", "entry_count", "root", "previous_hash", "hash")
_PART = ("id", "seal", "part", "first_account_id", "first_unit", "last_account_id", "last_unit", "hash")
_ZERO = "0" * 32
_MAX_TRIES = 3
_HOUR_MS = 3_600_000

Key = tuple[str, str]
"""An account: the customer and the unit."""
BEFORE_ALL: Key = (_ZERO, "")
"""Stands before every account."""


@dataclass(frozen=True, slots=True)
class SealRow:
    """A seal; columns as models.LedgerSeal has them."""

    number: int
    sealed_at: Instant
    entry_count: int
    root: str
    previous_hash: str | None
    hash: str

    @property
    def id(self) -> str:
        """The number in the form of a key."""
        return f"{self.number:032x}"


@dataclass(frozen=True, slots=True)
class Stated:
    """What an account was after its last entry that a seal covers."""

    customer_id: str
    unit: str
    balance: int
    debt: int
    version: int
    last: bytes

    @property
    def key(self) -> Key:
        """Whose it is, and its unit."""
        return self.customer_id, self.unit

    @property
    def text(self) -> str:
        """The statement."""
        return statement(self.customer_id, self.unit, self.balance, self.debt, self.version, self.last)


@dataclass(frozen=True, slots=True)
class Proof:
    """That an account was in a seal: the statement, and the way from it to the root."""

    seal: SealRow
    statement: str
    path: Sequence[tuple[str, bool]]

    def leads_to(self) -> str:
        """The root to which the way leads."""
        over = leaf(self.statement)
        for half, is_first in self.path:
            other = bytes.fromhex(half)
            over = node(other, over) if is_first else node(over, other)
        return over.hex()


# --- what accounts were


def lookup_statements(upto: int, after: Key, until: Key | None = None, most: int | None = None) -> Lookup:
    """What `Stated` is made of: the accounts behind one, up to another or as many as are wanted, as they were after the first
    `upto` entries."""
    values: list[Any] = [upto, *after]
    within = "k.position <= $1 AND (k.customer_id, k.unit) > ($2, $3)"
    if until is not None:
        values += until
        within += " AND (k.customer_id, k.unit) <= ($4, $5)"
    limit = ""
    if most is not None:
        values.append(most)
        limit = f" ORDER BY k.customer_id, k.unit LIMIT ${len(values)}"
    last = (
        "SELECT k.customer_id, k.unit, max(k.version) AS version FROM loyalty_link k"
        f" WHERE {within} GROUP BY k.customer_id, k.unit{limit}"
    )
    link = "{0}.customer_id = e.customer_id AND {0}.unit = e.unit AND {0}.version = e.version"
    return (
        f"SELECT e.customer_id, e.unit, t.balance_after, t.debt_after, e.version, k.hash FROM ({last}) e"
        f" JOIN loyalty_link k ON {link.format('k')} JOIN loyalty_transfer t ON {link.format('t')}"
        " ORDER BY e.customer_id, e.unit",
        values,
    )


def stated_from(rows: Sequence[Any]) -> list[Stated]:
    """The accounts out of the rows of `lookup_statements`."""
    stated = []
    for row in rows:
        values: Any = (*row[:5], bytes(row[5]))
        stated.append(Stated(*values))
    return stated


async def _parts(database: Database, upto: int) -> AsyncIterator[list[Stated]]:
    """All accounts as they were after the first entries, part by part."""
    after = BEFORE_ALL
    while True:
        sql, values = lookup_statements(upto, after, most=PART)
        part = stated_from(await database.rows(sql, *values))
        if part:
            yield part
            after = part[-1].key
        if len(part) < PART:
            return


# --- sealing


async def seal_if_due(shop: Shop, hours: int) -> SealRow | None:
    """Seal what is chained, if the last seal is as old as this; never for 0 hours."""
    last = await last_seal(shop.database)
    if hours == 0 or (last is not None and last.sealed_at + hours * _HOUR_MS > now()):
        return None
    return await seal(shop)


async def seal(shop: Shop) -> SealRow | None:
    """Seal what is chained; nothing where nothing is. Where somebody else seals meanwhile it begins anew."""
    for _ in range(_MAX_TRIES):
        last = await last_seal(shop.database)
        [(upto,)] = await shop.database.rows("SELECT coalesce(max(position), 0) FROM loyalty_link")
        if upto == 0:
            return None
        tree, parts = Tree(), list[tuple[Any, ...]]()
        async for part in _parts(shop.database, upto):
            over = root_of(leaf(one.text) for one in part)
            assert over is not None
            tree.add(over)
            parts.append((len(parts), *part[0].key, *part[-1].key, over))
        root = tree.root
        assert root is not None
        made = await shop.database.transaction(
            lambda last=last, upto=upto, root=root, parts=parts: _write(shop.database, last, upto, root, parts)  # type: ignore[misc]
        )
        if made is not None:
            return made
    return None


async def _write(
    database: Database, last: SealRow | None, upto: int, root: bytes, parts: Sequence[tuple[Any, ...]]
) -> SealRow | None:
    await alone(database)
    if await last_seal(database) != last:
        return None
    number, previous, at = (1, None, now()) if last is None else (last.number + 1, last.hash, now())
    hashed = seal_hash(number, at, upto, root.hex(), previous)
    made = SealRow(number, at, upto, root.hex(), previous, hashed)
    await insert(database, "loyalty_seal", _COLUMNS, [tuple(getattr(made, name) for name in _COLUMNS)])
    await insert(database, "loyalty_seal_part", _PART, [(new_id(), number, *part) for part in parts])
    return made


# --- reading seals


async def last_seal(database: Database) -> SealRow | None:
    """The latest seal."""
    row = await database.row(f"SELECT {', '.join(_COLUMNS)} FROM loyalty_seal ORDER BY number DESC LIMIT 1")
    return SealRow(*row) if row else None


async def seals_after(database: Database, number: int, most: int) -> Sequence[SealRow]:
    """The next seals in their order."""
    sql = f"SELECT {', '.join(_COLUMNS)} FROM loyalty_seal WHERE number > $1 ORDER BY number LIMIT $2"
    return [SealRow(*row) for row in await database.rows(sql, number, most)]


async def _seal(database: Database, number: int | None) -> SealRow | None:
    if number is None:
        return await last_seal(database)
    found = await seals_after(database, number - 1, 1)
    return found[0] if found and found[0].number == number else None


async def seals_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, SealRow]:
    """Seals by id."""
    numbers = [number for id_ in ids if (number := int(id_, 16)) < 2**63]
    among = database.dialect.among("number", 1, "bigint")
    rows = await database.rows(f"SELECT {', '.join(_COLUMNS)} FROM loyalty_seal WHERE {among}", numbers)
    return {row.id: row for row in (SealRow(*row) for row in rows)}


LATEST_FIRST = Order(SortKey("NUMBER", "number", "number", int), descending=True)


async def page_of_seals(database: Database, window: Window) -> Page[SealRow]:
    """A page of all seals, by LATEST_FIRST."""
    conditions, values = ["TRUE"], list[int | str]()
    for bound, sign in ((window.after, "<"), (window.before, ">")):
        if bound is not None:
            values.append(bound[0])
            conditions.append(f"number {sign} ${len(values)}")
    rows = await database.rows(
        f"SELECT {', '.join(_COLUMNS)} FROM loyalty_seal WHERE {' AND '.join(conditions)}"
        f" ORDER BY number {window.way} LIMIT ${len(values) + 1}",
        *values,
        window.size + 1,
    )

    async def count() -> Mapping[str, int]:
        [(number,)] = await database.rows("SELECT count(*) FROM loyalty_seal")
        return {"": number}

    found = [SealRow(*row) for row in rows]
    return Page.cut(window, [(one, (one.number, one.id)) for one in found], Once(count))


# --- proofs


@dataclass(frozen=True, slots=True)
class SealPart:
    """A part of a seal: from which account to which, and the node over it."""

    first: Key
    last: Key
    over: bytes


async def parts_of(database: Database, number: int) -> Sequence[SealPart]:
    """The parts of a seal, in their order."""
    rows = await database.rows(
        f"SELECT {', '.join(_PART[3:])} FROM loyalty_seal_part WHERE seal = $1 ORDER BY part", number
    )
    return [SealPart((row[0], row[1]), (row[2], row[3]), bytes(row[4])) for row in rows]


async def proofs_of(database: Database, accounts: Sequence[Key], number: int | None) -> Sequence[Proof | None]:
    """A proof of each account against the seal of this number, or the latest; None where there is no such seal, or the account
    had no entry yet. Three statements; on SQLite one more for each further part of the tree in which an account is."""
    seal = await _seal(database, number)
    if seal is None:
        return [None] * len(accounts)
    parts = await parts_of(database, seal.number)
    lasts = [part.last for part in parts]
    places = [bisect_left(lasts, account) for account in accounts]
    wanted = sorted({place for place in places if place < len(parts)})
    before = {place: parts[place - 1].last if place else BEFORE_ALL for place in wanted}
    lookups = [lookup_statements(seal.entry_count, before[place], parts[place].last) for place in wanted]
    found = dict(zip(wanted, map(stated_from, await database.read_together(lookups)), strict=True)) if lookups else {}
    return [
        _proof(seal, parts, place, found.get(place, ()), account)
        for place, account in zip(places, accounts, strict=True)
    ]


def _proof(seal: SealRow, parts: Sequence[SealPart], place: int, part: Sequence[Stated], account: Key) -> Proof | None:
    own = next((n for n, one in enumerate(part) if one.key == account), None)
    if own is None:
        return None
    inside = path_of([leaf(one.text) for one in part], own)
    above = path_of([one.over for one in parts], place)
    return Proof(seal, part[own].text, [(half.hex(), is_first) for half, is_first in (*inside, *above)])


async def hashes_of(database: Database, transfer_ids: Sequence[str]) -> Mapping[str, str]:
    """The hashes of transfers, as 64 hexadecimal digits; those that are not chained yet are missing."""
    among = database.dialect.among("t.id", 1)
    rows = await database.read(
        "SELECT t.id, k.hash FROM loyalty_transfer t JOIN loyalty_link k ON k.customer_id = t.customer_id"
        f" AND k.unit = t.unit AND k.version = t.version WHERE {among}",
        list(transfer_ids),
    )
    return {row[0]: bytes(row[1]).hex() for row in rows}
