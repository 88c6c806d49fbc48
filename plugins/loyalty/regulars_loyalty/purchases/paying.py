"""Paying for a purchase with store credit or points."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.plugin import (
    Forbidden,
    PaidWith,
    PaymentRow,
    Problem,
    RecordedPurchase,
    Refused,
    acting,
    is_id,
    told_later,
)
from regulars_loyalty.ledger.book import PAID, POINTS, Account, Cause, Hold, Short
from regulars_loyalty.ledger.problems import insufficient
from regulars_loyalty.ledger.storage import Ledger
from regulars_loyalty.permissions import CREDIT_SPEND, POINTS_REDEEM
from regulars_loyalty.points.program import Rate, Versions
from regulars_loyalty.purchases.settling import Happened
from regulars_loyalty.settings import LoyaltySettings

AT_MOST = "atMost"
"""The field by which a payment says that less will do."""
_HOLD_KINDS = ("credithold_", "pointshold_")


class Payer:
    """Whoever pays for one purchase, or pays later what is due of it: `payments` are those that are made now."""

    def __init__(
        self,
        ledger: Ledger,
        versions: Versions,
        purchase: RecordedPurchase,
        payments: Sequence[PaymentRow],
        carried: Sequence[Mapping[str, Any]],
        cause: Cause,
        *,
        is_later: bool = False,
    ) -> None:
        self._shop, self._ledger, self._versions = ledger.shop, ledger, versions
        self._purchase, self._cause = purchase, cause
        self._payments, self._carried = payments, carried or [{}] * len(payments)
        self._settings = self._shop.settings.of(LoyaltySettings)
        self._origin = None if is_later else purchase.origin
        self._may_owe = told_later() or self._origin == "SYNC"
        self._paid = PaidWith()
        self.less: dict[str, int] = {}
        """How much less than was told each payment is, by its id."""

    async def pay(self) -> PaidWith:
        """Take what the payments say. A purchase from a file was paid with nothing that is kept here, and what is told late is
        paid whatever is there. Raises Refused and Forbidden."""
        own = {self._settings.credit_method: self._by_credit, self._settings.points_method: self._by_points}
        if self._origin == "IMPORT" or not any(payment.method in own for payment in self._payments):
            return self._paid
        for n, payment in enumerate(self._payments):
            if payment.method in own:
                await own[payment.method](payment, n)
        return self._paid

    def _allow(self, permission: str) -> None:
        actor, store = acting(), self._purchase.store_id
        if actor is not None and not actor.may(permission, store):
            raise Forbidden(permission, store=store)

    async def _by_credit(self, payment: PaymentRow, n: int) -> None:
        self._allow(CREDIT_SPEND)
        account = self._ledger.account(str(self._purchase.customer_id), self._shop.currency)
        amount = payment.amount_minor
        if amount < 0:
            if self._may_owe:
                return
            raise Refused(Problem("INVALID_AMOUNT", "Credit is paid out by a refund.", _path(n, "amount")))
        self._take(account, payment, n, amount, await self._hold(account, payment, n, amount), 1)

    async def _by_points(self, payment: PaymentRow, n: int) -> None:
        self._allow(POINTS_REDEEM)
        version = self._versions.at(self._purchase.purchased_at)
        rate = version.program.rate if version else None
        amount = payment.amount_minor
        if rate is None or amount <= 0 or amount % rate.amount:
            if self._may_owe:  # it happened, though nobody can say by how many points
                return
            problem = Problem(
                "POINTS_RATE_MISMATCH", "This is no whole number of steps of the rate.", _path(n, "amount")
            )
            raise Refused(problem)
        if not self._may_owe:
            self._check(rate, amount, n)
        points = amount // rate.amount * rate.points
        account = self._ledger.account(str(self._purchase.customer_id), POINTS)
        self._take(account, payment, n, points, await self._hold(account, payment, n, points), rate.points, rate)

    def _check(self, rate: Rate, amount: int, n: int) -> None:
        least = rate.minimum_points or 0
        if amount // rate.amount * rate.points < least:
            message = f"A payment takes {least} points at least."
            raise Refused(Problem("OUT_OF_RANGE", message, _path(n, "amount")))
        if rate.maximum_share is not None:
            most = int(self._purchase.total_minor * rate.maximum_share)
            if self._paid.points + self._paid_before() + amount > most:
                money = self._shop.money(most)
                message = f"Points pay {money.amount} {money.currency_code} of this purchase at most."
                raise Refused(Problem("OUT_OF_RANGE", message, _path(n, "amount")))

    def _paid_before(self) -> int:
        """How much points have paid of the purchase before these payments."""
        method, ids = self._settings.points_method, {one.id for one in self._payments}
        return sum(one.amount_minor for one in self._purchase.payments if one.method == method and one.id not in ids)

    async def _hold(self, account: Account, payment: PaymentRow, n: int, amount: int) -> Hold | None:
        """The hold from which a payment takes: the one that it names, or that of the basket. One that has run out is as good as
        none."""
        account.post_due()
        named = next((payment.reference for kind in _HOLD_KINDS if (payment.reference or "").startswith(kind)), None)
        if named is None:
            return account.hold_of(self._purchase.basket)
        key = named.partition("_")[2]
        found = next((hold for hold in account.holds if hold.id == key), None)
        if found is None:
            await self._refuse_closed(account, key, n)
        elif found.closed_at is None and amount > found.amount and not self._may_owe:
            message = "More than the hold has kept."
            raise Refused(insufficient(account, "HOLD_EXCEEDED", message, amount, found.amount, _path(n, "amount")))
        return None if found is None or found.closed_at is not None else found

    async def _refuse_closed(self, account: Account, key: str, n: int) -> None:
        if self._may_owe:
            return
        sql = "SELECT held_until, closed_at FROM loyalty_hold WHERE id = $1 AND customer_id = $2 AND unit = $3"
        row = await self._shop.database.row(sql, key, account.customer_id, account.unit) if is_id(key) else None
        if row is None:
            raise Refused(Problem("NOT_FOUND", "The customer has no such hold.", _path(n, "reference")))
        if row[1] is not None and row[1] < row[0]:  # else it ran out, and is as good as none
            raise Refused(Problem("HOLD_CLOSED", "The hold was captured or released.", _path(n, "reference")))

    def _take(
        self,
        account: Account,
        payment: PaymentRow,
        n: int,
        amount: int,
        hold: Hold | None,
        step: int,
        rate: Rate | None = None,
    ) -> None:
        there = account.available + (hold.amount if hold else 0)
        taken = amount
        if amount > there and self._carried[n].get(AT_MOST) and not self._may_owe:
            taken = there // step * step
            if rate is not None and taken < (rate.minimum_points or 0):
                taken = 0
        money = taken if rate is None else taken // rate.points * rate.amount
        if money < payment.amount_minor:
            self.less[payment.id] = payment.amount_minor - money
        if not taken:
            return
        cause = self._cause._replace(payment_id=payment.id)
        try:
            posted = account.spend("PAYMENT", taken, cause, PAID, hold=hold, allow_debt=self._may_owe)
        except Short as short:
            code = "INSUFFICIENT_POINTS" if rate else "INSUFFICIENT_FUNDS"
            what = "points" if rate else "credit"
            message = f"There is less {what} than is to be paid."
            problem = insufficient(account, code, message, short.requested, short.available, _path(n, "amount"))
            raise Refused(problem) from None
        if rate is not None:
            self._paid = replace(self._paid, points=self._paid.points + money)
            return
        given = sum(use.amount for one in posted for use in one.uses if not use.lot.is_bought)
        paid = self._paid
        self._paid = replace(
            paid, given_credit=paid.given_credit + given, bought_credit=paid.bought_credit + money - given
        )


def _path(n: int, name: str) -> tuple[str, ...]:
    return ("payments", str(n), name)


def paid_cause(purchase: RecordedPurchase) -> Cause:
    """Why a purchase takes what pays for it."""
    return Happened(purchase, "PURCHASE", purchase.purchased_at).cause()


def lowered(purchase: RecordedPurchase, less: Mapping[str, int]) -> None:
    """Let the purchase say what was paid in fact, where less would do: the rest is due."""
    if less:
        payments = [
            replace(one, amount_minor=one.amount_minor - less[one.id]) if one.id in less else one
            for one in purchase.payments
        ]
        purchase.payments = payments
        purchase.due_minor += sum(less.values())
