"""Histories: the purchases of customers as rules look at them, of many customers at once.

This is where plugins read what has been bought. While things are told as they happen it is what is recorded; where a plugin is
told later of what it missed it is what was recorded then, so that a plugin which decides by histories decides as it would have.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

from regulars_core.database import Lookup
from regulars_core.events.ahead import Place, place
from regulars_core.primitives.clock import NEVER, Instant, day_and_minute, now
from regulars_core.purchases import as_of
from regulars_core.purchases.reads import (
    LINE_STANDS,
    REFUNDS,
    STANDS,
    LineRow,
    RefundLineRow,
    RefundRow,
    refund_lines_of,
)
from regulars_core.purchases.recorded import RecordedPurchase
from regulars_core.purchases.regulars.latest import COUNTED
from regulars_core.purchases.statistics import lookup_statistics
from regulars_core.rules.facts import CustomerFact, Lifetime, LineFact, PurchaseFact
from regulars_core.shop.shop import Shop

_BY_TIME = attrgetter("at", "id")


async def purchase_facts(
    shop: Shop, since: Mapping[str, Instant], reads: Collection[str] = ()
) -> Mapping[str, list[PurchaseFact]]:
    """The purchases of each customer from an instant on, in the order of time, with what is to be read beyond them: `lines`,
    `customer`. In a replay, as of the event. The number of statements does not depend on how many customers there are."""
    if not since:
        return {}
    sql, values = lookup_purchase_facts(shop, since)
    facts = purchase_facts_from(shop, list(since), await shop.database.rows(sql, *values))
    return await completed(shop, facts, reads) if reads else facts


def lookup_purchase_facts(shop: Shop, since: Mapping[str, Instant]) -> Lookup:
    """What `purchase_facts_from` makes facts of: the purchases of each customer from an instant on; for the first half of an
    event."""
    if standing := place():
        return _lookup_facts_then(shop, since, standing)
    database, columns = shop.database, f"k.key, p.id, p.purchased_at, p.total - p.refunded, {_REST}"
    link = "p.customer_id = k.key AND p.purchased_at >= k.at AND p.status <> 'VOIDED'"
    keys, values = database.dialect.moments(list(since.items()), 1)
    if database.engine == "sqlite":
        return f"SELECT {columns} FROM {keys} CROSS JOIN purchase p WHERE {link}", values
    # Each customer's part of the index by itself, whatever the planner knows of the table.
    theirs = f"SELECT * FROM purchase p WHERE {link} OFFSET 0"
    return f"SELECT {columns} FROM {keys} CROSS JOIN LATERAL ({theirs}) p", values


_REST = "p.status, p.store_id, p.channel"


def _lookup_facts_then(shop: Shop, since: Mapping[str, Instant], standing: Place) -> Lookup:
    """The same as of an event: what is theirs and was so then, and what was theirs and is another's now."""
    database = shop.database
    keys, values = database.dialect.moments(list(since.items()), 4)
    columns = f"k.key, p.id, p.purchased_at, CAST({as_of.NET} AS BIGINT) AS net, {as_of.STATUS} AS status, p.store_id, p.channel"
    link, ahead = (
        "p.customer_id = k.key AND p.purchased_at >= k.at",
        "a.purchase_id = p.id AND a.customer_id = k.key",
    )
    theirs = (
        "CROSS JOIN purchase p"
        if database.engine == "sqlite"
        else f"CROSS JOIN LATERAL (SELECT * FROM purchase p WHERE {link} OFFSET 0) p"
    )
    return (
        f"WITH later AS ({as_of.later(database.dialect)})"
        f" SELECT {columns} FROM {keys} {theirs} LEFT JOIN later a ON {ahead}"
        f" WHERE {link} AND {as_of.STILL_THEIRS} AND {as_of.STANDS}"
        f" UNION ALL SELECT {columns} FROM {keys} JOIN later a ON a.customer_id = k.key"
        " JOIN purchase p ON p.id = a.purchase_id AND p.purchased_at >= k.at"
        f" WHERE {as_of.WAS_ANOTHERS_SINCE} AND {as_of.STANDS}",
        [list(since), *standing, *values],
    )


def purchase_facts_from(
    shop: Shop, customer_ids: Sequence[str], rows: Sequence[Any]
) -> Mapping[str, list[PurchaseFact]]:
    """The purchases of each customer in the order of time, from the rows of `lookup_purchase_facts`."""
    zone = shop.settings.zone
    facts: dict[str, list[PurchaseFact]] = {customer_id: [] for customer_id in customer_ids}
    for owner, id_, at, net, status, store_id, channel in rows:
        day, minute = day_and_minute(at, zone)
        facts[owner].append(
            PurchaseFact(id_, at, day, net, status != "REFUNDED" and net >= 0, store_id, channel, minute)
        )
    for own in facts.values():
        own.sort(key=_BY_TIME)
    return facts


def fact_of(shop: Shop, purchase: RecordedPurchase, *, lines: bool = False) -> PurchaseFact:
    """A purchase that an event brings, as rules look at it; with its lines, if they are wanted, as they were recorded."""
    day, minute = day_and_minute(purchase.purchased_at, shop.settings.zone)
    net = purchase.total_minor - purchase.refunded_minor
    counted = purchase.status != "REFUNDED" and net >= 0
    fact = PurchaseFact(
        purchase.id, purchase.purchased_at, day, net, counted, purchase.store_id, purchase.channel, minute
    )
    return fact._replace(lines=tuple(map(_line_of, purchase.lines))) if lines else fact


def _line_of(line: LineRow) -> LineFact:
    return LineFact(
        line.id, line.sku, line.name, line.brand, line.category, line.quantity_millionths, 0, line.total_minor, 0
    )


def lookup_first_and_last(shop: Shop, moments: Sequence[tuple[str, Instant]]) -> Lookup:
    """(customer, instant, first, last) for each customer and instant: when the first and the last purchase that stands was made
    before it, null where there is none. In a replay, as of the event."""
    dialect = shop.database.dialect
    if standing := place():
        sql, values = _lookup_facts_then(shop, dict.fromkeys((one for one, _ in moments), NEVER), standing)
        keys, pairs = dialect.moments(moments, len(values) + 1)
        counted = "f.purchased_at < k.at AND f.status <> 'REFUNDED' AND f.net >= 0"
        bounds = "min(f.purchased_at) AS first_at, max(f.purchased_at) AS last_at"
        return (
            f"SELECT k.key, k.at, {bounds} FROM {keys} LEFT JOIN ({sql}) f ON f.key = k.key AND {counted} GROUP BY k.key, k.at",
            [*values, *pairs],
        )
    keys, pairs = dialect.moments(moments, 1)
    own = f"SELECT p.purchased_at FROM purchase p WHERE p.customer_id = k.key AND p.purchased_at < k.at AND {COUNTED}"
    bounds = ", ".join(f"({own} ORDER BY p.purchased_at{way} LIMIT 1) AS {name}" for name, way in _ENDS.items())
    return f"SELECT k.key, k.at, {bounds} FROM {keys}", pairs


_ENDS = {"first_at": "", "last_at": " DESC"}


def lookup_latest_purchases(shop: Shop, moments: Sequence[tuple[str, Instant]]) -> Lookup:
    """(customer, id, instant) of the last purchase that stands, as is known by now, and was made before an instant, for each
    customer and instant; who has made none is left out."""
    keys, pairs = shop.database.dialect.moments(moments, 1)
    own = f"SELECT p.id FROM purchase p WHERE p.customer_id = k.key AND p.purchased_at < k.at AND {COUNTED}"
    latest = f"({own} ORDER BY p.purchased_at DESC, p.id DESC LIMIT 1)"
    return f"SELECT k.key, l.id, l.purchased_at FROM {keys} JOIN purchase l ON l.id = {latest}", pairs


def lookup_lifetimes(shop: Shop, customer_ids: Collection[str]) -> Lookup:
    """(customer, spent, count, activity) of each customer, in the order of ids: what all purchases amount to, in minor units, how
    many stand, and the counter of what has moved any of the customer's figures. In a replay, as of the event."""
    dialect = shop.database.dialect
    if standing := place():
        return as_of.lifetimes(dialect), [sorted(customer_ids), *standing]
    return lookup_statistics(dialect, customer_ids)


async def lifetimes(shop: Shop, customer_ids: Collection[str]) -> Mapping[str, Lifetime]:
    """What all purchases of each customer amount to. In a replay, as of the event."""
    sql, values = lookup_lifetimes(shop, customer_ids)
    return {row[0]: Lifetime(row[1], row[2]) for row in await shop.database.read(sql, *values)}


async def refunds_of(
    shop: Shop, purchase_ids: Collection[str]
) -> Mapping[str, list[tuple[RefundRow, Sequence[RefundLineRow]]]]:
    """The refunds of each purchase that count, in the order in which they were made, each with its lines. In a replay, as of the
    event. Two statements, however many purchases there are."""
    found: dict[str, list[tuple[RefundRow, Sequence[RefundLineRow]]]] = {id_: [] for id_ in purchase_ids}
    if not found:
        return found
    standing = place()
    counts = as_of.refund_made_by_then(2, 3) if standing else STANDS
    rows = await shop.database.rows(
        f"SELECT {REFUNDS.column_list} FROM {REFUNDS.source} WHERE {shop.database.dialect.among('f.purchase_id', 1)}"
        f" AND {counts} ORDER BY f.id",
        sorted(found),
        *(standing or ()),
    )
    refunds = [RefundRow(*row) for row in rows]
    lines = await refund_lines_of(shop.database, [one.id for one in refunds])
    for one in refunds:
        found[one.purchase_id].append((one, lines[one.id]))
    return found


async def completed(
    shop: Shop, facts: Mapping[str, Sequence[PurchaseFact]], reads: Collection[str]
) -> Mapping[str, list[PurchaseFact]]:
    """The same facts of each customer with what is to be read beyond them: `lines`, `customer`. A statement for each of these,
    however many customers there are."""
    lines: Sequence[Any] = ()
    customers: Sequence[Any] = ()
    if "lines" in reads:
        among = f"purchase_line l WHERE {shop.database.dialect.among('l.purchase_id', 1)}"
        ids = [fact.id for own in facts.values() for fact in own]
        lines = await shop.database.rows(_lines_of(among), ids, *(place() or ()))
    if "customer" in reads:
        sql, values = lookup_customers_then(shop, facts)
        customers = await shop.database.rows(sql, *values)
    return completed_from(facts, reads, (lines, customers))


def lookup_completions(shop: Shop, since: Mapping[str, Instant]) -> Sequence[Lookup]:
    """What `completed_from` completes the purchases of each customer from an instant on from."""
    sql, values = lookup_purchase_facts(shop, since)
    lines = _lines_of(f"({sql}) f JOIN purchase_line l ON l.purchase_id = f.id")
    return [(lines, values), lookup_customers_then(shop, since)]


def completed_from(
    facts: Mapping[str, Sequence[PurchaseFact]], reads: Collection[str], found: Sequence[Sequence[Any]]
) -> Mapping[str, list[PurchaseFact]]:
    """The same as `completed`, from the rows of `lookup_completions`. Facts whose lines are not among them keep their own."""
    lines = dict[str, list[LineFact]]()
    for purchase_id, *line in found[0] if "lines" in reads else ():
        lines.setdefault(purchase_id, []).append(LineFact(*line))
    then = customers_then_from(found[1]) if "customer" in reads else {}
    return {
        one: [
            fact._replace(
                lines=tuple(lines[fact.id]) if fact.id in lines else fact.lines,
                customer=then[one](fact.at) if one in then else None,
            )
            for fact in own
        ]
        for one, own in facts.items()
    }


def _lines_of(source: str) -> str:
    """The lines `l` of a FROM item; in a replay, as of the event, whose place are the values 2 and 3."""
    standing = place()
    made = as_of.made_by_then(2, 3) if standing else LINE_STANDS
    given = "CAST((SELECT coalesce(sum(r.{}), 0) FROM refund_line r WHERE r.line_id = l.id AND " + made + ") AS BIGINT)"
    returned = given.format("quantity") if standing else "l.refunded_quantity"
    return (
        f"SELECT l.purchase_id, l.id, l.sku, l.name, l.brand, l.category, l.quantity, {returned}, l.total,"
        f" {given.format('amount')} FROM {source} ORDER BY l.purchase_id, l.position"
    )


def lookup_customers_then(shop: Shop, ids: Collection[str]) -> Lookup:
    """What `customers_then_from` tells of customers from; a row for each time that somebody came into another group."""
    return (
        "SELECT c.id, c.group_id, c.created_at, c.birth_date, c.origin_store_id, g.at, g.before_id, g.after_id FROM customer c"
        f" LEFT JOIN customer_group_change g ON g.customer_id = c.id WHERE {shop.database.dialect.among('c.id', 1)}"
        " ORDER BY c.id, g.at, g.number",
        [sorted(ids)],
    )


def customers_then_from(rows: Sequence[Any]) -> Mapping[str, Callable[[Instant], CustomerFact]]:
    """What each customer was at an instant: the group that of the latest change until then, and until now."""
    present, moves = now(), dict[str, list[tuple[Instant, str, str]]]()
    for one, *_, at, before, after in rows:
        own = moves.setdefault(one, [])
        if at is not None:
            own.append((at, before, after))

    def then(row: Any) -> Callable[[Instant], CustomerFact]:
        own, born = moves[row[0]], row[3] and date.fromisoformat(str(row[3]))

        def at(instant: Instant) -> CustomerFact:
            past = [move for move in own if move[0] <= min(instant, present)]
            group = past[-1][2] if past else own[0][1] if own else row[1]
            return CustomerFact(row[0], group, row[2], born, row[4])

        return at

    return {row[0]: then(row) for row in rows}
