"""Taking back, once, what was posted by hand.

Entries of one thing that was done are taken back together: points and the credit that they became, what was taken from lots and
what was owed for the rest.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from regulars_core.plugin import (
    DAY_MS,
    MAIN_STORE_ID,
    CustomerRow,
    Forbidden,
    Instant,
    Lookup,
    Problem,
    Refused,
    Shop,
)
from regulars_loyalty.ledger.book import DEBT, LOTS, POINTS, Account, Cause, Lot, Transfer
from regulars_loyalty.ledger.by_hand import Why, telling
from regulars_loyalty.ledger.named import lookup_named, named_ledger, sought_owner
from regulars_loyalty.ledger.origins import left_of
from regulars_loyalty.ledger.storage import LOT_COLUMNS, Ledger, write_ledger
from regulars_loyalty.permissions import LEDGER_REVERSE
from regulars_loyalty.settings import LoyaltySettings

Undo = Callable[[Shop, str, int, str], Awaitable[None]]
"""What takes back what an exchange gave that is not in the ledger: of an event, by the number of its program and the code."""
BY_HAND = frozenset({"FUNDING", "UNFUNDING", "ADJUST", "REDEEM", "PAYMENT"})
"""What may have happened for an entry to be taken back. A payment with these words was captured without a purchase."""
_ALONG = frozenset({"SETTLE", "EXPIRE"})
"""Kinds of entries that were posted along with it, and not by hand."""


@dataclass(frozen=True, slots=True)
class Reversed:
    """What was posted to take something back, on credit and on points."""

    customer: CustomerRow
    accounts: Mapping[str, Account]
    entries: Mapping[str, Transfer]
    """The last entry of each unit."""


@dataclass(slots=True)
class _Entry:
    """A transfer of what was done, as it stands in models.LedgerTransfer."""

    id: str
    customer_id: str
    unit: str
    kind: str
    source: str
    target: str
    amount: int
    event_kind: str
    store_id: str | None
    purchase_id: str | None
    refund_id: str | None
    merge_id: str | None
    event_id: str
    program: int | None
    rule: str | None
    is_reversed: bool

    def __post_init__(self) -> None:
        self.is_reversed = bool(self.is_reversed)

    @property
    def gave(self) -> bool:
        """Whether it opened a lot."""
        return self.target == LOTS


_ENTRY = (
    "id", "customer_id", "unit", "kind", "source", "target", "amount", "event_kind", "store_id", "purchase_id", "refund_id",
    "merge_id", "event_id", "program", "rule",
)  # fmt: skip
_OF_EVENT = "(SELECT event_id FROM loyalty_transfer WHERE id = $1)"


def lookup_reversal(shop: Shop, entry_id: str) -> Sequence[Lookup]:
    """What `reverse` looks up."""
    return [*_lookups(entry_id), *lookup_named(shop, sought_owner("loyalty_transfer", entry_id))]


def _lookups(entry_id: str) -> Sequence[Lookup]:
    columns = ", ".join(f"t.{name}" for name in _ENTRY)
    is_reversed = "EXISTS (SELECT 1 FROM loyalty_transfer r WHERE r.reverses_id = t.id)"
    lots = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    mine = f"t.event_id = {_OF_EVENT}"
    expired = (
        "SELECT coalesce(sum(x.amount), 0) FROM loyalty_lot o JOIN loyalty_lot_use x ON x.lot_id = o.id"
        " JOIN loyalty_transfer e ON e.id = x.transfer_id WHERE o.origin_id = l.origin_id AND e.kind = 'EXPIRE'"
    )
    return [
        (
            f"SELECT {columns}, {is_reversed} FROM loyalty_transfer t WHERE {mine} ORDER BY t.unit, t.version",
            [entry_id],
        ),
        (
            f"SELECT u.transfer_id, u.amount AS used, {lots}, l.customer_id FROM loyalty_transfer t"
            f" JOIN loyalty_lot_use u ON u.transfer_id = t.id JOIN loyalty_lot l ON l.id = u.lot_id WHERE {mine}"
            " ORDER BY u.transfer_id, u.position",
            [entry_id],
        ),
        (
            f"SELECT l.transfer_id, l.origin_id, CAST(({expired}) AS BIGINT) FROM loyalty_transfer t"
            f" JOIN loyalty_lot l ON l.transfer_id = t.id WHERE {mine}",
            [entry_id],
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done by hand: its entries, what each took from which lots, and of what each gave the origin of its lot, and how
    much of that has expired."""

    entries: Sequence[_Entry]
    uses: Mapping[str, Sequence[tuple[Lot, int]]]
    given: Mapping[str, tuple[str, int]]


async def _read(shop: Shop, entry_id: str) -> _Done:
    rows, used, given = await shop.database.read_together(_lookups(entry_id))
    uses: dict[str, list[tuple[Lot, int]]] = {}
    for transfer_id, amount, *columns, bought, grace, owner in used:
        values: Any = (*columns, bool(bought), bool(grace), owner)
        uses.setdefault(transfer_id, []).append((Lot(*values), amount))
    return _Done([_Entry(*row) for row in rows], uses, {row[0]: (row[1], row[2]) for row in given})


async def reverse(
    shop: Shop, entry_id: str, why: Why, *, of_points: bool, stores: frozenset[str] | None, undo: Undo
) -> Reversed:
    """Take back what was done by hand when this entry was posted. What it gave is taken from its own lot first, and what it took
    goes back to the lots from which it came. It must have been done in one of these `stores`, if they are given.

    Raises Refused: NOT_FOUND, ALREADY_REVERSED, NOT_REVERSIBLE; and Forbidden.
    """
    done = await _read(shop, entry_id)
    entry = next((one for one in done.entries if one.id == entry_id), None)
    if entry is None or (entry.unit == POINTS) != of_points:
        raise Refused(Problem("NOT_FOUND", "There is no entry with this id.", ("entryId",)))
    done_in = entry.store_id or MAIN_STORE_ID
    if stores is not None and done_in not in stores:
        raise Forbidden(LEDGER_REVERSE, store=done_in)
    customer, ledger = await named_ledger(shop, entry.customer_id, "entryId")
    if shop.database.overtaken or customer.id != entry.customer_id:
        done = await _read(shop, entry_id)  # nobody moves anything of the customer's any more
    _refuse(entry, done)
    made = await _take_back(shop, customer, ledger, done, replace(why, store_id=entry.store_id))
    if entry.program is not None and entry.rule is not None:
        await undo(shop, entry.event_id, entry.program, entry.rule)
    return made


def _refuse(entry: _Entry, done: _Done) -> None:
    """Refuse what was not done by hand, or was taken back already."""
    own = [one for one in done.entries if one.kind not in _ALONG]
    belongs = entry.purchase_id or entry.refund_id or entry.merge_id
    if entry.event_kind not in BY_HAND or all(one.id != entry.id for one in own) or belongs:
        message = "Only what was posted by hand, and belongs to no purchase, can be taken back."
        raise Refused(Problem("NOT_REVERSIBLE", message, ("entryId",)))
    if any(one.is_reversed for one in own):
        raise Refused(Problem("ALREADY_REVERSED", "It was taken back before.", ("entryId",)))


async def _take_back(shop: Shop, customer: CustomerRow, ledger: Ledger, done: _Done, why: Why) -> Reversed:
    accounts: dict[str, Account] = {}
    base = why.cause("REVERSE", ledger.present)
    own = [one for one in done.entries if one.kind not in _ALONG]
    # What was owed for it comes back first: it pays what is owed, and not the lots to which the rest goes back.
    for one in sorted(own, key=lambda each: (not each.gave, each.source != DEBT)):
        account = accounts.setdefault(one.unit, ledger.account(customer.id, one.unit))
        account.post_due()
        cause = base._replace(reverses_id=one.id)
        if one.gave:
            lots, amount = _left(account, one, *done.given[one.id])
            account.take_back("REVERSE", amount, cause, lots, one.source)
        else:
            _give_back(shop, account, one, done.uses.get(one.id, ()), cause)
    entries = {unit: telling(account.transfers, "REVERSE", "DEBT") for unit, account in accounts.items()}
    await write_ledger(ledger)
    return Reversed(customer, accounts, entries)


def _left(account: Account, entry: _Entry, origin: str, expired: int) -> tuple[Sequence[Lot], int]:
    """The lots that are left of what an entry gave, and how much of it is to be taken back: what has expired is gone. What an
    exchange gave must be there."""
    lots, amount = left_of(account, origin, entry.amount, expired)
    there = min(sum(lot.remaining for lot in lots), account.available - account.limit)
    if amount <= 0 or (entry.event_kind == "REDEEM" and there < entry.amount):
        raise Refused(Problem("NOT_REVERSIBLE", "What it gave has expired or was used.", ("entryId",)))
    return lots, amount


def _give_back(shop: Shop, account: Account, entry: _Entry, uses: Sequence[tuple[Lot, int]], cause: Cause) -> None:
    """Let what an entry took go back to its lots. Of somebody who was merged into this customer since, it comes back here."""
    parts: list[tuple[Lot | None, int]] = [(None, entry.amount)] if entry.source == DEBT else []
    of_merged = []
    for lot, some in uses:
        if lot.owner == account.customer_id:
            parts.append((account.known(lot), some))
        elif account.ends_at(lot) > account.present:
            of_merged.append((lot, some))
        else:
            parts.append((lot, some))
    grace = shop.settings.of(LoyaltySettings).restore_grace_days * DAY_MS
    if parts or of_merged:
        account.put_back("REVERSE", parts, cause, entry.target, Instant(account.present + grace), of_merged)
