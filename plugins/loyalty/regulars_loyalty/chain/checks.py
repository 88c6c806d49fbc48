"""What must hold in the ledger, of one account at a time. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from regulars_core.plugin import Instant
from regulars_loyalty.chain.canonical import FIRST, Entry, entry_hash
from regulars_loyalty.ledger.book import DEBT, EXPIRED, ISSUED, LOTS, MERGED, PAID, POINTS, REDEEMED, Account, Hold, Lot

HOUSE = frozenset({ISSUED, REDEEMED, EXPIRED, PAID, MERGED})
_LATE_MS = 3_600_000
"""For how long the job that posts what is due may not have run before a hold that is still open is a difference."""

CHECKS: Mapping[str, str] = {
    "DEBITS_EQUAL_CREDITS": "Every entry moves an amount above 0 between two accounts, one of them the customer's, and in"
    " each unit what customers have is what the house has given less what it has taken.",
    "VERSIONS_WITHOUT_HOLE": "The entries of an account are numbered from 1 on without a hole.",
    "BALANCE_AFTER": "The balance after an entry is the one after the entry before it with what it moved.",
    "ACCOUNT_IS_LAST_ENTRY": "An account is as its last entry left it.",
    "BALANCE_IS_LOTS": "What an account has is what is left of its lots.",
    "LOT_IS_GIVEN": "Every lot was opened by one entry of its account and is as large; what comes in opens one or goes back.",
    "LOT_USES": "What was taken from a lot is from 0 to its amount, and what is left of it is the rest.",
    "USES_ARE_ENTRY": "What an entry took from lots is its amount.",
    "HELD_IS_HOLDS": "What an account holds back is what its open holds keep.",
    "HOLDS_END": "No hold is open an hour after it ran out.",
    "NEXT_CHANGE": "What time will change of an account is noted no later than it comes.",
    "MERGES_EVEN": "What was moved from accounts by a merge has come to others.",
    "ENTRIES_CHAINED": "Every entry has its place in the chain or waits for it, places have no hole, and the chain has no other.",
    "ENTRY_HASHES": "Every entry gives the hash that was computed when it was chained.",
    "FIGURES": "What is kept of what was given, spent, expired and taken back equals a recount.",
    "SEALS_CHAIN": "Seals are numbered without a hole, and each holds the hash of the one before it.",
    "SEAL_HOLDS": "The entries that the latest seal covers give its root.",
}
"""Every check by its code, with what must hold."""


@dataclass(slots=True)
class Result:
    """What came of one check."""

    checked: int = 0
    differences: int = 0
    samples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it must be, with the id of the entry, account or seal as the API prints it."""

    code: str
    id: str
    said: str

    def __str__(self) -> str:
        return f"{self.code}: {self.id}: {self.said}"


@dataclass(frozen=True, slots=True)
class Link:
    """An entry's place in the chain and its hash."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """An account as it is stored; columns as models.LedgerAccount has them."""

    amount: int
    debt: int
    held: int
    version: int
    next_at: Instant
    active_at: Instant


@dataclass(slots=True)
class Rows:
    """All that is stored of one account."""

    customer_id: str
    unit: str
    kept: Kept | None = None
    entries: list[Entry] = field(default_factory=list)
    links: dict[int, Link] = field(default_factory=dict)
    """Places in the chain by version."""
    waiting: set[str] = field(default_factory=set)
    """Entries that wait for their place."""
    lots: list[Lot] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    """Those that are open."""

    @property
    def id(self) -> str:
        """Whose account it is, as the API prints it."""
        return f"customer_{self.customer_id}"


def _entry_id(entry: Entry) -> str:
    return f"{'pointsentry' if entry.unit == POINTS else 'creditentry'}_{entry.id}"


def differences_of(rows: Rows, present: Instant, ending: Callable[[str, Instant], Instant]) -> Iterator[Difference]:
    """Everything that does not hold of an account."""
    yield from _entries(rows)
    yield from _account(rows)
    yield from _lots(rows)
    yield from _in_time(rows, present, ending)
    yield from _chained(rows)


def _entries(rows: Rows) -> Iterator[Difference]:
    balance = debt = 0
    for place, entry in enumerate(rows.entries, 1):
        ends = {entry.source, entry.target}
        if entry.amount <= 0 or not ends <= HOUSE | {LOTS, DEBT} or len(ends) != 2 or ends <= HOUSE:
            yield Difference(
                "DEBITS_EQUAL_CREDITS", _entry_id(entry), f"{entry.amount} from {entry.source} to {entry.target}"
            )
        if entry.version != place:
            yield Difference("VERSIONS_WITHOUT_HOLE", _entry_id(entry), f"has the version {entry.version}, not {place}")
            balance, debt = entry.balance_after, entry.debt_after
            break
        balance += entry.delta
        debt += entry.amount * ((entry.source == DEBT) - (entry.target == DEBT))
        if (balance, debt) != (entry.balance_after, entry.debt_after):
            yield Difference(
                "BALANCE_AFTER",
                _entry_id(entry),
                f"stored {entry.balance_after} and {entry.debt_after} owed, recounted {balance} and {debt}",
            )
            balance, debt = entry.balance_after, entry.debt_after  # the next one is told by itself


def _account(rows: Rows) -> Iterator[Difference]:
    last = rows.entries[-1] if rows.entries else None
    expected = (last.version, last.balance_after, last.debt_after) if last else (0, 0, 0)
    kept = rows.kept
    stored = (kept.version, kept.amount - kept.debt, kept.debt) if kept else None
    if stored != expected and not (stored is None and last is None):
        yield Difference(
            "ACCOUNT_IS_LAST_ENTRY", rows.id, f"{rows.unit}: stored {stored}, by its last entry {expected}"
        )
    amount, left = kept.amount if kept else 0, sum(lot.remaining for lot in rows.lots)
    if amount != left:
        yield Difference("BALANCE_IS_LOTS", rows.id, f"{rows.unit}: stored {amount}, left of lots {left}")
    held, holds = kept.held if kept else 0, sum(hold.amount for hold in rows.holds)
    if held != holds:
        yield Difference("HELD_IS_HOLDS", rows.id, f"{rows.unit}: stored {held}, open holds {holds}")


def _lots(rows: Rows) -> Iterator[Difference]:
    used, opened = Counter[str](), Counter[str]()
    by_id, lots = {entry.id: entry for entry in rows.entries}, {lot.id: lot for lot in rows.lots}
    for lot in rows.lots:
        by = by_id.get(lot.transfer_id)
        opened[lot.transfer_id] += 1
        if by is None or by.target != LOTS or by.amount != lot.amount or by.uses or opened[lot.transfer_id] > 1:
            yield Difference(
                "LOT_IS_GIVEN", rows.id, f"{rows.unit}: no entry has opened the lot {lot.id} of {lot.amount}"
            )
    for entry in rows.entries:
        taken = sum(amount for _, amount in entry.uses)
        expected = entry.amount * ((entry.source == LOTS) - (entry.target == LOTS))
        if entry.target == LOTS and not entry.uses:
            if not opened[entry.id]:
                yield Difference("LOT_IS_GIVEN", _entry_id(entry), "has opened no lot")
        elif taken != expected or any(lot not in lots for lot, _ in entry.uses):
            yield Difference(
                "USES_ARE_ENTRY", _entry_id(entry), f"took {taken} from lots of the account, not {expected}"
            )
        for lot_id, amount in entry.uses:
            used[lot_id] += amount
            if lot_id in lots and not 0 <= used[lot_id] <= lots[lot_id].amount:
                yield Difference(
                    "LOT_USES",
                    _entry_id(entry),
                    f"{used[lot_id]} of {lots[lot_id].amount} was taken from the lot {lot_id}",
                )
    for lot in rows.lots:
        if lot.remaining != lot.amount - used[lot.id]:
            yield Difference(
                "LOT_USES",
                rows.id,
                f"{rows.unit}: of the lot {lot.id} {lot.remaining} is left, not {lot.amount - used[lot.id]}",
            )


def _in_time(rows: Rows, present: Instant, ending: Callable[[str, Instant], Instant]) -> Iterator[Difference]:
    for hold in rows.holds:
        if hold.held_until + _LATE_MS < present:
            kind = "pointshold" if rows.unit == POINTS else "credithold"
            yield Difference("HOLDS_END", f"{kind}_{hold.id}", "is open an hour after it ran out")
    if rows.kept is None or rows.kept.next_at <= present:
        return
    account = Account(
        rows.customer_id,
        rows.unit,
        present,
        active_at=rows.kept.active_at,
        lots=rows.lots,
        holds=rows.holds,
        ending=ending,
    )
    if rows.kept.next_at > account.changes_at:
        yield Difference(
            "NEXT_CHANGE", rows.id, f"{rows.unit}: noted for {rows.kept.next_at}, due at {account.changes_at}"
        )


def _chained(rows: Rows) -> Iterator[Difference]:
    before, position, is_open = FIRST, 0, False
    for entry in rows.entries:
        link = rows.links.get(entry.version)
        if link is None:
            is_open = True
            if entry.id not in rows.waiting:
                yield Difference(
                    "ENTRIES_CHAINED", _entry_id(entry), "has no place in the chain and does not wait for one"
                )
            continue
        if is_open or link.position <= position or entry.id in rows.waiting:
            yield Difference("ENTRIES_CHAINED", _entry_id(entry), f"has the place {link.position} out of its turn")
        if link.hash != entry_hash(before, entry):
            yield Difference("ENTRY_HASHES", _entry_id(entry), "is not what was chained")
        before, position = link.hash, link.position
    for version in sorted(rows.links.keys() - {entry.version for entry in rows.entries}):
        yield Difference(
            "ENTRIES_CHAINED",
            rows.id,
            f"{rows.unit}: the entry with the version {version} was chained and is not there",
        )


def sealed_in(rows: Rows, upto: int) -> tuple[Entry, bytes] | None:
    """The last entry of the account that a seal over so many entries covers, and the hash that its entries give now."""
    running, last = FIRST, None
    for entry in rows.entries:
        link = rows.links.get(entry.version)
        if link is None or link.position > upto:
            break
        running = entry_hash(running, entry)
        last = entry, running
    return last


COUNTED_BY: Mapping[str, Callable[[Rows], int]] = {
    "DEBITS_EQUAL_CREDITS": lambda rows: len(rows.entries),
    "VERSIONS_WITHOUT_HOLE": lambda rows: len(rows.entries),
    "BALANCE_AFTER": lambda rows: len(rows.entries),
    "ACCOUNT_IS_LAST_ENTRY": lambda rows: 1,
    "BALANCE_IS_LOTS": lambda rows: 1,
    "LOT_IS_GIVEN": lambda rows: len(rows.lots),
    "LOT_USES": lambda rows: len(rows.lots),
    "USES_ARE_ENTRY": lambda rows: len(rows.entries),
    "HELD_IS_HOLDS": lambda rows: 1,
    "HOLDS_END": lambda rows: len(rows.holds),
    "NEXT_CHANGE": lambda rows: 1,
    "ENTRIES_CHAINED": lambda rows: len(rows.entries),
    "ENTRY_HASHES": lambda rows: len(rows.links),
}
"""How many accounts, lots or entries of an account each check looks at."""


def counted(found: Sequence[Difference]) -> Counter[str]:
    """How many differences there are by code."""
    return Counter(one.code for one in found)
