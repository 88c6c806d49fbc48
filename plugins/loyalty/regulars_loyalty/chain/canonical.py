"""What is hashed, byte by byte: entries, statements of accounts, nodes of the tree, seals. Pure.

Amounts are minor units or points, instants and ids as the API prints them. Parts stand between `|`; within one, `|` and `\\`
follow a `\\`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from regulars_core.plugin import Instant, printed
from regulars_loyalty.ledger.book import POINTS, delta_of

FIRST = bytes(32)
"""Stands for the hash before an account's first entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A transfer as it was written down, with what it took from which lots, in order; columns as models.LedgerTransfer has
    them."""

    id: str
    customer_id: str
    unit: str
    version: int
    kind: str
    source: str
    target: str
    amount: int
    balance_after: int
    debt_after: int
    at: Instant
    recorded_at: Instant
    actor: str | None
    store_id: str | None
    purchase_id: str | None
    refund_id: str | None
    reverses_id: str | None
    reason: str | None
    program: int | None
    rule: str | None
    uses: Sequence[tuple[str, int]] = ()

    @property
    def delta(self) -> int:
        """By how much it changed the balance."""
        return delta_of(self.source, self.target, self.amount)

    @property
    def account(self) -> tuple[str, str]:
        """Whose it is, and its unit."""
        return self.customer_id, self.unit


COLUMNS = tuple(name for name in Entry.__slots__ if name != "uses")
"""The columns of an entry, in order."""


def _entry_id(id_: str | None, unit: str) -> str:
    return "" if id_ is None else f"{'pointsentry' if unit == POINTS else 'creditentry'}_{id_}"


def _id(kind: str, id_: str | None) -> str:
    return "" if id_ is None else f"{kind}_{id_}"


def _joined(parts: Sequence[object]) -> str:
    return "|".join("" if part is None else str(part).replace("\\", "\\\\").replace("|", "\\|") for part in parts)


def row_of(entry: Entry) -> str:
    """The row of an entry: what of it is hashed."""
    one = entry
    lots = ",".join(f"{lot}:{amount}" for lot, amount in one.uses)
    return _joined((
        _entry_id(one.id, one.unit), _id("customer", one.customer_id), one.unit, one.kind, one.delta, one.balance_after,
        printed(one.at), printed(one.recorded_at), one.actor, _id("store", one.store_id), _id("purchase", one.purchase_id),
        _id("refund", one.refund_id), _entry_id(one.reverses_id, one.unit), one.reason, one.program, one.rule, lots,
    ))  # fmt: skip


def entry_hash(before: bytes, entry: Entry) -> bytes:
    """The hash of an entry, given that of the account's entry before."""
    return sha256(before + row_of(entry).encode()).digest()


def statement(customer_id: str, unit: str, balance: int, debt: int, version: int, last: bytes) -> str:
    """What a seal says of one account, given the hash of its last entry."""
    return f"customer_{customer_id}|{unit}|{balance}|{debt}|{version}|{last.hex()}"


def leaf(text: str) -> bytes:
    """The leaf of a statement."""
    return sha256(b"\0" + text.encode()).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The node over two others."""
    return sha256(b"\1" + left + right).digest()


def seal_hash(number: int, sealed_at: Instant, entry_count: int, root: str, previous: str | None) -> str:
    """The hash of a seal, which holds that of the one before."""
    text = f"{number}|{printed(sealed_at)}|{entry_count}|{root}|{previous or ''}"
    return sha256(text.encode()).hexdigest()
