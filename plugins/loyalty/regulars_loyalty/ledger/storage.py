"""Accounts out of the database and into it: what is looked up of customers, and how what was done is written down."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

import orjson

from regulars_core.plugin import (
    MIN_COPY_ROWS,
    Database,
    Dialect,
    Guarded,
    Instant,
    Lookup,
    Shop,
    hold,
    insert,
    inserting,
    lookup_lifetimes,
    new_id,
    now,
)
from regulars_loyalty.ledger.announcements import tell_posted
from regulars_loyalty.ledger.book import Account, Beyond, Ending, Hold, Lot, Transfer
from regulars_loyalty.ledger.limits import lookup_limits
from regulars_loyalty.ledger.lives import ending_of

ALL_LOTS = -1
"""Stands for the instant where all lots are looked up."""
FEW_LOTS = 200
"""So many lots of an account are looked up where that mostly is enough: those that are spent first."""
LOT_COLUMNS = (
    "id", "transfer_id", "origin_id", "purchase_id", "amount", "remaining", "opened_at", "available_at", "expires_at", "life",
    "is_bought", "is_grace",
)  # fmt: skip
_HOLD = ("id", "basket", "amount", "captured", "created_at", "held_until", "closed_at")
_READ = ("customer_id", "unit", "amount", "debt", "version", "next_at", "active_at", "spendable", "is_living")
LOOKUPS = 3
"""How many look-ups `lookup_accounts` names, given the present; one more without."""


def lookup_accounts(
    dialect: Dialect, customer_ids: Collection[str], present: Instant | None = None, *, few: bool = False
) -> Sequence[Lookup]:
    """What `Ledger` is made of: accounts, open lots and open holds of customers, and how far their groups let them go below zero.
    Given the `present`, lots are looked up only where something is due or owed, or activities move their ends: any other account
    can be given to, and nothing else, so that no limit is looked up. Where a `few` lots are to be enough, who needs others finds
    that they are unknown."""
    ids, asked = sorted(customer_ids), ALL_LOTS if present is None else present
    alone = len(ids) == 1
    accounts, lots, holds = _lookups(dialect, present is not None, few, alone)
    own: Any = ids[0] if alone else ids
    found: list[Lookup] = [(accounts, [own, asked]), (lots, [own] if present is None else [own, asked]), (holds, [own])]
    if present is None:
        found.append(lookup_limits(dialect, ids))
    return found


@lru_cache
def _lookups(dialect: Dialect, only_due: bool, few: bool, alone: bool) -> tuple[str, str, str]:
    """The statements that look up accounts, lots and holds, of one customer `alone` or of many."""
    theirs = dialect.among("a.customer_id", 1, alone=alone)
    due = " AND (a.next_at <= $2 OR a.debt > 0 OR a.is_living)" if only_due else ""
    columns = ", ".join(f"a.{name}" for name in _READ)
    lots = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    # PostgreSQL does not conclude whose lots it looks for. As long as it has not counted them it would read all there are.
    own = dialect.among("l.customer_id", 1, alone=alone)
    link = f"l.customer_id = a.customer_id AND l.unit = a.unit AND l.remaining > 0 AND {own}"
    holds = ", ".join(f"h.{name}" for name in _HOLD)
    open_lots = f"loyalty_account a JOIN loyalty_lot l ON {link} WHERE {theirs}{due}"
    if few:
        place = "row_number() OVER (PARTITION BY l.customer_id, l.unit ORDER BY l.expires_at, l.opened_at, l.id)"
        open_lots = (
            f"(SELECT l.*, a.debt > 0 OR a.is_living AS needs_all, {place} AS place FROM {open_lots}) l"
            f" WHERE l.place <= {FEW_LOTS} OR l.needs_all"
        )
    return (
        f"SELECT {columns}, CAST($2 AS BIGINT) AS asked FROM loyalty_account a WHERE {theirs}",
        f"SELECT l.customer_id, l.unit, {dialect.bundle(lots)} FROM {open_lots} GROUP BY l.customer_id, l.unit",
        f"SELECT h.customer_id, h.unit, {holds} FROM loyalty_hold h"
        f" WHERE {dialect.among('h.customer_id', 1, alone=alone)} AND h.closed_at IS NULL ORDER BY h.created_at, h.id",
    )


@dataclass
class Ledger:
    """The accounts of some customers, as they are and as they are changed. Made by `ledger_from`."""

    shop: Shop
    present: Instant
    accounts: dict[tuple[str, str], Account]
    limits: Mapping[str, int] = field(default_factory=dict)
    """Down to how far below zero customers may spend credit, by customer, where they may."""
    once: list[tuple[str, str, str]] = field(default_factory=list)
    """(customer, rule, transfer) of what was given once per customer."""
    never_again: list[str] = field(default_factory=list)
    """Transfers that were taken back whole: what one of them gave once per customer may be given again."""
    once_more: list[tuple[str, str, str]] = field(default_factory=list)
    """The same as `once`, of what was taken back and is there again."""

    def account(self, customer_id: str, unit: str) -> Account:
        """The account of a customer in a unit; an empty one where nothing was ever posted."""
        key = customer_id, unit
        if key not in self.accounts:
            self.accounts[key] = Account(
                customer_id, unit, self.present, limit=self._limit(customer_id, unit), ending=self._ending
            )
        return self.accounts[key]

    @property
    def _ending(self) -> Ending:
        return ending_of(self.shop)

    def _limit(self, customer_id: str, unit: str) -> int:
        return self.limits.get(customer_id, 0) if unit == self.shop.currency else 0

    @property
    def changed(self) -> list[Account]:
        """The accounts of which something was changed, in the order of customers."""
        changed = [one for one in self.accounts.values() if one.is_changed]
        return sorted(changed, key=lambda one: (one.customer_id, one.unit))

    @property
    def transfers(self) -> Iterator[tuple[Account, Transfer]]:
        """Everything that was posted."""
        return ((account, one) for account in self.changed for one in account.transfers)


def ledger_from(shop: Shop, found: Sequence[Sequence[Any]], present: Instant) -> Ledger:
    """The accounts out of the rows of `lookup_accounts`, as they are at an instant."""
    accounts, lots, holds, *limits = found
    asked = accounts[0][-1] if accounts else ALL_LOTS
    ledger = Ledger(shop, present, {}, {row[0]: row[1] for rows in limits for row in rows})
    for customer_id, unit, amount, debt, version, next_at, active_at, spendable, is_living, _ in accounts:
        is_known = asked == ALL_LOTS or next_at <= asked or debt > 0 or bool(is_living)
        ledger.accounts[customer_id, unit] = Account(
            customer_id, unit, present, amount, debt, version, next_at, active_at, spendable, [] if is_known else None, [],
            ledger._limit(customer_id, unit), ending=ledger._ending,
        )  # fmt: skip
    for customer_id, unit, bundle in lots:
        ledger.accounts[customer_id, unit].lots = [_lot_from(columns) for columns in orjson.loads(bundle)]
    for customer_id, unit, *columns in holds:
        ledger.account(customer_id, unit).holds.append(Hold(*columns))
    for account in ledger.accounts.values():
        if account.lots and len(account.lots) == FEW_LOTS:
            account.beyond = _beyond(account, account.in_order())
    return ledger


def _beyond(account: Account, lots: Sequence[Lot]) -> Beyond | None:
    """What is left of others than these lots, by what is written of the account."""
    left = account.amount - sum(lot.remaining for lot in lots)
    pending = account.balance - account.held - account.spendable_then
    pending -= sum(lot.remaining for lot in lots if lot.available_at > account.present)
    return Beyond(left - pending, pending, account.place_of(lots[-1])) if left else None


def _lot_from(columns: Sequence[Any]) -> Lot:
    """A lot out of a bundle, in which PostgreSQL prints keys with dashes."""
    id_, transfer, origin, purchase, *figures, bought, grace = columns
    keys = [key and key.replace("-", "") for key in (id_, transfer, origin, purchase)]
    values: Any = (*keys, *figures, bool(bought), bool(grace))
    return Lot(*values)


async def read_ledger(
    shop: Shop, customer_ids: Collection[str], at: Instant | None = None, *, few: bool = False
) -> Ledger:
    """The accounts of customers with all their lots, or a `few` of them, read now. Whoever is about to change them holds the
    customers."""
    found = await shop.database.read_together(lookup_accounts(shop.database.dialect, customer_ids, few=few))
    return ledger_from(shop, found, now() if at is None else at)


def lookup_customer(dialect: Dialect, shop: Shop, customer_id: str) -> Sequence[Lookup]:
    """What `customer_ledger` looks up."""
    return [lookup_lifetimes(shop, [customer_id]), *lookup_accounts(dialect, [customer_id], few=True)]


async def customer_ledger(shop: Shop, customer_id: str) -> Ledger:
    """The accounts of one customer who is not merged, to be changed in this transaction: nobody else moves anything of theirs
    until it ends, or else it runs again."""
    database = shop.database
    if database.overtaken:
        await hold(database, [customer_id])
        return await read_ledger(shop, [customer_id])
    [stats, *found] = await database.read_together(lookup_customer(database.dialect, shop, customer_id))
    if stats:
        await database.defer([Guarded(_MOVE, [customer_id, stats[0][-1]])])
    return ledger_from(shop, found, now())


_MOVE = "UPDATE customer_stats SET activity = activity + 1 WHERE customer_id = $1 AND activity = $2 AND merged_into_id IS NULL"

_MAY_DRAW = (
    "UPDATE loyalty_group_limit SET amount = amount"
    " WHERE amount >= $2 AND group_id = (SELECT group_id FROM customer WHERE id = $1)"
)
"""Whoever goes below zero does it by the limit as it is when that is written, and one who lowers the limit meanwhile is waited
for."""

_ACCOUNT = (
    "id", "customer_id", "unit", "amount", "debt", "held", "version", "next_at", "active_at", "spendable", "is_living",
)  # fmt: skip
_TRANSFER = (
    "id", "customer_id", "unit", "version", "kind", "source", "target", "amount", "balance_after", "debt_after", "at",
    "recorded_at", "event_id", "event_kind", "actor", "store_id", "purchase_id", "payment_id", "refund_id", "reverses_id",
    "hold_id", "merge_id", "reason", "program", "rule", "base", "shares", "explanation",
)  # fmt: skip
_USE = ("id", "transfer_id", "position", "lot_id", "amount")


def _upsert(columns: Sequence[str], key: str) -> str:
    kept = {"id", *key.split(", ")}
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in kept)
    return f"ON CONFLICT ({key}) DO UPDATE SET {sets}"


_PUT_ACCOUNT = _upsert(_ACCOUNT, "customer_id, unit")
_LOT = attrgetter(*LOT_COLUMNS)
_LOT_ROW = ("customer_id", "unit", *LOT_COLUMNS)
_PUT_LOT = "ON CONFLICT (id) DO UPDATE SET remaining = excluded.remaining, expires_at = excluded.expires_at"
_HOLD_COLUMNS = ("customer_id", "unit", *_HOLD)
_PUT_HOLD = "ON CONFLICT (id) DO UPDATE SET captured = excluded.captured, closed_at = excluded.closed_at"


async def write_ledger(ledger: Ledger, *, is_all: bool = True) -> None:
    """Write down what was done, and tell those who want to know: of a customer or two together with whatever else the
    transaction writes, of many in a few statements. Where that is not `is_all` yet, the accounts themselves are left to the last
    time: what they come to is found from all lots. Raises what they raise, Refused too."""
    changed, database = ledger.changed, ledger.shop.database
    if not changed:
        return
    for account in changed if is_all else ():
        _move_ends(account)
    recorded = ledger.present
    posted = [(account, one) for account in changed for one in account.transfers]
    transfers = [_transfer(account, one, recorded) for account, one in posted]
    uses = [
        (new_id(), one.id, position, use.lot.id, use.amount)
        for _, one in posted
        for position, use in enumerate(one.uses)
    ]
    notes = [(one.id, account.customer_id, one.cause.note) for account, one in posted if one.cause.note]
    accounts = [_account(one) for one in changed] if is_all else []
    lots = [_lot(account, lot) for account in changed for lot in account.touched.values()]
    holds = [_hold(account, one) for account in changed for one in account.holds if one.is_changed]
    once = [(new_id(), *one) for one in (*ledger.once, *ledger.once_more)]
    inserts: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]]]] = [
        ("loyalty_transfer", _TRANSFER, transfers),
        ("loyalty_unchained", ("transfer_id",), [(row[0],) for row in transfers]),
        ("loyalty_lot_use", _USE, uses),
        ("loyalty_note", ("transfer_id", "customer_id", "note"), notes),
        ("loyalty_once", ("id", "customer_id", "rule", "transfer_id"), once),
    ]
    puts: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]], str]] = [
        ("loyalty_account", _ACCOUNT, accounts, _PUT_ACCOUNT),
        ("loyalty_lot", _LOT_ROW, lots, _PUT_LOT),
        ("loyalty_hold", _HOLD_COLUMNS, holds, _PUT_HOLD),
    ]
    among = database.dialect.among("transfer_id", 1)
    if ledger.never_again:
        await database.defer([(f"UPDATE loyalty_once SET customer_id = NULL WHERE {among}", [ledger.never_again])])
    if ledger.once_more:
        again = [transfer_id for *_, transfer_id in ledger.once_more]
        await database.defer([(f"DELETE FROM loyalty_once WHERE {among}", [again])])
    if max(len(transfers), len(lots)) < MIN_COPY_ROWS:
        writes = [inserting(table, columns, rows) for table, columns, rows in inserts if rows]
        for table, columns, rows, conflict in puts:
            if rows:
                sql, values = inserting(table, columns, rows)
                writes.append((f"{sql} {conflict}", values))
        await database.defer(writes)
    else:
        await _write_many(ledger, inserts, [one for one in puts if one[0] != "loyalty_lot"])
    drawn = [Guarded(_MAY_DRAW, [one.customer_id, one.drawn]) for one in changed if one.drawn]
    await database.defer(drawn)
    await tell_posted(ledger.shop, posted, recorded)
    for account in changed:
        account.transfers, account.touched, account.drawn, account.is_unwritten = [], {}, 0, not is_all
        for one in account.holds:
            one.is_changed = False
    ledger.once, ledger.never_again, ledger.once_more = [], [], []


async def _write_many(
    ledger: Ledger,
    inserts: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]]]],
    puts: Iterable[tuple[str, Sequence[str], Sequence[Sequence[Any]], str]],
) -> None:
    database = ledger.shop.database
    for table, columns, rows in inserts:
        await insert(database, table, columns, rows)
    for table, columns, rows, conflict in puts:
        if rows:
            sql, _ = inserting(table, columns, rows[:1])
            await database.run_many(f"{sql} {conflict}", rows)
    posted = {transfer.id for _, transfer in ledger.transfers}
    touched = [(account, lot) for account in ledger.changed for lot in account.touched.values()]
    opened = [_lot(account, lot) for account, lot in touched if lot.transfer_id in posted]
    await insert(database, "loyalty_lot", _LOT_ROW, opened)
    others = [lot for _, lot in touched if lot.transfer_id not in posted]
    await _update_lots(database, "remaining", [(lot.id, lot.remaining) for lot in others])
    await _update_lots(database, "expires_at", [(lot.id, lot.expires_at) for lot in others if lot.life is not None])


async def _update_lots(database: Database, column: str, values: Sequence[tuple[str, int]]) -> None:
    """Set a column of many lots."""
    if values:
        keys, arrays = database.dialect.moments(values, 1)
        await database.run(f"UPDATE loyalty_lot SET {column} = k.at FROM {keys} WHERE loyalty_lot.id = k.key", *arrays)


def _account(account: Account) -> tuple[Any, ...]:
    return (
        new_id(), account.customer_id, account.unit, account.amount, account.debt, account.held, account.version,
        account.changes_at, account.active_at, account.spendable, bool(account.living),
    )  # fmt: skip


def _move_ends(account: Account) -> None:
    """Let lots say when they end as it is now, where an activity has moved that: so they are found by their ends."""
    for lot in account.living:
        ends = account.ends_at(lot)
        if ends != lot.expires_at:
            lot.expires_at, account.touched[lot.id] = ends, lot


def _transfer(account: Account, one: Transfer, recorded_at: Instant) -> tuple[Any, ...]:
    cause = one.cause
    return (
        one.id, account.customer_id, account.unit, one.version, one.kind, one.source, one.target, one.amount,
        one.balance_after, one.debt_after, cause.at, recorded_at, cause.event_id, cause.event_kind, cause.actor,
        cause.store_id, cause.purchase_id, cause.payment_id, cause.refund_id, cause.reverses_id, cause.hold_id,
        cause.merge_id, cause.reason, cause.program, cause.rule, cause.base, cause.shares, cause.explanation,
    )  # fmt: skip


def _lot(account: Account, lot: Lot) -> tuple[Any, ...]:
    return (account.customer_id, account.unit, *_LOT(lot))


def _hold(account: Account, one: Hold) -> tuple[Any, ...]:
    return (account.customer_id, account.unit, *(getattr(one, name) for name in _HOLD))
