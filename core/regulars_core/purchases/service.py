"""Recording purchases: one from a till, a thousand from a file; each exactly once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from regulars_core.customers.aliases import hold
from regulars_core.database import Dialect, Lookup, Overtaken, Sought
from regulars_core.events.events import Found, announce, look_up
from regulars_core.plugins.host import Extras
from regulars_core.primitives.clock import Instant, just_after, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.primitives.money import CurrencyCode
from regulars_core.purchases.ahead import RECORDED, NamedAhead, named_ahead
from regulars_core.purchases.baskets import Quoted
from regulars_core.purchases.given_back.returns import EXCHANGE, exchange, lock_returned
from regulars_core.purchases.payments.payment_rows import PAYMENT_COLUMNS, PaymentRow, payment_row, payment_values
from regulars_core.purchases.quotes import QUOTED, Quoting, answers_to, quoted_of, quoting_of, tell_failures
from regulars_core.purchases.reads import LineRow, PurchaseRow
from regulars_core.purchases.recorded import PurchaseOutline, RecordedPurchase, whole
from regulars_core.purchases.rules import CheckedLine, CheckedPurchase, NewPayment
from regulars_core.purchases.sales.details import tell_details
from regulars_core.purchases.statistics import StatsDelta, add_purchases, recount, stats_update
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
    voided: bool = False
    """Whether it was there before, and is voided."""


async def record(
    shop: Shop,
    purchases: Sequence[CheckedPurchase],
    ahead: NamedAhead | None = None,
    refund_stores: Collection[str] | None = None,
) -> list[Recorded]:
    """Record purchases and answer for each, in order, what became of it.

    A reference that its store has already used is the same purchase sent again if the content is the same, and is
    refused with REFERENCE_REUSED if it is not. The customers and stores named must exist. `ahead` is what plugins have named
    already of one purchase by itself. One with which earlier purchases come back is recorded by itself: these are of
    `refund_stores`, if they are given, or as good as not there. Raises Refused where they cannot come back.
    """
    if len(purchases) > 1 and any(purchase.input.returns for purchase in purchases):
        raise ValueError("A purchase with which something comes back is recorded by itself.")
    return await shop.database.transaction(lambda: _record(shop, purchases, ahead, refund_stores))


async def _record(
    shop: Shop,
    purchases: Sequence[CheckedPurchase],
    ahead: NamedAhead | None,
    refund_stores: Collection[str] | None,
) -> list[Recorded]:
    returned = await lock_returned(shop, purchases[0], refund_stores) if purchases[0].input.returns else None
    # One by itself decides first, and is undone if others were quicker; by which something comes back, it does not.
    if len(purchases) > 1 or shop.database.overtaken or purchases[0].total < 0 or returned:
        purchases = await _held(shop, purchases, returned.customers if returned else ())
    known = await recorded_under(shop, [purchase.reference for purchase in purchases])
    recorded, outcomes, new = now(), [], list[tuple[PurchaseRow, CheckedPurchase]]()
    for purchase in purchases:
        existing = known.get(key_of(purchase))
        if existing is None or (existing.voided and purchase.input.replaces_voided):
            row = _row(new_id(), purchase, recorded, existing and existing.id)
            known[key_of(purchase)] = Known(row.id, purchase.digest, voided=False)
            new.append((row, purchase))
            outcomes.append(Recorded(row.id, created=True, row=row))
        elif existing.digest == purchase.digest:
            outcomes.append(Recorded(existing.id, created=False, voided=existing.voided))
        else:
            outcomes.append(Recorded(None, created=False, problem=reused(existing)))
    await _make_way(shop, [row.replaces_id for row, _ in new if row.replaces_id])
    if returned and new:
        paid_back = await exchange(shop, new[0][0].id, new[0][1], returned)
        await shop.database.flush()  # the journal tells of it first
        with just_after():
            await _write_and_tell(shop, new, ahead, paid_back)
    else:
        await _write_and_tell(shop, new, ahead)
    return outcomes


async def _held(shop: Shop, purchases: Sequence[CheckedPurchase], others: Collection[str]) -> Sequence[CheckedPurchase]:
    """The purchases, with those who buy held, and others with them; of who was merged meanwhile the one to whom that record
    leads."""
    while merged := await hold(shop.database, [*_buyers(purchases), *others]):
        if not merged.keys().isdisjoint(others):
            raise Overtaken("A customer was merged into another meanwhile.")
        purchases = [
            replace(p, input=replace(p.input, customer_id=survivor))
            if (survivor := merged.get(p.input.customer_id or ""))
            else p
            for p in purchases
        ]
    return purchases


def _buyers(purchases: Sequence[CheckedPurchase]) -> list[str]:
    return [purchase.input.customer_id for purchase in purchases if purchase.input.customer_id]


async def _make_way(shop: Shop, voided: Sequence[str]) -> None:
    """Let voided purchases be recorded anew: of a reference one at a time counts. Who else does it at the same time waits for the
    unique key, and runs again."""
    for id_ in voided:
        await shop.database.run(
            "UPDATE purchase SET generation = 1 + (SELECT count(*) FROM purchase o WHERE o.store_id = purchase.store_id"
            " AND o.reference = purchase.reference AND o.register = purchase.register AND o.session = purchase.session"
            " AND o.generation > 0) WHERE id = $1 AND generation = 0",
            id_,
        )


async def _write_and_tell(
    shop: Shop, new: Sequence[tuple[PurchaseRow, CheckedPurchase]], ahead: NamedAhead | None, paid_back: int = 0
) -> None:
    """What plugins name is looked up before anything is written, so that one purchase is one statement with all that follows
    from it. `paid_back` is what earlier purchases pay of it."""
    lines = [
        [_line_row(row, *line) for line in zip(purchase.lines, purchase.taxes.lines, strict=True)]
        for row, purchase in new
    ]
    exchanged = [NewPayment(EXCHANGE, paid_back)] if paid_back else []
    payments = [
        [payment_row(row.id, row.currency, payment) for payment in (*purchase.payments, *exchanged)]
        for row, purchase in new
    ]
    listened, sent = shop.plugins.listens(RECORDED), [purchase for _, purchase in new]
    known = await _look_up(shop, sent, ahead) if listened else _Known()
    await _write(shop, new, lines, payments, known.activity)
    rows = {row.id: whole(row, of, paid) for (row, _), of, paid in zip(new, lines, payments, strict=True)}
    buyers = [row.customer_id for row, _ in new]
    extras = [_for_each_payment(purchase.input.extras, len(exchanged)) for _, purchase in new]
    tell_details(shop, list(rows.values()), extras, known.quoted)
    await announce(shop, RECORDED, list(rows), extras, rows, others=buyers, found=known.found, quoted=known.quoted)
    for row, _ in new:
        await _lower(shop, row, rows[row.id])


async def _lower(shop: Shop, row: PurchaseRow, told: RecordedPurchase) -> None:
    """Where a plugin took less than a payment said, because less would do: that is what was paid, and the rest is due."""
    if told.due_minor == row.due_minor:
        return
    row.due_minor = told.due_minor
    await shop.database.defer([("UPDATE purchase SET due = $2 WHERE id = $1", [row.id, row.due_minor])])
    await shop.database.run_many(
        "UPDATE payment SET amount = $2 WHERE id = $1",
        [(payment.id, payment.amount_minor) for payment in told.payments],
    )


def _for_each_payment(extras: Extras, more: int) -> Extras:
    """What a purchase carries for plugins, where it has so many more payments than were told: these carry nothing."""
    if not more:
        return extras
    return {
        plugin: {**own, "payments": [*own["payments"], *({} for _ in range(more))]} if "payments" in own else own
        for plugin, own in extras.items()
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known before anything is written, where plugins listen: the counter of who buys and what plugins have named, both
    of a purchase by itself alone, and what plugins quote for each purchase."""

    activity: int | None = None
    found: Found | None = None
    quoted: Sequence[Quoted | None] = ()


async def _look_up(shop: Shop, purchases: Sequence[CheckedPurchase], ahead: NamedAhead | None) -> _Known:
    """Everything that plugins have named, and all of it together."""
    quoting: Quoting | None = None
    named: Mapping[str, Sequence[Lookup]] = {}
    keys: Mapping[Sought, str | None] = {}
    own: Sequence[Lookup] = ()
    if len(purchases) == 1:
        given = purchases[0].input
        methods = frozenset(payment.method for payment in purchases[0].payments)
        outline = PurchaseOutline(given.customer_id, given.purchased_at, methods)
        if ahead is None or not ahead.may_be(given.customer_id):
            ahead = named_ahead(shop, outline, given.extras)
        named, own, keys = ahead.by_plugin, ahead.activity, ahead.keys(given.customer_id)
        quoting = ahead.quoting_for(purchases[0])
    if quoting is None and shop.plugins.listens(QUOTED):
        quoting = quoting_of(shop, purchases)
    found, rows = await look_up(shop, named, *own, *(quoting.lookups if quoting else ()), keys=keys)
    activity = rows[0][0][-1] if own and rows[0] else None
    known = _Known(activity, found if len(purchases) == 1 else None)
    if quoting is None:
        return known
    quoted = await answers_to(
        shop, lambda is_last: quoting_of(shop, purchases, is_last=is_last), quoting, rows[len(own) :]
    )
    tell_failures(quoted)
    return replace(known, quoted=quoted_of(purchases, quoted))


class Known(NamedTuple):
    """What is recorded under a reference."""

    id: str
    digest: str
    voided: bool


@dataclass(frozen=True, slots=True)
class ReferenceReused(Problem):
    """The reference stands for another purchase already, which is recorded or voided."""

    purchase_id: str = ""


Key = tuple[str, str, str, str]
"""What a purchase goes by: store, reference, till and the till's session, these two empty where they are not told."""


def key_of(purchase: CheckedPurchase) -> Key:
    """What a purchase goes by."""
    return (purchase.input.store_id, purchase.reference, purchase.register, purchase.session)


async def recorded_before(shop: Shop, purchase: CheckedPurchase) -> Known | None:
    """The very purchase, if it has been recorded; not if it is voided and this one takes its place. Raises Refused:
    REFERENCE_REUSED, REFERENCE_VOIDED for another one."""
    known = await recorded_under(shop, [purchase.reference])
    existing = known.get(key_of(purchase))
    if existing is None or (existing.voided and purchase.input.replaces_voided):
        return None
    if existing.digest != purchase.digest:
        raise Refused(reused(existing))
    return existing


def reused(existing: Known) -> Problem:
    """The refusal of a reference that stands for something else already."""
    if existing.voided:
        message = "A voided purchase has this reference; `replaceVoided` records it anew."
        return ReferenceReused("REFERENCE_VOIDED", message, ("reference",), existing.id)
    message = "The store has recorded another purchase under this reference."
    return ReferenceReused("REFERENCE_REUSED", message, ("reference",), existing.id)


async def recorded_under(shop: Shop, references: Sequence[str]) -> dict[Key, Known]:
    """What is recorded under these references, by what it goes by; of one that was recorded anew the new one."""
    if not references:
        return {}
    sql, values = lookup(shop.database.dialect, references)
    rows = await shop.database.read(sql, *values)
    return {
        (store, reference, register, session): Known(id_, digest, status == "VOIDED")
        for store, reference, register, session, id_, digest, status, generation in rows
        if generation == 0
    }


_LOOKED_UP = ("store_id", "reference", "register", "session", "id", "digest", "status", "generation")


def lookup(dialect: Dialect, references: Sequence[str]) -> Lookup:
    """What `recorded_under` looks up."""
    return query_by_text(dialect, "purchase", _LOOKED_UP, "reference", references)


def _lowered(new: Sequence[tuple[PurchaseRow, CheckedPurchase]]) -> set[str]:
    """Of whom more came back by one of these purchases than was bought: such a one does not count, so all is counted anew."""
    return {row.customer_id for row, _ in new if row.customer_id and row.total_minor < 0}


def _deltas(new: Sequence[tuple[PurchaseRow, CheckedPurchase]]) -> dict[str, StatsDelta]:
    deltas: dict[str, StatsDelta] = {}
    lowered = _lowered(new)
    for row, _ in new:
        if row.customer_id is None or row.customer_id in lowered:
            continue
        if delta := deltas.get(row.customer_id):
            delta.add(row.total_minor, row.purchased_at)
        else:
            deltas[row.customer_id] = StatsDelta(row.total_minor, [row.purchased_at])
    return deltas


_PURCHASE_COLUMNS = (
    "id", "reference", "store_id", "customer_id", "purchased_at", "recorded_at", "status", "currency", "channel", "note",
    "prices_include_tax", "subtotal", "discount", "shipping", "tax", "total", "refunded", "digest", "origin", "basket",
    "shipping_tax", "rounding", "due", "register", "session", "replaces_id", "pieces",
)  # fmt: skip
_LINE_COLUMNS = (
    "id", "purchase_id", "position", "sku", "name", "brand", "category", "quantity", "unit_price", "discount", "total",
    "refunded_quantity", "tax",
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
                    li.unit_price_minor, li.discount_minor, li.total_minor, 0, li.tax_minor,
                )
                for each in lines
                for n, li in enumerate(each)
            ],
        ),
        ("payment", PAYMENT_COLUMNS, [values for each in payments for values in payment_values(each)]),
    ]  # fmt: skip
    if len(new) == 1 and all(len(rows) < MIN_COPY_ROWS for *_, rows in tables):
        inserts = [inserting(table, columns, rows) for table, columns, rows in tables if rows]
        updates = [stats_update(shop, id_, delta, activity) for id_, delta in deltas.items()]
        await database.defer([*inserts, *updates])
    else:
        await add_purchases(shop, deltas, activity)
        for table, columns, rows in tables:
            await insert(database, table, columns, rows)
    if lowered := _lowered(new):
        await recount(shop, list(lowered))


def _row(id_: str, p: CheckedPurchase, recorded: Instant, replaces: str | None) -> PurchaseRow:
    """A new purchase, as it will be read."""
    return PurchaseRow(
        id_, p.reference, p.input.store_id, p.input.customer_id, p.input.purchased_at, recorded, "PAID",
        CurrencyCode(p.input.currency), p.channel, p.note, p.subtotal, p.discount, p.input.shipping, p.taxes.total, p.total, 0,
        p.input.origin, p.basket, p.taxes.delivery, p.input.rounding, p.input.due, p.register, p.session, replaces,
    )  # fmt: skip


def _line_row(row: PurchaseRow, line: CheckedLine, tax: int) -> LineRow:
    return LineRow(
        new_id(), row.id, line.sku, line.name, line.brand, line.category, line.quantity, line.unit_price, line.discount,
        line.total, 0, tax, row.currency,
    )  # fmt: skip


def _purchase_values(row: PurchaseRow, p: CheckedPurchase) -> Sequence[Any]:
    return (
        row.id, row.reference, row.store_id, row.customer_id, row.purchased_at, row.recorded_at, row.status, row.currency,
        row.channel, row.note, p.input.prices_include_tax, row.subtotal_minor, row.discount_minor, row.shipping_minor,
        row.tax_minor, row.total_minor, row.refunded_minor, p.digest, row.origin, row.basket, row.shipping_tax_minor,
        row.rounding_minor, row.due_minor, row.register_key, row.session_key, row.replaces_id,
        sum(line.quantity for line in p.lines if line.quantity > 0),
    )  # fmt: skip
