"""What a merge has moved in the ledger, read again for its undoing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugin import Lookup, Shop, StandingMerge
from regulars_loyalty.ledger.book import MERGED, Account, Cause, Lot
from regulars_loyalty.ledger.storage import LOT_COLUMNS, Ledger
from regulars_loyalty.merges.handover import PART
from regulars_loyalty.merges.once import taking_back

_LOT = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
_SINCE = (
    "FROM loyalty_merge k JOIN loyalty_transfer t ON t.customer_id = $2 AND t.unit = k.unit AND t.version > k.version"
)
"""What was posted on the accounts of the survivor ($2) of a merge ($1) since: whatever was posted before, in the same millisecond
too, has a lower version."""
_SETTLED_BY_TIME = "t.kind = 'SETTLE' AND t.event_kind = 'EXPIRE'"
_STANDS = "NOT EXISTS (SELECT 1 FROM loyalty_transfer r WHERE r.reverses_id = t.id)"
_USES = "JOIN loyalty_lot_use u ON u.transfer_id = t.id JOIN loyalty_lot l ON l.id = u.lot_id"
# What came since is little, and is found first: PostgreSQL does not know how much a merge has moved just now.
_FOUND = f"WITH t AS MATERIALIZED (SELECT t.id, t.kind, t.event_kind, t.merge_id, t.purchase_id {_SINCE} WHERE k.merge_id = $1)"
HAS_CHANGED = (
    f"{_FOUND} SELECT 1 FROM t WHERE t.merge_id IS NULL AND t.kind NOT IN ('EXPIRE', 'SETTLE') AND (t.purchase_id IN"
    " (SELECT m.row_id FROM customer_merge_row m WHERE m.merge_id = $1 AND m.kind = 'PURCHASE')) IS TRUE LIMIT 1"
)
"""Whether purchases that came over ($1, $2 as above) have posted something on the survivor's accounts since. What merges post
themselves is undone with them, and time does what it would have done without the merge."""
WAS_USED = (
    f"{_FOUND} SELECT 1 FROM t {_USES}"
    " WHERE (SELECT g.merge_id FROM loyalty_transfer g WHERE g.id = l.transfer_id AND g.kind = 'MERGE_IN') = $1"
    f" AND t.kind <> 'EXPIRE' AND NOT ({_SETTLED_BY_TIME}) AND (t.merge_id IS NULL OR t.merge_id <> $1 AND NOT EXISTS"
    " (SELECT 1 FROM customer_merge m WHERE m.id = t.merge_id AND m.undone_at IS NOT NULL)) LIMIT 1"
)
"""Whether something that came over ($1, $2 as above) was used since by anything but time."""
GIVEN_AGAIN = (
    "EXISTS (SELECT 1 FROM loyalty_transfer a WHERE a.merge_id = r.merge_id AND a.reverses_id = r.reverses_id"
    " AND a.customer_id = r.customer_id AND a.kind NOT IN ('REVERSE', 'DEBT'))"
)
"""Whether what a transfer `r` has taken back for a merge was given again since, because another merge was undone."""
CAME_TO_BE_OWED = (
    "SELECT t.unit, CAST(sum(CASE WHEN t.kind = 'SETTLE' OR t.target = 'DEBT' AND t.source = 'ISSUED' THEN -t.amount"
    " ELSE t.amount END) AS BIGINT) FROM loyalty_transfer t WHERE t.merge_id = $1"
    " AND (t.customer_id <> $2 AND t.kind = 'MERGE_OUT' AND t.source = 'MERGED' OR t.customer_id = $2"
    " AND (t.kind = 'SETTLE' OR t.reverses_id IS NOT NULL AND 'ISSUED' IN (t.source, t.target)"
    " AND 'DEBT' IN (t.source, t.target))) GROUP BY t.unit"
)
"""What came to be owed by a merge ($1, $2 as above), less what it settled at once, by unit."""
_SETTLED = (
    f"{_SINCE} {_USES} JOIN loyalty_transfer o ON o.id = l.transfer_id AND o.version <= k.version"
    f" WHERE k.merge_id = $1 AND {_SETTLED_BY_TIME} AND {_STANDS}"
)
SETTLED_SINCE = f"SELECT t.unit, CAST(sum(u.amount) AS BIGINT) {_SETTLED} GROUP BY t.unit"
"""What the survivor owed and nothing but time has settled since ($1, $2 as above), by unit: with lots that were there when the
merge was done, not with what came in since."""


async def were_there(shop: Shop, merge: StandingMerge, lot_ids: Sequence[str]) -> set[str]:
    """Which of these lots of the survivor's were there when a merge was done."""
    among = shop.database.dialect.among("l.id", 2)
    rows = await shop.database.rows(
        "SELECT l.id FROM loyalty_lot l JOIN loyalty_transfer o ON o.id = l.transfer_id"
        f" JOIN loyalty_merge k ON k.merge_id = $1 AND k.unit = l.unit AND o.version <= k.version WHERE {among}",
        merge.id,
        list(lot_ids),
    )
    return {row[0] for row in rows}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a merge has taken back of what a transfer gave once per customer: parts of lots, or what is owed for it."""

    transfer_id: str
    kind: str
    purchase_id: str | None
    rule: str | None
    program: int | None
    parts: Sequence[tuple[Lot, int]]
    debt: int

    def give_again(self, survivor: Account, cause: Cause) -> None:
        """Let it be there as before, or be owed no more."""
        why = taking_back(cause, self.transfer_id, self.purchase_id, self.rule, self.program)
        survivor.untake(self.kind, why, self.parts, self.debt)


@dataclass(slots=True)
class Moved:
    """What a merge has moved to the survivor in one unit, but for the lots: debts by whose they were; what of what is owed was
    settled at once, and since by nothing but time, transfer by transfer; what was taken back."""

    debts: dict[str, int] = field(default_factory=dict)
    settled: list[tuple[Lot, int]] = field(default_factory=list)
    settled_since: dict[str, list[tuple[Lot, int]]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)

    def put_before(self, survivor: Account, cause: Cause) -> None:
        """Let what the merge took back or settled at once, and what time has settled since, be there and be owed as before, the
        latest first."""
        for transfer_id, parts in reversed(self.settled_since.items()):
            survivor.unsettle(taking_back(cause, transfer_id, None, None, None), parts)
        for one in reversed(self.taken):
            one.give_again(survivor, cause)
        survivor.unsettle(cause, self.settled)


async def moved_by(shop: Shop, ledger: Ledger, merge: StandingMerge) -> Mapping[str, Moved]:
    """What a merge moved, by unit; the lots are read by `pairs_of`."""
    posted, parted, since, taken = await shop.database.read_together(_lookups(merge))
    survivor_id = merge.survivor.id
    found: dict[str, Moved] = {}
    for customer_id, unit, source, amount in posted:
        own = found.setdefault(unit, Moved())
        if source == MERGED and customer_id != survivor_id:
            own.debts[customer_id] = own.debts.get(customer_id, 0) + amount

    def known(unit: str, values: Sequence[Any]) -> Lot:
        return ledger.account(survivor_id, unit).known(_lot(values))

    parts: dict[str, list[tuple[Lot, int]]] = {}
    for transfer_id, kind, amount, unit, *values in parted:
        into = found.setdefault(unit, Moved()).settled if kind == "SETTLE" else parts.setdefault(transfer_id, [])
        into.append((known(unit, values), amount))
    for transfer_id, unit, kind, amount, *what in taken:
        made: Any = (*what, parts.get(transfer_id, ()), amount if kind == "DEBT" else 0)
        found.setdefault(unit, Moved()).taken.append(Taken(*made))
    for transfer_id, amount, unit, *values in since:
        if unit in found:  # else it is nothing of this merge's
            found[unit].settled_since.setdefault(transfer_id, []).append((known(unit, values), amount))
    return found


def _lookups(merge: StandingMerge) -> Sequence[Lookup]:
    ids = [merge.id, merge.survivor.id]
    return [
        (
            "SELECT customer_id, unit, source, CAST(sum(amount) AS BIGINT) AS amount FROM loyalty_transfer"
            " WHERE merge_id = $1 AND kind IN ('MERGE_OUT', 'MERGE_IN') GROUP BY customer_id, unit, source",
            [merge.id],
        ),
        (
            f"SELECT t.id AS posted, t.kind, u.amount AS used, l.unit, {_LOT} FROM loyalty_transfer t {_USES}"
            " WHERE t.merge_id = $1 AND t.kind IN ('SETTLE', 'REVERSE') AND t.customer_id = $2 ORDER BY u.id",
            ids,
        ),
        (
            f"SELECT t.id AS posted, u.amount AS used, l.unit, {_LOT} {_SETTLED} ORDER BY t.version, u.position",
            ids,
        ),
        (
            "SELECT r.id, r.unit, r.kind, r.amount, o.id AS given_by, o.kind AS gave, o.purchase_id, o.rule, o.program"
            " FROM loyalty_transfer r JOIN loyalty_transfer o ON o.id = r.reverses_id"
            f" WHERE r.merge_id = $1 AND r.kind IN ('REVERSE', 'DEBT') AND r.customer_id = $2 AND NOT {GIVEN_AGAIN}"
            " ORDER BY r.version",
            ids,
        ),
    ]


def _lot(values: Sequence[Any]) -> Lot:
    *others, bought, grace = values
    made: Any = (*others, bool(bought), bool(grace))
    return Lot(*made)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Lots that came over with a merge, each with the one that it was before, and whose that was."""

    owner_id: str
    unit: str
    lots: Sequence[tuple[Lot, Lot]]


async def pairs_of(shop: Shop, ledger: Ledger, merge: StandingMerge) -> AsyncIterator[Pairs]:
    """The lots that came over with a merge, some at a time, in the order in which they did. What came from whom is told by the
    event, of which each absorbed has one of its own."""
    events = await shop.database.rows(
        "SELECT customer_id, unit, event_id FROM loyalty_transfer WHERE merge_id = $1 AND kind = 'MERGE_OUT'"
        " AND source = 'LOTS' AND customer_id <> $2 GROUP BY customer_id, unit, event_id ORDER BY customer_id, unit",
        merge.id,
        merge.survivor.id,
    )
    of = "t.customer_id = $1 AND t.unit = $2 AND t.event_id = $3 AND t.version > $4"
    came = f"JOIN loyalty_lot l ON l.transfer_id = t.id WHERE {of} AND t.kind = 'MERGE_IN'"
    went = f"{_USES} WHERE {of} AND t.kind = 'MERGE_OUT'"
    for owner_id, unit, event_id in events:
        survivor, owner = ledger.account(merge.survivor.id, unit), ledger.account(owner_id, unit)
        last_in = last_out = 0
        while True:
            some = f"ORDER BY t.version LIMIT {PART}"
            rows_in, rows_out = [
                await shop.database.rows(f"SELECT t.version, {_LOT} FROM loyalty_transfer t {rest} {some}", *values)
                for rest, values in (
                    (came, (merge.survivor.id, unit, event_id, last_in)),
                    (went, (owner_id, unit, event_id, last_out)),
                )
            ]
            if not rows_in:
                break
            last_in, last_out = rows_in[-1][0], rows_out[-1][0]
            pairs = zip(rows_in, rows_out, strict=True)
            lots = [(survivor.known(_lot(row[1:])), owner.known(_lot(before[1:]))) for row, before in pairs]
            yield Pairs(owner_id, unit, lots)
