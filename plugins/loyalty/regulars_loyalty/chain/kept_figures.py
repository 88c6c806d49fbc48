"""The figures that are kept of all that is chained, and those of what is not chained yet."""

from collections.abc import Mapping, Sequence
from typing import Any

from regulars_core.plugin import Database, Shop
from regulars_loyalty.chain.figures import Cell, Figure, Figures
from regulars_loyalty.chain.reads import entries_from, lookup_entries

_AT_ONCE = 1_000
_LAST = "SELECT coalesce(max(position), 0) FROM loyalty_link"
_FIGURES = "SELECT unit, month, ends, given, spent, expired, reversed, moved FROM loyalty_figure"


async def kept_figures(database: Database) -> tuple[int, dict[Cell, Figure]]:
    """How many entries are chained, and the figures of them, as of one moment."""

    async def work() -> tuple[int, dict[Cell, Figure]]:
        [[last], rows] = await database.read_together([(_LAST, []), (_FIGURES, [])])
        return last[0], _cells(rows)

    return await database.transaction(work)


async def figures(shop: Shop) -> Figures:
    """The figures of all that was posted: those that are kept, and of what is not chained yet counted now."""
    database, found = shop.database, Figures(shop.settings.zone)

    async def work() -> tuple[dict[Cell, Figure], list[str]]:
        rows, waiting = await database.read_together(
            [(_FIGURES, []), ("SELECT transfer_id FROM loyalty_unchained", [])]
        )
        return _cells(rows), [row[0] for row in waiting]

    kept, waiting = await database.transaction(work)
    found.add(kept.items())
    for begin in range(0, len(waiting), _AT_ONCE):
        some = entries_from(
            await database.read_together(lookup_entries(database.dialect, waiting[begin : begin + _AT_ONCE]))
        )
        for entry in some.all:  # which never change, so it may be read later
            found.count(entry, some.lots, some.opened.get(entry.id))
    return found


def _cells(rows: Sequence[Any]) -> dict[Cell, Figure]:
    return {(row[0], row[1], row[2]): Figure(*row[3:]) for row in rows}


def by_month(found: Figures) -> Mapping[tuple[str, int], Figure]:
    """The figures by unit and month of giving."""
    months = dict[tuple[str, int], Figure]()
    for (unit, month, _), figure in found.cells.items():
        total = months.setdefault((unit, month), Figure())
        total += figure
    return months
