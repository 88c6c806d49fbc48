"""Giving money back: refunds of an amount or of lines, and voids."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from regulars_core.audit import changed
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.reads import (
    LINES,
    PURCHASES,
    LineRow,
    PaymentRow,
    PurchaseRow,
    RefundLineRow,
    RefundRow,
    lines_of,
    payments_of,
)
from regulars_core.purchases.recorded import RecordedPurchase, status_since, whole, whole_refund
from regulars_core.purchases.refundable import (
    Paid,
    PaidLine,
    Taken,
    WantedLine,
    is_refunded_whole,
    taken_by_amount,
    taken_by_lines,
)
from regulars_core.purchases.statistics import recount
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.shop import Shop


async def refund(
    shop: Shop,
    purchase_id: str,
    *,
    amount: int | None = None,
    lines: Mapping[str, WantedLine] | None = None,
    shipping: int | None = None,
    reason: str | None = None,
    at: Instant | None = None,
    exchanged_for: str | None = None,
    stores: Collection[str] | None = None,
) -> RefundRow:
    """Give back an amount in minor units, or goods of lines and something for delivery; answers the refund. `exchanged_for` is
    the purchase that is paid with it.

    Never more than was paid and not yet given back. A purchase of a store that is not among `stores`, if they are given,
    is as good as none. Raises Refused.
    """
    checks = Checks()
    reason = checks.text(reason, "reason", 240)
    if (amount is None) is (lines is None and shipping is None):
        checks.fail("INVALID_REFUND", "Give either an amount, or lines and delivery.", "amount")
    elif amount is not None:
        checks.at_least(amount, 1, "amount")
    elif not lines and not shipping:
        checks.fail("REQUIRED", "This must not be empty.", "lines")
    if at is not None:
        checks.not_after(at, latest_believed(shop.settings), "refundedAt")
    checks.refuse()

    async def work() -> RefundRow:
        purchase, paid = await _locked(shop, purchase_id, stores)
        refunded_at = max(now(), purchase.purchased_at) if at is None else at
        if refunded_at < purchase.purchased_at:
            checks.fail("INVALID_DATE", "A refund cannot come before its purchase.", "refundedAt")
        taken = (
            taken_by_lines(paid, lines or {}, shipping or 0, checks)
            if amount is None
            else taken_by_amount(paid, amount)
        )
        if taken.amount > paid.left:
            left = shop.money(paid.left)
            message = f"At most {left.amount} {left.currency_code} can still be given back."
            checks.fail("REFUND_EXCEEDS_PAID", message, "lines" if amount is None else "amount")
        checks.refuse(recorded=True)
        from_due = min(paid.due, taken.amount)
        row = RefundRow(
            new_id(), purchase_id, refunded_at, taken.amount, reason, taken.delivery, from_due, exchanged_for,
            purchase.currency,
        )  # fmt: skip
        lines_back = [
            RefundLineRow(new_id(), row.id, line.line_id, line.quantity, line.amount, line.worth, row.currency)
            for line in taken.lines
        ]
        status = status_since(paid.total, paid.refunded + taken.amount, nothing_left=is_refunded_whole(paid, taken))
        await _write(shop, row, lines_back, taken, status)
        await recount(shop.database, [purchase.customer_id] if purchase.customer_id else [])
        written = whole_refund(row, lines_back, _as_it_is_since(purchase, status, row, lines_back))
        await announce(shop, "purchases_refunded", [row.id], rows={row.id: written}, others=[purchase.customer_id])
        return row

    return await shop.database.transaction(work)


async def locked_row(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> tuple[PurchaseRow, bool]:
    """A purchase, which nobody else changes until the transaction ends, and whether its tax is on top. Raises Refused:
    NOT_FOUND."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    columns = [*(column.removeprefix("p.") for column in PURCHASES.columns), "prices_include_tax"]
    rows = await lock_where(shop.database, "purchase", f"id = $1{here}", values.all, columns)
    if not rows:
        raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseId",)))
    *row, tax_included = rows[0]
    purchase = PurchaseRow(*row)
    return purchase, not tax_included


async def _locked(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> tuple[RecordedPurchase, Paid]:
    """A purchase with everything that belongs to it, and as refunds see it. Raises Refused."""
    purchase, tax_on_top = await locked_row(shop, purchase_id, stores)
    if purchase.status == "VOIDED":
        raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
    rows = await shop.database.rows(
        f"SELECT {', '.join(LINES.columns)}, CAST((SELECT coalesce(sum(shipping), 0) FROM refund WHERE purchase_id = $1)"
        " AS BIGINT), CAST(coalesce(sum(r.worth), 0) AS BIGINT) + l.refunded_amount, count(r.id)"
        f" FROM {LINES.source} LEFT JOIN refund_line r ON r.line_id = l.id WHERE l.purchase_id = $1"
        f" GROUP BY {', '.join(LINES.columns)}, l.refunded_amount, l.position ORDER BY l.position",
        purchase_id,
    )
    lines = [LineRow(*row[:-3]) for row in rows]
    paid_lines = [
        PaidLine(
            line.id,
            line.quantity_millionths,
            max(line.total_minor + (line.tax_minor if tax_on_top else 0), 0),
            line.refunded_millionths,
            row[-2],
            touched=row[-1] > 0,
        )
        for line, row in zip(lines, rows, strict=True)
    ]
    delivery = purchase.shipping_minor + (purchase.shipping_tax_minor if tax_on_top else 0)
    paid = Paid(purchase.total_minor, purchase.refunded_minor, purchase.due_minor, delivery - rows[0][-3], paid_lines)
    payments: Sequence[PaymentRow] = []
    if shop.plugins.listens("purchases_refunded"):
        payments = (await payments_of(shop.database, [purchase_id])).get(purchase_id, [])
    return whole(purchase, lines, payments), paid


def _as_it_is_since(
    purchase: RecordedPurchase, status: str, row: RefundRow, lines: Sequence[RefundLineRow]
) -> RecordedPurchase:
    gone = {line.line_id: line.quantity_millionths for line in lines}
    return replace(
        purchase,
        status=status,
        refunded_minor=purchase.refunded_minor + row.amount_minor,
        due_minor=purchase.due_minor - row.due_minor,
        lines=[
            replace(line, refunded_millionths=line.refunded_millionths + gone.get(line.id, 0))
            for line in purchase.lines
        ],
    )


async def _write(shop: Shop, row: RefundRow, lines: Sequence[RefundLineRow], taken: Taken, status: str) -> None:
    database = shop.database
    await insert(
        database,
        "refund",
        ("id", "purchase_id", "refunded_at", "amount", "reason", "shipping", "due", "exchanged_for_id"),
        [
            (
                row.id, row.purchase_id, row.refunded_at, row.amount_minor, row.reason, row.shipping_minor, row.due_minor,
                row.exchanged_for_id,
            )
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
    if lines:
        await database.run_many(
            "UPDATE purchase_line SET refunded_quantity = refunded_quantity + $2 WHERE id = $1",
            [(line.line_id, line.quantity_millionths) for line in lines],
        )
    if taken.spread:
        await database.run_many(
            "UPDATE purchase_line SET refunded_amount = refunded_amount + $2 WHERE id = $1", taken.spread.items()
        )
    await database.run(
        "UPDATE purchase SET refunded = refunded + $2, due = due - $3, status = $4 WHERE id = $1",
        row.purchase_id,
        row.amount_minor,
        row.due_minor,
        status,
    )


async def void(shop: Shop, purchase_id: str, stores: Collection[str] | None = None) -> bool:
    """Undo a purchase as if it had not been; answers whether it stood until now. `stores` as in refund. Raises Refused."""

    async def work() -> bool:
        purchase, _ = await locked_row(shop, purchase_id, stores)
        if purchase.status == "VOIDED":
            changed({})
            return False
        changed({"status": (purchase.status, "VOIDED")})
        await shop.database.run("UPDATE purchase SET status = 'VOIDED' WHERE id = $1", purchase_id)
        await recount(shop.database, [purchase.customer_id] if purchase.customer_id else [])
        rows: Mapping[str, RecordedPurchase] = {}
        if shop.plugins.listens("purchases_voided"):
            lines, payments = (
                await lines_of(shop.database, [purchase_id]),
                await payments_of(shop.database, [purchase_id]),
            )
            voided = replace(purchase, status="VOIDED")
            rows = {purchase_id: whole(voided, lines.get(purchase_id, []), payments.get(purchase_id, []))}
        await announce(shop, "purchases_voided", [purchase_id], rows=rows, others=[purchase.customer_id])
        return True

    return await shop.database.transaction(work)
