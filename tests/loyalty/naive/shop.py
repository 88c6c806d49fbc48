"""A shop with credit and points as the meanings tell it: everything that a client may do, and what time does."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from tests.loyalty.naive.accounts import DAY, FOR_EVER, Account, Hold, Lot, No, Use, spread
from tests.loyalty.naive.purchases import Earned, Line, Paid, Purchase

CREDIT, POINTS = "STORE_CREDIT", "POINTS"
_SHORT = {CREDIT: "INSUFFICIENT_FUNDS", POINTS: "INSUFFICIENT_POINTS"}


@dataclass(frozen=True)
class Program:
    """`points` for each hundred minor units of what was paid, and half as many on top; ten points pay a hundred."""

    points: int = 1
    pending: int = 0
    months: int = 0
    days: int = 0

    def end_of(self, available: int) -> int:
        """When points end that are available from an instant on."""
        if not self.months and not self.days:
            return FOR_EVER
        begin = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=available)
        month = begin.month - 1 + self.months
        year, month = begin.year + month // 12, month % 12 + 1
        day = min(begin.day, monthrange(year, month)[1])
        end = begin.replace(year=year, month=month, day=day) + timedelta(days=self.days)
        return (end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@dataclass(eq=False)
class ByHand:
    """An entry made by hand: what it gave, or took."""

    customer: str
    unit: str
    lot: Lot | None = None
    uses: list[Use] = field(default_factory=list)
    amount: int = 0
    is_reversed: bool = False


@dataclass(eq=False)
class Merge:
    """Who went over, with what."""

    survivor: str
    absorbed: list[str]
    at: int
    moved: list[tuple[str, str, list[Lot], int]] = field(default_factory=list)
    spent: dict[Lot, int] = field(default_factory=dict)
    settled: dict[str, list[Use]] = field(default_factory=dict)
    purchases: list[tuple[Purchase, str]] = field(default_factory=list)
    led: dict[str, str] = field(default_factory=dict)
    is_undone: bool = False


@dataclass(frozen=True)
class Tender:
    """A payment as it is told."""

    method: str
    amount: int
    at_most: bool = False


class NaiveShop:
    """All of it in dictionaries. Every method first does what is due, and raises No."""

    def __init__(self, program: Program) -> None:
        self.program, self.now = program, 0
        self.accounts: dict[tuple[str, str], Account] = {}
        self.leads: dict[str, str] = {}
        self.purchases: list[Purchase] = []
        self.merges: list[Merge] = []

    def registers(self, customer: str) -> None:
        self.leads[customer] = customer
        for unit in (CREDIT, POINTS):
            self.accounts[customer, unit] = Account()

    def account(self, customer: str, unit: str) -> Account:
        return self.accounts[self.leads[customer], unit]

    def catch_up(self) -> None:
        for account in self.accounts.values():
            account.catch_up(self.now)

    # --- by hand

    def adds(self, customer: str, unit: str, amount: int, ends: int | None) -> ByHand:
        if ends is None:
            ends = FOR_EVER if unit == CREDIT else self.program.end_of(self.now)
        account = self.account(customer, unit)
        return ByHand(self.leads[customer], unit, account.give(amount, self.now, ends=ends), amount=amount)

    def takes(self, customer: str, unit: str, amount: int, *, allow_debt: bool = False) -> ByHand:
        account = self.account(customer, unit)
        uses = account.spend(amount, self.now, _SHORT[unit], allow_debt=allow_debt)
        return ByHand(self.leads[customer], unit, None, uses, amount)

    def holds(self, customer: str, unit: str, amount: int, basket: str, minutes: int) -> Hold:
        until = self.now + minutes * 60_000
        made = self.account(customer, unit).hold(amount, basket, until, self.now, _SHORT[unit])
        made.customer, made.unit = self.leads[customer], unit
        return made

    def captures(self, hold: Hold, amount: int | None) -> ByHand:
        if not hold.is_open:
            raise No("HOLD_CLOSED")
        if amount is not None and amount > hold.amount:
            raise No("HOLD_EXCEEDED")
        amount = hold.amount if amount is None else amount
        uses = self.account(hold.customer, hold.unit).spend(amount, self.now, "", hold=hold)
        return ByHand(self.leads[hold.customer], hold.unit, None, uses, amount)

    def releases(self, hold: Hold) -> None:
        hold.is_open = False

    def reverses(self, one: ByHand) -> None:
        if one.is_reversed:
            raise No("ALREADY_REVERSED")
        account = self.account(one.customer, one.unit)
        if one.lot is None:
            account.restore(one.uses, one.amount, self.now)
        elif one.amount <= one.lot.expired:
            raise No("NOT_REVERSIBLE")
        else:
            own = [lot for lot in account.lots if lot.source is one.lot]
            account.take_back(one.amount - one.lot.expired, own, self.now)
        one.is_reversed = True

    # --- purchases

    def sells(
        self,
        owner: str | None,
        lines: list[Line],
        delivery: int,
        due: int,
        tenders: Sequence[Tender],
        basket: str | None,
    ) -> Purchase:
        owner = owner and self.leads[owner]
        made = Purchase(owner, self.now, lines, delivery, due)
        made.shares_of_gifts(0)
        if owner is None and (any(line.sells_credit for line in lines) or any(t.method in _SHORT for t in tenders)):
            raise No("CUSTOMER_REQUIRED")
        if owner is not None:
            with self.account(owner, CREDIT).or_nothing(), self.account(owner, POINTS).or_nothing():
                made.paid = self._pay(made, tenders, basket)
                if any(line.sells_credit and not line.worth for line in lines):
                    raise No("INVALID_AMOUNT")
            for hold in self._of_basket(owner, basket):
                hold.is_open = False
            made.shares_of_gifts(sum(self._given(one) for one in made.paid))
            for line in lines:
                if line.sells_credit and line.worth:
                    line.buyer = owner
                    line.lot = self.account(owner, CREDIT).give(line.worth, self.now, is_bought=True, purchase=made)
            self._earn(made)
        self.purchases.append(made)
        return made

    def _of_basket(self, owner: str, basket: str | None) -> list[Hold]:
        holds = [hold for unit in _SHORT for hold in self.account(owner, unit).holds]
        return [hold for hold in holds if hold.is_open and basket is not None and hold.basket == basket]

    def _pay(self, purchase: Purchase, tenders: Sequence[Tender], basket: str | None = None) -> list[Paid]:
        paid = []
        for tender in tenders:
            if tender.method not in _SHORT:
                continue
            assert purchase.owner is not None
            account, amount = self.account(purchase.owner, tender.method), tender.amount
            hold = next((one for one in self._of_basket(purchase.owner, basket) if one in account.holds), None)
            there = account.available(self.now) + (hold.amount if hold else 0)
            if tender.method == POINTS:
                if amount % 100:
                    raise No("POINTS_RATE_MISMATCH")
                if tender.at_most:
                    amount = min(amount, there // 10 * 100)
                units = amount // 10
            else:
                amount = min(amount, there) if tender.at_most else amount
                units = amount
            purchase.due += tender.amount - amount
            if units:
                uses = account.spend(units, self.now, _SHORT[tender.method], hold=hold)
                paid.append(Paid(tender.method, amount, units, purchase.owner, uses))
        return paid

    @staticmethod
    def _given(paid: Paid) -> int:
        """What of a payment is no money: points, and credit that was given."""
        if paid.method == POINTS:
            return paid.amount
        return sum(use.amount for use in paid.uses if use.lot is None or not use.lot.is_bought)

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
        if purchase.owner is None and any(one.method in _SHORT for one in tenders):
            raise No("CUSTOMER_REQUIRED")
        before, paid = purchase.due, list[Paid]()
        if purchase.owner is not None:
            try:
                with (
                    self.account(purchase.owner, CREDIT).or_nothing(),
                    self.account(purchase.owner, POINTS).or_nothing(),
                ):
                    paid = self._pay(purchase, tenders)
            except No:
                purchase.due = before
                raise
        purchase.due -= sum(one.amount for one in tenders)
        purchase.late += sum(self._given(one) for one in paid)
        purchase.paid += paid
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)

    def refunds(
        self, purchase: Purchase, amount: int | None, goods: dict[int, int], told: Sequence[Tender] | None
    ) -> None:
        if purchase.is_void:
            raise No("PURCHASE_VOIDED")
        shares, delivery = self._shares(purchase, amount, goods)
        amount = sum(shares) + delivery
        forgiven = min(purchase.due, amount)
        money = amount - forgiven
        back = None if told is None else self._told(purchase, money, told)
        purchase.refunded += amount
        purchase.due -= forgiven
        purchase.money_back += money
        purchase.delivery_taken += delivery
        for n, (line, share) in enumerate(zip(purchase.lines, shares, strict=True)):
            line.taken += share
            line.back += goods.get(n, 0)
        for line, share in zip(purchase.lines, shares, strict=True):
            if line.lot is not None and share:
                self._take_sold(purchase, line, share)
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)
        if told is None:
            self._give_back_untold(purchase, money)
        else:
            assert back is not None
            purchase.otherwise += sum(one.amount for one in told if one.method not in _SHORT) + back[-1]
            self._give_back(purchase, back)

    @staticmethod
    def _shares(purchase: Purchase, amount: int | None, goods: dict[int, int]) -> tuple[list[int], int]:
        """What a refund takes of each line's worth, and of delivery."""
        if amount is None:
            if any(n > purchase.lines[at].quantity - purchase.lines[at].back for at, n in goods.items()):
                raise No("REFUND_EXCEEDS_PAID")
            return [line.worth_of(goods[n]) if n in goods else 0 for n, line in enumerate(purchase.lines)], 0
        if amount > purchase.total - purchase.refunded:
            raise No("REFUND_EXCEEDS_PAID")
        *shares, delivery = spread(
            amount, [*(line.left for line in purchase.lines), purchase.delivery - purchase.delivery_taken]
        )
        return shares, delivery

    def _told(self, purchase: Purchase, money: int, told: Sequence[Tender]) -> list[int]:
        """How much of each payment comes back, in its own units, where it is told; and last what goes to credit beside."""
        if sum(one.amount for one in told) != money:
            raise No("PAYMENTS_MISMATCH")
        back, beside = [0] * len(purchase.paid), 0
        for tender in told:
            rest = tender.amount
            if tender.method not in _SHORT:
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
            self._restore(paid, int(paid.gone) * paid.units // paid.amount - paid.back)

    def _give_back(self, purchase: Purchase, told: list[int]) -> None:
        """What was paid comes back as it is told."""
        *each, beside = told
        for paid, units in zip(purchase.paid, each, strict=True):
            paid.gone = min(paid.gone + units * paid.amount // paid.units, Fraction(paid.amount))
            self._restore(paid, units)
        if beside:
            assert purchase.owner is not None
            self.account(purchase.owner, CREDIT).give(beside, self.now, is_bought=True)

    def _give_back_rest(self, purchase: Purchase) -> None:
        """All that paid, but for what has gone back otherwise beyond what was paid so."""
        gone = max(int(purchase.otherwise) - self._otherwise(purchase), 0)
        for paid in purchase.paid:
            worth = paid.amount // paid.units
            missing = min(gone, (paid.units - paid.back) * worth)
            gone -= missing
            self._restore(paid, ((paid.units - paid.back) * worth - missing) // worth)

    def _restore(self, paid: Paid, units: int) -> None:
        if units:
            paid.back += units
            self.account(paid.payer, paid.method).restore(paid.uses, units, self.now)

    def voids(self, purchase: Purchase) -> None:
        if purchase.is_void:
            return
        purchase.is_void = True
        if purchase.owner is not None:
            purchase.take_back(self.account(purchase.owner, POINTS), self.now)
        for line in purchase.lines:
            if line.lot is not None and line.left:
                self._take_sold(purchase, line, line.left)
        self._give_back_rest(purchase)

    def _take_sold(self, purchase: Purchase, line: Line, amount: int) -> None:
        """Credit that was sold is taken back from whom it was sold to."""
        account = self.account(line.buyer, CREDIT)
        own = [lot for lot in account.lots if lot.purchase is purchase]
        account.take_back(amount, sorted(own, key=lambda lot: lot.source is not line.lot), self.now)

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
            purchase.owner, purchase.earned = to, []
            if to is not None and not purchase.is_void and not purchase.is_whole_back:
                self._earn(purchase)
                purchase.take_back(self.account(to, POINTS), self.now)

    # --- merges

    def merges_into(self, survivor: str, absorbed: Sequence[str]) -> Merge:
        accounts = [self.accounts[one, unit] for one in (survivor, *absorbed) for unit in _SHORT]
        if any(hold.is_open for account in accounts for hold in account.holds):
            raise No("OPEN_HOLD")
        made = Merge(survivor, list(absorbed), self.now)
        for unit in _SHORT:
            into = self.accounts[survivor, unit]
            made.settled[unit] = []
            for one in sorted(absorbed):
                account = self.accounts[one, unit]
                moved = [(lot, lot.copy(lot.left)) for lot in account.lots if lot.left]
                for lot, copied in moved:
                    lot.left = 0
                    into.lots.append(copied)
                made.moved.append((one, unit, [copied for _, copied in moved], account.debt))
                into.debt += account.debt
                account.debt = 0
                made.settled[unit] += into.settle(self.now)
        for purchase in self.purchases:
            if purchase.owner is not None and purchase.owner in absorbed:
                made.purchases.append((purchase, purchase.owner))
                purchase.owner = survivor
        made.led = dict(self.leads)
        self.leads = {one: survivor if to in absorbed else to for one, to in self.leads.items()}
        made.spent = {lot: lot.spent for *_, lots, _ in made.moved for lot in lots}
        self.merges.append(made)
        return made

    def undoes(self, merge: Merge) -> None:
        self._refuse_undoing(merge)
        merge.is_undone = True
        for unit in _SHORT:
            into = self.accounts[merge.survivor, unit]
            for use in merge.settled[unit]:
                assert use.lot is not None
                use.lot.left += use.amount
                into.debt += use.amount
        for one, unit, lots, debt in merge.moved:
            account, into = self.accounts[one, unit], self.accounts[merge.survivor, unit]
            for lot in lots:
                if lot.left:
                    account.lots.append(lot.copy(lot.left))
                lot.left = 0
            account.debt += debt
            into.debt -= debt
        for purchase, owner in merge.purchases:
            if purchase.owner == merge.survivor:
                purchase.owner = owner
        back = {one for one, to in merge.led.items() if to in merge.absorbed}
        self.leads = {one: merge.led[one] if one in back else to for one, to in self.leads.items()}

    def _refuse_undoing(self, merge: Merge) -> None:
        if merge.is_undone:
            raise No("ALREADY_UNDONE")
        if self.leads[merge.survivor] != merge.survivor:
            raise No("ALREADY_MERGED")
        if self.now > merge.at + 30 * DAY:
            raise No("UNDO_EXPIRED")
        if any(lot.spent != spent for lot, spent in merge.spent.items()):
            raise No("LOT_CONSUMED")
        for unit in _SHORT:
            into, moved = self.accounts[merge.survivor, unit], [one for one in merge.moved if one[1] == unit]
            settled = sum(use.amount for use in merge.settled[unit])
            if sum(debt for *_, debt in moved) > into.debt + settled:
                raise No("LOT_CONSUMED")  # what came in since has settled it
            usable = sum(lot.left for *_, lots, _ in moved for lot in lots if lot.available <= self.now)
            if into.held and into.available(self.now) < usable:
                raise No("OPEN_HOLD")
