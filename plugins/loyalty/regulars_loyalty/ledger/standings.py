"""How accounts stand at an instant, by what is known now: what is due by then counts, whether or not it was written down.

For the present and whatever is to come that is the account itself with all that is due by then. For the past it is made of the
transfers that count by then, of what they took from lots, and of the holds that were open.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugin import DAY_MS, LATEST, Dialect, Instant, Lookup, Shop, now
from regulars_loyalty.ledger.book import Account, Hold, Lot, LotsUnknown
from regulars_loyalty.ledger.entries import HOLDS, HoldRow
from regulars_loyalty.ledger.limits import lookup_limits
from regulars_loyalty.ledger.lives import ending_of
from regulars_loyalty.ledger.storage import LOT_COLUMNS, Ledger, read_ledger

MAX_LISTED = 100
"""How many lots that expire soon, and how many open holds, are told of one account."""
_ACTIVITIES = "('EARN', 'BONUS', 'PAYMENT', 'REDEEM', 'UNFUNDING')"
"""The kinds by which something is earned or spent; an ADJUST is that where it takes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as it stands at an instant, with the holds that are open then. `until` is that instant if it is past."""

    account: Account
    holds: Sequence[HoldRow]
    until: Instant | None = None

    @property
    def key(self) -> tuple[str, str, Instant | None]:
        """Whose account it is, in what unit, and until when what happened counts."""
        return self.account.customer_id, self.account.unit, self.until

    @property
    def debt(self) -> int:
        """What is owed. Where something was settled that is dated before what it settles, nothing is owed between."""
        return max(0, self.account.debt)

    def expiring(self, days: int) -> Sequence[tuple[Lot, Instant]]:
        """The lots that will end within so many days, each with its end, the soonest first; MAX_LISTED of them at most."""
        account = self.account
        last = account.present + days * DAY_MS
        ends = ((lot, account.ends_at(lot)) for lot in account.in_order())
        return [(lot, end) for lot, end in ends if account.present < end <= last and end != LATEST][:MAX_LISTED]


async def standings_of(
    shop: Shop, customer_ids: Collection[str], unit: str, at: Instant | None = None
) -> Mapping[str, Standing]:
    """How the accounts of customers in a unit stand at an instant, the present if it is None; of all of them together as many
    statements as of one."""
    present = now()
    ids = sorted(set(customer_ids))
    if at is not None and at < present:
        return await _past(shop, ids, unit, at)
    instant = present if at is None else at
    try:
        return _standings(await read_ledger(shop, ids, instant, few=True), ids, unit)

    except LotsUnknown:
        return _standings(await read_ledger(shop, ids, instant), ids, unit)


def _standings(ledger: Ledger, ids: Sequence[str], unit: str) -> Mapping[str, Standing]:
    found = {}
    for id_ in ids:
        account = ledger.account(id_, unit)
        account.post_due()
        found[id_] = Standing(account, [_shown(account, hold) for hold in account.open_holds[:MAX_LISTED]])
    return found


def _shown(account: Account, hold: Hold) -> HoldRow:
    return HOLDS.make(  # type: ignore[no-any-return]
        hold.id, account.customer_id, account.unit, hold.basket, hold.amount, hold.captured, hold.created_at,
        hold.held_until, hold.closed_at,
    )  # fmt: skip


def _lookups(dialect: Dialect, ids: Sequence[str], unit: str, at: Instant) -> Sequence[Lookup]:
    """As of an instant: what was owed and when something was done last, the lots with what was left of them, and the holds that
    were open, and when those were last active who had been merged into it. And the limits, as they are."""
    theirs = dialect.among("t.customer_id", 1)
    is_activity = f"(t.kind IN {_ACTIVITIES} OR (t.kind = 'ADJUST' AND t.source IN ('LOTS', 'DEBT')))"
    merged = f"{dialect.among('m.customer_id', 1)} AND m.unit = $2 AND m.kind = 'MERGE_IN' AND m.at <= $3"
    lots = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    left = "(CASE WHEN o.at <= $3 THEN l.amount ELSE 0 END) - coalesce((SELECT sum(u.amount) FROM loyalty_lot_use u"
    left += " JOIN loyalty_transfer t ON t.id = u.transfer_id WHERE u.lot_id = l.id AND t.at <= $3), 0)"
    asked: list[Any] = [list(ids), unit, at]
    return [
        (
            "SELECT t.customer_id, CAST(sum(CASE 'DEBT' WHEN t.source THEN t.amount WHEN t.target THEN -t.amount ELSE 0 END)"
            f" AS BIGINT) AS debt, max(CASE WHEN {is_activity} THEN t.at END) AS active_at FROM loyalty_transfer t"
            f" WHERE {theirs} AND t.unit = $2 AND t.at <= $3 GROUP BY t.customer_id",
            asked,
        ),
        (
            f"SELECT * FROM (SELECT l.customer_id, {lots}, CAST({left} AS BIGINT) AS still FROM loyalty_lot l"
            f" JOIN loyalty_transfer o ON o.id = l.transfer_id WHERE {dialect.among('l.customer_id', 1)} AND l.unit = $2) x"
            " WHERE x.still <> 0",
            asked,
        ),
        (
            f"SELECT {HOLDS.column_list} FROM loyalty_hold h WHERE {dialect.among('h.customer_id', 1)} AND h.unit = $2"
            " AND h.created_at <= $3 AND h.held_until > $3 AND (h.closed_at IS NULL OR h.closed_at > $3)"
            " ORDER BY h.created_at, h.id",
            asked,
        ),
        lookup_limits(dialect, ids),
        (
            "SELECT m.customer_id, max(t.at) FROM loyalty_transfer m"
            " JOIN loyalty_transfer o ON o.event_id = m.event_id AND o.unit = m.unit AND o.kind = 'MERGE_OUT'"
            " JOIN loyalty_transfer t ON t.customer_id = o.customer_id AND t.unit = o.unit AND t.at <= m.at"
            f" WHERE {merged} AND {is_activity} GROUP BY m.customer_id",
            asked,
        ),
    ]


async def _past(shop: Shop, ids: Sequence[str], unit: str, at: Instant) -> Mapping[str, Standing]:
    figures, lots, holds, limits, merged = await shop.database.read_together(
        _lookups(shop.database.dialect, ids, unit, at)
    )
    allowed = {row[0]: row[1] for row in limits} if unit == shop.currency else {}
    accounts = {id_: _Then(Account(id_, unit, at, limit=allowed.get(id_, 0), ending=ending_of(shop))) for id_ in ids}
    for customer_id, debt, active_at in figures:
        account = accounts[customer_id].account
        account.debt = debt
        if active_at is not None:
            account.is_active(active_at)
    for customer_id, active_at in merged:
        accounts[customer_id].account.is_active(active_at)
    for customer_id, *columns, bought, grace, still in lots:
        values: Any = (*columns, bool(bought), bool(grace))
        accounts[customer_id].add(Lot(*values), still)
    for columns in holds:
        hold: HoldRow = HOLDS.make(*columns)
        accounts[hold.customer_id].keep(hold)
    for then in accounts.values():
        then.account.post_due()
    return {id_: Standing(then.account, then.holds[:MAX_LISTED], at) for id_, then in accounts.items()}


@dataclass(slots=True)
class _Then:
    """An account as it was, while it is made."""

    account: Account
    holds: list[HoldRow] = field(default_factory=list)

    def add(self, lot: Lot, still: int) -> None:
        """A lot, and what was still left of it. What was taken from it may be dated before it was opened: then less than nothing
        was left, which counts, and which nobody can take."""
        lot.remaining = max(0, still)
        self.account.amount += still
        assert self.account.lots is not None
        self.account.lots.append(lot)

    def keep(self, hold: HoldRow) -> None:
        """A hold that was open."""
        self.holds.append(hold)
        kept = Hold(hold.id, hold.basket, hold.amount, 0, hold.created_at, hold.held_until)
        self.account.holds.append(kept)
