"""A customer's account in one unit, and everything that may be done to it. Pure: nothing is read or written here.

What is done posts transfers, of which each moves a positive amount between the customer's `LOTS` or `DEBT` and an account of the
house. What is in the way raises, and then the account must be thrown away. Before anything else an account posts what is due:
lots that have expired, holds that have run out, debt that can be settled.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from regulars_core.plugin import LATEST, NEVER, Instant, Overtaken, new_id

POINTS = "PTS"
"""The unit of points."""
LOTS, DEBT = "LOTS", "DEBT"
"""What a customer has, and what a customer owes."""
ISSUED, REDEEMED, EXPIRED, PAID, MERGED = "ISSUED", "REDEEMED", "EXPIRED", "PAID", "MERGED"
"""The house's accounts."""


class Short(Exception):
    """There is less than was asked for."""

    def __init__(self, requested: int, available: int) -> None:
        super().__init__(f"{requested} of {available}")
        self.requested, self.available = requested, available


class LotsUnknown(Overtaken):
    """What was asked for needs lots of an account that were not looked up. A transaction that does not know better runs again,
    and then looks up all."""

    def __init__(self) -> None:
        super().__init__("More lots are needed than were looked up.")


class Beyond(NamedTuple):
    """What is left of the lots that were not looked up: what of it can be spent, and what cannot yet. All of them are spent later
    than the lot at this place. It holds until time changes the account."""

    spendable: int
    pending: int
    place: tuple[Instant, Instant, str]


class Cause(NamedTuple):
    """Why something is posted. `at` is when it counts; transfers of one `event_id` belong together."""

    event_id: str
    event_kind: str
    at: Instant
    actor: str | None = None
    store_id: str | None = None
    purchase_id: str | None = None
    payment_id: str | None = None
    refund_id: str | None = None
    reverses_id: str | None = None
    hold_id: str | None = None
    merge_id: str | None = None
    reason: str | None = None
    program: int | None = None
    rule: str | None = None
    base: int | None = None
    shares: str | None = None
    explanation: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Lot:
    """What one transfer gave, and what is left of it; columns as models.LedgerLot has them."""

    id: str
    transfer_id: str
    origin_id: str
    purchase_id: str | None
    amount: int
    remaining: int
    opened_at: Instant
    available_at: Instant
    expires_at: Instant
    life: str | None = None
    is_bought: bool = False
    is_grace: bool = False
    owner: str | None = None
    """Whose it is, where that is not the account that it stands in."""

    @property
    def terms(self) -> "Terms":
        """On which terms it can be used."""
        return Terms(
            self.available_at, self.expires_at, self.life, self.is_bought, self.is_grace, self.origin_id,
            self.purchase_id, self.opened_at,
        )  # fmt: skip


@dataclass(slots=True)
class Hold:
    """What is kept for an open basket; columns as models.LedgerHold has them."""

    id: str
    basket: str | None
    amount: int
    captured: int
    created_at: Instant
    held_until: Instant
    closed_at: Instant | None = None
    is_changed: bool = False


class Use(NamedTuple):
    """How much was taken from a lot, or put back to it if that is below zero."""

    lot: Lot
    amount: int


class Transfer(NamedTuple):
    """A transfer that is about to be written."""

    id: str
    version: int
    kind: str
    source: str
    target: str
    amount: int
    balance_after: int
    debt_after: int
    cause: Cause
    uses: Sequence[Use] = ()

    @property
    def delta(self) -> int:
        """By how much it changed the balance."""
        return delta_of(self.source, self.target, self.amount)


def _parts(lots: Iterable[Lot], amount: int) -> list[tuple[Lot, int]]:
    """How an amount is taken from lots in this order, as far as they go."""
    parts, left = [], amount
    for lot in lots:
        if left <= 0:
            break
        some = min(lot.remaining, left)
        if some > 0:
            left -= some
            parts.append((lot, some))
    return parts


def delta_of(source: str, target: str, amount: int) -> int:
    """By how much a transfer changes the balance: not at all where both accounts are the customer's."""
    return amount * (_sign(target) - _sign(source))


def _sign(account: str) -> int:
    return 1 if account in {LOTS, DEBT} else 0


class Terms(NamedTuple):
    """On which terms something is given: from when until when it can be used, and what it is of. `purchase_id` is the purchase
    that gave it, `origin_id` the lot that it once was."""

    available_at: Instant
    expires_at: Instant = LATEST
    life: str | None = None
    is_bought: bool = False
    is_grace: bool = False
    origin_id: str | None = None
    purchase_id: str | None = None
    opened_at: Instant | None = None


Ending = Callable[[str, Instant], Instant]
"""When a life ends that begins at an instant, given as models.LedgerLot.life."""


@dataclass(slots=True)
class Account:
    """An account as it is at an instant, `present`. `limit` is down to how far below zero it may be spent. Without `lots` it can
    only be given to, as long as nothing is due and nothing is owed."""

    customer_id: str
    unit: str
    present: Instant
    amount: int = 0
    debt: int = 0
    version: int = 0
    next_at: Instant = LATEST
    active_at: Instant = NEVER
    spendable_then: int = 0
    """What could be spent without a limit when it was last written; kept up where the lots are unknown."""
    lots: list[Lot] | None = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    limit: int = 0
    drawn: int = 0
    """Down to how far below zero the limit has let it go now; 0 where no limit was needed."""
    posted_until: Instant = NEVER
    """Up to when what is due has been posted, as far as this account knows."""
    is_late: bool = False
    """Set while something is told in parts, or long after it happened: nothing becomes due between."""
    ending: Ending = lambda life, at: LATEST
    transfers: list[Transfer] = field(default_factory=list)
    touched: dict[str, Lot] = field(default_factory=dict)
    """Lots that are new or changed, by id."""
    is_unwritten: bool = False
    """Whether what it comes to is yet to be written, beside what was done."""
    beyond: Beyond | None = None
    """What is left of lots that are not among the `lots`; None where all are known."""
    _by_id: dict[str, Lot] = field(default_factory=dict)

    # --- what it shows

    @property
    def held(self) -> int:
        """What open holds keep."""
        return sum([hold.amount for hold in self.holds if hold.closed_at is None])

    @property
    def open_holds(self) -> list[Hold]:
        """The holds that keep something, the oldest first."""
        return [hold for hold in self.holds if hold.closed_at is None]

    @property
    def is_changed(self) -> bool:
        """Whether something of it is to be written."""
        return bool(self.transfers) or self.is_unwritten or any(hold.is_changed for hold in self.holds)

    @property
    def balance(self) -> int:
        """What is left of all lots, less the debt."""
        return self.amount - self.debt

    @property
    def pending(self) -> int:
        """What cannot be spent yet."""
        known = sum([lot.remaining for lot in self._known() if lot.available_at > self.present])
        return known + (self.beyond.pending if self.beyond else 0)

    @property
    def available(self) -> int:
        """What can be spent."""
        return max(0, self.balance - self.pending - self.held + self.limit)

    @property
    def spendable(self) -> int:
        """What can be spent without a limit; below zero where it is overdrawn."""
        return self.spendable_then if self.lots is None else self.balance - self.pending - self.held

    @property
    def living(self) -> list[Lot]:
        """The lots of which something is left whose end is moved by activities, as far as they are known."""
        known = self.touched.values() if self.lots is None else self.lots
        return [lot for lot in known if lot.life is not None and lot.remaining > 0]

    @property
    def overdrawn(self) -> int:
        """How far what can be spent is below zero, what is held included."""
        return max(0, self.held + self.pending - self.balance)

    def ends_at(self, lot: Lot) -> Instant:
        """When what is left of a lot expires; LATEST for never."""
        return lot.expires_at if lot.life is None else self.ending(lot.life, max(self.active_at, lot.available_at))

    def in_order(self) -> list[Lot]:
        """The lots of which something is left, in the order in which they are spent, as far as they are known."""
        return sorted([lot for lot in self._known() if lot.remaining > 0], key=self.place_of)

    def place_of(self, lot: Lot) -> tuple[Instant, Instant, str]:
        """Where a lot stands in the order in which they are spent."""
        return self.ends_at(lot), lot.opened_at, lot.id

    def _known(self) -> list[Lot]:
        if self.lots is None:
            raise LotsUnknown
        return self.lots

    def lot(self, id_: str) -> Lot | None:
        """A lot that is known, by id."""
        lots = self._known()
        if len(self._by_id) != len(lots):
            self._by_id = {lot.id: lot for lot in lots}
        return self._by_id.get(id_)

    def known(self, lot: Lot) -> Lot:
        """A lot of this account's, as it is known here: one that was used up was not looked up, and is known from now on."""
        here = self.lot(lot.id)
        if here is None:
            if self.beyond is not None:
                is_spendable = lot.available_at <= self.present
                self.beyond = self.beyond._replace(
                    spendable=self.beyond.spendable - lot.remaining * is_spendable,
                    pending=self.beyond.pending - lot.remaining * (not is_spendable),
                )
            self._known().append(lot)
            self._by_id[lot.id] = lot
        return here or lot

    def forget(self, parts: Sequence[tuple[Lot, int]]) -> None:
        """Know no more of these lots, of which nothing is left."""
        gone = {lot.id for lot, _ in parts}
        self.lots = [lot for lot in self._known() if lot.id not in gone]

    # --- what is due

    def post_due(self, event: Callable[[], str] = new_id) -> None:
        """Post what time has brought about: holds that ran out, what has expired, debt that can be settled. Where something is
        owed one after the other as it came, so that it is all the same when this was asked for last."""
        if self.is_late:
            return
        if self.lots is None:
            if self.next_at <= self.present or self.debt:
                raise LotsUnknown
            return
        if self.beyond and (self.next_at <= self.present or self.debt):
            raise LotsUnknown
        present = self.present
        if not (self.lots or self.holds or self.debt):
            self.posted_until = present
            return
        for at in [*self._moments(), present]:
            if not self.debt and at != present:
                continue  # nothing is settled any more, and the rest is as of its own moment whenever it is looked at
            self.present = at
            for hold in self.open_holds:
                if hold.held_until <= at:
                    self._close(hold, 0, hold.held_until)
            self._expire(event)
            if self.debt:
                self._settle(Cause(event(), "EXPIRE", at))
        self.posted_until = present

    def _moments(self) -> list[Instant]:
        """When something has come about that can change what is settled, before the present."""
        if not self.debt:
            return []
        left = [lot for lot in self._known() if lot.remaining > 0]
        moments = {one for lot in left for one in (lot.available_at, self.ends_at(lot))}
        moments.update(hold.held_until for hold in self.open_holds)
        return sorted(one for one in moments if self.posted_until < one < self.present)

    def _expire(self, event: Callable[[], str], new: Lot | None = None) -> None:
        """What open holds keep does not expire until they are closed or something else is there for them, and then as of that
        moment: that of a `new` lot, which may itself have ended before it was told of."""
        if self.is_late:
            return
        over = [lot for lot in self._known() if lot.remaining > 0 and self.ends_at(lot) <= self.present]
        if not over:
            return
        freed = [hold.closed_at for hold in self.holds if hold.closed_at is not None and hold.is_changed]
        free = self._free()
        for lot in sorted(over, key=self.place_of):
            if free <= 0:
                break
            ended = self.ends_at(lot)
            was_kept = new is not None and lot is not new and ended <= self.posted_until
            at = max((closed for closed in freed if closed > ended), default=self.present if was_kept else ended)
            some = min(lot.remaining, free)
            free -= some if lot.available_at <= self.present else 0
            self._take("EXPIRE", EXPIRED, Cause(event(), "EXPIRE", at), [(lot, some)])

    def _settle(self, cause: Cause) -> None:
        """Let what is there and free settle what is owed beyond the limit of overdraft, which is none of anybody's doing."""
        if self.is_late or not self.debt:
            return
        parts = self._from(self._spendable(), self.debt, self._free())
        if parts:
            self._take("SETTLE", DEBT, cause, parts)

    def _free_up(self) -> None:
        """Let what a hold does not keep any more be as all else: it may have ended, and what is owed is settled by it."""
        self._expire(new_id)
        if self.debt:
            self._settle(Cause(new_id(), "EXPIRE", self.present))

    def _spendable(self) -> list[Lot]:
        """The lots that can be spent, in order, as far as it is known which is next."""
        there = [lot for lot in self.in_order() if lot.available_at <= self.present]
        return [lot for lot in there if self.place_of(lot) <= self.beyond.place] if self.beyond else there

    def _free(self) -> int:
        """How much of what can be spent no hold keeps."""
        there = sum([lot.remaining for lot in self._known() if lot.available_at <= self.present])
        return max(0, there + (self.beyond.spendable if self.beyond else 0) - self.held)

    def _from(self, lots: Iterable[Lot], amount: int, most: int) -> list[tuple[Lot, int]]:
        """How an amount is taken from lots in this order, as far as they go. Raises LotsUnknown where others would be next."""
        parts = _parts(lots, min(amount, most))
        if self.beyond and sum(some for _, some in parts) < min(amount, most):
            raise LotsUnknown
        return parts

    # --- what is done

    def give(self, kind: str, amount: int, cause: Cause, terms: Terms, house: str = ISSUED) -> Lot:
        """Give something: it opens a lot, settles what is owed if it can be spent, and may have expired by now."""
        self.post_due()
        lot_id = new_id()
        transfer = self._post(kind, house, LOTS, amount, cause)
        lot = Lot(
            lot_id, transfer.id, terms.origin_id or lot_id, terms.purchase_id, amount, amount, terms.opened_at or cause.at,
            terms.available_at, terms.expires_at, terms.life, terms.is_bought, terms.is_grace,
        )  # fmt: skip
        self.touched[lot_id] = lot
        if self.lots is None:
            self.next_at = min(self.next_at, self._changes_at(lot))
            self.spendable_then += amount if lot.available_at <= self.present else 0
            if self.next_at <= self.present:
                raise LotsUnknown
            return lot
        self.lots.append(lot)
        self._expire(new_id, lot)
        self._settle(cause)
        return lot

    def spend(
        self, kind: str, amount: int, cause: Cause, house: str, *, hold: Hold | None = None, allow_debt: bool = False
    ) -> Sequence[Transfer]:
        """Take what can be spent, an open `hold` of the same purpose included, which is closed by it: what that has kept is
        there, whatever has become of the rest since. What is beyond the lots is owed: as far as the limit goes, or all of it if
        debt is allowed. Raises Short."""
        self.post_due()
        kept = hold.amount if hold is not None and hold.closed_at is None else 0
        there = kept + self.available
        if amount > there and not allow_debt:
            raise Short(amount, there)
        if hold is not None and kept:
            self._close(hold, min(amount, kept), self.present)
            cause = cause._replace(hold_id=hold.id)
        before = len(self.transfers)
        self.is_active(cause.at)
        parts = self._from(self._spendable(), amount, self._free())
        taken = sum([some for _, some in parts])
        if parts:
            self._take(kind, house, cause, parts)
        if amount > taken:
            self._post("DEBT" if allow_debt else kind, DEBT, house, amount - taken, cause)
        self._free_up()
        if amount > kept and not allow_debt:
            self.drawn = self.overdrawn
        return self.transfers[before:]

    def take_back(self, kind: str, amount: int, cause: Cause, own: Sequence[Lot], house: str = ISSUED) -> None:
        """Take back what was given, even if it was spent: from its `own` lots, those that are pending first, then from others in
        the order of spending, and what is beyond that is owed. What holds keep is left alone."""
        self.post_due()
        pending = [lot for lot in own if lot.available_at > self.present and lot.remaining > 0]
        parts = _parts(pending, amount)
        rest = amount - sum(some for _, some in parts)
        known = {lot.id for lot in own}
        usable = [lot for lot in sorted(own, key=self.place_of) if lot.available_at <= self.present]
        others = [lot for lot in self._spendable() if lot.id not in known]
        parts += self._from([*usable, *others], rest, self._free())
        taken = sum(some for _, some in parts)
        if parts:
            self._take(kind, house, cause, parts)
        if amount > taken:
            self._post("DEBT", DEBT, house, amount - taken, cause)

    def put_back(
        self,
        kind: str,
        parts: Sequence[tuple[Lot | None, int]],
        cause: Cause,
        house: str,
        grace_until: Instant,
        of_merged: Sequence[tuple[Lot, int]] = (),
    ) -> None:
        """Put back what was taken from these lots, with the end that they had; None stands for what was owed for it. What has
        ended by now comes back as a lot of its own that lasts until `grace_until`, once; the second time it is gone at once.
        What was taken from lots `of_merged` customers comes back as lots of this one's, with their ends."""
        self.post_due()
        self.is_late = True  # so that what is owed is settled out of all that comes back, as it is spent
        alive = [(lot, some) for lot, some in parts if lot is not None and self.ends_at(lot) > self.present]
        owed = sum(some for lot, some in parts if lot is None)
        less = min(owed, self.debt)
        if less:
            self._post(kind, house, DEBT, less, cause)
        if owed > less:  # it was settled since
            self.give(kind, owed - less, cause, Terms(self.present), house)
        if alive:
            self._take(kind, house, cause, [(lot, -some) for lot, some in alive])
        for lot, some in parts:
            if lot is not None and self.ends_at(lot) <= self.present:
                until = self.present if lot.is_grace else grace_until
                terms = Terms(
                    self.present, until, None, lot.is_bought, is_grace=True, origin_id=lot.origin_id,
                    purchase_id=lot.purchase_id,
                )  # fmt: skip
                self.give(kind, some, cause, terms, house)
        for lot, some in of_merged:
            self.give(kind, some, cause, lot.terms, house)
        self.is_late = False
        self._expire(new_id)
        self._settle(cause)

    def move_out(self, cause: Cause, lots: Sequence[tuple[Lot, int]], debt: int) -> None:
        """Let parts of lots, one by one, and a part of what is owed go over to another customer."""
        for lot, some in lots:
            self._take("MERGE_OUT", MERGED, cause, [(lot, some)])
        if debt:
            self._post("MERGE_OUT", MERGED, DEBT, debt, cause)

    def move_in(self, cause: Cause, lots: Sequence[tuple[Lot, int]], debt: int, *, is_all: bool = True) -> None:
        """Let parts of another customer's lots come over, each with the terms that it has, and what is owed. Where that is not
        `is_all` yet, nothing becomes due before the rest has come."""
        self.post_due()
        self.is_late = True  # so that what is owed is settled by the merge, out of all that is there since
        if debt:
            self._post("MERGE_IN", DEBT, MERGED, debt, cause)
        for lot, some in lots:
            self.give("MERGE_IN", some, cause, lot.terms, MERGED)
        if not is_all:
            return
        self.is_late = False
        self._expire(new_id)
        self._settle(cause)

    def move_back(self, cause: Cause, lots: Sequence[tuple[Lot, int]], debt: int) -> None:
        """Let what is left of lots that went over come back to these, and what is owed; nothing becomes due by it."""
        for lot, some in lots:
            self._take("MERGE_IN", MERGED, cause, [(lot, -some)])
        if debt:
            self._post("MERGE_IN", DEBT, MERGED, debt, cause)

    def unsettle(self, cause: Cause, parts: Sequence[tuple[Lot, int]]) -> None:
        """Let what was settled by these parts of lots be owed again."""
        if parts:
            self._take("SETTLE", DEBT, cause, [(lot, -some) for lot, some in parts])

    def untake(self, kind: str, cause: Cause, parts: Sequence[tuple[Lot, int]], debt: int) -> None:
        """Let what was taken back be there as before: in the lots from which it came, ended or not, and owed no more."""
        if debt:
            self._post(kind, ISSUED, DEBT, debt, cause)
        if parts:
            self._take(kind, ISSUED, cause, [(lot, -some) for lot, some in parts])

    def hold(self, amount: int, basket: str | None, until: Instant) -> Hold:
        """Keep something for a basket; the same basket again replaces its hold. Raises Short."""
        self.post_due()
        earlier = self.hold_of(basket)
        if earlier is not None:
            self._close(earlier, 0, self.present)
        if amount > self.available:
            raise Short(amount, self.available)
        made = Hold(new_id(), basket, amount, 0, self.present, until, is_changed=True)
        self.holds.append(made)
        self._free_up()
        self.drawn = self.overdrawn
        return made

    def hold_of(self, basket: str | None) -> Hold | None:
        """The open hold of a basket."""
        return next((hold for hold in self.open_holds if basket is not None and hold.basket == basket), None)

    def release(self, hold: Hold) -> None:
        """Free what a hold keeps; one that is closed stays so."""
        self.post_due()
        if hold.closed_at is None:
            self._close(hold, 0, self.present)
            self.post_due()

    def use_up(self, basket: str | None) -> None:
        """A basket is sold: what is still kept for it is free."""
        if self.lots is not None:
            self.post_due()
        hold = self.hold_of(basket)
        if hold is None:
            return
        self._close(hold, 0, self.present)
        if self.lots is None:
            self.spendable_then += hold.amount
        else:
            self.post_due()

    def is_active(self, at: Instant) -> None:
        """Something was earned or spent at an instant: what lives from the last activity on begins anew."""
        self.active_at = max(self.active_at, at)

    def _close(self, hold: Hold, captured: int, at: Instant) -> None:
        hold.captured, hold.closed_at, hold.is_changed = captured, at, True

    # --- how it is written down

    def _take(self, kind: str, target: str, cause: Cause, parts: Sequence[tuple[Lot, int]]) -> None:
        """Move these parts out of lots or, below zero, back into them."""
        total = sum([some for _, some in parts])
        for lot, some in parts:
            lot.remaining -= some
            self.touched[lot.id] = lot
        uses = [Use(lot, some) for lot, some in parts]
        if total > 0:
            self._post(kind, LOTS, target, total, cause, uses)
        else:
            self._post(kind, target, LOTS, -total, cause, uses)

    def _post(
        self, kind: str, source: str, target: str, amount: int, cause: Cause, uses: Sequence[Use] = ()
    ) -> Transfer:
        assert amount > 0, (kind, amount)
        self.version += 1
        self.amount += amount * ((target == LOTS) - (source == LOTS))
        self.debt += amount * ((source == DEBT) - (target == DEBT))
        made = Transfer(new_id(), self.version, kind, source, target, amount, self.balance, self.debt, cause, uses)
        self.transfers.append(made)
        return made

    def _changes_at(self, lot: Lot) -> Instant:
        """When time alone changes a lot next."""
        return lot.available_at if lot.available_at > self.present else self.ends_at(lot)

    @property
    def changes_at(self) -> Instant:
        """When time alone changes it next; LATEST for never."""
        if self.lots is None:
            return self.next_at
        soon = [self._changes_at(lot) for lot in self.lots if lot.remaining > 0]
        beyond = self.next_at if self.beyond else LATEST  # whatever it was of: no later than any of theirs
        return min([LATEST, beyond, *soon, *(hold.held_until for hold in self.open_holds)])
