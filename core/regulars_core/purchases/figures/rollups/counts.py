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
from regulars_core.purchases.figures.rollups.cells import Cell, Place
from regulars_core.purchases.figures.sums import NOT_VOIDED, SPENT
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop

HOUR, WEEKDAY, MONTH, CHANNEL, PAYMENT_METHOD = "HOUR", "WEEKDAY", "MONTH", "CHANNEL", "PAYMENT_METHOD"
STORE = "STORE"
"""By what it is kept; that of stores stands beside all of it."""
Cells = Mapping[Place, Cell]
_Spans = Sequence[tuple[Instant, Instant]]
_Narrowed = Callable[[Values], str]
_ONCE, _TWICE, _AGES = "once", "twice", "ages"  # beside the divisions, what is told of who bought before
_PARTS = {HOUR: "hour", WEEKDAY: "weekday", MONTH: "month", CHANNEL: "channel", PAYMENT_METHOD: "method"}
_ALL, _ITS = "''", "CAST(store_id AS TEXT)"  # the store of what is told of all, and of each one
_PIECES = (
    "(SELECT sum(l.quantity - l.refunded_quantity) FROM purchase_line l WHERE l.purchase_id = p.id AND l.quantity > 0)"
)


@dataclass(frozen=True, slots=True)
class New:
    """Purchases that were made, by these customers, and customers who were registered: of nothing else than that they are new."""

    purchases: Sequence[str]
    customers: Sequence[str]
    registered: Sequence[str]


async def counted(shop: Shop, days: Sequence[int]) -> Cells:
    """What the purchases of these days come to, place by place: five statements, whatever they find."""
    spans = _spans(sorted(days), shop.settings.zone)
    return await _cells(shop, spans, None, [(1, lambda values: "", lambda values: "")]) if days else {}


async def added(shop: Shop, days: Sequence[int], new: New) -> Cells:
    """What these days have come to more, or less, by what is new: what is told by all purchases of who bought, less what is told
    without the new ones. Six statements, which read what these customers bought."""

    def theirs(values: Values) -> str:
        return f" AND {values.among('p.customer_id', new.customers, 'uuid')}"

    def without(values: Values) -> str:
        return f" AND NOT ({values.among('p.id', new.purchases, 'uuid')})"

    spans = _spans(sorted(days), shop.settings.zone)
    told: list[tuple[int, _Narrowed, _Narrowed]] = [(1, theirs, lambda values: ""), (-1, theirs, without)]
    return await _cells(shop, spans, new, told if new.customers else []) if days else {}


async def _cells(shop: Shop, spans: _Spans, new: New | None, told: Sequence[tuple[int, _Narrowed, _Narrowed]]) -> Cells:
    """What the purchases of these spans come to, or those that are new; and for each sign what is told by purchases that are
    narrowed to some customers and to some purchases, added or taken off."""
    zone, database = shop.settings.zone, shop.database
    found: list[Sequence[Any]] = []
    for write in (_sums, _paid, _odd):
        values = Values(database.dialect, whole=True)
        only = "" if new is None else f" AND {values.among('p.id', new.purchases, 'uuid')}"
        found.append(await database.rows(write(spans, zone, values, only), *values.all))
    bought: list[tuple[int, Sequence[Any]]] = []
    for sign, customers, purchases in told:
        values = Values(database.dialect, whole=True)
        sql = _customers(spans, zone, values, customers(values), purchases(values))
        bought.append((sign, await database.rows(sql, *values.all)))
    values = Values(database.dialect, whole=True)
    registered = f"c.status NOT IN {GONE} AND {_within('c.created_at', spans, values)}"
    only = "" if new is None else f" AND {values.among('c.id', new.registered, 'uuid')}"
    created = await database.rows(f"SELECT c.created_at FROM customer c WHERE {registered}{only}", *values.all)
    sums, paid, odd = found
    return await asyncio.to_thread(_placed, zone, sums, paid, odd, bought, [row[0] for row in created])


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


def _sums(spans: _Spans, zone: ZoneInfo, values: Values, only: str) -> str:
    """What is added up of the purchases themselves, by day, store, hour and channel."""
    columns = [
        "count(*)", _added(SPENT), _if_counted("1"), _if_counted(SPENT),
        _added(f"CASE WHEN p.customer_id IS NOT NULL THEN {SPENT} END"),
        _if_counted("CASE WHEN p.discount > 0 THEN 1 END"), _if_counted("p.discount"), _if_counted("p.total + p.discount"),
        _if_counted(_PIECES),
    ]  # fmt: skip
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, {_hour(values.dialect, zone)}, p.channel, {', '.join(columns)}"
        f" FROM purchase p WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)}{only}"
        " GROUP BY 1, 2, 3, 4"
    )


def _paid(spans: _Spans, zone: ZoneInfo, values: Values, only: str) -> str:
    """The same of payments, by day, store and way of paying."""
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, y.method, count(DISTINCT p.id), {_added('y.amount')},"
        f" count(DISTINCT CASE WHEN {COUNTED} THEN p.id END), {_if_counted('y.amount')}"
        f" FROM purchase p {_payments(values.dialect, 'p')}"
        f" WHERE {NOT_VOIDED} AND {_within('p.purchased_at', spans, values)}{only} GROUP BY 1, 2, 3"
    )


def _odd(spans: _Spans, zone: ZoneInfo, values: Values, only: str) -> str:
    """The purchases of known customers that do not count and came to something."""
    return (
        f"SELECT {_day(values.dialect, zone)}, p.store_id, p.id FROM purchase p WHERE p.customer_id IS NOT NULL"
        f" AND {NOT_VOIDED} AND NOT ({COUNTED}) AND {SPENT} <> 0 AND {_within('p.purchased_at', spans, values)}{only}"
    )


def _customers(spans: _Spans, zone: ZoneInfo, values: Values, customers: str, purchases: str) -> str:
    """What is told by what customers bought before, in all stores and in each: of each day how many purchases came so many days
    after the one before and after the one before that, the same in each part of what they divide into, and what was spent how
    long after the first time. `customers` and `purchases` are conditions that narrow it."""
    dialect = values.dialect
    day, hour = _day(dialect, zone), _hour(dialect, zone)
    sold = f"{NOT_VOIDED} AND p.customer_id IS NOT NULL AND {_within('p.purchased_at', spans, values)}{customers}"
    before = f"{COUNTED} AND p.purchased_at < {values.bind(spans[-1][1])}{purchases}"
    weekday = f"(({day} + {AGES // DAY_MS} + 3) % 7 + 1)"
    shown = f"{day} AS day, {hour} AS hour, {weekday} AS weekday, {month(dialect, zone)} AS month"
    here, method = ("", "store_id, "), _PARTS[PAYMENT_METHOD]
    others = [column for column in _PARTS.values() if column != method]
    with_ = (
        f"WITH b AS MATERIALIZED (SELECT DISTINCT p.customer_id FROM purchase p WHERE {sold}), h AS MATERIALIZED"
        f" (SELECT p.id, p.customer_id, p.store_id, p.channel, p.purchased_at AS at, {shown} FROM b"
        f" {_history(dialect, before)}),"
        f" w AS MATERIALIZED (SELECT * FROM (SELECT h.*, {', '.join(_earlier(own, '') for own in here)}"
        f", {', '.join(_earlier(own, column) for own in here for column in others)} FROM h) w"
        f" WHERE {_within('w.at', spans, values)}),"
        f" m AS MATERIALIZED (SELECT * FROM (SELECT t.*, {', '.join(_earlier(own, method) for own in here)} FROM"
        f" (SELECT h.id, h.customer_id, h.store_id, h.at, h.day, y.method FROM h {_payments(dialect, 'h')}) t) m"
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
            f" FROM purchase p WHERE {sold}{purchases}) q LEFT JOIN ({first}) f ON {same} GROUP BY 2, q.day, {age}"
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


def _placed(
    zone: ZoneInfo,
    sums: Iterable[Any],
    paid: Iterable[Any],
    odd: Iterable[Any],
    bought: Iterable[tuple[int, Iterable[Any]]],
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
    for sign, rows in bought:
        for kind, store, day, bundle in rows:
            _told_of_customers(cells, sign, kind, store.replace("-", ""), day, orjson.loads(bundle))
    for day, store_id, purchase_id in odd:
        for store in ("", store_id):
            cells[Place("", store, day, "")].odd.append(purchase_id)
    for at in created:
        cells[Place("", "", calendar.day_at(at, zone), "")].registered += 1
    return cells


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
