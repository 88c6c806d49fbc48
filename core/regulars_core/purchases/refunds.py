"""Giving money back: refunds of an amount or of lines, and voids."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from regulars_core.audit import changed
from regulars_core.events.ahead import VOIDED
from regulars_core.events.events import announce
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import Instant, just_after, now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.purchases.given_back.concerned import hold_concerned
from regulars_core.purchases.given_back.refund_rows import (
    LockedPurchase,
    give_back,
    given_back,
    left_of,
    lock_purchases,
    locked_row,
    refundables,
    undo,
)
from regulars_core.purchases.payments.payment_rows import payments_of
from regulars_core.purchases.reads import RefundRow, lines_of
from regulars_core.purchases.recorded import RecordedPurchase, whole
from regulars_core.purchases.refundable import WantedLine, taken_by_amount, taken_by_lines
from regulars_core.purchases.rules import NewPayment, checked_payments
from regulars_core.purchases.statistics import recount
from regulars_core.queries.where import Values
from regulars_core.shop.dates import latest_believed
from regulars_core.shop.shop import Shop


def check_wanted(
    checks: Checks, *, amount: int | None, lines: Mapping[str, WantedLine] | None, shipping: int | None
) -> None:
    """What is to be given back is an amount, or lines and delivery, and something. Problems are noted in `checks`."""
    if (amount is None) is (lines is None and shipping is None):
        checks.fail("INVALID_REFUND", "Give either an amount, or lines and delivery.", "amount")
    elif amount is not None:
        checks.at_least(amount, 1, "amount")
    elif not lines and not shipping:
        checks.fail("REQUIRED", "This must not be empty.", "lines")


def checked_telling(
    checks: Checks, shop: Shop, reason: str | None, payments: Sequence[NewPayment], at: Instant | None
) -> tuple[str | None, list[NewPayment]]:
    """Why and how something is given back, in the form in which it is kept, and not too far ahead. Problems are noted in
    `checks`."""
    if at is not None:
        checks.not_after(at, latest_believed(shop.settings), "refundedAt")
    return checks.text(reason, "reason", 240), checked_payments(checks, payments)


async def refund(
    shop: Shop,
    purchase_id: str,
    *,
    amount: int | None = None,
    lines: Mapping[str, WantedLine] | None = None,
    shipping: int | None = None,
    reason: str | None = None,
    at: Instant | None = None,
    payments: Sequence[NewPayment] = (),
    stores: Collection[str] | None = None,
) -> RefundRow:
    """Give back an amount in minor units, or goods of lines and something for delivery; answers the refund. How it is given back
    need not be told; `payments` that are sum to it, less what was still due and is owed no more.

    Never more than was paid and not yet given back. A purchase of a store that is not among `stores`, if they are given,
    is as good as none. The reason is not kept where the customer was erased. Raises Refused.
    """
    checks = Checks()
    check_wanted(checks, amount=amount, lines=lines, shipping=shipping)
    reason, tidied = checked_telling(checks, shop, reason, payments, at)
    checks.refuse()

    async def work() -> RefundRow:
        locked = await locked_row(shop, purchase_id, stores)
        if locked.row.status == "VOIDED":
            raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
        await hold_concerned(shop, [purchase_id], [locked.row.customer_id], only_several=True)
        of = (await refundables(shop, [locked]))[purchase_id]
        purchase, paid = of
        refunded_at = max(now(), purchase.purchased_at) if at is None else at
        if refunded_at < purchase.purchased_at:
            checks.unfit("INVALID_DATE", "A refund cannot come before its purchase.", "refundedAt")
        taken = (
            taken_by_lines(paid, lines or {}, shipping or 0, checks)
            if amount is None
            else taken_by_amount(paid, amount)
        )
        if taken.amount > paid.left:
            checks.unfit("REFUND_EXCEEDS_PAID", left_of(shop, paid), "lines" if amount is None else "amount")
        kept = [replace(one, reference=None) for one in tidied] if locked.is_erased else tidied
        why = None if locked.is_erased else reason
        given = given_back(of, taken, refunded_at, reason=why, payments=kept)
        money = given.row.amount_minor - given.row.due_minor
        paid_back = sum(payment.amount for payment in tidied)
        if tidied and paid_back != money:
            sums = [f"{shop.money(one).amount} {shop.currency}" for one in (paid_back, money)]
            message = f"Payments come to {sums[0]}, and what is given back to {sums[1]}."
            checks.unfit("PAYMENTS_MISMATCH", message, "payments")
        checks.refuse()
        await give_back(shop, [given])
        return given.row

    return await shop.database.transaction(work)


async def void(shop: Shop, purchase_id: str, stores: Collection[str] | None = None) -> bool:
    """Undo a purchase as if it had not been, and then the refunds that were made together with it; answers whether it stood until
    now. `stores` as in refund; those refunds may be of any store. Raises Refused."""

    async def work() -> bool:
        locked, others = await _locked_with_returned(shop, purchase_id, stores)
        purchase = locked.row
        if purchase.status == "VOIDED":
            changed({})
            return False
        every = [one.row for one in (locked, *others)]
        await hold_concerned(shop, [one.id for one in every], [one.customer_id for one in every], only_several=True)
        changed({"status": (purchase.status, "VOIDED")})
        await shop.database.run("UPDATE purchase SET status = 'VOIDED' WHERE id = $1", purchase_id)
        await recount(shop, [purchase.customer_id] if purchase.customer_id else [])
        rows: Mapping[str, RecordedPurchase] = {}
        if shop.plugins.listens(VOIDED):
            lines, payments = (
                await lines_of(shop.database, [purchase_id]),
                await payments_of(shop.database, [purchase_id]),
            )
            voided = replace(purchase, status="VOIDED")
            rows = {purchase_id: whole(voided, lines.get(purchase_id, []), payments.get(purchase_id, []))}
        await announce(shop, VOIDED, [purchase_id], rows=rows, others=[purchase.customer_id])
        if others:
            with just_after():
                await undo(shop, purchase_id, others)
        return True

    return await shop.database.transaction(work)


async def _locked_with_returned(
    shop: Shop, purchase_id: str, stores: Collection[str] | None
) -> tuple[LockedPurchase, Sequence[LockedPurchase]]:
    """A purchase, and those of which something was given back together with it, all locked in one order. Raises Refused."""
    values = Values(shop.database.dialect, purchase_id)
    here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
    ids = f"SELECT id FROM purchase WHERE id = $1{here} UNION ALL SELECT purchase_id FROM refund WHERE exchanged_for_id = $1"
    found = {one.row.id: one for one in await lock_purchases(shop, f"id IN ({ids})", values.all)}
    if (locked := found.pop(purchase_id, None)) is None:
        raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("purchaseId",)))
    return locked, list(found.values())
