"""A shop with credit and points as the meanings tell it: everything that a client may do, and what time does."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.loyalty.naive.accounts import DAY, Lot, No, Use
from tests.loyalty.naive.desk import SHORT
from tests.loyalty.naive.program import Program
from tests.loyalty.naive.purchases import Purchase
from tests.loyalty.naive.returns import Returns


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
    before: dict[str, int] = field(default_factory=dict)
    """How often purchases had moved something on the survivor's accounts."""
    led: dict[str, str] = field(default_factory=dict)
    is_undone: bool = False


class NaiveShop(Returns):
    """All of it; customers may be made one."""

    def __init__(self, program: Program, limit: int = 0) -> None:
        super().__init__(program, limit)
        self.merges: list[Merge] = []

    def merges_into(self, survivor: str, absorbed: Sequence[str]) -> Merge:
        accounts = [self.accounts[one, unit] for one in (survivor, *absorbed) for unit in SHORT]
        if any(hold.is_open for account in accounts for hold in account.holds):
            raise No("OPEN_HOLD")
        made = Merge(survivor, list(absorbed), self.now)
        for unit in SHORT:
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
        made.before = {unit: len(self.accounts[survivor, unit].moved_by) for unit in SHORT}
        self.merges.append(made)
        return made

    def undoes(self, merge: Merge) -> None:
        self._refuse_undoing(merge)
        merge.is_undone = True
        for unit in SHORT:
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
        if self.now > merge.at + 30 * DAY:
            raise No("UNDO_EXPIRED")
        if self.leads[merge.survivor] != merge.survivor:
            raise No("ALREADY_MERGED")
        if any(lot.spent != spent for lot, spent in merge.spent.items()):
            raise No("LOT_CONSUMED")
        came = [purchase for purchase, _ in merge.purchases]
        for unit, before in merge.before.items():
            if any(one in came for one in self.accounts[merge.survivor, unit].moved_by[before:]):
                raise No("LOT_CONSUMED")
        for unit in SHORT:
            into, moved = self.accounts[merge.survivor, unit], [one for one in merge.moved if one[1] == unit]
            settled = sum(use.amount for use in merge.settled[unit])
            if sum(debt for *_, debt in moved) > into.debt + settled:
                raise No("LOT_CONSUMED")  # what came in since has settled it
            usable = sum(lot.left for *_, lots, _ in moved for lot in lots if lot.available <= self.now)
            if into.held and into.available(self.now) < usable:
                raise No("OPEN_HOLD")
