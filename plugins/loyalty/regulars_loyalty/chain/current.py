"""What the shop owes and what became of what was given, from the figures that are kept of all that is chained, with what is not
chained yet and what is due but not posted counted on the fly."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from regulars_core.plugin import Database, Instant, Lookup, Shop, now
from regulars_loyalty.chain.figures import Cell, Figure, Figures, Part
from regulars_loyalty.chain.reads import entries_from, lookup_entries, lookup_parts, part_of
from regulars_loyalty.ledger.storage import Ledger, ledger_from, lookup_accounts

_AT_ONCE = 1_000
"""Entries, lots or due accounts that are read by one statement."""
_ROWS = 50_000
"""Rows that are added up by one statement."""
_FIRST = "0" * 32
_BEFORE_ALL = (-(2**63), _FIRST)
_LAST = "SELECT coalesce(max(position), 0) FROM loyalty_link"
_FIGURES = "SELECT unit, month, ends, given, spent, expired, reversed, moved FROM loyalty_figure"
_WAITING = "SELECT transfer_id FROM loyalty_unchained WHERE transfer_id > $1 ORDER BY transfer_id LIMIT $2"
_PART = "WITH part AS (SELECT * FROM {table} WHERE id > $1 ORDER BY id LIMIT {rows})"
_REACHED = "(SELECT id FROM part ORDER BY id DESC LIMIT 1) AS reached, (SELECT count(*) FROM part) AS number"
_SUMS = (
    f"{_PART} SELECT {_REACHED}, unit, CAST(sum(debt) AS BIGINT), CAST(sum(held) AS BIGINT),"
    " sum(CASE WHEN amount > 0 OR debt > 0 THEN 1 ELSE 0 END) FROM part GROUP BY unit"
)
_PENDING = (
    f"{_PART} SELECT {_REACHED}, unit,"
    " CAST(sum(CASE WHEN available_at > $2 THEN remaining ELSE 0 END) AS BIGINT) FROM part GROUP BY unit"
)
_DUE = (
    "SELECT next_at, id, customer_id, unit FROM loyalty_account WHERE next_at <= $1 AND (next_at, id) > ($2, $3)"
    " ORDER BY next_at, id LIMIT $4"
)
T = TypeVar("T")


@dataclass(slots=True)
class Sums:
    """Of all accounts in one unit: what is owed, what is held, what cannot be spent yet, and how many are not empty."""

    debt: int = 0
    held: int = 0
    pending: int = 0
    count: int = 0


@dataclass(slots=True)
class Current:
    """What is as of an instant, as it is shown."""

    at: Instant
    figures: Figures
    sums: dict[str, Sums] = field(default_factory=dict)

    def of(self, unit: str) -> Sums:
        """The sums of a unit."""
        return self.sums.setdefault(unit, Sums())


async def kept_figures(database: Database) -> tuple[int, dict[Cell, Figure]]:
    """How many entries are chained, and the figures of them, as of one moment."""

    async def read() -> Sequence[Sequence[Any]]:
        return await database.read_together([(_LAST, []), (_FIGURES, [])])

    [[last], rows] = await (read() if database.engine == "postgres" else database.transaction(read))
    return last[0], _cells(rows)


async def current(shop: Shop) -> Current:
    """What is now. However many entries there are: as many figures as months, one look at each account, and those entries and
    accounts that the jobs have not come to. All of it is as of one moment, and read in parts, so that neither a statement nor
    the memory grows with the shop."""
    database = shop.database

    async def read() -> Current:
        result = Current(now(), Figures(shop.settings.zone))
        sums, pending = _Parts("loyalty_account", _SUMS), _Parts("loyalty_lot", _PENDING, [result.at])
        first = [(_FIGURES, []), (_WAITING, [_FIRST, _AT_ONCE]), (_DUE, [result.at, *_BEFORE_ALL, _AT_ONCE])]
        kept, waiting, due, *rows = await database.read_together([*first, sums.lookup(), pending.lookup()])
        result.figures.add(_cells(kept).items())
        async for unit, debt, held, count in sums.all(database, rows[0]):
            of = result.of(unit)
            of.debt, of.held, of.count = of.debt + debt, of.held + held, of.count + count
        async for unit, amount in pending.all(database, rows[1]):
            result.of(unit).pending += amount
        await _count_waiting(database, result.figures, waiting)
        await _count_due(shop, result, due)
        return result

    return await _as_of_one_moment(database, read)


async def _as_of_one_moment(database: Database, work: Callable[[], Awaitable[T]]) -> T:
    """What is read meanwhile is not changed by others, as far as this sees: nobody waits for it on PostgreSQL."""

    async def alone() -> T:
        if database.engine == "postgres":
            await database.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return await work()

    return await database.transaction(alone)


@dataclass(frozen=True)
class _Parts:
    """A statement over a part of a table, of which the first columns say how far that goes, and how many rows it has."""

    table: str
    sql: str
    values: Sequence[Any] = ()

    def lookup(self, after: str = _FIRST) -> Lookup:
        """The part behind an id."""
        return self.sql.format(table=self.table, rows=_ROWS), [after, *self.values]

    async def all(self, database: Database, rows: Sequence[Any]) -> AsyncIterator[Sequence[Any]]:
        """The rows of all parts, given those of the first one."""
        while rows:
            for row in rows:
                yield tuple(row)[2:]
            reached, number = rows[0][:2]
            if number < _ROWS:
                return
            sql, values = self.lookup(reached)
            rows = await database.rows(sql, *values)


async def _count_waiting(database: Database, figures: Figures, rows: Sequence[Any]) -> None:
    while rows:
        ids = [row[0] for row in rows]
        found = entries_from(await database.read_together(lookup_entries(database.dialect, ids)))
        for entry in found.all:
            figures.count(entry, found.lots, found.opened.get(entry.id))
        if len(rows) < _AT_ONCE:
            return
        rows = await database.rows(_WAITING, ids[-1], _AT_ONCE)


async def _count_due(shop: Shop, result: Current, rows: Sequence[Any]) -> None:
    database = shop.database
    while rows:
        customers = sorted({row[2] for row in rows})
        found = await database.read_together(lookup_accounts(database.dialect, customers))
        ledger = ledger_from(shop, found, result.at)
        ledger.accounts = {key: ledger.accounts[key] for key in ((row[2], row[3]) for row in rows)}
        await _count_posted(shop, result, ledger)
        if len(rows) < _AT_ONCE:
            return
        rows = await database.rows(_DUE, result.at, *tuple(rows[-1])[:2], _AT_ONCE)


async def _count_posted(shop: Shop, result: Current, ledger: Ledger) -> None:
    for account in ledger.accounts.values():
        debt, held, is_full = account.debt, account.held, bool(account.amount or account.debt)
        account.post_due()
        sums = result.of(account.unit)
        sums.debt += account.debt - debt
        sums.held += account.held - held
        sums.count += bool(account.amount or account.debt) - is_full
    lots = sorted({use.lot.id for _, one in ledger.transfers for use in one.uses})
    parts = dict[str, Part]()
    for begin in range(0, len(lots), _AT_ONCE):
        sql, values = lookup_parts(shop.database.dialect, lots[begin : begin + _AT_ONCE])
        parts |= {row[0]: part_of(row) for row in await shop.database.rows(sql, *values)}
    for _, one in ledger.transfers:
        result.figures.count_uses(one.source, one.target, [(parts[use.lot.id], use.amount) for use in one.uses])


def _cells(rows: Sequence[Any]) -> dict[Cell, Figure]:
    return {(row[0], row[1], row[2]): Figure(*row[3:]) for row in rows}


def by_month(found: Figures) -> Mapping[tuple[str, int], Figure]:
    """The figures by unit and month of giving."""
    months = dict[tuple[str, int], Figure]()
    for (unit, month, _), figure in found.cells.items():
        months.setdefault((unit, month), Figure()).take(figure)
    return months


def by_end(found: Figures) -> Mapping[tuple[str, int], int]:
    """What is left by unit and month of the end."""
    left = dict[tuple[str, int], int]()
    for (unit, _, ends), figure in found.cells.items():
        left[unit, ends] = left.get((unit, ends), 0) + figure.open
    return left


async def moving_ends(database: Database) -> Mapping[tuple[str, str, int], int]:
    """What is left of lots whose end moves with activity, by unit, life and when that begins, to the quarter of an hour."""
    lives = "l.life IS NOT NULL AND l.remaining > 0"
    begins = database.dialect.greatest("a.active_at", "l.available_at")
    begins = f"CASE WHEN {lives} THEN ({begins}) / 900000 * 900000 END"
    sql = (
        f"{_PART} SELECT {_REACHED}, l.unit, CASE WHEN {lives} THEN l.life END, {begins} AS begins,"
        " CAST(sum(l.remaining) AS BIGINT)"
        " FROM part l LEFT JOIN loyalty_account a ON a.customer_id = l.customer_id AND a.unit = l.unit"
        f" AND {lives} GROUP BY 3, 4, 5"
    )
    found: dict[tuple[str, str, int], int] = {}
    parts = _Parts("loyalty_lot", sql)
    first, values = parts.lookup()
    async for unit, life, begun, left in parts.all(database, await database.rows(first, *values)):
        if begun is not None:
            found[unit, life, begun] = found.get((unit, life, begun), 0) + left
    return found
