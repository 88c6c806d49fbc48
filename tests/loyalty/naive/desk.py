"""What is done by hand in a shop with credit and points, and what time does."""

from dataclasses import dataclass, field

from tests.loyalty.naive.accounts import DAY, FOR_EVER, Account, Hold, Lot, No, Use
from tests.loyalty.naive.program import Program
from tests.loyalty.naive.purchases import Bounty, Purchase

CREDIT, POINTS = "STORE_CREDIT", "POINTS"
SHORT = {CREDIT: "INSUFFICIENT_FUNDS", POINTS: "INSUFFICIENT_POINTS"}


@dataclass(eq=False)
class ByHand:
    """An entry made by hand: what it gave, or took."""

    customer: str
    unit: str
    lot: Lot | None = None
    uses: list[Use] = field(default_factory=list)
    amount: int = 0
    is_reversed: bool = False
    is_for_purchase: bool = False


class Desk:
    """All of it in dictionaries. Every method first does what is due, and raises No."""

    def __init__(self, program: Program, limit: int = 0) -> None:
        self.program, self.now, self.limit = program, 0, limit
        self.begins = 0
        """When the program began: nothing is told of what was before."""
        self.accounts: dict[tuple[str, str], Account] = {}
        self.leads: dict[str, str] = {}
        self.purchases: list[Purchase] = []

    def registers(self, customer: str) -> None:
        self.leads[customer] = customer
        for unit in (CREDIT, POINTS):
            self.accounts[customer, unit] = Account()
        self.accounts[customer, CREDIT].limit = self.limit

    def account(self, customer: str, unit: str) -> Account:
        return self.accounts[self.leads[customer], unit]

    def catch_up(self) -> None:
        for account in self.accounts.values():
            account.catch_up(self.now)

    def adds(self, customer: str, unit: str, amount: int, ends: int | None, purchase: Purchase | None = None) -> ByHand:
        if ends is None:
            ends = FOR_EVER if unit == CREDIT else self.program.end_of(self.now)
        account = self.account(customer, unit)
        if purchase is not None and (purchase.is_void or purchase.owner != self.leads[customer]):
            raise No("NOT_FOUND")
        lot = account.give(amount, self.now, ends=ends, purchase=purchase)
        if purchase is not None:
            purchase.bounties.append(Bounty(amount, lot, self.leads[customer], purchase.total - purchase.refunded))
        return ByHand(self.leads[customer], unit, lot, amount=amount, is_for_purchase=purchase is not None)

    def takes(self, customer: str, unit: str, amount: int, *, allow_debt: bool = False) -> ByHand:
        account = self.account(customer, unit)
        uses = account.spend(amount, self.now, SHORT[unit], allow_debt=allow_debt)
        return ByHand(self.leads[customer], unit, None, uses, amount)

    def holds(self, customer: str, unit: str, amount: int, basket: str, minutes: int) -> Hold:
        until = self.now + minutes * 60_000
        made = self.account(customer, unit).hold(amount, basket, until, self.now, SHORT[unit])
        made.customer, made.unit = self.leads[customer], unit
        return made

    def redeems(self, customer: str, amount: int, hold: Hold | None) -> ByHand:
        """From a hold of the customer's; one that ran out is as good as none, one that was closed is not there."""
        account = self.account(customer, POINTS)
        if hold is not None and (hold not in account.holds or hold.was_closed):
            raise No("NOT_FOUND")
        hold = hold if hold is not None and hold.is_open else None
        uses = account.spend(amount, self.now, SHORT[POINTS], hold=hold)
        return ByHand(self.leads[customer], POINTS, None, uses, amount)

    def exchanges(self, customer: str, times: int) -> None:
        """Twenty points for credit of 150 minor units that lives thirty days."""
        self.account(customer, POINTS).spend(20 * times, self.now, SHORT[POINTS])
        self.account(customer, CREDIT).give(150 * times, self.now, ends=self.now + 30 * DAY)

    def captures(self, hold: Hold, amount: int | None) -> ByHand:
        if not hold.is_open:
            raise No("HOLD_CLOSED")
        if amount is not None and amount > hold.amount:
            raise No("HOLD_EXCEEDED")
        amount = hold.amount if amount is None else amount
        uses = self.account(hold.customer, hold.unit).spend(amount, self.now, "", hold=hold)
        return ByHand(self.leads[hold.customer], hold.unit, None, uses, amount)

    def releases(self, hold: Hold) -> None:
        hold.close()

    def reverses(self, one: ByHand) -> None:
        if one.is_reversed:
            raise No("ALREADY_REVERSED")
        account = self.account(one.customer, one.unit)
        if one.is_for_purchase:
            raise No("NOT_REVERSIBLE")
        if one.lot is None:
            # All of it: what was owed first, and of what comes back as new lots that first which was spent first.
            of_lots, owed = [use for use in one.uses if use.lot], [use for use in one.uses if not use.lot]
            account.restore([*reversed(of_lots), *owed], one.amount, self.now)
        elif one.amount <= one.lot.expired:
            raise No("NOT_REVERSIBLE")
        else:
            own = [lot for lot in account.lots if lot.source is one.lot]
            account.take_back(one.amount - one.lot.expired, own, self.now)
        one.is_reversed = True
