"""Undoing in the ledger what a merge of customers did."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from regulars_core.plugin import NEVER, Instant, Merge, Problem, Shop, StandingMerge, now
from regulars_loyalty.ledger.storage import Ledger, ledger_from, lookup_accounts, read_ledger, write_ledger
from regulars_loyalty.merges.handover import cause_of, posted_due
from regulars_loyalty.merges.moved import (
    CAME_TO_BE_OWED,
    HAS_CHANGED,
    SETTLED_SINCE,
    WAS_USED,
    moved_by,
    pairs_of,
    were_there,
)
from regulars_loyalty.merges.once import forget_once, repeated_by_others

_PATH = ("mergeId",)


async def unmerging(shop: Shop, merges: Sequence[StandingMerge]) -> Sequence[Sequence[Problem]]:
    """What is in the way of undoing merges: something that came over was spent since, or is kept for an open basket, or a
    purchase that came over has posted something."""
    return [await _against(shop, merge) for merge in merges]


async def _against(shop: Shop, merge: StandingMerge) -> Sequence[Problem]:
    problems, ids, present = [], (merge.id, merge.survivor.id), now()
    if await shop.database.row(HAS_CHANGED, *ids) is not None:
        message = "What came over with a purchase was taken back or restored since."
        problems.append(Problem("LOT_CONSUMED", message, _PATH))
    # Without the lots, of which there may be very many, unless time has changed something since.
    found = await shop.database.read_together(lookup_accounts(shop.database.dialect, [merge.survivor.id], present))
    ledger = ledger_from(shop, found, present)
    posted_due(ledger)
    if await shop.database.row(WAS_USED, *ids) is not None or await _was_settled(ledger, merge):
        message = "Something that came over with the merge was spent or taken back since."
        problems.append(Problem("LOT_CONSUMED", message, _PATH))
    elif any(account.open_holds for account in ledger.accounts.values()) and await _is_held(shop, merge):
        problems.append(Problem("OPEN_HOLD", "An open basket keeps what came over.", _PATH))
    return problems


async def _was_settled(ledger: Ledger, merge: StandingMerge) -> bool:
    """Whether some of what came to be owed by a merge was settled by what came in since, and not by time alone."""
    database, ids = ledger.shop.database, (merge.id, merge.survivor.id)
    since = {row[0]: row[1] for row in await database.rows(SETTLED_SINCE, *ids)}
    for unit, owed in await database.rows(CAME_TO_BE_OWED, *ids):
        account = ledger.account(merge.survivor.id, unit)
        # By time, and not written yet.
        uses = [use for one in account.transfers if one.kind == "SETTLE" for use in one.uses]
        there = await were_there(ledger.shop, merge, [use.lot.id for use in uses]) if uses else ()
        due = sum(use.amount for use in uses if use.lot.id in there)
        if owed > account.debt + since.get(unit, 0) + due:
            return True
    return False


async def _is_held(shop: Shop, merge: StandingMerge) -> bool:
    """Whether open baskets keep what would go back."""
    ledger = await read_ledger(shop, merge.customer_ids)
    own = [account for account in posted_due(ledger) if account.customer_id == merge.survivor.id]
    before = [account.spendable + account.limit for account in own]
    for account in own:
        for one in [one for one in account.transfers if one.kind == "SETTLE"]:  # by time, and not written yet
            account.unsettle(one.cause, [(use.lot, use.amount) for use in one.uses])
    await _separate(ledger, merge, ledger.present)
    return any(
        account.open_holds and account.spendable + account.limit < min(had, 0)
        for account, had in zip(own, before, strict=True)
    )


async def _separate(ledger: Ledger, merge: StandingMerge, at: Instant, *, write: bool = False) -> None:
    """Give everything back to whose it was, as it is by now; some at a time where it is written."""
    shop, cause = ledger.shop, cause_of(merge, at)
    for unit, moved in (await moved_by(shop, ledger, merge)).items():
        moved.put_before(ledger.account(merge.survivor.id, unit), cause)
        for owner_id, debt in moved.debts.items():
            ledger.account(merge.survivor.id, unit).move_out(cause, (), debt)
            ledger.account(owner_id, unit).move_back(cause, (), debt)
    async for some in pairs_of(shop, ledger, merge):
        left = [(lot, before, lot.remaining) for lot, before in some.lots if lot.remaining]
        ledger.account(merge.survivor.id, some.unit).move_out(cause, [(lot, rest) for lot, _, rest in left], 0)
        ledger.account(some.owner_id, some.unit).move_back(cause, [(before, rest) for _, before, rest in left], 0)
        if write:
            ledger.account(merge.survivor.id, some.unit).forget([(lot, rest) for lot, _, rest in left])
            await write_ledger(ledger, is_all=False)


async def unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Give everything back to whose it was, as it is by now, and let each settle and lose by time what each would have."""
    for merge, at in zip(merges, moments, strict=True):
        ledger = await read_ledger(shop, merge.customer_ids)
        posted_due(ledger)
        await write_ledger(ledger)
        active_at = await _own_activity(shop, merge)
        for account in ledger.accounts.values():
            if account.customer_id == merge.survivor.id:
                account.active_at = min(account.active_at, active_at.get(account.unit, NEVER))
        for account in ledger.accounts.values():
            account.is_late = True
        await _separate(ledger, merge, at, write=True)
        for account in ledger.accounts.values():
            account.is_late, account.posted_until = False, merge.merged_at
            account.post_due()
        await _keep_another(ledger, merge, at, await forget_once(shop, merge))
        await write_ledger(ledger)


async def _keep_another(ledger: Ledger, merge: Merge, at: Instant, rules: Sequence[str]) -> None:
    """What another merge took back, since the survivor had it once by this one, is the survivor's instead."""
    shop, survivor = ledger.shop, merge.survivor
    if not rules:
        return
    for rule, (merge_id, transfer_id) in (await repeated_by_others(shop, survivor.id, rules)).items():
        other = replace(merge, id=merge_id, absorbed=(), purchases={})
        for unit, moved in (await moved_by(shop, ledger, other)).items():
            for one in reversed([taken for taken in moved.taken if taken.transfer_id == transfer_id]):
                one.give_again(ledger.account(survivor.id, unit), cause_of(other, at))
        ledger.once.append((survivor.id, rule, transfer_id))


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
