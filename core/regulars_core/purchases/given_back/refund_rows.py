"""What refunds read and write: purchases as refunds see them, what is given back of them, and what is undone again.

Whoever writes here has locked the purchases, all of them at once, and then holds the customers whose they are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from regulars_core.events.ahead import REFUNDED, UNDONE
from regulars_core.events.events import announce
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.figures.pieces import PIECES
from regulars_core.purchases.payments.payment_rows import (
    REFUND_PAYMENT_COLUMNS,
    PaymentRow,
    payment_row,
    payments_of,
    refund_payment_values,
)
from regulars_core.purchases.reads import (
    LINE_STANDS,
    LINES,
    OF_AN_ERASED_ONE,
    PURCHASES,
    REFUNDS,
    STANDS,
    LineRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
    refund_lines_of,
)
from regulars_core.purchases.recorded import RecordedPurchase, RecordedRefund, status_since, whole, whole_refund
from regulars_core.purchases.refundable import Paid, PaidLine, Taken, is_refunded_whole
from regulars_core.purchases.rules import NewPayment
from regulars_core.purchases.statistics import recount
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


class LockedPurchase(NamedTuple):
    """A purchase that nobody else changes until the transaction ends, whether its tax is on top, and whether it is of somebody
    who was erased: its books go on, and what is typed about it is not kept any more."""

    row: PurchaseRow
    tax_on_top: bool
    is_erased: bool


class Refundable(NamedTuple):
    """A purchase with everything that belongs to it, and as refunds see it."""

    purchase: RecordedPurchase
    paid: Paid


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A refund that is about to be written: of what, the refund and its lines, what it takes, the purchase's status since, and
    how it is given back, if that is told."""

    purchase: RecordedPurchase
    row: RefundRow
    lines: Sequence[RefundLineRow]
    taken: Taken
    status: str
    payments: Sequence[PaymentRow]


async def lock_purchases(shop: Shop, condition: str, values: Sequence[Any]) -> Sequence[LockedPurchase]:
    """Lock the purchases for which a condition holds, in one statement and the order of their ids."""
    columns = [*(column.removeprefix("p.") for column in PURCHASES.columns), "prices_include_tax", OF_AN_ERASED_ONE]
    rows = await lock_where(shop.database, "purchase", condition, values, columns)
    return [LockedPurchase(PurchaseRow(*row[:-2]), not row[-2], bool(row[-1])) for row in rows]


async def locked_row(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> LockedPurchase:
    """A purchase, locked; one of a store that is not among `stores`, if they are given, is as good as none. Raises Refused:
    NOT_FOUND."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    locked = await lock_purchases(shop, f"id = $1{here}", values.all)
    if not locked:
        raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseId",)))
    return locked[0]


async def refundables(shop: Shop, locked: Sequence[LockedPurchase], event: str = REFUNDED) -> Mapping[str, Refundable]:
    """These purchases as refunds see them, by id; with their payments where somebody is told of them by this event."""
    ids = [one.row.id for one in locked]
    lines = await _lines_of(shop, ids)
    payments: Mapping[str, Sequence[PaymentRow]] = {}
    if shop.plugins.listens(event):
        payments = await payments_of(shop.database, ids)
    return {
        row.id: Refundable(
            whole(row, [line for line, *_ in lines[row.id]], payments.get(row.id, [])),
            _paid(row, tax_on_top, lines[row.id]),
        )
        for row, tax_on_top, _ in locked
    }


def left_of(shop: Shop, paid: Paid) -> str:
    """What can still be given back, for people."""
    left = shop.money(paid.left)
    return f"At most {left.amount} {left.currency_code} can still be given back."


class _Line(NamedTuple):
    """A line, what its purchase's refunds gave back for delivery, what they took of the line's worth, and how many named it."""

    row: LineRow
    shipping: int
    taken: int
    times: int


async def _lines_of(shop: Shop, purchase_ids: Sequence[str]) -> Mapping[str, Sequence[_Line]]:
    theirs, own = shop.database.dialect.among("l.purchase_id", 1), "l.purchase_id"
    value: str | list[str] = list(purchase_ids)
    if len(purchase_ids) == 1:  # for one among one PostgreSQL takes three times as long
        theirs, own, value = "l.purchase_id = $1", "$1", purchase_ids[0]
    rows = await shop.database.rows(
        f"SELECT {', '.join(LINES.columns)},"
        f" CAST((SELECT coalesce(sum(f.shipping), 0) FROM refund f WHERE f.purchase_id = {own} AND {STANDS}) AS BIGINT),"
        f" CAST(coalesce(sum(r.worth), 0) AS BIGINT) + l.refunded_amount, count(r.id) FROM {LINES.source}"
        f" LEFT JOIN refund_line r ON r.line_id = l.id AND {LINE_STANDS} WHERE {theirs}"
        f" GROUP BY {', '.join(LINES.columns)}, l.refunded_amount, l.position ORDER BY l.purchase_id, l.position",
        value,
    )
    found: dict[str, list[_Line]] = {id_: [] for id_ in purchase_ids}
    for *line, shipping, taken, times in rows:
        row = LineRow(*line)
        found[row.purchase_id].append(_Line(row, shipping, taken, times))
    return found


def _paid(row: PurchaseRow, tax_on_top: bool, lines: Sequence[_Line]) -> Paid:
    paid_lines = [
        PaidLine(
            line.id,
            line.quantity_millionths,
            max(line.total_minor + (line.tax_minor if tax_on_top else 0), 0),
            line.refunded_millionths,
            taken,
            touched=times > 0,
        )
        for line, _, taken, times in lines
    ]
    delivery = row.shipping_minor + (row.shipping_tax_minor if tax_on_top else 0) - lines[0].shipping
    return Paid(row.total_minor, row.refunded_minor, row.due_minor, delivery, paid_lines)


def given_back(
    of: Refundable,
    taken: Taken,
    at: Instant,
    *,
    reason: str | None = None,
    exchanged_for: str | None = None,
    payments: Sequence[NewPayment] = (),
) -> GivenBack:
    """The refund that gives back what is taken; what is due is lowered by it first."""
    purchase, paid = of
    row = RefundRow(
        new_id(), purchase.id, at, taken.amount, reason, taken.delivery, min(paid.due, taken.amount), exchanged_for,
        purchase.currency,
    )  # fmt: skip
    lines = [
        RefundLineRow(new_id(), row.id, line.line_id, line.quantity, line.amount, line.worth, row.currency)
        for line in taken.lines
    ]
    status = status_since(paid.total, paid.refunded + taken.amount, nothing_left=is_refunded_whole(paid, taken))
    paid_back = [payment_row(purchase.id, row.currency, payment) for payment in payments]
    return GivenBack(purchase, row, lines, taken, status, paid_back)


async def give_back(shop: Shop, refunds: Sequence[GivenBack]) -> Sequence[RecordedRefund]:
    """Write refunds, each of another purchase, count statistics anew, and tell the plugins; answers what they were told. Raises
    what they raise."""
    await _write(shop, refunds)
    owners = [one.purchase.customer_id for one in refunds]
    await recount(shop, [owner for owner in owners if owner])
    told = {one.row.id: whole_refund(one.row, one.lines, one.payments, _as_it_is_since(one)) for one in refunds}
    await announce(shop, REFUNDED, list(told), rows=told, others=owners)
    return list(told.values())


def _as_it_is_since(given: GivenBack) -> RecordedPurchase:
    purchase, row = given.purchase, given.row
    return _moved(replace(purchase, status=given.status), row.amount_minor, row.due_minor, _quantities(given.lines))


def _quantities(lines: Sequence[RefundLineRow]) -> Mapping[str, int]:
    return {line.line_id: line.quantity_millionths for line in lines}


def _moved(purchase: RecordedPurchase, amount: int, due: int, quantities: Mapping[str, int]) -> RecordedPurchase:
    """A purchase of which so much more is given back, and so much less due."""
    return replace(
        purchase,
        refunded_minor=purchase.refunded_minor + amount,
        due_minor=purchase.due_minor - due,
        lines=[
            replace(line, refunded_millionths=line.refunded_millionths + quantities.get(line.id, 0))
            for line in purchase.lines
        ],
    )


async def _write(shop: Shop, refunds: Sequence[GivenBack]) -> None:
    database, lines = shop.database, [line for one in refunds for line in one.lines]
    await insert(
        database,
        "refund",
        ("id", "purchase_id", "refunded_at", "amount", "reason", "shipping", "due", "exchanged_for_id"),
        [
            (
                row.id, row.purchase_id, row.refunded_at, row.amount_minor, row.reason, row.shipping_minor, row.due_minor,
                row.exchanged_for_id,
            )
            for row in (one.row for one in refunds)
        ],
    )  # fmt: skip
    await insert(
        database,
        "refund_line",
        ("id", "refund_id", "line_id", "quantity", "amount", "worth"),
        [
            (line.id, line.refund_id, line.line_id, line.quantity_millionths, line.amount_minor, line.worth_minor)
            for line in lines
        ],
    )
    paid_back = [values for one in refunds for values in refund_payment_values(one.row.id, one.payments)]
    await insert(database, "refund_payment", REFUND_PAYMENT_COLUMNS, paid_back)
    if lines:
        await _move_lines(shop, lines, 1)
    if spread := [share for one in refunds for share in (one.taken.spread or {}).items()]:
        await database.run_many("UPDATE purchase_line SET refunded_amount = refunded_amount + $2 WHERE id = $1", spread)
    await _move_purchases(
        shop, [(one.row.purchase_id, one.row.amount_minor, one.row.due_minor, one.status) for one in refunds]
    )


async def _move_lines(shop: Shop, lines: Sequence[RefundLineRow], sign: int) -> None:
    await shop.database.run_many(
        "UPDATE purchase_line SET refunded_quantity = refunded_quantity + $2 WHERE id = $1",
        [(line.line_id, sign * line.quantity_millionths) for line in lines],
    )


async def _move_purchases(shop: Shop, moved: Sequence[tuple[str, int, int, str]]) -> None:
    """Of each purchase so much more is given back and so much less is due, and this is its status; its lines have moved."""
    await shop.database.run_many(
        f"UPDATE purchase SET refunded = refunded + $2, due = due - $3, status = $4, pieces = {PIECES} WHERE id = $1",
        moved,
    )


async def undo(shop: Shop, exchange: str, purchases: Sequence[LockedPurchase]) -> None:
    """Undo the refunds that were made together with a purchase, of these ones: each is since as if it had not been made.
    Statistics are counted anew, and the plugins told. Raises what they raise."""
    database, by_id = shop.database, {one.row.id: one for one in purchases}
    found = await database.rows(
        f"SELECT {REFUNDS.column_list} FROM {REFUNDS.source} WHERE f.exchanged_for_id = $1 AND {STANDS} ORDER BY f.purchase_id",
        exchange,
    )
    refunds = [RefundRow(*row) for row in found]
    lines = await refund_lines_of(database, [one.id for one in refunds])
    await database.run("UPDATE refund SET undone_at = $2 WHERE exchanged_for_id = $1", exchange, now())
    if gone := [line for each in lines.values() for line in each]:
        await _move_lines(shop, gone, -1)
    before = [_before(one, by_id[one.purchase_id]) for one in refunds]
    since = await refundables(shop, before, UNDONE)
    statuses = {id_: _status_of(one) for id_, one in since.items()}
    await _move_purchases(
        shop,
        [(one.purchase_id, -one.amount_minor, -one.due_minor, statuses[one.purchase_id]) for one in refunds],
    )
    owners = [by_id[one.purchase_id].row.customer_id for one in refunds]
    await recount(shop, [owner for owner in owners if owner])
    told: dict[str, RecordedRefund] = {}
    for one in refunds:  # an exchange, so how it was given back is no question
        purchase = replace(since[one.purchase_id].purchase, status=statuses[one.purchase_id])
        told[one.id] = whole_refund(one, lines[one.id], [], purchase)
    await announce(shop, UNDONE, list(told), rows=told, others=owners)


def _before(refund: RefundRow, purchase: LockedPurchase) -> LockedPurchase:
    row = replace(
        purchase.row,
        refunded_minor=purchase.row.refunded_minor - refund.amount_minor,
        due_minor=purchase.row.due_minor + refund.due_minor,
    )
    return purchase._replace(row=row)


def _status_of(one: Refundable) -> str:
    """The status of a purchase by what was given back of it."""
    purchase, paid = one
    if purchase.status == "VOIDED":
        return "VOIDED"
    if not paid.refunded and not any(line.touched for line in paid.lines):
        return "PAID"
    return status_since(paid.total, paid.refunded, nothing_left=is_refunded_whole(paid, Taken(0)))
