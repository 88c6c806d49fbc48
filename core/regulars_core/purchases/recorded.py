"""What events of purchases bring: everything that was written, so that nobody has to read it back."""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, NamedTuple

from regulars_core.database import Database
from regulars_core.events.ahead import PAID, REFUNDED, UNDONE, VOIDED
from regulars_core.events.journal import JournalEntry
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.baskets import Basket
from regulars_core.purchases.payments.payment_rows import (
    PaymentRow,
    payments_by_ids,
    payments_of,
    refund_payments_of,
)
from regulars_core.purchases.reads import (
    STANDS,
    LineRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
    lines_of,
    purchases_by_ids,
    refund_lines_of,
    refunds_by_ids,
)
from regulars_core.rules.sales import SaleDetails

_PURCHASE: Callable[[PurchaseRow], tuple[Any, ...]] = attrgetter(*PurchaseRow.__slots__)
_PAYMENT: Callable[[PaymentRow], tuple[Any, ...]] = attrgetter(*PaymentRow.__slots__)
_REFUND: Callable[[RefundRow], tuple[Any, ...]] = attrgetter(*RefundRow.__slots__)


class PurchaseOutline(NamedTuple):
    """What is known of a purchase before it is recorded: who buys, None for nobody who is known, when, and in which ways it is
    paid, if that was told."""

    customer_id: str | None
    purchased_at: Instant
    methods: frozenset[str] = frozenset()


@dataclass(slots=True)
class RecordedPurchase(PurchaseRow):
    """A purchase with everything that belongs to it, in the order of the receipt."""

    lines: Sequence[LineRow]
    payments: Sequence[PaymentRow]
    details: SaleDetails = field(default_factory=SaleDetails, kw_only=True, compare=False)
    """What plugins have told of it by now, each for those that are told after it."""

    @property
    def outline(self) -> PurchaseOutline:
        """Who bought, when, and how it was paid."""
        return PurchaseOutline(self.customer_id, self.purchased_at, frozenset(one.method for one in self.payments))


@dataclass(slots=True)
class ReassignedPurchase(RecordedPurchase):
    """A purchase that was given to another customer, or to nobody, as it is since; `before` is whose it was."""

    before: str | None


@dataclass(slots=True)
class RecordedRefund(RefundRow):
    """A refund with what it took from lines, which is nothing where an amount was given back, how it was given back, if that was
    told, and the purchase as it is since."""

    lines: Sequence[RefundLineRow]
    payments: Sequence[PaymentRow]
    purchase: RecordedPurchase
    elsewhere_minor: int = 0
    """What of it a plugin gives back where it came from, in minor units, such as to store credit: in an exchange that does not
    pay for the new purchase. Whoever is told of the refund adds to it."""


@dataclass(slots=True)
class RecordedPayment(PaymentRow):
    """A payment of what was due, with its purchase as it is since."""

    purchase: RecordedPurchase


def whole(row: PurchaseRow, lines: Sequence[LineRow], payments: Sequence[PaymentRow]) -> RecordedPurchase:
    """A purchase and what belongs to it as one."""
    values: Any = (*_PURCHASE(row), lines, payments)
    return RecordedPurchase(*values)


def reassigned(row: RecordedPurchase, before: str | None, after: str | None) -> ReassignedPurchase:
    """A purchase that was one customer's, as it is since it is another's; None is nobody."""
    values: Any = (*_PURCHASE(row), row.lines, row.payments, before)
    given = ReassignedPurchase(*values, details=row.details)
    given.customer_id = after
    return given


def as_if_sold(basket: Basket) -> RecordedPurchase:
    """A basket as the purchase that it would be if it were sold as it is: without delivery and tax, which a basket does not have,
    and paid in money. Nobody has recorded it, so its id and those of its lines stand for nothing else."""
    id_ = new_id()
    lines = [
        LineRow(
            new_id(), id_, line.sku, line.name, line.brand, line.category, line.quantity, line.unit_price, line.discount,
            line.total, 0, 0, basket.currency,
        )
        for line in basket.lines
    ]  # fmt: skip
    total, discount = (sum(one.total for one in basket.lines), sum(one.discount for one in basket.lines))
    return RecordedPurchase(
        id_, "", basket.store_id, basket.customer_id, basket.at, basket.at, "PAID", basket.currency, basket.channel, None,
        total + discount, discount, 0, 0, total, 0, "TILL", basket.name, 0, 0, 0, "", "", None, lines, [],
        details=SaleDetails(
            not_goods={row.id for row, line in zip(lines, basket.lines, strict=True) if not line.is_goods},
            offers=basket.offers,
        ),
    )  # fmt: skip


async def recorded_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, RecordedPurchase]:
    """Purchases by id, each with everything that belongs to it, as it is now."""
    return await _whole(database, await purchases_by_ids(database, ids))


async def _whole(database: Database, rows: Mapping[str, PurchaseRow]) -> Mapping[str, RecordedPurchase]:
    lines, payments = await lines_of(database, list(rows)), await payments_of(database, list(rows))
    return {id_: whole(row, lines.get(id_, []), payments.get(id_, [])) for id_, row in rows.items()}


async def as_recorded(database: Database, ids: Sequence[str]) -> Mapping[str, RecordedPurchase]:
    """The same as they were before anything was given back, or paid of what was due."""
    rows = await recorded_by_ids(database, ids)
    owed_less = await _owed_less(database, [id_ for id_, row in rows.items() if row.refunded_minor])
    return {
        id_: _unpaid(
            replace(
                row,
                status="PAID",
                refunded_minor=0,
                due_minor=row.due_minor + owed_less.get(id_, 0),
                lines=[
                    replace(line, refunded_millionths=0) if line.refunded_millionths else line for line in row.lines
                ],
            ),
            {payment.id for payment in row.payments if payment.paid_at is not None},
        )
        for id_, row in rows.items()
    }


async def _owed_less(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, int]:
    """By how much refunds that count have lowered what is due of purchases."""
    if not purchase_ids:
        return {}
    owed = "SELECT purchase_id, CAST(sum(due) AS BIGINT) FROM refund f"
    among = database.dialect.among("purchase_id", 1)
    rows = await database.rows(f"{owed} WHERE {among} AND {STANDS} GROUP BY purchase_id", list(purchase_ids))
    return {row[0]: row[1] for row in rows}


def _unpaid(purchase: RecordedPurchase, later: Set[str]) -> RecordedPurchase:
    """A purchase without payments that were made later, which are due."""
    if later.isdisjoint(payment.id for payment in purchase.payments):
        return purchase
    paid = [payment for payment in purchase.payments if payment.id not in later]
    due = purchase.due_minor + sum(payment.amount_minor for payment in purchase.payments if payment.id in later)
    return replace(purchase, due_minor=due, payments=paid)


async def recorded_refunds(database: Database, ids: Sequence[str]) -> Mapping[str, RecordedRefund]:
    """Refunds by id, each with its lines and its purchase as it is now."""
    rows = await refunds_by_ids(database, ids)
    lines, payments = await refund_lines_of(database, list(rows)), await refund_payments_of(database, list(rows))
    purchases = await recorded_by_ids(database, list({row.purchase_id for row in rows.values()}))
    return {
        id_: whole_refund(row, lines.get(id_, []), payments.get(id_, []), purchases[row.purchase_id])
        for id_, row in rows.items()
    }


def whole_refund(
    row: RefundRow, lines: Sequence[RefundLineRow], payments: Sequence[PaymentRow], purchase: RecordedPurchase
) -> RecordedRefund:
    """A refund and what belongs to it as one."""
    values: Any = (*_REFUND(row), lines, payments, purchase)
    return RecordedRefund(*values)


async def recorded_payments(database: Database, ids: Sequence[str]) -> Mapping[str, RecordedPayment]:
    """Payments by id, each with its purchase as it is now."""
    rows = await payments_by_ids(database, ids)
    purchases = await recorded_by_ids(database, list({row.purchase_id for row in rows.values()}))
    return {id_: paid_part(row, purchases[row.purchase_id]) for id_, row in rows.items()}


def paid_part(row: PaymentRow, purchase: RecordedPurchase) -> RecordedPayment:
    """A payment and its purchase as one."""
    values: Any = (*_PAYMENT(row), purchase)
    return RecordedPayment(*values)


def status_since(total: int, refunded: int, *, nothing_left: bool) -> str:
    """The status of a purchase that is not voided, once this was given back of it."""
    return "REFUNDED" if nothing_left else "PARTIALLY_REFUNDED" if refunded or not total else "PAID"


async def recorded_then(
    database: Database, entries: Sequence[JournalEntry]
) -> Sequence[Mapping[str, RecordedPurchase]]:
    """What each of these entries of the journal recorded."""
    rows = await as_recorded(database, _ids(entries))
    return [_owned(entry, rows) for entry in entries]


async def voided_then(database: Database, entries: Sequence[JournalEntry]) -> Sequence[Mapping[str, RecordedPurchase]]:
    """What each of these entries voided, as it was since: all that can change of it after that is that a refund is undone."""
    rows = await recorded_by_ids(database, _ids(entries))
    changes, gone = await _changes(database, rows)
    told = []
    for entry in entries:
        then = dict(rows)
        for id_ in entry.ids:
            if id_ in rows and (later := [one for one in changes.get(id_, ()) if one.position > entry.position]):
                then[id_] = replace(_as_it_was(rows[id_], later, gone), status="VOIDED")
        told.append(_owned(entry, then))
    return told


async def refunds_then(database: Database, entries: Sequence[JournalEntry]) -> Sequence[Mapping[str, RecordedRefund]]:
    """The refunds of each of these entries, each with its purchase as it was since."""
    rows = await recorded_refunds(database, _ids(entries))
    purchases = {row.purchase_id: row.purchase for row in rows.values()}
    changes, gone = await _changes(database, purchases)
    standing = await _standing_refunds(database, [id_ for id_ in changes if not purchases[id_].total_minor])
    told = []
    for entry in entries:
        own = {}
        for id_, owner in zip(entry.ids, entry.others, strict=True):
            if row := rows.get(id_):
                later = [one for one in changes.get(row.purchase_id, ()) if one.position > entry.position]
                purchase = _before(row.purchase, later, gone, standing)
                whose = owner if entry.has_others else purchase.customer_id
                own[id_] = replace(row, purchase=replace(purchase, customer_id=whose))
        told.append(own)
    return told


async def paid_then(database: Database, entries: Sequence[JournalEntry]) -> Sequence[Mapping[str, RecordedPayment]]:
    """The payments of each of these entries, each with its purchase as it was since."""
    rows = await recorded_payments(database, _ids(entries))
    purchases = {row.purchase_id: row.purchase for row in rows.values()}
    changes, gone = await _changes(database, purchases)
    told = []
    for entry in entries:
        own = {}
        for id_, owner in zip(entry.ids, entry.others, strict=True):
            if row := rows.get(id_):
                later = [one for one in changes.get(row.purchase_id, ()) if one.position > entry.position]
                purchase = _before(row.purchase, later, gone, {})
                own[id_] = replace(row, purchase=replace(purchase, customer_id=owner))
        told.append(own)
    return told


async def reassigned_now(database: Database, ids: Sequence[str]) -> Mapping[str, ReassignedPurchase]:
    """Purchases as they are now, where it is not known any more whose they were."""
    rows = await recorded_by_ids(database, ids)
    return {id_: reassigned(row, None, row.customer_id) for id_, row in rows.items()}


async def reassigned_then(
    database: Database, entries: Sequence[JournalEntry]
) -> Sequence[Mapping[str, ReassignedPurchase]]:
    """What each of these entries gave from whom to whom, as it was since."""
    rows = await recorded_by_ids(database, _ids(entries))
    changes, gone = await _changes(database, rows)
    standing = await _standing_refunds(database, [id_ for id_ in changes if not rows[id_].total_minor])
    told = []
    for entry in entries:
        own, number = {}, len(entry.ids)
        for id_, before, after in zip(entry.ids, entry.others[:number], entry.others[number:], strict=True):
            if row := rows.get(id_):
                later = [one for one in changes.get(id_, ()) if one.position > entry.position]
                own[id_] = reassigned(_before(row, later, gone, standing), before, after)
        told.append(own)
    return told


async def _standing_refunds(database: Database, purchase_ids: Sequence[str]) -> Mapping[str, set[str]]:
    """The refunds that count of purchases of 0.00, of which only these say whether anything was given back."""
    found: dict[str, set[str]] = {id_: set() for id_ in purchase_ids}
    if found:
        among = database.dialect.among("purchase_id", 1)
        sql = f"SELECT purchase_id, id FROM refund f WHERE {among} AND {STANDS}"
        for id_, refund in await database.rows(sql, list(found)):
            found[id_].add(refund)
    return found


def _stood_before(standing: Set[str], later: "Sequence[_Later]") -> Set[str]:
    """The refunds that counted before these things happened, of those that count now."""
    undone, made = ({one.row_id for one in later if one.kind == kind} for kind in (UNDONE, REFUNDED))
    return (standing | undone) - made


def _ids(entries: Sequence[JournalEntry]) -> list[str]:
    return list(dict.fromkeys(id_ for entry in entries for id_ in entry.ids))


def _owned(entry: JournalEntry, rows: Mapping[str, RecordedPurchase]) -> Mapping[str, RecordedPurchase]:
    """The purchases of an entry, each of whom it was then."""
    there = ((rows[id_], owner) for id_, owner in zip(entry.ids, entry.others, strict=True) if id_ in rows)
    return {row.id: replace(row, customer_id=owner) if entry.has_others else row for row, owner in there}


class _Later(NamedTuple):
    """A refund of a purchase, one that is undone, a payment of what was due, or a void, that comes behind something else in the
    journal; by `amount` less was given back before, and by `due` more was owed."""

    purchase_id: str
    row_id: str
    kind: str
    position: int
    amount: int
    due: int


async def _changes(
    database: Database, purchase_ids: Collection[str]
) -> tuple[Mapping[str, Sequence[_Later]], Mapping[str, Sequence[RefundLineRow]]]:
    """What comes behind something else of each purchase, and the lines of the refunds among it."""
    changes: dict[str, list[_Later]] = {}
    for one in await _later(database, purchase_ids):
        changes.setdefault(one.purchase_id, []).append(one)
    return changes, await refund_lines_of(database, [one.row_id for each in changes.values() for one in each])


async def _later(database: Database, purchase_ids: Collection[str]) -> list[_Later]:
    rows = await database.rows(
        "SELECT DISTINCT j.purchase_id, j.row_id, j.kind, j.position, j.amount,"
        f" CASE j.kind WHEN '{UNDONE}' THEN -coalesce(f.due, 0) ELSE coalesce(f.due, 0) END"
        " FROM journal_ahead j LEFT JOIN refund f ON f.id = j.row_id"
        f" WHERE {database.dialect.among('j.purchase_id', 1)} AND j.kind IN ('{REFUNDED}', '{UNDONE}', '{VOIDED}', '{PAID}')",
        list(purchase_ids),
    )
    return [_Later(*row) for row in rows]


def _before(
    purchase: RecordedPurchase,
    later: Sequence[_Later],
    gone: Mapping[str, Sequence[RefundLineRow]],
    standing: Mapping[str, Set[str]],
) -> RecordedPurchase:
    """A purchase without what came later, if anything did; `standing` are the refunds that count now, of purchases of 0.00."""
    if not later:
        return purchase
    was = _as_it_was(purchase, later, gone)
    if purchase.status == "VOIDED" and all(one.kind != VOIDED for one in later):
        return replace(was, status="VOIDED")
    untouched = purchase.id in standing and not _stood_before(standing[purchase.id], later)
    return replace(was, status="PAID") if untouched else was


def _as_it_was(
    purchase: RecordedPurchase, later: Sequence[_Later], gone: Mapping[str, Sequence[RefundLineRow]]
) -> RecordedPurchase:
    """A purchase without what came later."""
    purchase = _unpaid(purchase, {one.row_id for one in later if one.kind == PAID})
    refunds = [one for one in later if one.kind in {REFUNDED, UNDONE}]
    if not refunds and all(one.kind == PAID for one in later):
        return purchase
    fewer: dict[str, int] = {}
    for one in refunds:
        sign = 1 if one.kind == REFUNDED else -1
        for line in gone.get(one.row_id, ()):
            fewer[line.line_id] = fewer.get(line.line_id, 0) + sign * line.quantity_millionths
    lines = [
        replace(line, refunded_millionths=line.refunded_millionths - fewer.get(line.id, 0)) for line in purchase.lines
    ]
    total, refunded = purchase.total_minor, purchase.refunded_minor - sum(one.amount for one in refunds)
    # As `refundable.is_refunded_whole` says.
    goods = [line for line in lines if line.quantity_millionths >= 0]
    some_back = any(line.refunded_millionths for line in goods) or all(one.kind == UNDONE for one in refunds)
    empty = bool(goods) and some_back and all(line.refunded_millionths == line.quantity_millionths for line in goods)
    nothing_left = (total > 0 and refunded == total) or empty
    status = status_since(total, refunded, nothing_left=nothing_left)
    due = purchase.due_minor + sum(one.due for one in refunds)
    return replace(purchase, status=status, refunded_minor=refunded, due_minor=due, lines=lines)
