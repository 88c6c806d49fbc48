"""Reading what is kept of some days, and what has moved since: what is kept is moved by what purchases are and were, and days of
which that is not noted are counted anew. So what is told is as of now.

Nothing is locked. What is noted as due and how much was settled is read before and after: where both are the same, nothing has
changed between, and all that was read belongs together. Otherwise it is read again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from regulars_core.database import Database
from regulars_core.primitives.clock import EARLIEST, LATEST, Instant
from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import COLUMNS, RECORD_BYTES, Cell, Place
from regulars_core.purchases.figures.rollups.counts import Cells, Moves, counted, moved
from regulars_core.purchases.figures.spans import Span
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

T = TypeVar("T")

LAYOUT = 2
"""Of the cells: what was kept in another one is kept anew."""
MAX_DUE, MAX_DAYS = 5_000, 62
"""Moves, and days that are to be counted anew, up to which whoever asks looks at them; more are left to the job."""
_ATTEMPTS = 3
DUE_COLUMNS = "number, at, customer_id, later, told, purchase_id, person_id, status, to_at, to_customer_id"
"""Of notes, in the order of `Due`."""
_DUE = f"SELECT {DUE_COLUMNS} FROM rollup_due ORDER BY number LIMIT {MAX_DUE + 1}"
_STATE = f"SELECT s.zone, s.layout, s.until, s.steps, s.anew_to, d.* FROM rollup_state s LEFT JOIN ({_DUE}) d ON 1 = 1"
_MARK = f"SELECT s.steps, (SELECT count(*) FROM (SELECT 1 FROM rollup_due LIMIT {MAX_DUE + 1}) d) FROM rollup_state s"


class Due(NamedTuple):
    """A move that was noted: see `models.RollupDue`."""

    number: int
    at: Instant
    customer_id: str | None
    later: bool
    told: bool
    purchase_id: str | None
    person_id: str | None
    status: str | None
    to_at: Instant | None
    to_customer_id: str | None

    @property
    def ends(self) -> Sequence[tuple[Instant, str | None]]:
        """When it was and whose, and the same of where it has gone."""
        was = (self.at, self.customer_id)
        return [was] if self.to_at is None else [was, (self.to_at, self.to_customer_id)]


async def days_due(database: Database, zone: ZoneInfo, moves: Sequence[Due]) -> Sequence[set[int]]:
    """The days that each of these moves concerns."""
    later = [end for one in moves if one.later for end in one.ends]
    after = sorted({customer_id for _, customer_id in later if customer_id})
    bought: dict[str, set[Instant]] = {}
    if after:
        among = database.dialect.among("customer_id", 1)
        since = min(at for at, _ in later)
        sql = f"SELECT customer_id, purchased_at FROM purchase WHERE {among} AND purchased_at > $2"
        for customer_id, at in await database.rows(sql, after, since):
            bought.setdefault(customer_id, set()).add(at)
        for at, customer_id in (end for one in moves for end in one.ends):  # what was theirs, and has gone since
            if customer_id:
                bought.setdefault(customer_id, set()).add(at)
    found = []
    for one in moves:
        own = {calendar.day_at(at, zone) for at, _ in one.ends}
        for since, customer_id in one.ends if one.later else ():
            own |= {calendar.day_at(at, zone) for at in bought.get(customer_id or "", ()) if at > since}
        found.append(own)
    return found


class Kept:
    """What is there of the days from `first` on, None for the beginning, up to `last`, None for the end; in one store, or in
    all where it is empty. Of the `stale` days it is what there is `now`; of others what they have come to more, or less."""

    def __init__(self, shop: Shop, first: int | None, last: int | None, store: str, stale: Collection[int], now: Cells):
        self.shop, self.first, self.last, self.store = shop, first, last, store
        self._stale, self._now = sorted(stale), now

    async def rows(
        self, columns: Sequence[str], division: str = "", *, every_store: bool = False, reach: int | None = None
    ) -> Sequence[Any]:
        """These columns of each cell. What tells of earlier days is cut to those in the range, or to as many as `reach`."""
        values = Values(self.shop.database.dialect, whole=True)
        told = [self._cut(column, reach, values) for column in columns]
        kept = await self.shop.database.rows(
            f"SELECT {', '.join(told)} FROM rollup r WHERE {self._conditions(division, every_store, values)}",
            *values.all,
        )
        return [*kept, *self._rows_now(columns, division, every_store)]

    async def sum(self, *columns: str) -> Sequence[int]:
        """What each of these columns adds up to."""
        return (await self.sums(columns, "division")).get("", [0] * len(columns))

    async def sums(
        self, columns: Sequence[str], by: str, division: str = "", *, every_store: bool = False
    ) -> dict[str, list[int]]:
        """What each of these columns adds up to, by the values of another one."""
        values = Values(self.shop.database.dialect, whole=True)
        added = ", ".join(f"CAST(sum(r.{column}) AS BIGINT)" for column in columns)
        where = self._conditions(division, every_store, values)
        found = await self.shop.database.rows(
            f"SELECT r.{by}, {added} FROM rollup r WHERE {where} GROUP BY r.{by}", *values.all
        )
        sums = {row[0]: list(row[1:]) for row in found}
        for key, *row in self._rows_now([by, *columns], division, every_store):
            own = sums.setdefault(key, [0] * len(columns))
            own[:] = [a + b for a, b in zip(own, row, strict=True)]
        return sums

    def _cut(self, column: str, reach: int | None, values: Values) -> str:
        if column not in {"again", "ages"}:
            return f"r.{column}"
        if reach is not None:
            return f"substr(r.{column}, 1, {RECORD_BYTES * (reach + 1)})"
        if self.first is None:
            return "NULL"
        return f"substr(r.{column}, 1, {RECORD_BYTES} * (r.day - {values.bind(self.first)} + 1))"

    def _conditions(self, division: str, every_store: bool, values: Values) -> str:
        parts = [f"r.division = {values.bind(division)}"]
        parts.append("r.store > ''" if every_store else f"r.store = {values.bind(self.store)}")
        parts += [
            f"r.day {sign} {values.bind(day)}"
            for sign, day in ((">=", self.first), ("<=", self.last))
            if day is not None
        ]
        if self._stale:
            parts.append(f"NOT ({values.among('r.day', self._stale, 'int')})")
        return " AND ".join([*parts, *values.own_plan()])  # the plan for any days goes through all rows of the days

    def _rows_now(self, columns: Sequence[str], division: str, every_store: bool) -> Sequence[Any]:
        found = []
        for place, cell in self._now.items():
            is_there = place.store != "" if every_store else place.store == self.store
            if place.division == division and is_there:
                row = dict(zip(COLUMNS, (*place, *cell.row()), strict=True))
                found.append([row[column] for column in columns])
        return found


@dataclass(frozen=True, slots=True)
class _Moved:
    """What has moved: the days that are `stale`, those that are to be moved by `moves`, and both."""

    stale: Set[int]
    days: Set[int]
    moves: Moves

    @classmethod
    def by(cls, noted: Sequence[Due], days: Sequence[Set[int]], anew_to: int) -> "_Moved":
        """By what was noted, and the days that each note concerns. What a purchase or a person was says the first of its notes;
        notes up to the number `anew_to` may be of what was counted."""
        stale, all_of_them = set[int](), set[int]()
        firsts: dict[str | None, Due] = {}
        fresh: dict[str | None, set[int]] = {}
        customers = set[str]()
        for one, own in zip(noted, days, strict=True):
            all_of_them |= own
            id_ = one.purchase_id or one.person_id
            if id_ is None or one.number <= anew_to:
                stale |= own
                continue
            first = firsts.setdefault(id_, one)
            fresh.setdefault(id_, set()).update(own)
            if not one.told and first.status is not None:
                stale |= fresh[id_]  # what an earlier note tells of it is not all there any more either
            customers |= {customer_id for _, customer_id in one.ends if customer_id}
        purchases = [one for one in firsts.values() if one.purchase_id]
        persons = [one for one in firsts.values() if one.person_id]
        moves = Moves(
            [one.purchase_id for one in purchases if one.purchase_id],
            sorted(customers),
            [one.person_id for one in persons if one.person_id],
            [one.number for one in purchases if one.status is not None],
            [one.number for one in persons if one.status is not None],
        )
        return cls(stale, all_of_them, moves)


async def told_by_kept(shop: Shop, span: Span, tell: Callable[[Kept], Awaitable[T]]) -> T | None:
    """What is told by what is kept of a span; None where it is not kept, or more has moved than is counted anew by the way: then
    it is to be found in the purchases."""
    zone = shop.settings.zone
    bounds = _days_of(span, zone)
    if bounds is None:
        return None
    first, last, store = bounds
    for _ in range(_ATTEMPTS):
        rows = await shop.database.rows(_STATE)
        if not rows or tuple(rows[0][:3]) != (zone.key, LAYOUT, None):
            return None
        moves = [Due(*row[5:]) for row in rows if row[5] is not None]
        if len(moves) > MAX_DUE:
            return None
        since = _Moved.by(moves, await days_due(shop.database, zone, moves) if moves else (), rows[0][4])
        here = {day for day in since.days if (first is None or day >= first) and (last is None or day <= last)}
        if len(here & since.stale) > MAX_DAYS:
            return None
        mark = rows[0][3], len(moves)
        now = await _counted_now(shop, mark, since, here) if here else {}
        if now is None:
            continue
        told = await tell(Kept(shop, first, last, store, here & since.stale, now))
        if await _mark(shop) == mark:
            return told
    return None


_Mark = tuple[int, int]
"""How much was settled, and how many moves are noted: where both are as they were, nothing has moved between."""


async def _mark(shop: Shop) -> _Mark | None:
    row = await shop.database.row(_MARK)
    return (row[0], row[1]) if row else None


class _Counted:
    """What this process has counted last: by which mark, and the cells of each day."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.mark: _Mark | None = None
        self.days: dict[int, dict[Place, Cell]] = {}


async def _counted_now(shop: Shop, mark: _Mark, since: _Moved, days: Set[int]) -> Cells | None:
    """What these days come to, or have come to more; it is counted once for all who ask while nothing moves. None where something
    has moved meanwhile."""
    known: _Counted = shop.memory.setdefault(_Counted, _Counted())
    async with known.turn:
        if known.mark != mark:
            known.mark, known.days = mark, {}
        missing = days - known.days.keys()
        if missing:
            fresh: dict[int, dict[Place, Cell]] = {day: {} for day in missing}
            anew = await counted(shop, sorted(missing & since.stale))
            more = await moved(shop, sorted(missing - since.stale), since.moves)
            for cells in (anew, more):
                for place, cell in cells.items():
                    fresh[place.day][place] = cell
            if await _mark(shop) != mark:
                known.mark = None
                return None
            known.days |= fresh
        return {place: cell for day in days for place, cell in known.days[day].items()}


def _days_of(span: Span, zone: ZoneInfo) -> tuple[int | None, int | None, str] | None:
    """The first and the last day of a span, and its store; None where it is not of whole days, or of several stores, or days come
    back in the zone."""
    if (span.stores is not None and len(span.stores) != 1) or not calendar.in_order(zone):
        return None
    begins, ends = span.first is not None and span.first > EARLIEST, span.before is not None and span.before < LATEST
    first = calendar.day_at(span.first, zone) if begins and span.first is not None else None
    if first is not None and calendar.start(first, zone) != span.first:
        return None
    last = calendar.day_at(Instant(span.before - 1), zone) if ends and span.before is not None else None
    if last is not None and calendar.end(last, zone) != span.before:
        return None
    return first, last, "" if span.stores is None else next(iter(span.stores))
