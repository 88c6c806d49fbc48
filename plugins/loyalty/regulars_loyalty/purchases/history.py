"""The line of time of a customer: purchases, refunds, and everything that moved credit or points, the latest first.

An event is what was posted together, by the id that its transfers share: that of the purchase or the refund, where one brought it
about. A purchase that moved nothing is an event, too. What was posted on records that were merged into the customer since belongs
to it: entries are never re-pointed, as purchases are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regulars_core.plugin import (
    Database,
    Dialect,
    Instant,
    Lookup,
    Once,
    Order,
    Page,
    SortKey,
    Values,
    Where,
    Window,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.entries import EntryRow, entries_of_events

LATEST_FIRST = Order(SortKey("AT", "t.at", "t.event_id", int), descending=True)
_PURCHASE_TIME = SortKey("AT", "p.purchased_at", "p.id", int)
_REFUND_TIME = SortKey("AT", "f.refunded_at", "f.id", int)


@dataclass(slots=True)
class EventRow:
    """Something that happened to a customer's account: an AccountEventKind, when, by whom, with which entries. `recorded_at` is
    when it was written down."""

    id: str
    customer_id: str
    at: Instant
    kind: str
    recorded_at: Instant
    purchase_id: str | None = None
    refund_id: str | None = None
    store_id: str | None = None
    actor: str | None = None
    reason: str | None = None
    credit: Sequence[EntryRow] = ()
    points: Sequence[EntryRow] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Where an event stands, and what is known of it without its entries."""

    at: Instant
    id: str
    kind: str
    recorded_at: Instant
    purchase_id: str | None
    store_id: str | None


@dataclass(slots=True)
class _Line:
    """The line of one customer: the records that lead there, and the events of a page."""

    customer_id: str
    records: list[str]
    found: dict[tuple[Instant, str], _Found] = field(default_factory=dict)

    def cut(self, window: Window) -> list[_Found]:
        """The events that come first in the window's direction, one more than it holds."""
        order = sorted(self.found, reverse=window.way == "DESC")
        return [self.found[position] for position in order[: window.size + 1]]


async def history_of(
    database: Database, currency: str, customer_ids: Sequence[str], window: Window, visible: Where | None
) -> Sequence[Page[EventRow]]:
    """A page of each customer's line of time. Purchases and refunds for which the conditions do not hold are left out if they
    moved nothing. Three statements for all customers."""
    lines = await _lines(database, customer_ids)
    pairs = [(line.customer_id, record) for line in lines.values() for record in line.records]
    sql, values = _positions(database.dialect, pairs, window, visible)
    for customer_id, at, id_, *known in await database.read(sql, *values):
        line = lines[customer_id]
        if known[0] or (at, id_) not in line.found:
            line.found[at, id_] = _Found(at, id_, *known)
    cut = {one: line.cut(window) for one, line in lines.items()}
    entries = await entries_of_events(database, [event.id for events in cut.values() for event in events])

    async def count() -> Mapping[str, int]:
        sql, values = _counts(database.dialect, pairs, visible)
        rows = await database.read(sql, *values)
        return dict.fromkeys(lines, 0) | {row[0]: row[1] for row in rows}

    counter = Once(count)
    return [
        Page.cut(
            window,
            [(_event(lines[one], found, entries[found.id], currency), (found.at, found.id)) for found in cut[one]],
            counter,
            one,
        )
        for one in customer_ids
    ]


async def _lines(database: Database, customer_ids: Sequence[str]) -> Mapping[str, _Line]:
    lines = {id_: _Line(id_, [id_]) for id_ in customer_ids}
    among = database.dialect.among("merged_into_id", 1)
    sql = f"SELECT merged_into_id, id FROM customer WHERE {among} ORDER BY id"
    for survivor, record in await database.read(sql, list(lines)):
        lines[survivor].records.append(record)
    return lines


def _sources(values: Values, visible: Where | None) -> Sequence[tuple[SortKey, str, str]]:
    """Where events of a record `k.record` come from: what they are ordered by, what is known of each (kind, recorded, purchase,
    store), and their rows. Nothing says when a refund was written down but when it was made."""
    seen = f" AND {visible.compile(values)}" if visible else ""
    return [
        (LATEST_FIRST.key, "'' AS kind, max(t.recorded_at) AS recorded_at, {no} AS purchase_id, {no} AS store_id",
         "loyalty_transfer t WHERE t.customer_id = k.record{between} GROUP BY t.at, t.event_id"),
        (_PURCHASE_TIME, "'PURCHASE' AS kind, p.recorded_at AS recorded_at, p.id AS purchase_id, p.store_id AS store_id",
         f"purchase p WHERE p.customer_id = k.record{{between}}{seen}"),
        (_REFUND_TIME, "'REFUND' AS kind, f.refunded_at AS recorded_at, p.id AS purchase_id, p.store_id AS store_id",
         "purchase p JOIN refund f ON f.purchase_id = p.id WHERE p.customer_id = k.record AND f.undone_at IS NULL"
         f"{{between}}{seen}"),
    ]  # fmt: skip


def _positions(dialect: Dialect, pairs: Sequence[tuple[str, str]], window: Window, visible: Where | None) -> Lookup:
    """(customer, at, id, kind, recorded, purchase, store) of the events that come first on each record."""
    source, bound = dialect.records(("owner", "record"), pairs)
    values = Values(dialect, *bound)
    limit = values.bind(window.size + 1)
    is_sqlite = dialect.engine == "sqlite"
    parts: list[str] = []
    for key, known, rows in _sources(values, visible):
        own = replace(window, order=replace(window.order, key=key))
        between = "".join(f" AND {condition}" for condition in own.conditions(values))
        columns = f"{key.column} AS at, {key.tie} AS id, {known}".format(
            no="NULL" if is_sqlite else "CAST(NULL AS uuid)"
        )
        walk = f"SELECT {columns} FROM {rows.format(between=between)} ORDER BY {own.order_by()} LIMIT {limit}"
        parts.append(f"SELECT * FROM ({walk}) x{len(parts)}")
    every = " UNION ALL ".join(parts)
    names = ("at", "id", "kind", "recorded_at", "purchase_id", "store_id")
    if is_sqlite:
        row = f"json_array({', '.join(f'e.{name}' for name in names)})"
        shown = ", ".join(f"j.value ->> {n}" for n in range(len(names)))
        lists = f"(SELECT json_group_array({row}) FROM ({every}) e)"
        return f"SELECT k.owner, {shown} FROM {source} CROSS JOIN json_each({lists}) AS j", values.all
    shown = ", ".join(f"e.{name}" for name in names)
    return f"SELECT k.owner, {shown} FROM {source} CROSS JOIN LATERAL ({every}) e", values.all


def _counts(dialect: Dialect, pairs: Sequence[tuple[str, str]], visible: Where | None) -> Lookup:
    """(customer, number) of the events of all records of a customer."""
    source, bound = dialect.records(("owner", "record"), pairs)
    values = Values(dialect, *bound)
    parts = [
        f"SELECT k.owner, {key.column} AS at, {key.tie} AS id FROM {source} CROSS JOIN {rows.format(between='')}"
        for key, _, rows in _sources(values, visible)
    ]
    parts[0] = parts[0].replace(" GROUP BY t.at, t.event_id", "")
    return f"SELECT e.owner, count(*) FROM ({' UNION '.join(parts)}) e GROUP BY e.owner", values.all


def _event(line: _Line, found: _Found, entries: Sequence[EntryRow], currency: str) -> EventRow:
    """An event with its entries: those on the customer's own account, or where it has none by it, those on merged records'."""
    theirs = [one for one in entries if one.customer_id in line.records]
    own = [one for one in theirs if one.customer_id == line.customer_id] or theirs
    row = EventRow(found.id, line.customer_id, found.at, found.kind, found.recorded_at, found.purchase_id)
    row.store_id = found.store_id
    if found.kind == "REFUND":
        row.refund_id = found.id
    if own:
        first = own[0]
        row.kind = found.kind or first.event_kind
        row.recorded_at = max(one.recorded_at for one in own)
        row.actor, row.reason, row.store_id = first.actor, first.reason, first.store_id
        row.purchase_id, row.refund_id = first.purchase_id or row.purchase_id, first.refund_id or row.refund_id
        row.credit = [one for one in own if one.unit == currency]
        row.points = [one for one in own if one.unit == POINTS]
    return row


async def balances_after(database: Database, events: Sequence[EventRow], unit: str) -> Sequence[int]:
    """The balance of each customer's account in a unit after each event, in the order of recording. One statement, and none where
    all events have entries there."""
    after: list[int | None] = []
    for event in events:
        own = event.points if unit == POINTS else event.credit
        after.append(own[-1].balance_after if own else None)
    asked = sorted(
        {(one.customer_id, one.recorded_at) for one, known in zip(events, after, strict=True) if known is None}
    )
    found = await _balances_at(database, asked, unit) if asked else {}
    return [
        found.get((event.customer_id, event.recorded_at), 0) if known is None else known
        for event, known in zip(events, after, strict=True)
    ]


async def _balances_at(
    database: Database, asked: Sequence[tuple[str, Instant]], unit: str
) -> Mapping[tuple[str, Instant], int]:
    latest = (
        "SELECT t.balance_after FROM loyalty_transfer t WHERE t.customer_id = k.record AND t.unit = {unit}"
        " AND t.recorded_at <= k.moment ORDER BY t.version DESC LIMIT 1"
    )
    if database.engine == "sqlite":
        source = "(SELECT value ->> 0 AS record, value ->> 1 AS moment FROM json_each($1)) k"
        values: list[Any] = [list(asked), unit]
    else:
        array = database.dialect.array
        source = f"unnest({array(1)}, {array(2, 'bigint')}) AS k(record, moment)"
        values = [[one for one, _ in asked], [at for _, at in asked], unit]
    inner = latest.format(unit=f"${len(values)}")
    rows = await database.read(f"SELECT k.record, k.moment, ({inner}) FROM {source}", *values)
    return {(row[0], row[1]): row[2] or 0 for row in rows}


async def recorded_by(database: Database, event_ids: Sequence[str]) -> Mapping[str, str]:
    """Who recorded these purchases and refunds, by the audit; what came from files is missing."""
    among = database.dialect.among("a.entity_key", 1)
    sql = f"SELECT a.entity_key, a.key_name FROM audit a WHERE {among} ORDER BY a.recorded_at DESC, a.id DESC"
    rows = await database.read(sql, list(dict.fromkeys(event_ids)))
    return {row[0]: row[1] for row in rows}
