"""Purchases, how they are paid, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.loyalty.naive.accounts import DAY, Account, Hold, No
from tests.loyalty.naive.desk import CREDIT, POINTS, SHORT, Desk
from tests.loyalty.naive.purchases import Earned, Line, Paid, Purchase


@dataclass(frozen=True)
class Tender:
    """A payment as it is told."""

    method: str
    amount: int
    at_most: bool = False
    hold: Hold | None = None


class Till(Desk):
    """Where purchases are made."""

    def sells(
        self,
        owner: str | None,
        lines: list[Line],
        delivery: int,
        due: int,
        tenders: Sequence[Tender],
        basket: str | None,
        at: int | None = None,
    ) -> Purchase:
        """At an instant that is over, or now."""
        owner = owner and self.leads[owner]
        made = Purchase(owner, self.now if at is None else at, lines, delivery, due, basket=basket)
        made.shares_of_gifts(0)
        if owner is None and (any(line.sells_credit for line in lines) or any(t.method in SHORT for t in tenders)):
            raise No("CUSTOMER_REQUIRED")
        if owner is not None:
            with self.account(owner, CREDIT).or_nothing(), self.account(owner, POINTS).or_nothing():
                made.paid = self._pay(made, tenders, basket)
                if any(line.sells_credit and not line.worth for line in lines):
                    raise No("INVALID_AMOUNT")
            for hold in self._of_basket(owner, basket):
                hold.close()
            made.shares_of_gifts(sum(self._given(one) for one in made.paid))
            for line in lines:
                if line.sells_credit and line.worth:
                    line.buyer = owner
                    line.lot = self.account(owner, CREDIT).give(line.worth, made.at, is_bought=True, purchase=made)
            self._earn(made)
        self.purchases.append(made)
        return made

    def _of_basket(self, owner: str, basket: str | None) -> list[Hold]:
        holds = [hold for unit in SHORT for hold in self.account(owner, unit).holds]
        return [hold for hold in holds if hold.is_open and basket is not None and hold.basket == basket]

    def _pay(self, purchase: Purchase, tenders: Sequence[Tender], basket: str | None = None) -> list[Paid]:
        paid = []
        for tender in tenders:
            if tender.method not in SHORT:
                continue
            assert purchase.owner is not None
            account, amount = self.account(purchase.owner, tender.method), tender.amount
            if tender.method == POINTS and amount % 100:
                raise No("POINTS_RATE_MISMATCH")
            hold = self._hold_of(account, tender, purchase.owner, basket)
            there = account.available(self.now) + (hold.amount if hold else 0)
            if tender.method == POINTS:
                if tender.at_most:
                    amount = min(amount, there // 10 * 100)
                units = amount // 10
            else:
                amount = min(amount, there) if tender.at_most else amount
                units = amount
            purchase.due += tender.amount - amount
            if units:
                uses = account.spend(units, self.now, SHORT[tender.method], hold=hold)
                account.moved_by.append(purchase)
                paid.append(Paid(tender.method, amount, units, purchase.owner, uses))
        return paid

    def _hold_of(self, account: Account, tender: Tender, owner: str, basket: str | None) -> Hold | None:
        """The hold that a payment names, or else that of the basket; one that ran out is as good as none."""
        if tender.hold is None:
            return next((one for one in self._of_basket(owner, basket) if one in account.holds), None)
        if tender.hold not in account.holds:
            raise No("NOT_FOUND")
        if tender.hold.was_closed:
            raise No("HOLD_CLOSED")
        if not tender.hold.is_open:
            return None
        if tender.amount // (10 if tender.method == POINTS else 1) > tender.hold.amount:
            raise No("HOLD_EXCEEDED")
        return tender.hold

    @staticmethod
    def _given(paid: Paid) -> int:
        """What of a payment is no money: points, and credit that was given. What is owed since is not."""
        if paid.method == POINTS:
            return paid.amount
        return sum(use.amount for use in paid.uses if use.lot is not None and not use.lot.is_bought)

    def _earn(self, purchase: Purchase) -> None:
        purchase.earned = []
        if purchase.owner is None:
            return
        account, base = self.account(purchase.owner, POINTS), purchase.eligible * self.program.points // 100
        available = purchase.at + self.program.pending * DAY
        for points in (base, base * 3 // 2 - base):
            if points:
                lot = account.give(points, purchase.at, available, self.program.end_of(available), purchase=purchase)
                purchase.earned.append(Earned(points, lot))

    def pays(self, purchase: Purchase, tenders: Sequence[Tender]) -> None:
        if purchase.is_void:
            raise No("PURCHASE_VOIDED")
        if sum(one.amount for one in tenders) > purchase.due:
            raise No("PAYMENTS_MISMATCH")
        if purchase.owner is None and any(one.method in SHORT for one in tenders):
            raise No("CUSTOMER_REQUIRED")
        before, paid = purchase.due, list[Paid]()
        if purchase.owner is not None:
            try:
                with (
                    self.account(purchase.owner, CREDIT).or_nothing(),
                    self.account(purchase.owner, POINTS).or_nothing(),
                ):
                    paid = self._pay(purchase, tenders, purchase.basket)
            except No:
                purchase.due = before
                raise
        purchase.due -= sum(one.amount for one in tenders)
        purchase.late += sum(self._given(one) for one in paid)
        purchase.paid += paid
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)

    def reassigns(self, purchases: Sequence[Purchase], customer: str | None) -> None:
        to = customer and self.leads[customer]
        for purchase in purchases:
            if purchase.owner == to:
                continue
            if purchase.owner is not None:
                account = self.account(purchase.owner, POINTS)
                for one in purchase.earned:
                    left = max(one.points - one.lot.source.expired - one.back, 0)
                    account.take_back(left, purchase.own(account, one), self.now)
                    account.moved_by += [purchase] if left else []
            purchase.owner, purchase.earned = to, []
            if to is not None and not purchase.is_void and not purchase.is_whole_back:
                self._earn(purchase)
                purchase.take_back(self.account(to, POINTS), self.now)
