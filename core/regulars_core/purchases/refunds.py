"""Giving money back: refunds of an amount or of lines, and voids."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.audit import changed
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import new_id
from regulars_core.purchases.rules import Paid, PaidLine, RefundedLine, is_refunded_whole, refund_of_lines
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
        customer_id, purchased_at, paid = await _locked(shop, purchase_id, stores)
        refunded_at = max(now(), purchased_at) if at is None else at
        if refunded_at < purchased_at:
            checks.fail("INVALID_DATE", "A refund cannot come before its purchase.", "refundedAt")
        taken = refund_of_lines(paid, lines, checks) if lines else []
        back = sum(line.amount for line in taken) if amount is None else amount
        if paid.refunded + back > paid.total:
            left = shop.money(paid.total - paid.refunded)
            message = f"At most {left.amount} {left.currency_code} can still be given back."
            checks.fail("REFUND_EXCEEDS_PAID", message, "amount" if lines is None else "lines")
        checks.refuse(recorded=True)
        refund_id = new_id()
        await insert(
            shop.database,
            "refund",
            ("id", "purchase_id", "refunded_at", "amount", "reason"),
            [(refund_id, purchase_id, refunded_at, back, reason)],
        )
        await _take_lines(shop, refund_id, taken)
        whole = is_refunded_whole(paid, back, taken)
        await shop.database.run(
            "UPDATE purchase SET refunded = refunded + $2, status = $3 WHERE id = $1",
            purchase_id,
            back,
            "REFUNDED" if whole else "PARTIALLY_REFUNDED" if paid.refunded + back or not paid.total else "PAID",
        )
        await recount(shop.database, [customer_id] if customer_id else [])
        await announce(shop, "purchases_refunded", [refund_id])
        return refund_id

    return await shop.database.transaction(work)


async def _locked_row(shop: Shop, columns: Sequence[str], purchase_id: str, stores: Collection[str] | None) -> Any:
    """These columns of a purchase, which nobody else changes until the transaction ends. Raises Refused: NOT_FOUND."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    rows = await lock_where(shop.database, "purchase", f"id = $1{here}", values.all, columns)
    if not rows:
        raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseId",)))
    return rows[0]


async def _locked(shop: Shop, purchase_id: str, stores: Collection[str] | None) -> tuple[str | None, Instant, Paid]:
    columns = ("customer_id", "purchased_at", "status", "total", "refunded", "prices_include_tax", "tax")
    customer_id, purchased_at, status, total, refunded, tax_included, tax = await _locked_row(
        shop, columns, purchase_id, stores
    )
    if status == "VOIDED":
        raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
    lines = await shop.database.rows(
        "SELECT l.id, l.quantity, l.total, l.refunded_quantity, CAST(coalesce(sum(r.amount), 0) AS BIGINT), count(r.id)"
        " FROM purchase_line l LEFT JOIN refund_line r ON r.line_id = l.id WHERE l.purchase_id = $1"
        " GROUP BY l.id, l.quantity, l.total, l.refunded_quantity, l.position ORDER BY l.position",
        purchase_id,
    )
    paid_lines = [PaidLine(line[0], line[1], line[2], line[3], line[4], touched=line[5] > 0) for line in lines]
    return customer_id, purchased_at, Paid(total, refunded, 0 if tax_included else tax, paid_lines)


async def _take_lines(shop: Shop, refund_id: str, taken: Sequence[RefundedLine]) -> None:
    await insert(
        shop.database,
        "refund_line",
        ("id", "refund_id", "line_id", "quantity", "amount"),
        [(new_id(), refund_id, line.line_id, line.quantity, line.amount) for line in taken],
    )
    if taken:
        await shop.database.run_many(
            "UPDATE purchase_line SET refunded_quantity = refunded_quantity + $2 WHERE id = $1",
            [(line.line_id, line.quantity) for line in taken],
        )


async def void(shop: Shop, purchase_id: str, stores: Collection[str] | None = None) -> bool:
    """Undo a purchase as if it had not been; answers whether it stood until now. `stores` as in refund. Raises Refused."""

    async def work() -> bool:
        customer_id, status = await _locked_row(shop, ("customer_id", "status"), purchase_id, stores)
        if status == "VOIDED":
            changed({})
            return False
        changed({"status": (status, "VOIDED")})
        await shop.database.run("UPDATE purchase SET status = 'VOIDED' WHERE id = $1", purchase_id)
        await recount(shop.database, [customer_id] if customer_id else [])
        await announce(shop, "purchases_voided", [purchase_id])
        return True

    return await shop.database.transaction(work)
