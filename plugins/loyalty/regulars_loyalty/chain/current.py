"""What the shop owes and what became of what was given, from the figures that are kept of all that is chained, with what is not
chained yet and what is due but not posted counted on the fly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugin import Database, Dialect, Instant, Lookup, Shop, now
from regulars_loyalty.chain.figures import Cell, Figure, Figures, Part
from regulars_loyalty.chain.reads import entries_from, lookup_entries, lookup_parts, part_of
from regulars_loyalty.ledger.storage import Ledger, ledger_from, lookup_accounts

_AT_ONCE = 1_000
_LAST = "SELECT coalesce(max(position), 0) FROM loyalty_link"
_FIGURES = "SELECT unit, month, ends, given, spent, expired, reversed, moved FROM loyalty_figure"
_WAITING = "SELECT transfer_id FROM loyalty_unchained"
_SUMS = (
    "SELECT unit, CAST(sum(debt) AS BIGINT), CAST(sum(held) AS BIGINT),"
    " sum(CASE WHEN amount > 0 OR debt > 0 THEN 1 ELSE 0 END) FROM loyalty_account GROUP BY unit"
)
_PENDING = "SELECT unit, CAST(sum(remaining) AS BIGINT) FROM loyalty_lot WHERE available_at > $1 AND remaining > 0 GROUP BY unit"
_DUE = "SELECT DISTINCT customer_id FROM loyalty_account WHERE next_at <= $1"


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
    [[last], rows] = await _of_one_moment(database, [(_LAST, []), (_FIGURES, [])])
    return last[0], _cells(rows)


async def current(shop: Shop) -> Current:
    """What is now. However many entries there are: as many figures as months, one look at each account, and those entries and
    accounts that the jobs have not come to."""
    database, present = shop.database, now()
    due = [row[0] for row in await database.rows(_DUE, present)]
    lookups = [(_FIGURES, []), (_WAITING, []), (_SUMS, []), (_PENDING, [present])]
    accounts = lookup_accounts(database.dialect, due) if due else []
    kept, waiting, sums, pending, *found = await _of_one_moment(database, [*lookups, *accounts])
    result = Current(present, Figures(shop.settings.zone))
    result.figures.add(_cells(kept).items())
    for unit, debt, held, count in sums:
        result.sums[unit] = Sums(debt, held, 0, count)
    for unit, amount in pending:
        result.of(unit).pending = amount
    await _count_waiting(shop, result.figures, [row[0] for row in waiting])
    if due:
        await _count_due(shop, result, ledger_from(shop, found, present))
    return result


async def _count_waiting(shop: Shop, figures: Figures, ids: Sequence[str]) -> None:
    for begin in range(0, len(ids), _AT_ONCE):
        some = lookup_entries(shop.database.dialect, ids[begin : begin + _AT_ONCE])
        found = entries_from(await shop.database.read_together(some))
        for entry in found.all:  # which never change, so they may be read later
            figures.count(entry, found.lots, found.opened.get(entry.id))


async def _count_due(shop: Shop, result: Current, ledger: Ledger) -> None:
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


async def _of_one_moment(database: Database, lookups: Sequence[Lookup]) -> Sequence[Sequence[Any]]:
    if database.engine == "postgres":
        return await database.read_together(lookups)
    return await database.transaction(lambda: database.read_together(lookups))


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


def lookup_moving_ends(dialect: Dialect) -> Lookup:
    """What is left of lots whose end moves with activity, by unit, life and when that begins, to the quarter of an hour."""
    begins = dialect.greatest("a.active_at", "l.available_at")
    return (
        f"SELECT l.unit, l.life, ({begins}) / 900000 * 900000 AS begins, CAST(sum(l.remaining) AS BIGINT) FROM loyalty_lot l"
        " JOIN loyalty_account a ON a.customer_id = l.customer_id AND a.unit = l.unit"
        " WHERE l.life IS NOT NULL AND l.remaining > 0 GROUP BY 1, 2, 3",
        [],
    )
