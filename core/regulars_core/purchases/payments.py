"""Paying later what was still due when a purchase was recorded."""

from collections.abc import Collection, Sequence

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.purchases.refunds import locked_row
from regulars_core.purchases.rules import MAX_PAYMENTS, NewPayment, checked_payments
from regulars_core.purchases.service import PAYMENT_COLUMNS, payment_row
from regulars_core.queries.inserts import insert
from regulars_core.shop.shop import Shop


async def pay(
    shop: Shop, purchase_id: str, payments: Sequence[NewPayment], *, stores: Collection[str] | None = None
) -> None:
    """Pay what is due of a purchase, or a part of it; what counts as spent is the sale, so that nothing else moves.

    A purchase of a store that is not among `stores`, if they are given, is as good as none. Raises Refused.
    """
    checks = Checks()
    tidied = checked_payments(checks, payments)
    if not tidied:
        checks.fail("REQUIRED", "This must not be empty.", "payments")
    checks.refuse()
    amount = sum(payment.amount for payment in tidied)

    async def work() -> None:
        purchase, _ = await locked_row(shop, purchase_id, stores)
        if purchase.status == "VOIDED":
            raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
        if amount > purchase.due_minor:
            due = purchase.due
            message = f"{due.amount} {due.currency_code} is due, and no more can be paid."
            raise Refused(Problem("PAYMENTS_MISMATCH", message, ("payments",)))
        [[before]] = await shop.database.rows("SELECT count(*) FROM payment WHERE purchase_id = $1", purchase_id)
        if before + len(tidied) > MAX_PAYMENTS:
            message = f"A purchase has at most {MAX_PAYMENTS} payments."
            raise Refused(Problem("TOO_MANY", message, ("payments",)))
        rows = [payment_row(purchase, payment) for payment in tidied]
        values = [
            (row.id, row.purchase_id, before + n, row.method, row.amount_minor, row.reference, row.tendered_minor)
            for n, row in enumerate(rows)
        ]
        await insert(shop.database, "payment", PAYMENT_COLUMNS, values)
        await shop.database.run("UPDATE purchase SET due = due - $2 WHERE id = $1", purchase_id, amount)

    await shop.database.transaction(work)
