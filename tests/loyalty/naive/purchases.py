"""A purchase as the meanings tell it: what it earned and by what it was paid, and what its refunds do to both."""

from dataclasses import dataclass, field
from fractions import Fraction

from tests.loyalty.naive.accounts import Account, Lot, Use, spread


def half_up(whole: int, by: int) -> int:
    return (2 * whole + by) // (2 * by)


@dataclass(eq=False)
class Line:
    """So many pieces at a price, the tax on top, or credit that is sold to a buyer; of its worth refunds took `taken`, of which
    `kept` was not given back, and money paid `net`."""

    quantity: int
    price: int
    sells_credit: bool = False
    tax: int = 0
    back: int = 0
    taken: int = 0
    kept: int = 0
    net: int = 0
    id: str = ""
    buyer: str = ""
    lot: Lot | None = None

    @property
    def worth(self) -> int:
        return self.goods + self.tax

    @property
    def goods(self) -> int:
        return self.quantity * self.price

    @property
    def given_back(self) -> int:
        return self.taken - self.kept

    @property
    def left(self) -> int:
        return self.worth - self.taken

    def worth_of(self, quantity: int) -> int:
        """What so much of it is worth now: amounts without goods are borne by all that is still there alike."""
        there = self.quantity - self.back
        if quantity == there:
            return self.left
        before, after = (half_up(self.worth * part, self.quantity) for part in (self.back, self.back + quantity))
        return after - before - half_up((self.taken - before) * quantity, there)


@dataclass(eq=False)
class Paid:
    """A payment by credit or points, from whose it is; `units` is what was taken there, `amount` the money, of which so much is
    `gone`."""

    method: str
    amount: int
    units: int
    payer: str
    uses: list[Use]
    back: int = 0
    gone: Fraction = Fraction(0)


@dataclass(eq=False)
class Earned:
    """An entry of points, and what was taken back of it."""

    points: int
    lot: Lot
    back: int = 0


@dataclass(eq=False)
class Bounty:
    """Credit that was given for what had not come back of a purchase by then: `base`."""

    amount: int
    lot: Lot
    customer: str
    base: int
    back: int = 0


@dataclass(eq=False)
class Purchase:
    """What was bought; `eligible` is what earns, `reversed` what of it was given back in money; `otherwise` is what went back by
    neither credit nor points."""

    owner: str | None
    at: int
    lines: list[Line]
    delivery: int
    due: int
    paid: list[Paid] = field(default_factory=list)
    earned: list[Earned] = field(default_factory=list)
    id: str = ""
    basket: str | None = None
    is_void: bool = False
    refunded: int = 0
    money_back: int = 0
    delivery_taken: int = 0
    eligible: int = 0
    bounties: list[Bounty] = field(default_factory=list)
    gifts: int = 0
    late: int = 0
    otherwise: Fraction = Fraction(0)

    @property
    def total(self) -> int:
        return sum(line.worth for line in self.lines) + self.delivery

    @property
    def is_whole_back(self) -> bool:
        return self.refunded == self.total or all(line.back == line.quantity for line in self.lines)

    def shares_of_gifts(self, amount: int) -> None:
        """Points and given credit pay a share of every line, of delivery, and of the tax on top; the rest is money."""
        self.gifts = amount
        shares = spread(
            amount, [*(line.goods for line in self.lines), self.delivery, sum(line.tax for line in self.lines)]
        )
        for line, share in zip(self.lines, shares, strict=False):
            line.net = line.goods - share
        self.eligible = sum(line.net for line in self.lines if not line.sells_credit)

    @property
    def money_reversed(self) -> Fraction:
        """Eligible money that was given back, or was no money after all: paid afterwards by points, or by what was given."""
        if self.is_void or self.is_whole_back:
            return Fraction(self.eligible)
        goods = [line for line in self.lines if not line.sells_credit and line.worth]
        money = self.total - self.gifts
        late = Fraction(self.late, money) if money else Fraction(0)
        return sum(
            (line.net * (1 - (1 - Fraction(line.given_back, line.worth)) * (1 - late)) for line in goods), Fraction(0)
        )

    def own(self, account: Account, one: Earned) -> list[Lot]:
        """The purchase's own lots, that of this entry first."""
        own = [lot for lot in account.lots if lot.purchase is self]
        return sorted(own, key=lambda lot: lot.source is not one.lot)

    def take_back(self, account: Account, now: int) -> None:
        """What was earned follows what was given back, entry by entry, in all that was given back so far."""
        for one in self.earned:
            due = int(one.points * self.money_reversed / self.eligible)
            if target := min(max(one.back, due - one.lot.source.expired), due) - one.back:
                account.take_back(target, self.own(account, one), now)
                account.moved_by.append(self)
                one.back += target
