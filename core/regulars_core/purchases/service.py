"""Recording purchases: one from a till, a thousand from a file; each exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.database import Dialect, Lookup
from regulars_core.events.events import Found, announce, look_up
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.ahead import RECORDED, NamedAhead, activity_of, named_ahead
from regulars_core.purchases.baskets import Quote
from regulars_core.purchases.quotes import quotes_of, quoting_of, tell_failures
from regulars_core.purchases.reads import LineRow, PaymentRow, PurchaseRow
from regulars_core.purchases.recorded import PurchaseOutline, whole
from regulars_core.purchases.rules import CheckedLine, CheckedPurchase, NewPayment
from regulars_core.purchases.statistics import StatsDelta, add_purchases, hold, stats_update
from regulars_core.queries.inserts import MIN_COPY_ROWS, insert, inserting
from regulars_core.queries.rows import query_by_text
from regulars_core.shop.shop import Shop


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one purchase that was sent: it is there now (`created`), was there before, or is refused."""

    id: str | None
    created: bool
    problem: Problem | None = None
    row: PurchaseRow | None = None
    """The purchase as it is recorded, if this has recorded it."""


async def record(shop: Shop, purchases: Sequence[CheckedPurchase], ahead: NamedAhead | None = None) -> list[Recorded]:
    """Record purchases and answer for each, in order, what became of it.

    A reference that its store has already used is the same purchase sent again if the content is the same, and is
    refused with REFERENCE_REUSED if it is not. The customers and stores named must exist. `ahead` is what plugins have named
    already of one purchase by itself.
    """
    return await shop.database.transaction(lambda: _record(shop, purchases, ahead))


async def _record(shop: Shop, purchases: Sequence[CheckedPurchase], ahead: NamedAhead | None) -> list[Recorded]:
    if (
        len(purchases) > 1 or shop.database.overtaken
    ):  # one by itself decides first, and is undone if others were quicker
        await hold(shop.database, [p.input.customer_id for p in purchases if p.input.customer_id])
    known = await recorded_under(shop, [purchase.reference for purchase in purchases])
    recorded, outcomes, new = now(), [], list[tuple[PurchaseRow, CheckedPurchase]]()
    for purchase in purchases:
        key = (purchase.input.store_id, purchase.reference)
        existing = known.get(key)
        if existing is None:
            row = _row(new_id(), purchase, recorded)
            known[key] = (row.id, purchase.digest)
            new.append((row, purchase))
            outcomes.append(Recorded(row.id, created=True, row=row))
        elif existing[1] == purchase.digest:
            outcomes.append(Recorded(existing[0], created=False))
        else:
            outcomes.append(Recorded(None, created=False, problem=reused()))
    await _write_and_tell(shop, new, ahead)
    return outcomes


async def _write_and_tell(
    shop: Shop, new: Sequence[tuple[PurchaseRow, CheckedPurchase]], ahead: NamedAhead | None
) -> None:
    """What plugins name is looked up before anything is written, so that one purchase is one statement with all that follows
    from it."""
    lines = [[_line_row(row, line) for line in purchase.lines] for row, purchase in new]
    payments = [[_payment_row(row, payment) for payment in purchase.payments] for row, purchase in new]
    listened, sent = shop.plugins.listens(RECORDED), [purchase for _, purchase in new]
    known = await _look_up(shop, sent, ahead) if listened else _Known()
    await _write(shop, new, lines, payments, known.activity)
    rows = {row.id: whole(row, of, paid) for (row, _), of, paid in zip(new, lines, payments, strict=True)}
    buyers, extras = [row.customer_id for row, _ in new], [purchase.input.extras for _, purchase in new]
    await announce(shop, RECORDED, list(rows), extras, rows, others=buyers, found=known.found, quotes=known.quotes)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before anything is written, where plugins listen: the counter of who buys and what plugins have named, both
    of a purchase by itself alone, and what plugins quote for each purchase."""

    activity: int | None = None
    found: Found | None = None
    quotes: Sequence[Mapping[str, Quote]] = ()


async def _look_up(shop: Shop, purchases: Sequence[CheckedPurchase], ahead: NamedAhead | None) -> _Known:
    """Everything that plugins have named, and all of it together."""
    quoting = quoting_of(shop, purchases)
    named: Mapping[str, Sequence[Lookup]] = {}
    own: Sequence[Lookup] = ()
    if len(purchases) == 1:
        given = purchases[0].input
        outline = PurchaseOutline(given.customer_id, given.purchased_at)
        named = (ahead or named_ahead(shop, outline, given.extras)).of(given.customer_id)
        own = activity_of(given.customer_id)
    found, rows = await look_up(shop, named, *own, *quoting.lookups)
    quoted = quoting.answered(rows[len(own) :])
    tell_failures(quoted)
    activity = rows[0][0][0] if own and rows[0] else None
    return _Known(activity, found if len(purchases) == 1 else None, quotes_of(purchases, quoted))


async def recorded_before(shop: Shop, purchase: CheckedPurchase) -> str | None:
    """The id of the very purchase, if it has been recorded. Raises Refused: REFERENCE_REUSED for another one."""
    known = await recorded_under(shop, [purchase.reference])
    existing = known.get((purchase.input.store_id, purchase.reference))
    if existing and existing[1] != purchase.digest:
        raise Refused(reused())
    return existing[0] if existing else None


def reused() -> Problem:
    """The refusal of a reference that stands for something else already."""
    message = "The store has recorded another purchase under this reference."
    return Problem("REFERENCE_REUSED", message, ("reference",))


async def recorded_under(shop: Shop, references: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """(store, reference) → (id, digest) of every purchase that is recorded under one of these references."""
    if not references:
        return {}
    sql, values = lookup(shop.database.dialect, references)
    rows = await shop.database.read(sql, *values)
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def lookup(dialect: Dialect, references: Sequence[str]) -> Lookup:
    """What `recorded_under` looks up."""
    return query_by_text(dialect, "purchase", ("store_id", "reference", "id", "digest"), "reference", references)


def _deltas(new: Sequence[tuple[PurchaseRow, CheckedPurchase]]) -> dict[str, StatsDelta]:
    deltas: dict[str, StatsDelta] = {}
    for row, _ in new:
        if row.customer_id is None:
            continue
        if delta := deltas.get(row.customer_id):
            delta.add(row.total_minor, row.purchased_at)
        else:
            deltas[row.customer_id] = StatsDelta(row.total_minor, 1, row.purchased_at, row.purchased_at)
    return deltas


_PURCHASE_COLUMNS = (
    "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "channel", "note",
    "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest", "origin", "basket",
)  # fmt: skip
_LINE_COLUMNS = (
    "id", "purchase_id", "position", "sku", "name", "brand", "category", "quantity", "unit_price", "discount", "total",
    "refunded_quantity",
)  # fmt: skip


async def _write(
    shop: Shop,
    new: Sequence[tuple[PurchaseRow, CheckedPurchase]],
    lines: Sequence[Sequence[LineRow]],
    payments: Sequence[Sequence[PaymentRow]],
    activity: int | None,
) -> None:
    """Insert purchases with what belongs to them, and move the statistics of who bought: one from a till together with
    whatever else is written then. Where something was decided by it, the customer's `activity` must still be that."""
    deltas, database = _deltas(new), shop.database
    tables: list[tuple[str, Sequence[str], list[Sequence[Any]]]] = [
        ("purchase", _PURCHASE_COLUMNS, [_purchase_values(row, purchase) for row, purchase in new]),
        (
            "purchase_line",
            _LINE_COLUMNS,
            [
                (
                    li.id, li.purchase_id, n, li.sku, li.name, li.brand, li.category, li.quantity_millionths,
                    li.unit_price_minor, li.discount_minor, li.total_minor, 0,
                )
                for each in lines
                for n, li in enumerate(each)
            ],
        ),
        (
            "payment",
            ("id", "purchase_id", "position", "method", "amount", "reference"),
            [
                (y.id, y.purchase_id, n, y.method, y.amount_minor, y.reference)
                for each in payments
                for n, y in enumerate(each)
            ],
        ),
    ]  # fmt: skip
    if len(new) == 1 and all(len(rows) < MIN_COPY_ROWS for *_, rows in tables):
        inserts = [inserting(table, columns, rows) for table, columns, rows in tables if rows]
        updates = [stats_update(database.dialect, id_, delta, activity) for id_, delta in deltas.items()]
        await database.defer([*inserts, *updates])
        return
    await add_purchases(database, deltas, activity)
    for table, columns, rows in tables:
        await insert(database, table, columns, rows)


def _row(id_: str, p: CheckedPurchase, recorded: Instant) -> PurchaseRow:
    """A new purchase, as it will be read."""
    return PurchaseRow(
        id_, p.reference, p.input.store_id, p.input.customer_id, p.input.purchased_at, recorded, "PAID",
        CurrencyCode(p.input.currency), p.channel, p.note, p.subtotal, p.discount, p.input.shipping, p.input.tax, p.total, 0,
        p.input.origin, p.basket,
    )  # fmt: skip


def _line_row(row: PurchaseRow, line: CheckedLine) -> LineRow:
    return LineRow(
        new_id(), row.id, line.sku, line.name, line.brand, line.category, line.quantity, line.unit_price, line.discount,
        line.total, 0, row.currency,
    )  # fmt: skip


def _payment_row(row: PurchaseRow, payment: NewPayment) -> PaymentRow:
    return PaymentRow(new_id(), row.id, payment.method, payment.amount, payment.reference, row.currency)


def _purchase_values(row: PurchaseRow, p: CheckedPurchase) -> Sequence[Any]:
    return (
        row.id, row.reference, row.store_id, row.customer_id, row.purchased_at, row.recorded_at, row.status, row.currency,
        row.channel, row.note, p.input.prices_include_tax, row.subtotal_minor, row.discount_minor, row.shipping_minor,
        row.tax_minor, row.total_minor, row.refunded_minor, p.digest, row.origin, row.basket,
    )  # fmt: skip
