"""Reading entries: what transfers are to those who look at an account; and holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from regulars_core.plugin import (
    LATEST,
    CurrencyCode,
    Database,
    Instant,
    Leaf,
    Money,
    Order,
    Page,
    Readable,
    Shop,
    SortKey,
    Where,
    Window,
    by_ids,
    by_owner,
    compared,
    decimal_text,
    exponent_of,
    now,
    pages_of,
    query_listed,
)
from regulars_loyalty.ledger.book import POINTS, delta_of
from regulars_loyalty.ledger.lives import ending_of

T = TypeVar("T")


@dataclass(slots=True)
class EntryRow:
    """A transfer as it stands in models.LedgerTransfer, with what was written beside it."""

    id: str
    customer_id: str
    unit: str
    version: int
    kind: str
    source: str
    target: str
    amount: int
    balance_after: int
    at: Instant
    recorded_at: Instant
    event_id: str
    event_kind: str
    actor: str | None
    store_id: str | None
    purchase_id: str | None
    payment_id: str | None
    refund_id: str | None
    reverses_id: str | None
    reason: str | None
    program: int | None
    rule: str | None
    explanation: str | None
    note: str | None

    @property
    def change(self) -> int:
        """By how much it changed the balance, in minor units or points."""
        return delta_of(self.source, self.target, self.amount)


@dataclass(slots=True)
class CreditEntryRow(EntryRow):
    """An entry on store credit."""

    @property
    def delta(self) -> Money:
        """By how much it changed the balance."""
        return Money(self.change, CurrencyCode(self.unit))

    @property
    def money_after(self) -> Money:
        """The balance after it."""
        return Money(self.balance_after, CurrencyCode(self.unit))


@dataclass(slots=True)
class PointsEntryRow(EntryRow):
    """An entry on points."""


def _entry(*columns: Any) -> EntryRow:
    kind = PointsEntryRow if columns[_UNIT_AT] == POINTS else CreditEntryRow
    return kind(*columns)


_UNIT_AT = EntryRow.__slots__.index("unit")


_COLUMNS = [f"t.{name}" for name in EntryRow.__slots__ if name != "note"]
ENTRIES: Readable[Any] = Readable(
    "loyalty_transfer t",
    "t.id",
    [*_COLUMNS, "ln.note"],
    _entry,
    {"ln": "LEFT JOIN loyalty_note ln ON ln.transfer_id = t.id"},
)
LAST_RECORDED_FIRST = Order(SortKey("VERSION", "t.version", "t.id", int), descending=True)
_UNIT, _TIME = Leaf("unit", compared("t.unit")), Leaf("at", compared("t.at"))


async def credit_entries_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, CreditEntryRow]:
    """Entries on store credit by id."""
    return _only(CreditEntryRow, await by_ids(database, ENTRIES, ids))


async def points_entries_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, PointsEntryRow]:
    """Entries on points by id."""
    return _only(PointsEntryRow, await by_ids(database, ENTRIES, ids))


def _only(kind: type[T], found: Mapping[str, Any]) -> Mapping[str, T]:
    return {id_: row for id_, row in found.items() if isinstance(row, kind)}


async def entries_of(
    database: Database, customer_ids: Sequence[str], unit: str, window: Window, until: Instant | None = None
) -> Sequence[Page[EntryRow]]:
    """A page of the entries of each customer's account in a unit; of those alone that count by an instant, if one is given."""
    where = Where("unit", leaf=_UNIT, conditions=(("=", unit),))
    if until is not None:
        where = Where("all", (where, Where("at", leaf=_TIME, conditions=(("<=", until),))))
    return await pages_of(database, ENTRIES, "t.customer_id", customer_ids, window, where)


async def entries_of_purchases(
    database: Database, purchase_ids: Sequence[str], *, points: bool
) -> Mapping[str, list[EntryRow]]:
    """The entries on points, or on credit, that belong to each purchase, in the order of recording; those of whose it was before
    too."""
    unit = f"t.unit {'=' if points else '<>'} '{POINTS}'"
    order = "t.purchase_id, t.recorded_at, t.customer_id, t.version"
    sql, values = query_listed(
        database.dialect, ENTRIES, "t.purchase_id", list(dict.fromkeys(purchase_ids)), order, unit
    )
    return by_owner(ENTRIES, purchase_ids, await database.read(sql, *values))


async def entries_of_events(database: Database, event_ids: Sequence[str]) -> Mapping[str, list[EntryRow]]:
    """The entries that were posted together by each event, on whichever accounts, in the order of recording."""
    ids = list(dict.fromkeys(event_ids))
    if not ids:
        return {}
    order = "t.event_id, t.recorded_at, t.customer_id, t.unit, t.version"
    sql, values = query_listed(database.dialect, ENTRIES, "t.event_id", ids, order)
    return by_owner(ENTRIES, ids, await database.read(sql, *values))


async def reversals_of(database: Database, entry_ids: Sequence[str]) -> Mapping[str, EntryRow]:
    """The entries that take others back, by the ids of those."""
    among = database.dialect.among("t.reverses_id", 1)
    sql = f"SELECT {ENTRIES.column_list} FROM {ENTRIES.source} WHERE {among} ORDER BY t.version DESC"
    rows = await database.read(sql, list(dict.fromkeys(entry_ids)))
    return {str(row.reverses_id): row for row in (_entry(*columns) for columns in rows)}


@dataclass(frozen=True, slots=True)
class LotUseRow:
    """How much an entry took from a lot or put back to it: of one that was opened then, and expires then or never."""

    amount: str
    opened_at: Instant
    expires_at: Instant | None


async def lot_uses_of(shop: Shop, entry_ids: Sequence[str]) -> Mapping[str, list[LotUseRow]]:
    """What each entry took from lots or put back to them, in order, with the ends of lots as they are found now."""
    database, ending = shop.database, ending_of(shop)
    among = database.dialect.among("u.transfer_id", 1)
    rows = await database.read(
        "SELECT u.transfer_id, l.unit, abs(u.amount), l.opened_at, l.expires_at, l.life, l.available_at, a.active_at"
        " FROM loyalty_lot_use u JOIN loyalty_lot l ON l.id = u.lot_id"
        " JOIN loyalty_account a ON a.customer_id = l.customer_id AND a.unit = l.unit"
        f" WHERE {among} ORDER BY u.transfer_id, u.position",
        list(dict.fromkeys(entry_ids)),
    )
    uses: dict[str, list[LotUseRow]] = {id_: [] for id_ in entry_ids}
    for entry_id, unit, amount, opened, expires, life, available, active in rows:
        ends = expires if life is None else ending(life, max(active, available))
        use = LotUseRow(decimal_text(amount, decimals_of(unit)), opened, None if ends == LATEST else ends)
        uses[entry_id].append(use)
    return uses


def decimals_of(unit: str) -> int:
    """How many decimals amounts of a unit have when they are printed."""
    return 0 if unit == POINTS else exponent_of(unit)


@dataclass(slots=True)
class HoldRow:
    """A hold as it stands in models.LedgerHold. One whose time is over is closed, whether or not that was written down."""

    id: str
    customer_id: str
    unit: str
    basket: str | None
    amount: int
    captured: int
    created_at: Instant
    held_until: Instant
    closed_at: Instant | None

    def __post_init__(self) -> None:
        if self.closed_at is None and self.held_until <= now():
            self.closed_at = self.held_until

    @property
    def is_open(self) -> bool:
        """Whether it still keeps anything."""
        return self.closed_at is None


@dataclass(slots=True)
class CreditHoldRow(HoldRow):
    """A hold on store credit."""

    @property
    def held(self) -> Money:
        """How much is kept, or was."""
        return Money(self.amount, CurrencyCode(self.unit))

    @property
    def taken(self) -> Money:
        """How much of it was taken."""
        return Money(self.captured, CurrencyCode(self.unit))


@dataclass(slots=True)
class PointsHoldRow(HoldRow):
    """A hold on points."""


def _hold(*columns: Any) -> HoldRow:
    kind = PointsHoldRow if columns[2] == POINTS else CreditHoldRow
    return kind(*columns)


HOLDS: Readable[Any] = Readable("loyalty_hold h", "h.id", [f"h.{name}" for name in HoldRow.__slots__], _hold)


async def credit_holds_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, CreditHoldRow]:
    """Holds on store credit by id."""
    return _only(CreditHoldRow, await by_ids(database, HOLDS, ids))


async def points_holds_by_ids(database: Database, ids: Sequence[str]) -> Mapping[str, PointsHoldRow]:
    """Holds on points by id."""
    return _only(PointsHoldRow, await by_ids(database, HOLDS, ids))
