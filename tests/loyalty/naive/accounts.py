"""A customer's account in one unit as the meanings tell it: lots, debt, holds; no transfers, no database. Written before a look
at the ledger, so that two readings of the same page meet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count

DAY = 86_400_000
FOR_EVER = 253_402_128_000_000
GRACE = 30 * DAY
_NUMBERS = count(1)


class No(Exception):
    """The refusal with this code; nothing was done."""


@dataclass(eq=False)
class Lot:
    """What came in at one time; one that `is_grace` came back after its end, which is once."""

    amount: int
    opened: int
    available: int
    ends: int = FOR_EVER
    is_bought: bool = False
    is_grace: bool = False
    purchase: object = None
    origin: "Lot | None" = None
    expired: int = 0
    """Of an origin: how much has expired of all that came of it."""
    number: int = field(default_factory=lambda: next(_NUMBERS))
    left: int = 0
    spent: int = 0
    """How often something was taken from it, but for what has expired."""

    def __post_init__(self) -> None:
        self.left = self.amount

    @property
    def source(self) -> "Lot":
        """What it once was."""
        return self if self.origin is None else self.origin

    def copy(self, amount: int) -> "Lot":
        """So much of it in another account, on the same terms."""
        return Lot(
            amount, self.opened, self.available, self.ends, self.is_bought, self.is_grace, self.purchase, self.source
        )


@dataclass(eq=False)
class Use:
    """What was taken from a lot, or became debt; and how much of it has come back."""

    lot: Lot | None
    amount: int
    back: int = 0


@dataclass(eq=False)
class Hold:
    """What is kept for a basket while the time has not come."""

    basket: str
    amount: int
    until: int
    is_open: bool = True
    was_closed: bool = False
    """Not because its time had come."""
    customer: str = ""
    unit: str = ""
    id: str = ""

    def close(self) -> None:
        """It is used, released or replaced."""
        self.was_closed = self.was_closed or self.is_open
        self.is_open = False


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares by largest remainder, ties to the earlier."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares = [amount * one // whole for one in weights]
    by_rest = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), n))
    for n in by_rest[: amount - sum(shares)]:
        shares[n] += 1
    return shares


class Account:
    """Credit, or points."""

    def __init__(self) -> None:
        self.lots: list[Lot] = []
        self.debt, self.limit = 0, 0
        self.holds: list[Hold] = []
        self.upto = 0
        self.moved_by: list[object] = []
        """The purchases that have moved something here, one by one."""

    # --- figures, once everything that is due is done

    def pending(self, now: int) -> int:
        return sum(lot.left for lot in self.lots if lot.available > now)

    @property
    def held(self) -> int:
        return sum(one.amount for one in self.holds if one.is_open)

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots) - self.debt

    def available(self, now: int) -> int:
        return max(0, self.balance - self.pending(now) - self.held + self.limit)

    def by_end(self) -> dict[int, int]:
        """What is left by when it ends."""
        found: dict[int, int] = {}
        for lot in self.lots:
            if lot.left:
                found[lot.ends] = found.get(lot.ends, 0) + lot.left
        return found

    # --- time

    def catch_up(self, now: int) -> None:
        """Holds run out, lots end, debt is settled by what has become available, one after the other."""
        times = {lot.ends for lot in self.lots if lot.left} | {lot.available for lot in self.lots if lot.left}
        times |= {one.until for one in self.holds if one.is_open}
        for at in [*sorted(one for one in times if self.upto < one < now), now]:
            for hold in self.holds:
                hold.is_open = hold.is_open and hold.until > at
            for lot in self._usable(at):
                if lot.ends <= at:
                    gone = min(lot.left, self._free(at))
                    lot.left -= gone
                    lot.source.expired += gone
            self.settle(at)
        self.upto = now

    def _usable(self, at: int) -> list[Lot]:
        """What can be spent, in the order of spending."""
        usable = [lot for lot in self.lots if lot.left and lot.available <= at]
        return sorted(usable, key=lambda lot: (lot.ends, lot.opened, lot.number))

    def _free(self, at: int) -> int:
        """What no hold keeps."""
        return max(0, sum(lot.left for lot in self._usable(at)) - self.held)

    def settle(self, at: int) -> list[Use]:
        """Debt is paid by what is free; what was taken for it."""
        taken = min(self.debt, self._free(at))
        self.debt -= taken
        return self._take(taken, self._usable(at))

    @staticmethod
    def _take(amount: int, lots: Sequence[Lot]) -> list[Use]:
        uses = []
        for lot in lots:
            if part := min(amount, lot.left):
                lot.left -= part
                lot.spent += 1
                amount -= part
                uses.append(Use(lot, part))
        return uses

    @contextmanager
    def or_nothing(self) -> Iterator[None]:
        """What is refused within has done nothing."""
        lots, debt, held = (
            [(lot, lot.left, lot.spent) for lot in self.lots],
            self.debt,
            [(one.is_open, one.was_closed) for one in self.holds],
        )
        try:
            yield
        except No:
            self.debt = debt
            for lot, left, spent in lots:
                lot.left, lot.spent = left, spent
            for hold, state in zip(self.holds, held, strict=True):
                hold.is_open, hold.was_closed = state
            raise

    # --- what happens

    def give(
        self,
        amount: int,
        at: int,
        available: int | None = None,
        ends: int = FOR_EVER,
        *,
        is_bought: bool = False,
        purchase: object = None,
    ) -> Lot:
        lot = Lot(amount, at, at if available is None else available, ends, is_bought, purchase=purchase)
        self.lots.append(lot)
        self.moved_by += [] if purchase is None else [purchase]
        return lot

    def spend(
        self, amount: int, now: int, refusal: str, *, allow_debt: bool = False, hold: Hold | None = None
    ) -> list[Use]:
        """Take from lots in the order of spending, with what an open hold keeps; what is missing is refused, or becomes debt."""
        kept = hold.amount if hold is not None and hold.is_open else 0
        if amount > kept + self.available(now) and not allow_debt:
            raise No(refusal)
        if hold is not None:
            hold.close()
        uses = self._take(min(amount, self._free(now)), self._usable(now))
        if owed := amount - sum(use.amount for use in uses):
            self.debt += owed
            uses.append(Use(None, owed))
        return uses

    def hold(self, amount: int, basket: str, until: int, now: int, refusal: str) -> Hold:
        before = [one for one in self.holds if one.is_open and one.basket == basket]
        if amount > max(
            0, self.balance - self.pending(now) - self.held + self.limit + sum(one.amount for one in before)
        ):
            raise No(refusal)
        for one in before:
            one.close()
        self.holds.append(Hold(basket, amount, until))
        return self.holds[-1]

    def take_back(self, amount: int, own: Sequence[Lot], now: int) -> None:
        """Of its own lots first, while they are pending and then; of others; what is missing is debt. Nothing of what is held."""
        here = [lot for lot in own if lot in self.lots]
        uses = self._take(amount, [lot for lot in here if lot.available > now])
        amount -= sum(use.amount for use in uses)
        usable = sorted(self._usable(now), key=lambda lot: lot not in here)
        uses = self._take(min(amount, self._free(now)), usable)
        self.debt += amount - sum(use.amount for use in uses)

    def restore(self, uses: Sequence[Use], amount: int, now: int) -> None:
        """Back to the lots that it came from, what was taken last first; what has ended gets a grace, once. Of a lot that is
        another record's it comes back here, on the same terms."""
        for use in reversed(uses):
            if not (part := min(amount, use.amount - use.back)):
                continue
            amount -= part
            use.back += part
            if use.lot is None:
                settled = min(self.debt, part)
                self.debt -= settled
                if part > settled:
                    self.give(part - settled, now)
            elif use.lot.ends > now and use.lot in self.lots:
                use.lot.left += part
            elif use.lot.ends > now:
                self.lots.append(use.lot.copy(part))
            elif not use.lot.is_grace:
                self.lots.append(
                    replace(use.lot.copy(part), opened=now, available=now, ends=now + GRACE, is_grace=True)
                )
