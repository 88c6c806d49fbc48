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
from regulars_core.purchases.rules import Paid, PaidLine, is_refunded_whole, refund_of_lines
from regulars_core.purchases.statistics import recount
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


async def refund(
    shop: Shop,
    purchase_id: str,
    *,
    amount: int | None = None,
    lines: Mapping[str, int] | None = None,
    reason: str | None = None,
    at: Instant | None = None,
    stores: Collection[str] | None = None,
) -> str:
    """Give back an amount in minor units, or quantities (millionths) of lines; answers the refund's id.

    Never more than was paid and not yet given back. A purchase of a store that is not among `stores`, if they are given,
    is as good as none. Raises Refused.
    """
    checks = Checks()
    reason = checks.text(reason, "reason", 240)
    if (amount is None) is (lines is None):
        checks.fail("INVALID_REFUND", "Give either an amount or lines.", "amount")
    elif amount is not None:
        checks.at_least(amount, 1, "amount")
    elif not lines:
        checks.fail("REQUIRED", "This must not be empty.", "lines")
    checks.refuse()

    async def work() -> str:
        purchase, paid = await _locked(shop, purchase_id, stores)
        refunded_at = max(now(), purchase.purchased_at) if at is None else at
        if refunded_at < purchase.purchased_at:
            checks.fail("INVALID_DATE", "A refund cannot come before its purchase.", "refundedAt")
        taken = refund_of_lines(paid, lines, checks) if lines else []
        back = sum(line.amount for line in taken) if amount is None else amount
        if paid.refunded + back > paid.total:
            left = shop.money(paid.total - paid.refunded)
            message = f"At most {left.amount} {left.currency_code} can still be given back."
            checks.fail("REFUND_EXCEEDS_PAID", message, "amount" if lines is None else "lines")
        checks.refuse(recorded=True)
        row = RefundRow(new_id(), purchase_id, refunded_at, back, reason, purchase.currency)
        lines_back = [
            RefundLineRow(new_id(), row.id, line.line_id, line.quantity, line.amount, row.currency) for line in taken
        ]
        gone = is_refunded_whole(paid, back, taken)
        status = status_since(paid.total, paid.refunded + back, nothing_left=gone)
        await _write(shop, row, lines_back, status)
        await recount(shop.database, [purchase.customer_id] if purchase.customer_id else [])
        written = whole_refund(row, lines_back, _as_it_is_since(purchase, status, back, lines_back))
        await announce(shop, "purchases_refunded", [row.id], rows={row.id: written}, others=[purchase.customer_id])
        return row.id

    return await shop.database.transaction(work)


async def _locked_row(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> tuple[PurchaseRow, int]:
    """A purchase, which nobody else changes until the transaction ends, and its tax on top. Raises Refused: NOT_FOUND."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    columns = [*(column.removeprefix("p.") for column in PURCHASES.columns), "prices_include_tax"]
    rows = await lock_where(shop.database, "purchase", f"id = $1{here}", values.all, columns)
    if not rows:
        raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseId",)))
    *row, tax_included = rows[0]
    purchase = PurchaseRow(*row)
    return purchase, 0 if tax_included else purchase.tax_minor


async def _locked(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> tuple[RecordedPurchase, Paid]:
    """A purchase with everything that belongs to it, and as refunds see it. Raises Refused."""
    purchase, tax_on_top = await _locked_row(shop, purchase_id, stores)
    if purchase.status == "VOIDED":
        raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
    rows = await shop.database.rows(
        f"SELECT {', '.join(LINES.columns)}, CAST(coalesce(sum(r.amount), 0) AS BIGINT), count(r.id)"
        f" FROM {LINES.source} LEFT JOIN refund_line r ON r.line_id = l.id WHERE l.purchase_id = $1"
        f" GROUP BY {', '.join(LINES.columns)}, l.position ORDER BY l.position",
        purchase_id,
    )
    lines = [LineRow(*row[:-2]) for row in rows]
    paid_lines = [
        PaidLine(
            line.id, line.quantity_millionths, line.total_minor, line.refunded_millionths, row[-2], touched=row[-1] > 0
        )
        for line, row in zip(lines, rows, strict=True)
    ]
    paid = Paid(purchase.total_minor, purchase.refunded_minor, tax_on_top, paid_lines)
    payments: Sequence[PaymentRow] = []
    if shop.plugins.listens("purchases_refunded"):
        payments = (await payments_of(shop.database, [purchase_id])).get(purchase_id, [])
    return whole(purchase, lines, payments), paid


def _as_it_is_since(
    purchase: RecordedPurchase, status: str, back: int, lines: Sequence[RefundLineRow]
) -> RecordedPurchase:
    gone = {line.line_id: line.quantity_millionths for line in lines}
    return replace(
        purchase,
        status=status,
        refunded_minor=purchase.refunded_minor + back,
        lines=[
            replace(line, refunded_millionths=line.refunded_millionths + gone.get(line.id, 0))
            for line in purchase.lines
        ],
    )


async def _write(shop: Shop, row: RefundRow, lines: Sequence[RefundLineRow], status: str) -> None:
    database = shop.database
    await insert(
        database,
        "refund",
        ("id", "purchase_id", "refunded_at", "amount", "reason"),
        [(row.id, row.purchase_id, row.refunded_at, row.amount_minor, row.reason)],
    )
    await insert(
        database,
        "refund_line",
        ("id", "refund_id", "line_id", "quantity", "amount"),
        [(line.id, row.id, line.line_id, line.quantity_millionths, line.amount_minor) for line in lines],
    )
    if lines:
        await database.run_many(
            "UPDATE purchase_line SET refunded_quantity = refunded_quantity + $2 WHERE id = $1",
            [(line.line_id, line.quantity_millionths) for line in lines],
        )
    await database.run(
        "UPDATE purchase SET refunded = refunded + $2, status = $3 WHERE id = $1",
        row.purchase_id,
        row.amount_minor,
        status,
    )


async def void(shop: Shop, purchase_id: str, stores: Collection[str] | None = None) -> bool:
    """Undo a purchase as if it had not been; answers whether it stood until now. `stores` as in refund. Raises Refused."""

    async def work() -> bool:
        purchase, _ = await _locked_row(shop, purchase_id, stores)
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
