"""How much of what a purchase has posted should stand, by what has become of the purchase. Pure.

Nothing here depends on the order of refunds: what should stand is found from all that has come back by now, and what is posted
is the difference to what stands. So the parts of a purchase that is given back bit by bit sum to the whole.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction

from regulars_core.plugin import ReturnState, eligible_back, part_back, taken_back
from regulars_loyalty.ledger.book import DEBT, LOTS, Lot

EARNED = frozenset({"EARN", "BONUS"})
"""What a purchase has earned."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A transfer of a purchase as it stands in the ledger. `customer_id` is whose account it is on now, merges included; `uses`
    are what it took from lots, below zero what it put back; `opened` is the lot that it gave."""

    id: str
    customer_id: str
    unit: str
    kind: str
    source: str
    target: str
    amount: int
    payment_id: str | None
    refund_id: str | None
    reverses_id: str | None
    merge_id: str | None
    program: int | None
    rule: str | None
    base: int | None
    shares: Mapping[str, int] | None
    uses: Sequence[tuple[Lot, int]] = ()
    opened: Lot | None = None
    record: str = ""
    """On whose account it was posted then; `customer_id` may be who that was merged into."""
    expired: int = 0
    """How much of what it gave has expired, wherever that was by then."""

    @property
    def delta(self) -> int:
        """By how much it changed the balance."""
        return self.amount * ((self.target in {LOTS, DEBT}) - (self.source in {LOTS, DEBT}))


@dataclass(frozen=True, slots=True)
class RefundState:
    """How the money of a refund goes back: told to go back as credit, as points, otherwise, or not told how."""

    id: str
    untold: int = 0
    credit: int = 0
    points: int = 0
    otherwise: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseState(ReturnState):
    """What has become of a purchase, and whose it is now; how much money was paid, and its refunds in the order in which they
    were made. `left` is what of its total was not given back, paid or not."""

    owner: str | None
    paid: int = 0
    refunds: Sequence[RefundState] = ()
    left: int = 0

    def told_credit(self, refund_id: str | None) -> int:
        """How much a refund tells to go back as credit."""
        return sum(one.credit for one in self.refunds if one.id == refund_id)


def net(root: Posted, posted: Sequence[Posted]) -> int:
    """What stands of something by now: all of it, less what was taken back."""
    return root.delta + sum(one.delta for one in posted if one.reverses_id == root.id)


def expired_of(root: Posted, posted: Sequence[Posted], due: Mapping[str, int]) -> int:
    """How much of something has expired, of what was given again included; `due` is what is about to expire, by the first lot
    that it was."""
    given = [root, *(one for one in posted if one.reverses_id == root.id and one.delta > 0)]
    soon = sum(due.get(one.opened.origin_id, 0) for one in given if one.opened is not None)
    return min(soon + sum(one.expired for one in given), root.amount)


def taken_by_merges(root: Posted, posted: Sequence[Posted]) -> int:
    """How much of something merges have taken back, because it is given once per customer; merges that were undone not."""
    return -sum(one.delta for one in posted if one.reverses_id == root.id and one.merge_id is not None)


def money_back(root: Posted, state: PurchaseState) -> Fraction:
    """How much of the money that was eligible for something has come back by now, in minor units. What was given for a purchase
    as a whole was given for what had not come back of it by then."""
    if root.shares is None:
        return Fraction(min(max((root.base or 0) - state.left, 0), root.base or 0))
    return eligible_back(root.shares, state, is_earned=root.kind in EARNED)


def of_others(posted: Sequence[Posted], owner: str | None) -> Set[str]:
    """What was earned by somebody who has the purchase no more, by id. Where records that had it one after the other are one by
    now, it is earned once: by that of which something stands, or that had it last."""
    earned = [one for one in posted if one.reverses_id is None and one.kind in EARNED and one.delta > 0]
    own = [one for one in earned if one.customer_id == owner]
    standing = [one for one in own if net(one, posted) > 0] or own
    return {one.id for one in earned if one not in own or one.record != standing[-1].record}


def reversal(root: Posted, state: PurchaseState, *, is_others: bool = False) -> int:
    """How much of what a purchase gave is taken back by now, in all: ⌊given × eligible money back ÷ eligible money⌋, and all of
    it once the goods are back or where it was earned by somebody else."""
    if state.is_void or is_others or (state.is_gone and root.kind in EARNED):
        return root.amount
    if root.kind in EARNED and root.shares is not None:
        return taken_back(root.amount, root.base or 0, root.shares, state)
    if not root.base:
        return root.amount if state.is_gone and root.shares is not None else 0
    return part_back(root.amount, root.base, money_back(root, state))


@dataclass(frozen=True, slots=True)
class PaidBy:
    """A payment of a purchase by credit or points: `money` is what it paid, `amount` how much of the unit that took."""

    payment_id: str
    customer_id: str
    unit: str
    money: int
    amount: int
    roots: Sequence[Posted]
    later: Sequence[Posted]

    @property
    def restored(self) -> int:
        """How much has come back by now."""
        return sum(one.delta for one in self.later)

    @property
    def given(self) -> int:
        """How much of it was credit that was given, and not bought."""
        return sum(some for root in self.roots for lot, some in root.uses if not lot.is_bought)

    def taken_from(self) -> Sequence[tuple[Lot | None, int]]:
        """From which lots it took what has not come back yet, the one that it took from last first; None is what was owed."""
        lots: dict[str, Lot] = {}
        taken: dict[str, int] = {}
        back: dict[str, int] = {}
        for one in (*self.roots, *self.later):
            for lot, some in one.uses:
                lots.setdefault(lot.id, lot)
                taken[lot.id] = taken.get(lot.id, 0) + some
            if one.opened is not None and one.delta > 0:
                back[one.opened.origin_id] = back.get(one.opened.origin_id, 0) + one.amount
        parts: list[tuple[Lot | None, int]] = []
        for lot_id, lot in lots.items():
            gone = min(back.get(lot.origin_id, 0), taken[lot_id])
            back[lot.origin_id] = back.get(lot.origin_id, 0) - gone
            if taken[lot_id] > gone:
                parts.append((lot, taken[lot_id] - gone))
        owed = self.amount - self.restored - sum(some for _, some in parts)
        return [*([(None, owed)] if owed > 0 else []), *reversed(parts)]


def payments_of(posted: Sequence[Posted], money: Mapping[str, int]) -> Sequence[PaidBy]:
    """The payments of a purchase by credit or points, in the order in which they were made; `money` is what each paid."""
    by_payment: dict[tuple[str, str], list[Posted]] = {}
    for one in posted:
        if one.payment_id is not None:
            by_payment.setdefault((one.payment_id, one.unit), []).append(one)
    found = []
    for (payment_id, unit), each in by_payment.items():
        roots = [one for one in each if one.reverses_id is None and one.delta < 0]
        if roots:
            amount = -sum(one.delta for one in roots)
            later = [one for one in each if one.reverses_id is not None and one.kind != "SETTLE"]  # else what came back
            found.append(PaidBy(payment_id, roots[0].customer_id, unit, money.get(payment_id, 0), amount, roots, later))
    return found


@dataclass(frozen=True, slots=True)
class Beyond:
    """How much was told to go back as credit, and as points, beyond what was paid so and had not come back."""

    credit: int
    points: int = 0


@dataclass(slots=True)
class _Ways:
    """How much money of each payment by credit or points has gone back, by its id, and how much `otherwise`, of what was paid
    so."""

    paid: Sequence[PaidBy]
    paid_otherwise: int
    back: dict[str, Fraction]
    otherwise: Fraction = Fraction(0)

    def spread(self, amount: int) -> None:
        """What is not told comes from each way in its share of what has not gone back of all."""
        left = {one.payment_id: one.money - self.back[one.payment_id] for one in self.paid}
        rest = max(self.paid_otherwise - self.otherwise, Fraction(0))
        whole = sum(left.values(), rest)
        part = min(Fraction(amount) / whole, Fraction(1)) if whole else Fraction(0)
        for payment_id, money in left.items():
            self.back[payment_id] += money * part
        self.otherwise += amount - sum(left.values(), Fraction(0)) * part

    def tell(self, amount: int, *, by_points: bool) -> int:
        """What is told to go back as credit, or as points: first to what has paid so; what is beyond is answered."""
        for one in self.paid:
            if (one.unit == "PTS") is by_points:
                some = min(amount, one.money - int(self.back[one.payment_id]))
                self.back[one.payment_id] = min(self.back[one.payment_id] + some, Fraction(one.money))
                amount -= some
        self.otherwise += amount
        return amount


def restored_money(paid: Sequence[PaidBy], state: PurchaseState) -> tuple[Mapping[str, int], Beyond]:
    """How much money of each payment should have come back by now, by its id; and what was told beyond.

    Refund by refund: what is told to go back in one way is not there any more for those that do not tell, which come from all
    ways in their share of what is left. Once all money is back all that paid is back, as far as nothing was told to go back
    otherwise beyond what was paid so.
    """
    ways = _Ways(
        paid, max(state.paid - sum(one.money for one in paid), 0), {one.payment_id: Fraction(0) for one in paid}
    )
    credit = points = 0
    for refund in state.refunds:
        credit += ways.tell(refund.credit, by_points=False)
        points += ways.tell(refund.points, by_points=True)
        ways.otherwise += refund.otherwise
        ways.spread(refund.untold)
    wanted = {payment_id: int(money) for payment_id, money in ways.back.items()}
    if state.is_void:
        elsewhere = max(int(ways.otherwise) - ways.paid_otherwise, 0)
        for one in paid:
            gone = min(elsewhere, one.money - wanted[one.payment_id])
            wanted[one.payment_id] = one.money - gone
            elsewhere -= gone
    return wanted, Beyond(credit, points)
