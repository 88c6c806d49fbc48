"""Counting what purchases of some days come to, from the purchases: the database adds up, and answers a row for each place."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from regulars_core.customers.reads import GONE
from regulars_core.database import Dialect
from regulars_core.primitives.clock import DAY_MS, HOUR_MS, Instant
from regulars_core.purchases.figures.calendar import AGES, month, shown_time
from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import NO_MORE, Cell, Place
from regulars_core.purchases.figures.sums import NOT_VOIDED, SPENT
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

HOUR, WEEKDAY, MONTH, CHANNEL, PAYMENT_METHOD = "HOUR", "WEEKDAY", "MONTH", "CHANNEL", "PAYMENT_METHOD"
STORE = "STORE"
"""By what it is kept; that of stores stands beside all of it."""
Cells = Mapping[Place, Cell]
_Spans = Sequence[tuple[Instant, Instant]]
_Write = Callable[[_Spans, ZoneInfo, Values, "_Side"], str]
_MAX_SPANS = 62
_ONCE, _TWICE, _AGES = "once", "twice", "ages"  # beside the divisions, what is told of who bought before
_PARTS = {HOUR: "hour", WEEKDAY: "weekday", MONTH: "month", CHANNEL: "channel", PAYMENT_METHOD: "method"}
_ALL, _ITS = "''", "CAST(store_id AS TEXT)"  # the store of what is told of all, and of each one
_WAS = "store_id, status, channel, total, refunded, discount, pieces"
_HELD = f"id, customer_id, purchased_at, {_WAS}, NULL AS payments"
"""What is read of purchases, and of what notes say that they were."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Purchases that were made or have moved, whose they are and were, and persons who were registered or went. What purchases
    and persons were before, if they were there, stands in the notes of these numbers."""

    purchases: Sequence[str]
    customers: Sequence[str]
    persons: Sequence[str]
    purchases_were: Sequence[int]
    persons_were: Sequence[int]


class _Side:
    """Purchases as they are, which is all there is where nothing is said of moves. Of `moves` it is one of two sides, of which
    each tells what these customers' purchases come to: as they are, with the `sign` 1; as they were, with -1."""

    def __init__(self, moves: Moves | None = None, sign: int = 1) -> None:
        self.moves, self.sign = moves, sign

    @property
    def was(self) -> bool:
        """Whether it is as it was."""
        return self.sign < 0

    def moved(self, values: Values) -> tuple[str, str]:
        """The FROM item of those purchases `p` that have moved, and a condition on them."""
        if self.moves is None:
            return "purchase p", ""
        if self.was:
            return f"({self.notes(values)}) p", ""
        return "purchase p", f" AND {values.among('p.id', self.moves.purchases, 'uuid')}"

    def theirs(self, values: Values) -> tuple[str, str]:
        """The FROM item of all purchases `p`, and the condition that they are by customers of whom something has moved."""
        if self.moves is None:
            return "purchase p", ""
        rows = "purchase p"
        if self.was:
            stayed = f"SELECT {_HELD} FROM purchase s WHERE {self.stayed(values, 's')}"
            rows = f"({stayed} UNION ALL {self.notes(values)}) p"
        return rows, f" AND {values.among('p.customer_id', self.moves.customers, 'uuid')}"

    def stayed(self, values: Values, alias: str) -> str:
        """The condition that a purchase is what it was."""
        assert self.moves is not None
        return f"NOT ({values.among(f'{alias}.id', self.moves.purchases, 'uuid')})"

    def notes(self, values: Values) -> str:
        """The SELECT of what purchases were that have moved."""
        assert self.moves is not None
        among = values.among("n.number", self.moves.purchases_were, "bigint")
        was = f"n.purchase_id AS id, n.customer_id, n.at AS purchased_at, {_WAS}, payments"
        return f"SELECT {was} FROM rollup_due n WHERE {among}"

    def registered(self, values: Values) -> str:
        """The SELECT of when those were registered who are, or were, customers."""
        gone = f"NOT IN {GONE}"
        if self.moves is None:
            return f"SELECT c.created_at AS at FROM customer c WHERE c.status {gone}"
        if self.was:
            among = values.among("n.number", self.moves.persons_were, "bigint")
            return f"SELECT n.at FROM rollup_due n WHERE n.status {gone} AND {among}"
        among = values.among("c.id", self.moves.persons, "uuid")
        return f"SELECT c.created_at AS at FROM customer c WHERE c.status {gone} AND {among}"


async def counted(shop: Shop, days: Sequence[int]) -> Cells:
    """What the purchases of these days come to, place by place: five statements, whatever they find."""
    return await _cells(shop, _spans(sorted(days), shop.settings.zone), [_Side()]) if days else {}


async def moved(shop: Shop, days: Sequence[int], moves: Moves) -> Cells:
    """What these days have come to more, or less, by moves: what is told by the purchases of whom they concern, less what was
    told by them. Ten statements at most, which read what these customers bought."""
    if not days:
        return {}
    spans = _spans(sorted(days), shop.settings.zone)
    if len(spans) > _MAX_SPANS:  # on the days between nothing has changed
        spans = [(spans[0][0], spans[-1][1])]
    cells, own = await _cells(shop, spans, [_Side(moves, 1), _Side(moves, -1)]), set(days)
    return {place: cell for place, cell in cells.items() if place.day in own}


@dataclass(frozen=True, slots=True)
class _Found:
    """What the statements have found of one side."""

    sign: int
    sums: Sequence[Any]
    paid: Sequence[Any]
    odd: Sequence[Any]
    bought: Sequence[Any]
    registered: Sequence[Any]


async def _cells(shop: Shop, spans: _Spans, sides: Sequence[_Side]) -> Cells:
    """What the purchases of these spans come to, all sides added up."""
    zone = shop.settings.zone
    found = [await _found(shop, spans, side) for side in sides]
    return await asyncio.to_thread(_placed, zone, found)


async def _found(shop: Shop, spans: _Spans, side: _Side) -> _Found:
    zone, moves = shop.settings.zone, side.moves

    async def rows(write: _Write) -> Sequence[Any]:
        values = Values(shop.database.dialect, whole=True)
        sql = write(spans, zone, values, side)
        return await shop.database.rows(sql, *values.all)

    any_purchases = moves is None or (moves.purchases_were if side.was else moves.purchases)
    any_persons = moves is None or (moves.persons_were if side.was else moves.persons)
    any_customers = moves is None or moves.customers
    sums, paid, odd = [await rows(write) if any_purchases else () for write in (_sums, _paid, _odd)]
    bought = await rows(_customers) if any_customers else ()
    registered = await rows(_registered) if any_persons else ()
    return _Found(side.sign, sums, paid, odd, bought, registered)


def _spans(days: Sequence[int], zone: ZoneInfo) -> _Spans:
    """From when to before when the days are that follow each other."""
    spans: list[tuple[Instant, Instant]] = []
    for _, some in groupby(enumerate(days), lambda pair: pair[1] - pair[0]):
        own = [day for _, day in some]
        spans.append((calendar.start(own[0], zone), calendar.end(own[-1], zone)))
    return spans


def _within(column: str, spans: _Spans, values: Values) -> str:
    parts = [f"{column} >= {values.bind(first)} AND {column} < {values.bind(before)}" for first, before in spans]
    return f"({' OR '.join(parts)})"


def _day(dialect: Dialect, zone: ZoneInfo) -> str:
    return f"(({shown_time(dialect, zone)} + {AGES}) / {DAY_MS} - {AGES // DAY_MS})"


def _hour(dialect: Dialect, zone: ZoneInfo) -> str:
    return f"(({shown_time(dialect, zone)} + {AGES}) / {HOUR_MS} % 24)"


def _payments(dialect: Dialect, of: str, side: _Side) -> str:
    """What joins payments `y` to the purchases with this alias, as many as they had; PostgreSQL would read all that there are."""
    had = f" AND ({of}.payments IS NULL OR o.position < {of}.payments)" if side.was else ""
    if dialect.engine == "sqlite":
        return f"JOIN payment y ON y.purchase_id = {of}.id{had.replace('o.', 'y.')}"
    return (
        f"CROSS JOIN LATERAL (SELECT o.method, o.amount FROM payment o WHERE o.purchase_id = {of}.id{had} OFFSET 0) y"
    )


def _history(dialect: Dialect, condition: str) -> str:
    """What joins the purchases `p` for which a condition holds to customers `b`, by the index of each."""
    if dialect.engine == "sqlite":
        return f"JOIN purchase p ON p.customer_id = b.customer_id WHERE {condition}"
    own = f"SELECT p.* FROM purchase p WHERE p.customer_id = b.customer_id AND {condition} OFFSET 0"
    return f"CROSS JOIN LATERAL ({own}) p"


def _added(expression: str) -> str:
    return f"CAST(coalesce(sum({expression}), 0) AS BIGINT)"


def _if_counted(expression: str) -> str:
    return _added(f"CASE WHEN {COUNTED} THEN {expression} END")


def _sums(spans: _Spans, zone: ZoneInfo, values: Values, side: _Side) -> str:
    """What is added up of the purchases themselves, by day, store, hour and channel."""
    columns = [
        "count(*)", _added(SPENT), _if_counted("1"), _if_counted(SPENT),
        _added(f"CASE WHEN p.customer_id IS NOT NULL THEN {SPENT} END"),
        _if_counted("CASE WHEN p.discount > 0 THEN 1 END"), _if_counted("p.discount"), _if_counted("p.total + p.discount"),
        _if_counted("p.pieces"),
    ]  # fmt: skip
    rows, only = side.moved(values)
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, {_hour(values.dialect, zone)}, p.channel, {', '.join(columns)}"
        f" FROM {rows} WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)}{only}"
        " GROUP BY 1, 2, 3, 4"
    )


def _paid(spans: _Spans, zone: ZoneInfo, values: Values, side: _Side) -> str:
    """The same of payments, by day, store and way of paying."""
    rows, only = side.moved(values)
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, y.method, count(DISTINCT p.id), {_added('y.amount')},"
        f" count(DISTINCT CASE WHEN {COUNTED} THEN p.id END), {_if_counted('y.amount')}"
        f" FROM {rows} {_payments(values.dialect, 'p', side)}"
        f" WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)}{only} GROUP BY 1, 2, 3"
    )


def _odd(spans: _Spans, zone: ZoneInfo, values: Values, side: _Side) -> str:
    """The purchases of known customers that do not count and came to something."""
    rows, only = side.moved(values)
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, p.id FROM {rows} WHERE p.customer_id IS NOT NULL"
        f" AND {NOT_VOIDED} AND NOT ({COUNTED}) AND {SPENT} <> 0 AND {_within('p.purchased_at', spans, values)}{only}"
    )


def _registered(spans: _Spans, zone: ZoneInfo, values: Values, side: _Side) -> str:
    """When customers were registered who are not gone."""
    return f"SELECT at FROM ({side.registered(values)}) r WHERE {_within('at', spans, values)}"


def _customers(spans: _Spans, zone: ZoneInfo, values: Values, side: _Side) -> str:
    """What is told by what customers bought before, in all stores and in each: of each day how many purchases came so many days
    after the one before and after the one before that, the same in each part of what they divide into, and what was spent how
    long after the first time."""
    dialect = values.dialect
    day, hour = _day(dialect, zone), _hour(dialect, zone)
    purchases, theirs = side.theirs(values)
    sold = f"{NOT_VOIDED} AND p.customer_id IS NOT NULL AND {_within('p.purchased_at', spans, values)}{theirs}"
    before = f"{COUNTED} AND p.purchased_at < {values.bind(spans[-1][1])}"
    weekday = f"(({day} + {AGES // DAY_MS} + 3) % 7 + 1)"
    shown = f"{day} AS day, {hour} AS hour, {weekday} AS weekday, {month(dialect, zone)} AS month"
    here, method = ("", "store_id, "), _PARTS[PAYMENT_METHOD]
    others = [column for column in _PARTS.values() if column != method]
    known = f"SELECT p.id, p.customer_id, p.store_id, p.channel, p.purchased_at AS at, {shown}"
    if side.was:
        notes = f"({side.notes(values)}) p JOIN b ON b.customer_id = p.customer_id"
        stayed = f"{before} AND {side.stayed(values, 'p')}"
        history = f"{known}, NULL AS payments FROM b {_history(dialect, stayed)}"
        history += f" UNION ALL {known}, p.payments FROM {notes} WHERE {before}"
    else:
        history = f"{known} FROM b {_history(dialect, before)}"
    with_ = (
        f"WITH b AS MATERIALIZED (SELECT DISTINCT p.customer_id FROM {purchases} WHERE {sold}),"
        f" h AS MATERIALIZED ({history}),"
        f" w AS MATERIALIZED (SELECT * FROM (SELECT h.*, {', '.join(_earlier(own, '') for own in here)}"
        f", {', '.join(_earlier(own, column) for own in here for column in others)} FROM h) w"
        f" WHERE {_within('w.at', spans, values)}),"
        f" m AS MATERIALIZED (SELECT * FROM (SELECT t.*, {', '.join(_earlier(own, method) for own in here)} FROM"
        f" (SELECT h.id, h.customer_id, h.store_id, h.at, h.day, y.method FROM h {_payments(dialect, 'h', side)}) t) m"
        f" WHERE {_within('m.at', spans, values)})"
    )
    selects = []
    for own, store in zip(here, (_ALL, _ITS), strict=True):
        place = "_here" if own else ""
        selects += [
            f"SELECT '{kind}' AS kind, {store} AS store, day, NULL AS part, day - {kind}{place} AS days, count(*) AS n,"
            f" CAST(0 AS BIGINT) AS spent FROM w GROUP BY {own}day, {kind}{place}"
            for kind in (_ONCE, _TWICE)
        ]
        for division, column in _PARTS.items():
            gap = f"{column}_once{place}"
            selects.append(
                f"SELECT '{division}', {store}, day, CAST({column} AS TEXT), day - {gap}, count(*), 0"
                f" FROM {'m' if column == method else 'w'} GROUP BY {own}day, {column}, {gap}"
            )
        by = ", store_id" if own else ""
        first = f"SELECT customer_id{by}, min(day) AS first FROM h GROUP BY customer_id{by}"
        same = "f.customer_id = q.customer_id" + (" AND f.store_id = q.store_id" if own else "")
        age = dialect.greatest("q.day - coalesce(f.first, q.day)", "0")
        selects.append(
            f"SELECT '{_AGES}', {store.replace('store_id', 'q.store_id')}, q.day, NULL, {age}, count(*),"
            f" CAST(sum(q.spent) AS BIGINT) FROM (SELECT p.customer_id, p.store_id, {day} AS day, {SPENT} AS spent"
            f" FROM {purchases} WHERE {sold}) q LEFT JOIN ({first}) f ON {same} GROUP BY 2, q.day, {age}"
        )
    told_of = f"SELECT u.kind, u.store, u.day, {dialect.bundle('u.part, u.days, u.n, u.spent')}"
    return f"{with_} {told_of} FROM ({' UNION ALL '.join(selects)}) u GROUP BY u.kind, u.store, u.day"


def _earlier(own: str, column: str) -> str:
    """On which day the customer had bought before: in the `own` store, if it is named, and in the same part where purchases are
    divided by a column; or else on which day before that, too."""
    window = f"(PARTITION BY customer_id, {own}{column or 'customer_id'} ORDER BY at, id)"
    place = "_here" if own else ""
    if column:
        return f"lag(day) OVER {window} AS {column}_once{place}"
    return f"lag(day) OVER {window} AS once{place}, lag(day, 2) OVER {window} AS twice{place}"


def _placed(zone: ZoneInfo, found: Iterable[_Found]) -> Cells:
    """What the statements have found, place by place."""
    cells: defaultdict[Place, Cell] = defaultdict(Cell)
    for side in found:
        _place(cells, zone, side)
    return cells


def _place(cells: defaultdict[Place, Cell], zone: ZoneInfo, found: _Found) -> None:
    for day, store_id, hour, channel, *told in found.sums:
        figures = [found.sign * figure for figure in told]
        parts = (
            (HOUR, f"={hour}"),
            (WEEKDAY, f"={calendar.weekday(day)}"),
            (MONTH, f"={calendar.month(day)}"),
            (CHANNEL, "" if channel is None else f"={channel}"),
        )
        for store in ("", store_id):
            for division, part in parts:
                cells[Place(division, store, day, part)].add(figures[:4])
            cells[Place("", store, day, "")].add_all(figures)
    for day, store_id, method, *told in found.paid:
        for store in ("", store_id):
            cells[Place(PAYMENT_METHOD, store, day, f"={method}")].add([found.sign * figure for figure in told])
    for kind, store, day, bundle in found.bought:
        _told_of_customers(cells, found.sign, kind, store.replace("-", ""), day, orjson.loads(bundle))
    for day, store_id, purchase_id in found.odd:
        for store in ("", store_id):
            cells[Place("", store, day, "")].odd.append(purchase_id if found.sign > 0 else f"{NO_MORE}{purchase_id}")
    for (at,) in found.registered:
        cells[Place("", "", calendar.day_at(at, zone), "")].registered += found.sign


def _told_of_customers(
    cells: defaultdict[Place, Cell],
    sign: int,
    kind: str,
    store: str,
    day: int,
    rows: Sequence[tuple[str | None, int | None, int, int]],
) -> None:
    division = kind if kind in _PARTS else ""
    for part, days, number, spent in rows:
        cell = cells[Place(division, store, day, "" if part is None else f"={part}")]
        if kind == _AGES:
            cell.at_age(days or 0, sign * spent)
        elif kind == _TWICE:
            cell.after_two(days, sign * number)
        else:
            cell.after_one(days, sign * number)
