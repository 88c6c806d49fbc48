"""Counting what purchases of some days come to, from the purchases: the database adds up, and answers a row for each place."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from regulars_core.customers.reads import GONE
from regulars_core.database import Dialect
from regulars_core.primitives.clock import DAY_MS, HOUR_MS, Instant
from regulars_core.purchases.figures.calendar import AGES, month, shown_time
from regulars_core.purchases.figures.rollups import days as calendar
from regulars_core.purchases.figures.rollups.cells import Cell, Place
from regulars_core.purchases.figures.sums import NOT_VOIDED, SPENT
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

HOUR, WEEKDAY, MONTH, CHANNEL, PAYMENT_METHOD = "HOUR", "WEEKDAY", "MONTH", "CHANNEL", "PAYMENT_METHOD"
STORE = "STORE"
"""By what it is kept; that of stores stands beside all of it."""
Cells = Mapping[Place, Cell]
_ONCE, _TWICE, _AGES = "once", "twice", "ages"  # beside the divisions, what is told of who bought before
_PARTS = {HOUR: "hour", WEEKDAY: "weekday", MONTH: "month", CHANNEL: "channel", PAYMENT_METHOD: "method"}
_ALL, _ITS = "''", "CAST(store_id AS TEXT)"  # the store of what is told of all, and of each one
_PIECES = (
    "(SELECT sum(l.quantity - l.refunded_quantity) FROM purchase_line l WHERE l.purchase_id = p.id AND l.quantity > 0)"
)


async def counted(shop: Shop, days: Sequence[int]) -> Cells:
    """What the purchases of these days come to, place by place: five statements, whatever they find."""
    if not days:
        return {}
    zone, database = shop.settings.zone, shop.database
    spans = _spans(sorted(days), zone)
    found: list[Sequence[Any]] = []
    for write in (_sums, _paid, _customers, _odd):
        values = Values(database.dialect, whole=True)
        found.append(await database.rows(write(spans, sorted(days), zone, values), *values.all))
    values = Values(database.dialect, whole=True)
    registered = f"c.status NOT IN {GONE} AND {_within('c.created_at', spans, values)}"
    created = await database.rows(f"SELECT c.created_at FROM customer c WHERE {registered}", *values.all)
    sums, paid, customers, odd = found
    return await asyncio.to_thread(_cells, zone, sums, paid, customers, odd, [row[0] for row in created])


def _spans(days: Sequence[int], zone: ZoneInfo) -> Sequence[tuple[Instant, Instant]]:
    """From when to before when the days are that follow each other."""
    spans: list[tuple[Instant, Instant]] = []
    for _, some in groupby(enumerate(days), lambda pair: pair[1] - pair[0]):
        own = [day for _, day in some]
        spans.append((calendar.start(own[0], zone), calendar.end(own[-1], zone)))
    return spans


_Spans = Sequence[tuple[Instant, Instant]]


def _within(column: str, spans: _Spans, values: Values) -> str:
    parts = [f"{column} >= {values.bind(first)} AND {column} < {values.bind(before)}" for first, before in spans]
    return f"({' OR '.join(parts)})"


def _day(dialect: Dialect, zone: ZoneInfo) -> str:
    return f"(({shown_time(dialect, zone)} + {AGES}) / {DAY_MS} - {AGES // DAY_MS})"


def _hour(dialect: Dialect, zone: ZoneInfo) -> str:
    return f"(({shown_time(dialect, zone)} + {AGES}) / {HOUR_MS} % 24)"


def _payments(dialect: Dialect, of: str) -> str:
    """What joins payments `y` to the purchases with this alias; PostgreSQL would read all that there are."""
    if dialect.engine == "sqlite":
        return f"JOIN payment y ON y.purchase_id = {of}.id"
    return f"CROSS JOIN LATERAL (SELECT o.method, o.amount FROM payment o WHERE o.purchase_id = {of}.id OFFSET 0) y"


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


def _sums(spans: _Spans, days: Sequence[int], zone: ZoneInfo, values: Values) -> str:
    """What is added up of the purchases themselves, by day, store, hour and channel."""
    columns = [
        "count(*)", _added(SPENT), _if_counted("1"), _if_counted(SPENT),
        _added(f"CASE WHEN p.customer_id IS NOT NULL THEN {SPENT} END"),
        _if_counted("CASE WHEN p.discount > 0 THEN 1 END"), _if_counted("p.discount"), _if_counted("p.total + p.discount"),
        _if_counted(_PIECES),
    ]  # fmt: skip
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, {_hour(values.dialect, zone)}, p.channel, {', '.join(columns)}"
        f" FROM purchase p WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)} GROUP BY 1, 2, 3, 4"
    )


def _paid(spans: _Spans, days: Sequence[int], zone: ZoneInfo, values: Values) -> str:
    """The same of payments, by day, store and way of paying."""
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, y.method, count(DISTINCT p.id), {_added('y.amount')},"
        f" count(DISTINCT CASE WHEN {COUNTED} THEN p.id END), {_if_counted('y.amount')}"
        f" FROM purchase p {_payments(values.dialect, 'p')}"
        f" WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)} GROUP BY 1, 2, 3"
    )


def _odd(spans: _Spans, days: Sequence[int], zone: ZoneInfo, values: Values) -> str:
    """The purchases of known customers that do not count and came to something."""
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, p.id FROM purchase p WHERE p.customer_id IS NOT NULL"
        f" AND {NOT_VOIDED} AND NOT ({COUNTED}) AND {SPENT} <> 0 AND {_within('p.purchased_at', spans, values)}"
    )


def _customers(spans: _Spans, days: Sequence[int], zone: ZoneInfo, values: Values) -> str:
    """What is told by what customers bought before: of each day how many purchases came so many days after the one before and
    after the one before that, who bought in a part for the first time, and what was spent how long after the first time; in all
    stores and in each."""
    dialect = values.dialect
    day, hour = _day(dialect, zone), _hour(dialect, zone)
    sold = f"{NOT_VOIDED} AND p.customer_id IS NOT NULL AND {_within('p.purchased_at', spans, values)}"
    told = _within("w.at", spans, values)
    listed = values.among("t.day", days, "bigint")
    weekday = f"(({day} + {AGES // DAY_MS} + 3) % 7 + 1)"
    shown = f"{day} AS day, {hour} AS hour, {weekday} AS weekday, {month(dialect, zone)} AS month"
    with_ = (
        f"WITH b AS MATERIALIZED (SELECT DISTINCT p.customer_id FROM purchase p WHERE {sold}), h AS MATERIALIZED"
        f" (SELECT p.id, p.customer_id, p.store_id, p.channel, p.purchased_at AS at, {shown} FROM b"
        f" {_history(dialect, f'{COUNTED} AND p.purchased_at < {values.bind(spans[-1][1])}')}),"
        f" m AS MATERIALIZED (SELECT h.customer_id, h.store_id, h.day, y.method FROM h {_payments(dialect, 'h')}),"
        " w AS MATERIALIZED (SELECT h.store_id, h.at, h.day, lag(day) OVER c AS once, lag(day, 2) OVER c AS twice,"
        " lag(day) OVER s AS once_here, lag(day, 2) OVER s AS twice_here FROM h"
        " WINDOW c AS (PARTITION BY customer_id ORDER BY at, id), s AS (PARTITION BY customer_id, store_id ORDER BY at, id))"
    )
    selects = []
    for store, here in ((_ALL, ""), (_ITS, "_here")):
        own, by = ("", "") if store == _ALL else ("store_id, ", ", store_id")
        for kind, at in ((_ONCE, "sum(at)"), (_TWICE, "0")):
            selects.append(
                f"SELECT '{kind}' AS kind, {store} AS store, day, CAST(day - {kind}{here} AS TEXT) AS part, count(*) AS n,"
                f" CAST({at} AS BIGINT) AS amount FROM w WHERE {told} GROUP BY {own}day, {kind}{here}"
            )
        for division, column in _PARTS.items():
            table = "m" if division == PAYMENT_METHOD else "h"
            selects.append(
                f"SELECT '{division}', {store}, t.day, CAST(t.{column} AS TEXT), count(*), 0 FROM (SELECT customer_id{by},"
                f" {column}, min(day) AS day FROM {table} GROUP BY customer_id{by}, {column}) t WHERE {listed}"
                f" GROUP BY {own}t.day, t.{column}"
            )
        first = f"SELECT customer_id{by}, min(day) AS first FROM h GROUP BY customer_id{by}"
        same = "f.customer_id = q.customer_id" + (" AND f.store_id = q.store_id" if by else "")
        age = dialect.greatest("q.day - coalesce(f.first, q.day)", "0")
        selects.append(
            f"SELECT '{_AGES}', {store.replace('store_id', 'q.store_id')}, q.day, CAST({age} AS TEXT), count(*),"
            f" CAST(sum(q.spent) AS BIGINT) FROM (SELECT p.customer_id, p.store_id, {day} AS day, {SPENT} AS spent"
            f" FROM purchase p WHERE {sold}) q LEFT JOIN ({first}) f ON {same} GROUP BY 2, q.day, {age}"
        )
    told_of = f"SELECT u.kind, u.store, u.day, {dialect.bundle('u.part, u.n, u.amount')}"
    return f"{with_} {told_of} FROM ({' UNION ALL '.join(selects)}) u GROUP BY u.kind, u.store, u.day"


def _cells(
    zone: ZoneInfo,
    sums: Iterable[Any],
    paid: Iterable[Any],
    customers: Iterable[Any],
    odd: Iterable[Any],
    created: Iterable[Instant],
) -> Cells:
    """What the statements have found, place by place."""
    cells: defaultdict[Place, Cell] = defaultdict(Cell)
    for day, store_id, hour, channel, *figures in sums:
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
    for day, store_id, method, *figures in paid:
        for store in ("", store_id):
            cells[Place(PAYMENT_METHOD, store, day, f"={method}")].add(figures)
    for kind, store, day, bundle in customers:
        _told_of_customers(cells, kind, store.replace("-", ""), day, orjson.loads(bundle), zone)
    for day, store_id, purchase_id in odd:
        for store in ("", store_id):
            cells[Place("", store, day, "")].odd.append(purchase_id)
    for at in created:
        cells[Place("", "", calendar.day_at(at, zone), "")].registered += 1
    return cells


def _told_of_customers(
    cells: defaultdict[Place, Cell],
    kind: str,
    store: str,
    day: int,
    rows: Sequence[tuple[str | None, int, int]],
    zone: ZoneInfo,
) -> None:
    if kind in _PARTS:
        for part, number, _ in rows:
            cells[Place(kind, store, day, "" if part is None else f"={part}")].firsts = number
        return
    cell, start = cells[Place("", store, day, "")], calendar.start(day, zone)
    if kind == _AGES:
        cell.ages = {int(age or 0): spent for age, _, spent in rows}
    elif kind == _TWICE:
        for gap, number, _ in rows:
            cell.after_two(None if gap is None else int(gap), number)
    else:
        for gap, number, at in rows:
            cell.after_one(None if gap is None else int(gap), number, at - number * start)
