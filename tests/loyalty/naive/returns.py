"""What comes back of purchases."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tests.loyalty.naive.accounts import No, spread
from tests.loyalty.naive.desk import CREDIT, POINTS, SHORT
from tests.loyalty.naive.purchases import Line, Paid, Purchase
from tests.loyalty.naive.till import Tender, Till


@dataclass(frozen=True)
class Wanted:
    """What is to be given back: an amount, or goods, some for `less` than they are worth, and `delivery`."""

    amount: int | None = None
    goods: dict[int, int] = field(default_factory=dict)
    less: dict[int, int] = field(default_factory=dict)
    delivery: int = 0


class Returns(Till):
    """Where purchases come back."""

    def refunds(self, purchase: Purchase, wanted: Wanted, told: Sequence[Tender] | None) -> None:
        if purchase.is_void:
            raise No("PURCHASE_VOIDED")
        goods = wanted.goods
        shares, delivery = self.shares(purchase, wanted)
        amount = sum(shares) + delivery if wanted.amount is None else wanted.amount
        forgiven = min(purchase.due, amount)
        money = amount - forgiven
        back = None if told is None else self._told(purchase, money, told)
        purchase.refunded += amount
        purchase.due -= forgiven
        purchase.money_back += money
        purchase.delivery_taken += delivery
        for n, (line, share) in enumerate(zip(purchase.lines, shares, strict=True)):
            if n in goods:
                line.kept += line.worth_of(goods[n]) - share
                line.taken += line.worth_of(goods[n])
            else:
                line.taken += share
            line.back += goods.get(n, 0)
        for line, share in zip(purchase.lines, shares, strict=True):
            if line.lot is not None and share:
                self._take_sold(purchase, line, share)
        self._take_bounties(purchase)
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)
        if told is None:
            self._give_back_untold(purchase, money)
        else:
            assert back is not None
            purchase.otherwise += sum(one.amount for one in told if one.method not in SHORT) + back[-1]
            self._give_back(purchase, back)

    @staticmethod
    def shares(purchase: Purchase, wanted: Wanted) -> tuple[list[int], int]:
        """What a refund gives back for each line, and for delivery."""
        if wanted.amount is None:
            shares = [0] * len(purchase.lines)
            for n, quantity in wanted.goods.items():
                line = purchase.lines[n]
                if quantity > line.quantity - line.back:
                    raise No("REFUND_EXCEEDS_PAID")
                shares[n] = wanted.less.get(n, line.worth_of(quantity))
                if shares[n] > line.worth_of(quantity):
                    raise No("REFUND_EXCEEDS_PAID")
            if wanted.delivery > purchase.delivery - purchase.delivery_taken:
                raise No("REFUND_EXCEEDS_PAID")
            return shares, wanted.delivery
        if wanted.amount > purchase.total - purchase.refunded:
            raise No("REFUND_EXCEEDS_PAID")
        left = [*(line.left for line in purchase.lines), purchase.delivery - purchase.delivery_taken]
        *shares, delivery = spread(min(wanted.amount, sum(left)), left)  # beyond it is what was kept of goods before
        return shares, delivery

    def _told(self, purchase: Purchase, money: int, told: Sequence[Tender]) -> list[int]:
        """How much of each payment comes back, in its own units, where it is told; and last what goes to credit beside."""
        if sum(one.amount for one in told) != money:
            raise No("PAYMENTS_MISMATCH")
        back, beside = [0] * len(purchase.paid), 0
        for tender in told:
            rest = tender.amount
            if tender.method not in SHORT:
                continue
            for n, paid in enumerate(purchase.paid):
                if paid.method == tender.method:
                    worth = 10 if paid.method == POINTS else 1
                    units = min(rest // worth, paid.units - paid.back - back[n])
                    back[n] += units
                    rest -= units * worth
            if rest and tender.method == POINTS:
                paid_so = any(one.method == POINTS for one in purchase.paid)
                raise No("PAYMENTS_MISMATCH" if paid_so or purchase.owner is not None else "CUSTOMER_REQUIRED")
            beside += rest
        if beside and purchase.owner is None:
            raise No("CUSTOMER_REQUIRED")
        return [*back, beside]

    @staticmethod
    def _otherwise(purchase: Purchase) -> int:
        """What was paid with neither credit nor points."""
        whole = purchase.money_back + purchase.total - purchase.refunded - purchase.due
        return whole - sum(paid.amount for paid in purchase.paid)

    def _give_back_untold(self, purchase: Purchase, money: int) -> None:
        """Of each way of paying its share of what is left of all of them; in whole units once all of it is counted together."""
        card = max(self._otherwise(purchase) - purchase.otherwise, Fraction(0))
        whole = card + sum(paid.amount - paid.gone for paid in purchase.paid)
        if not whole or not money:
            return
        part = min(Fraction(money) / whole, Fraction(1))
        purchase.otherwise += money - sum((paid.amount - paid.gone) * part for paid in purchase.paid)
        for paid in purchase.paid:
            paid.gone += (paid.amount - paid.gone) * part
            self._restore(purchase, paid, int(paid.gone) * paid.units // paid.amount - paid.back)

    def _give_back(self, purchase: Purchase, told: list[int]) -> None:
        """What was paid comes back as it is told."""
        *each, beside = told
        for paid, units in zip(purchase.paid, each, strict=True):
            paid.gone = min(paid.gone + units * paid.amount // paid.units, Fraction(paid.amount))
            self._restore(purchase, paid, units)
        if beside:
            assert purchase.owner is not None
            account = self.account(purchase.owner, CREDIT)
            account.give(beside, self.now, is_bought=True)
            account.moved_by.append(purchase)

    def _give_back_rest(self, purchase: Purchase) -> None:
        """All that paid, but for what has gone back otherwise beyond what was paid so."""
        gone = max(int(purchase.otherwise) - self._otherwise(purchase), 0)
        for paid in purchase.paid:
            worth = paid.amount // paid.units
            missing = min(gone, (paid.units - paid.back) * worth)
            gone -= missing
            self._restore(purchase, paid, ((paid.units - paid.back) * worth - missing) // worth)

    def _restore(self, purchase: Purchase, paid: Paid, units: int) -> None:
        if units:
            paid.back += units
            account = self.account(paid.payer, paid.method)
            account.restore(paid.uses, units, self.now)
            account.moved_by.append(purchase)

    def voids(self, purchase: Purchase) -> None:
        if purchase.is_void:
            return
        purchase.is_void = True
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)
        for line in purchase.lines:
            if line.lot is not None and line.worth > line.given_back:
                self._take_sold(purchase, line, line.worth - line.given_back)
        self._take_bounties(purchase)
        self._give_back_rest(purchase)

    def _take_bounties(self, purchase: Purchase) -> None:
        """Credit that was given for a purchase follows what comes back of it from then on."""
        for one in purchase.bounties:
            gone = one.base - (purchase.total - purchase.refunded)
            due = one.amount * gone // one.base if one.base else 0
            due = one.amount if purchase.is_void else due
            target = min(max(one.back, due - one.lot.source.expired), due)
            if part := target - one.back:
                account = self.account(one.customer, CREDIT)
                own = [lot for lot in account.lots if lot.purchase is purchase]
                account.take_back(part, sorted(own, key=lambda lot: lot.source is not one.lot), self.now)
                account.moved_by.append(purchase)
                one.back = target

    def _take_sold(self, purchase: Purchase, line: Line, amount: int) -> None:
        """Credit that was sold is taken back from whom it was sold to."""
        account = self.account(line.buyer, CREDIT)
        own = [lot for lot in account.lots if lot.purchase is purchase]
        account.take_back(amount, sorted(own, key=lambda lot: lot.source is not line.lot), self.now)
        account.moved_by.append(purchase)
