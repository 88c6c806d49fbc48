"""Reading a long list to its end, a slice at a time, however few of its rows are asked for: where PostgreSQL would look at very
many rows to find the next ones, it is told at how many to look."""

from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from regulars_core.database import Database, StoppedForLength
from regulars_core.database.errors import out_of_reach
from regulars_core.queries.pages import Position, Window
from regulars_core.queries.rows import Readable, page
from regulars_core.queries.where import Values, Where

T = TypeVar("T")

_LOOKED_AT = 20
"""So many rows of the list are looked at for each that is wanted."""


@dataclass(frozen=True, slots=True)
class Slice(Generic[T]):
    """The next rows for which conditions hold, which may be none; and where the list goes on, None at its end. `looks_through`
    says that all rows were looked at, since it took too long to find those."""

    rows: Sequence[T]
    after: Position | None
    looks_through: bool


async def next_slice(
    database: Database, kind: Readable[T], window: Window, where: Where, *, looks_through: bool = False
) -> Slice[T]:
    """The next rows of a list, in the caller's transaction or outside one: those that are found, or, where that takes longer than
    a statement may or it is asked to look through, those among some of the next. Raises what `Database.rows` raises."""
    if not looks_through:
        try:
            async with database.savepoint() if database.in_transaction else nullcontext():
                found = await page(database, kind, window, where)
            return Slice(found.rows, found.positions[-1] if found.has_next else None, looks_through=False)
        except Exception as error:
            if not isinstance(out_of_reach(error), StoppedForLength):
                raise
    return await _among_the_next(database, kind, window, where)


async def _among_the_next(database: Database, kind: Readable[T], window: Window, where: Where) -> Slice[T]:
    """Each of the next rows is looked at by itself, in their order, until there are enough, and no other."""
    key, in_order = window.order.key, f"ORDER BY w.sort_key {window.way}, w.tie {window.way}"
    values = Values(database.dialect)
    conditions = window.conditions(values)
    ahead = (
        f"SELECT {key.column} AS sort_key, {key.tie} AS tie FROM {kind.source}{' WHERE ' if conditions else ''}"
        f"{' AND '.join(conditions)} ORDER BY {window.order_by()} LIMIT {window.size * _LOOKED_AT}"
    )
    last = await database.row(
        f"SELECT w.sort_key, w.tie FROM ({ahead}) w {in_order} LIMIT 1 OFFSET {window.size * _LOOKED_AT - 1}",
        *values.all,
    )
    if last:  # by where these end: by their number, others would be passed over if one were written meanwhile
        sign, cast = (">=" if window.order.descending else "<="), "::bigint" if key.kind is int else ""
        within = f"({key.column}, {key.tie}) {sign} ({values.bind(last[0])}{cast}, {values.bind(last[1])})"
        ahead = (
            f"SELECT {key.column} AS sort_key, {key.tie} AS tie FROM {kind.source}"
            f" WHERE {' AND '.join([*conditions, within])} ORDER BY {window.order_by()}"
        )
    linked = " AND ".join([f"{kind.id_column} = w.tie", *where.narrows(values)])
    if database.engine == "postgres":
        named = ", ".join(f"{column} AS c{n}" for n, column in enumerate(kind.columns))
        one = f"LATERAL (SELECT {named} FROM {kind.source} WHERE {linked} OFFSET 0) x"
        columns, linked = ", ".join(f"x.c{n}" for n in range(len(kind.columns))), "TRUE"
    else:
        one, columns = kind.source, kind.column_list
    rows: Sequence[Any] = await database.rows(
        f"SELECT w.sort_key, w.tie, {columns} FROM ({ahead}) w CROSS JOIN {one} WHERE {linked} {in_order}"
        f" LIMIT {window.size + 1}",
        *values.all,
    )
    after: Position | None = (last[0], last[1]) if last else None
    if len(rows) > window.size:
        after = (rows[window.size - 1][0], rows[window.size - 1][1])
    return Slice([kind.make(*row[2:]) for row in rows[: window.size]], after, looks_through=True)


async def slices(database: Database, kind: Readable[T], window: Window, where: Where) -> AsyncIterator[Sequence[T]]:
    """All rows of a list for which conditions hold, outside a transaction: as many at a time as the window is large, or fewer
    where that takes too long. Raises what `Database.rows` raises."""
    looks_through, after = False, window.after
    while True:
        try:
            part = replace(window, after=after)
            found = await next_slice(database, kind, part, where, looks_through=looks_through)
        except StoppedForLength:
            if window.size == 1:
                raise
            window, looks_through = replace(window, size=max(window.size // 4, 1)), True
            continue
        yield found.rows
        if found.after is None:
            return
        after, looks_through = found.after, found.looks_through
