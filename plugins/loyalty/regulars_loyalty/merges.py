"""What a merge of customers does to the ledger, and what its undoing does: lot by lot, debts too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars_core.plugin import (
    NEVER,
    Instant,
    Merge,
    MergeEffect,
    MergeForecast,
    PlannedMerge,
    Problem,
    Shop,
    StandingMerge,
    acting,
    decimal_text,
    exponent_of,
    new_id,
)
from regulars_loyalty.ledger.book import MERGED, POINTS, Account, Cause, Lot
from regulars_loyalty.ledger.storage import LOT_COLUMNS, Ledger, read_ledger, write_ledger
from regulars_loyalty.permissions import CREDIT_VIEW, POINTS_VIEW


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What goes over to the survivor, and which open baskets are in the way."""
    ids = {one.id for merge in merges for one in merge.everybody}
    ledger = await read_ledger(shop, ids)
    once = await _once(shop, ids)
    return [_forecast(shop, ledger, once, merge) for merge in merges]


def _forecast(shop: Shop, ledger: Ledger, once: Mapping[str, Mapping[str, str]], merge: PlannedMerge) -> MergeForecast:
    obstacles: list[Problem] = []
    effects: list[MergeEffect] = []
    survivor = merge.survivor
    for account in ledger.accounts.values():
        account.post_due()
    paths = {survivor.id: ("survivorId",)} | {one.id: ("absorbedIds", str(n)) for n, one in enumerate(merge.absorbed)}
    for (customer_id, unit), account in sorted(ledger.accounts.items()):
        if customer_id not in paths:
            continue
        if account.open_holds:
            message = "An open basket keeps something of this customer's; capture or release it first."
            obstacles.append(Problem("OPEN_HOLD", message, paths[customer_id]))
        if customer_id != survivor.id and (account.amount or account.debt):
            code = next(one.code for one in merge.absorbed if one.id == customer_id)
            what = _words(account.balance, unit)
            kind, needs = ("POINTS", POINTS_VIEW) if unit == POINTS else ("CREDIT", CREDIT_VIEW)
            effects.append(MergeEffect(kind, f"{what} of {code} go over to {survivor.code}.", needs))
    for rule, count in sorted(_twice(once, [one.id for one in merge.everybody]).items()):
        message = (
            f"What the rule {rule} gives once per customer was given {count + 1} times, and is taken back {count}."
        )
        effects.append(MergeEffect("POINTS", message, POINTS_VIEW))
    return MergeForecast(obstacles=list(dict.fromkeys(obstacles)), effects=effects)


def _words(amount: int, unit: str) -> str:
    return f"{amount} points" if unit == POINTS else f"{decimal_text(amount, exponent_of(unit))} {unit} of credit"


async def _once(shop: Shop, customer_ids: set[str]) -> Mapping[str, Mapping[str, str]]:
    """What was given once per customer, by customer and rule: the transfer."""
    among = shop.database.dialect.among("customer_id", 1)
    sql = f"SELECT customer_id, rule, transfer_id FROM loyalty_once WHERE {among} ORDER BY id"
    found: dict[str, dict[str, str]] = {}
    for customer_id, rule, transfer_id in await shop.database.rows(sql, sorted(customer_ids)):
        found.setdefault(customer_id, {})[rule] = transfer_id
    return found


def _twice(once: Mapping[str, Mapping[str, str]], customer_ids: Sequence[str]) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for id_ in customer_ids:
        for rule in once.get(id_, {}):
            counts[rule] = counts.get(rule, 0) + 1
    return {rule: count - 1 for rule, count in counts.items() if count > 1}


async def merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> Sequence[Ledger]:
    """Let everything of the absorbed go over to the survivor, and what is owed be settled at once."""
    written = []
    for merge, at in zip(merges, moments, strict=True):
        ledger = await read_ledger(shop, merge.customer_ids)
        causes = {one.id: _cause(merge, at) for one in merge.absorbed}
        for account in _posted_due(ledger):
            if account.customer_id == merge.survivor.id or not (account.amount or account.debt):
                continue
            lots = [(lot, lot.remaining) for lot in account.in_order()]
            debt = account.debt
            cause = causes[account.customer_id]
            account.move_out(cause, lots, debt)
            survivor = ledger.account(merge.survivor.id, account.unit)
            survivor.is_active(account.active_at)
            survivor.move_in(cause, lots, debt)
        await _merge_once(shop, ledger, merge, _cause(merge, at))
        await write_ledger(ledger)
        written.append(ledger)
    return written


def _cause(merge: StandingMerge, at: Instant) -> Cause:
    actor = acting()
    return Cause(new_id(), "MERGE", at, actor.name if actor else None, merge_id=merge.id)


def _posted_due(ledger: Ledger) -> list[Account]:
    accounts = [one for _, one in sorted(ledger.accounts.items())]
    for account in accounts:
        account.post_due()
    return accounts


async def _merge_once(shop: Shop, ledger: Ledger, merge: Merge, cause: Cause) -> None:
    """What was given once per customer to several of them is taken back but for the survivor's; what only others had counts for
    the survivor."""
    once = await _once(shop, set(merge.customer_ids))
    known = dict(once.get(merge.survivor.id, {}))
    for absorbed in merge.absorbed:
        for rule, transfer_id in once.get(absorbed.id, {}).items():
            if rule in known:
                await _take_back(shop, ledger, merge.survivor.id, transfer_id, cause)
            else:
                known[rule] = transfer_id
                ledger.once.append((merge.survivor.id, rule, transfer_id))


async def _take_back(shop: Shop, ledger: Ledger, customer_id: str, transfer_id: str, cause: Cause) -> None:
    stands, purchase_id, rule, program = await _standing(shop, transfer_id)
    if stands > 0:
        account = ledger.account(customer_id, POINTS)
        own = [lot for lot in account.in_order() if lot.purchase_id == purchase_id]
        why = _of(cause, transfer_id, purchase_id, rule, program)
        account.take_back("REVERSE", stands, why, own)


def _of(cause: Cause, transfer_id: str, purchase_id: str | None, rule: str | None, program: int | None) -> Cause:
    return Cause(
        cause.event_id, cause.event_kind, cause.at, cause.actor, purchase_id=purchase_id, reverses_id=transfer_id,
        merge_id=cause.merge_id, rule=rule, program=program,
    )  # fmt: skip


async def _standing(shop: Shop, transfer_id: str) -> tuple[int, str | None, str | None, int | None]:
    """How much of what a transfer gave stands, and of which purchase, by which rule of which program."""
    plus = "CASE WHEN target IN ('LOTS', 'DEBT') THEN amount ELSE 0 END"
    minus = "CASE WHEN source IN ('LOTS', 'DEBT') THEN amount ELSE 0 END"
    row = await shop.database.row(
        f"SELECT CAST((SELECT sum({plus} - {minus}) FROM loyalty_transfer WHERE id = $1 OR reverses_id = $1) AS BIGINT),"
        " purchase_id, rule, program FROM loyalty_transfer WHERE id = $1",
        transfer_id,
    )
    assert row is not None
    return (row[0], row[1], row[2], row[3])


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a merge has taken back of what a transfer gave once per customer: parts of lots, or what is owed for it."""

    transfer_id: str
    kind: str
    purchase_id: str | None
    rule: str | None
    program: int | None
    parts: Sequence[tuple[Lot, int]]
    debt: int


@dataclass(slots=True)
class _Moved:
    """What a merge has moved to the survivor in one unit: lots, each with whose it was, and debts by whose they were; what of it
    was settled at once; which lot each was before, by its id; what was taken back, and whether something of it was used since
    by anything but time."""

    lots: list[tuple[Lot, str]] = field(default_factory=list)
    debts: dict[str, int] = field(default_factory=dict)
    settled: list[tuple[Lot, int]] = field(default_factory=list)
    before: dict[str, Lot] = field(default_factory=dict)
    taken: list["_Taken"] = field(default_factory=list)
    is_used: bool = False

    @property
    def owed(self) -> int:
        """How much came to be owed by the merge."""
        return sum(self.debts.values()) + sum(one.debt for one in self.taken)

    def of(self, customer_id: str) -> tuple[Sequence[tuple[Lot, int]], int]:
        """What is left of one's lots, and what that one has owed."""
        lots = [(lot, lot.remaining) for lot, whose in self.lots if whose == customer_id and lot.remaining]
        return lots, self.debts.get(customer_id, 0)


async def unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    """What is in the way of undoing merges: something that came over was spent since, or is kept for an open basket, or a
    purchase that came over has posted something."""
    answers = []
    for merge in merges:
        ledger = await read_ledger(shop, [merge.survivor.id])
        _posted_due(ledger)
        cause = _cause(merge, ledger.present)
        problems: list[Problem] = []
        if await _has_changed(shop, merge):
            message = "What came over with a purchase was taken back or restored since."
            problems.append(Problem("LOT_CONSUMED", message, ("mergeId",)))
        for unit, one in (await _moved(shop, ledger, merge.id, merge.survivor.id)).items():
            account = ledger.account(merge.survivor.id, unit)
            if one.is_used:
                message = "Something that came over with the merge was spent or taken back since."
                problems.append(Problem("LOT_CONSUMED", message, ("mergeId",)))
                continue
            before = account.spendable + account.limit
            _as_before(account, one, cause)
            for owner in merge.absorbed:
                account.move_out(cause, *one.of(owner.id))
            if account.open_holds and account.spendable + account.limit < min(before, 0):
                problems.append(Problem("OPEN_HOLD", "An open basket keeps what came over.", ("mergeId",)))
        answers.append(list(dict.fromkeys(problems)))
    return answers


async def _has_changed(shop: Shop, merge: StandingMerge) -> bool:
    """Whether something was posted on the survivor since, by purchases that came over with a merge. What a merge posts itself is
    undone with it, and time does what it would have done without the merge."""
    row = await shop.database.row(
        "SELECT 1 FROM customer_merge_row m JOIN loyalty_transfer t ON t.purchase_id = m.row_id"
        " WHERE m.merge_id = $1 AND m.kind = 'PURCHASE' AND t.customer_id = $2 AND t.recorded_at >= $3"
        " AND t.merge_id IS NULL AND t.kind NOT IN ('EXPIRE', 'SETTLE') LIMIT 1",
        merge.id,
        merge.survivor.id,
        merge.merged_at,
    )
    return row is not None


async def unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> Sequence[Ledger]:
    """Give everything back to whose it was, as it is by now."""
    written = []
    for merge, at in zip(merges, moments, strict=True):
        ledger = await read_ledger(shop, merge.customer_ids)
        _posted_due(ledger)
        cause, active_at = _cause(merge, at), await _own_activity(shop, merge)
        for unit, one in (await _moved(shop, ledger, merge.id, merge.survivor.id)).items():
            survivor = ledger.account(merge.survivor.id, unit)
            survivor.active_at = min(survivor.active_at, active_at.get(unit, NEVER))
            _as_before(survivor, one, cause)
            for owner in merge.absorbed:
                lots, debt = one.of(owner.id)
                if lots or debt:
                    survivor.move_out(cause, lots, debt)
                    back = [(one.before[lot.id], some) for lot, some in lots]
                    ledger.account(owner.id, unit).move_back(cause, back, debt)
            survivor.post_due()  # what is there again may have ended meanwhile
        await _forget_once(shop, merge)
        await write_ledger(ledger)
        written.append(ledger)
    return written


async def _own_activity(shop: Shop, merge: Merge) -> Mapping[str, Instant]:
    """When the survivor, and who else was merged into the survivor and still is, last earned or spent something, by unit."""
    rows = await shop.database.rows(
        "SELECT unit, max(at) FROM loyalty_transfer WHERE customer_id = $1 AND (kind IN ('EARN', 'BONUS') AND reverses_id IS NULL"
        " OR source IN ('LOTS', 'DEBT') AND kind IN ('PAYMENT', 'REDEEM', 'ADJUST', 'UNFUNDING')"
        " OR kind = 'DEBT' AND (reverses_id IS NULL OR target = 'PAID'))"
        " GROUP BY unit UNION ALL SELECT a.unit, max(a.active_at) FROM customer_merge m"
        " JOIN customer_merge_absorbed b ON b.merge_id = m.id JOIN loyalty_account a ON a.customer_id = b.customer_id"
        " WHERE m.survivor_id = $1 AND m.undone_at IS NULL AND m.id <> $2 GROUP BY a.unit",
        merge.survivor.id,
        merge.id,
    )
    found: dict[str, Instant] = {}
    for unit, at in rows:
        found[unit] = max(found.get(unit, NEVER), Instant(at))
    return found


def _as_before(survivor: Account, moved: _Moved, cause: Cause) -> None:
    """Let what the merge took back or settled at once be there, and be owed, as before, the latest first."""
    for one in reversed(moved.taken):
        why = _of(cause, one.transfer_id, one.purchase_id, one.rule, one.program)
        survivor.untake(one.kind, why, one.parts, one.debt)
    survivor.unsettle(cause, moved.settled)


async def _moved(shop: Shop, ledger: Ledger, merge_id: str, survivor_id: str) -> Mapping[str, _Moved]:
    """What this merge moved, by unit. What came from whom is told by the event, of which each absorbed has one of its own."""
    columns = ", ".join(f"l.{name}" for name in LOT_COLUMNS)
    posted, opened, left, parted, taken, used = await shop.database.read_together(
        [
            (
                "SELECT customer_id, unit, kind, source, amount, event_id FROM loyalty_transfer WHERE merge_id = $1",
                [merge_id],
            ),
            (
                f"SELECT t.event_id, l.unit, {columns} FROM loyalty_transfer t JOIN loyalty_lot l ON l.transfer_id = t.id"
                " WHERE t.merge_id = $1 AND t.kind = 'MERGE_IN' AND t.customer_id = $2 ORDER BY t.version",
                [merge_id, survivor_id],
            ),
            (
                f"SELECT t.event_id, t.customer_id, l.unit, {columns} FROM loyalty_transfer t"
                " JOIN loyalty_lot_use u ON u.transfer_id = t.id JOIN loyalty_lot l ON l.id = u.lot_id"
                " WHERE t.merge_id = $1 AND t.kind = 'MERGE_OUT' AND t.customer_id <> $2 ORDER BY t.version",
                [merge_id, survivor_id],
            ),
            (
                f"SELECT t.id AS posted, t.kind, u.amount AS used, l.unit, {columns} FROM loyalty_transfer t"
                " JOIN loyalty_lot_use u ON u.transfer_id = t.id JOIN loyalty_lot l ON l.id = u.lot_id"
                " WHERE t.merge_id = $1 AND t.kind IN ('SETTLE', 'REVERSE') AND t.customer_id = $2 ORDER BY u.id",
                [merge_id, survivor_id],
            ),
            (
                "SELECT r.id, r.unit, r.kind, r.amount, o.id AS given_by, o.kind AS gave, o.purchase_id, o.rule, o.program"
                " FROM loyalty_transfer r JOIN loyalty_transfer o ON o.id = r.reverses_id"
                " WHERE r.merge_id = $1 AND r.kind IN ('REVERSE', 'DEBT') AND r.customer_id = $2 ORDER BY r.version",
                [merge_id, survivor_id],
            ),
            (
                "SELECT DISTINCT l.unit FROM loyalty_transfer g JOIN loyalty_lot l ON l.transfer_id = g.id"
                " JOIN loyalty_lot_use u ON u.lot_id = l.id JOIN loyalty_transfer t ON t.id = u.transfer_id"
                " WHERE g.merge_id = $1 AND g.kind = 'MERGE_IN' AND g.customer_id = $2 AND t.kind <> 'EXPIRE'"
                " AND (t.merge_id IS NULL OR t.merge_id <> $1 AND NOT EXISTS"
                " (SELECT 1 FROM customer_merge m WHERE m.id = t.merge_id AND m.undone_at IS NOT NULL))",
                [merge_id, survivor_id],
            ),
        ]
    )
    found: dict[str, _Moved] = {}
    whose = {row[5]: row[0] for row in posted if row[0] != survivor_id}
    for customer_id, unit, kind, source, amount, _ in posted:
        own = found.setdefault(unit, _Moved())
        if kind == "MERGE_OUT" and source == MERGED and customer_id != survivor_id:
            own.debts[customer_id] = own.debts.get(customer_id, 0) + amount

    def known(unit: str, values: Sequence[Any], customer_id: str = survivor_id) -> Lot:
        *others, bought, grace = values
        made: Any = (*others, bool(bought), bool(grace))
        return ledger.account(customer_id, unit).known(Lot(*made))

    before: dict[tuple[str, str], list[Lot]] = {}
    for event_id, customer_id, unit, *values in left:
        before.setdefault((event_id, unit), []).append(known(unit, values, customer_id))
    for event_id, unit, *values in opened:
        lot = known(unit, values)
        found[unit].lots.append((lot, whose[event_id]))
        found[unit].before[lot.id] = before[event_id, unit].pop(0)
    parts: dict[str, list[tuple[Lot, int]]] = {}
    for transfer_id, kind, amount, unit, *values in parted:
        into = found[unit].settled if kind == "SETTLE" else parts.setdefault(transfer_id, [])
        into.append((known(unit, values), amount))
    for transfer_id, unit, kind, amount, *what in taken:
        made: Any = (*what, parts.get(transfer_id, ()), amount if kind == "DEBT" else 0)
        found[unit].taken.append(_Taken(*made))
    for (unit,) in used:
        found[unit].is_used = True
    for unit, own in found.items():
        owed = ledger.account(survivor_id, unit).debt + sum(amount for _, amount in own.settled)
        own.is_used |= own.owed > owed  # what came in since has settled it
    return found


async def _forget_once(shop: Shop, merge: Merge) -> None:
    """What counted for the survivor alone is the others' again."""
    among = shop.database.dialect.among("customer_id", 2)
    await shop.database.run(
        "DELETE FROM loyalty_once WHERE customer_id = $1 AND transfer_id IN"
        f" (SELECT transfer_id FROM loyalty_once WHERE {among})",
        merge.survivor.id,
        [one.id for one in merge.absorbed],
    )
