"""How much of what a purchase has posted should stand, by what has become of the purchase. Pure.

Nothing here depends on the order of refunds: what should stand is found from all that has come back by now, and what is posted
is the difference to what stands. So the parts of a purchase that is given back bit by bit sum to the whole.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from fractions import Fraction

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
class LineState:
    """A line of a purchase: what was paid for it, tax on top included, what money was given back for it, and whether all of its
    goods are back."""

    worth: int
    back: int
    is_back: bool = False

    @property
    def part_back(self) -> Fraction:
        """Which part of it has come back, 0 to 1."""
        if self.worth <= 0:
            return Fraction(int(self.is_back))
        return min(Fraction(max(self.back, 0), self.worth), Fraction(1))


@dataclass(frozen=True, slots=True)
class PurchaseState:
    """What has become of a purchase: whose it is now; `is_void` or, with all goods back, `is_gone`; its lines; how much money was
    paid, how much of that went `back` without being told how, and how much was told to go back as credit, by refund, by
    points, and otherwise. `paid_later` is the part of it that was paid afterwards by points or by credit that was given. `left`
    is what of its total was not given back, paid or not."""

    owner: str | None
    is_void: bool = False
    is_gone: bool = False
    lines: Mapping[str, LineState] = field(default_factory=dict)
    paid: int = 0
    back: int = 0
    credit_back: Mapping[str, int] = field(default_factory=dict)
    points_back: int = 0
    back_otherwise: int = 0
    paid_later: Fraction = Fraction(0)
    left: int = 0

    @property
    def part_back(self) -> Fraction:
        """Which part of the money went back."""
        if self.paid <= 0:
            return Fraction(0)
        back = self.back + sum(self.credit_back.values()) + self.points_back + self.back_otherwise
        return min(Fraction(back, self.paid), Fraction(1))


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


def eligible_back(root: Posted, state: PurchaseState) -> Fraction:
    """How much of the money that was eligible for something has come back by now, in minor units. What was given for a purchase
    as a whole was given for what had not come back of it by then."""
    if root.shares is None:
        return Fraction(min(max((root.base or 0) - state.left, 0), root.base or 0))
    back = Fraction(0)
    for line_id, share in (root.shares or {}).items():
        line = state.lines.get(line_id)
        stands = 1 - (line.part_back if line else Fraction(0))
        if root.kind in EARNED:
            stands *= 1 - state.paid_later
        back += share * (1 - stands)
    return back


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
    if root.shares is None and root.base is None:  # given before it was noted for how much of the purchase
        return int(root.amount * state.part_back)
    if not root.base:
        return root.amount if state.is_gone and root.shares is not None else 0
    return int(root.amount * eligible_back(root, state) / root.base)


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
            later = [one for one in each if one.reverses_id is not None]
            found.append(PaidBy(payment_id, roots[0].customer_id, unit, money.get(payment_id, 0), amount, roots, later))
    return found


@dataclass(frozen=True, slots=True)
class Beyond:
    """How much was told to go back as credit, and as points, beyond what was paid so and had not come back."""

    credit: int
    points: int = 0


def restored_money(paid: Sequence[PaidBy], state: PurchaseState) -> tuple[Mapping[str, int], Beyond]:
    """How much money of each payment should have come back by now, by its id; and what was told beyond."""
    share = Fraction(state.back, state.paid) if state.paid > 0 else Fraction(0)
    wanted = {one.payment_id: min(int(one.money * min(share, Fraction(1))), one.money) for one in paid}
    told = {True: state.points_back, False: sum(state.credit_back.values())}
    for one in paid:
        by_points = one.unit == "PTS"
        some = min(told[by_points], one.money - wanted[one.payment_id])
        wanted[one.payment_id] += some
        told[by_points] -= some
    if state.is_void:
        otherwise = max(state.paid - sum(one.money for one in paid), 0)
        elsewhere = int(state.back_otherwise + told[False] + otherwise * min(share, Fraction(1))) - otherwise
        for one in paid:
            gone = min(max(elsewhere, 0), one.money - wanted[one.payment_id])
            wanted[one.payment_id] = one.money - gone
            elsewhere -= gone
    return wanted, Beyond(told[False], told[True])
