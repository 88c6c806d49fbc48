"""What changes of a recorded sale: what the team wrote down about it, and what is paid of it later."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TypedDict

from regulars_core.audit import changed
from regulars_core.events.ahead import PAID
from regulars_core.events.events import announce
from regulars_core.plugins.host import Extras
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.purchases.given_back.concerned import hold_concerned
from regulars_core.purchases.given_back.refund_rows import locked_row
from regulars_core.purchases.payments.payment_rows import (
    PAYMENT_COLUMNS,
    PaymentRow,
    payment_row,
    payment_values,
    payments_of,
)
from regulars_core.purchases.reads import OF_AN_ERASED_ONE, PurchaseRow, lines_of
from regulars_core.purchases.recorded import RecordedPayment, paid_part, whole
from regulars_core.purchases.rules import MAX_PAYMENTS, NewPayment, checked_payments
from regulars_core.queries.inserts import insert
from regulars_core.queries.locks import lock_where
from regulars_core.queries.where import Values
from regulars_core.shop.shop import Shop


class PurchaseChanges(TypedDict, total=False):
    """What to change of a purchase: what is absent stays, None clears."""

    note: str | None


async def change_purchase(
    shop: Shop, purchase_id: str, changes: PurchaseChanges, stores: Collection[str] | None = None
) -> bool:
    """Change a recorded purchase; answers whether anything is different now. It stays the purchase that was recorded: sent again
    as it was, it is answered. One of a store that is not among `stores`, if they are given, is as good as none. Raises
    Refused: NOT_FOUND, and CUSTOMER_ERASED for a note about somebody who is forgotten."""
    checks = Checks()
    note = checks.prose(changes.get("note"), "note", 2_000)
    checks.refuse()

    async def work() -> bool:
        values = Values(shop.database.dialect, purchase_id)
        here = "" if stores is None else f" AND {values.among('store_id', sorted(stores), 'uuid')}"
        rows = await lock_where(shop.database, "purchase", f"id = $1{here}", values.all, ["note", OF_AN_ERASED_ONE])
        if not rows:
            raise Refused(Problem("NOT_FOUND", "There is no purchase with this id.", ("id",)))
        if note is not None and rows[0][1]:
            message = "The customer was erased; nothing is written down about them any more."
            raise Refused(Problem("CUSTOMER_ERASED", message, ("note",)))
        is_different = "note" in changes and rows[0][0] != note
        changed({"note": None} if is_different else {})
        if is_different:
            await shop.database.run("UPDATE purchase SET note = $2 WHERE id = $1", purchase_id, note)
        return is_different

    return await shop.database.transaction(work)


async def pay(
    shop: Shop,
    purchase_id: str,
    payments: Sequence[NewPayment],
    *,
    extras: Sequence[Extras] = (),
    stores: Collection[str] | None = None,
) -> None:
    """Pay what is due of a purchase, or a part of it, and tell the plugins; what counts as spent is the sale, so that nothing
    else moves. `extras` are what each of the payments carries for plugins, if any does.

    A purchase of a store that is not among `stores`, if they are given, is as good as none. References are not kept where the
    customer was erased. Raises Refused.
    """
    checks = Checks()
    tidied = checked_payments(checks, payments)
    if not tidied:
        checks.fail("REQUIRED", "This must not be empty.", "payments")
    checks.refuse()
    amount = sum(payment.amount for payment in tidied)

    async def work() -> None:
        purchase, _, is_erased = await locked_row(shop, purchase_id, stores)
        if purchase.status == "VOIDED":
            raise Refused(Problem("PURCHASE_VOIDED", "The purchase was voided.", ("purchaseId",)))
        if amount > purchase.due_minor:
            due, currency = purchase.due, purchase.due.currency_code
            message = f"Payments come to {shop.money(amount).amount} {currency}, and {due.amount} {currency} is due."
            raise Refused(Problem("PAYMENTS_MISMATCH", message, ("payments",)))
        [[before]] = await shop.database.rows("SELECT count(*) FROM payment WHERE purchase_id = $1", purchase_id)
        if before + len(tidied) > MAX_PAYMENTS:
            message = f"A purchase has at most {MAX_PAYMENTS} payments."
            raise Refused(Problem("TOO_MANY", message, ("payments",)))
        await hold_concerned(shop, [purchase_id], [purchase.customer_id])
        paid_at = now()
        kept = [replace(payment, reference=None) for payment in tidied] if is_erased else tidied
        rows = [payment_row(purchase_id, purchase.currency, payment, paid_at) for payment in kept]
        # What the purchase was is noted with the payments that it had, so these come afterwards.
        await shop.database.run("UPDATE purchase SET due = due - $2 WHERE id = $1", purchase_id, amount)
        await insert(shop.database, "payment", PAYMENT_COLUMNS, payment_values(rows, before))
        told: Mapping[str, RecordedPayment] = {}
        if shop.plugins.listens(PAID):
            told = await _paid(shop, replace(purchase, due_minor=purchase.due_minor - amount), rows)
        owners = [purchase.customer_id] * len(rows)
        await announce(shop, PAID, [row.id for row in rows], extras, told, others=owners)
        await _lower(shop, purchase.due_minor - amount, list(told.values()))

    await shop.database.transaction(work)


async def _lower(shop: Shop, due: int, told: Sequence[RecordedPayment]) -> None:
    """Where a plugin took less than a payment said, because less would do: that is what was paid, and the rest is still due."""
    if not told or told[0].purchase.due_minor == due:
        return
    await shop.database.run_many(
        "UPDATE payment SET amount = $2 WHERE id = $1", [(payment.id, payment.amount_minor) for payment in told]
    )
    since = told[0].purchase
    await shop.database.run("UPDATE purchase SET due = $2 WHERE id = $1", since.id, since.due_minor)


async def _paid(shop: Shop, since: PurchaseRow, rows: Sequence[PaymentRow]) -> Mapping[str, RecordedPayment]:
    """Payments by id, each with its purchase as it is since."""
    lines, payments = await lines_of(shop.database, [since.id]), await payments_of(shop.database, [since.id])
    purchase = whole(since, lines[since.id], payments[since.id])
    return {row.id: paid_part(row, purchase) for row in rows}
