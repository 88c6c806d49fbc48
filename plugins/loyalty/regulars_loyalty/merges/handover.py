"""Handing over to the survivor of a merge what the others have and owe."""

from collections.abc import Sequence

from regulars_core.plugin import Instant, Merge, Shop, StandingMerge, acting, insert, new_id
from regulars_loyalty.ledger.book import POINTS, Account, Cause, Lot
from regulars_loyalty.ledger.storage import Ledger, read_ledger, write_ledger
from regulars_loyalty.merges.once import keep_one

PART = 10_000
"""Lots that go over, or back, before they are written down and others have their turn."""


async def merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Let everything of the absorbed go over to the survivor, and what is owed be settled at once."""
    for merge, at in zip(merges, moments, strict=True):
        ledger = await read_ledger(shop, merge.customer_ids)
        causes = {one.id: cause_of(merge, at) for one in merge.absorbed}
        for account in posted_due(ledger):
            if account.customer_id != merge.survivor.id and (account.amount or account.debt):
                await _hand_over(ledger, account, merge.survivor.id, causes[account.customer_id])
        await keep_one(shop, ledger, merge, cause_of(merge, at))
        await write_ledger(ledger)
        await _mark(ledger, merge)


async def _hand_over(ledger: Ledger, account: Account, survivor_id: str, cause: Cause) -> None:
    survivor, debt = ledger.account(survivor_id, account.unit), account.debt
    survivor.is_active(account.active_at)
    lots = [(lot, lot.remaining) for lot in account.in_order()]
    parts = in_parts(lots)
    for n, part in enumerate(parts, 1):
        is_last = n == len(parts)
        account.move_out(cause, part, debt if is_last else 0)
        survivor.move_in(cause, part, debt if n == 1 else 0, is_all=is_last)
        if not is_last:
            account.forget(part)
            await write_ledger(ledger, is_all=False)


def in_parts(lots: Sequence[tuple[Lot, int]]) -> Sequence[Sequence[tuple[Lot, int]]]:
    """Parts of lots in parts that are not too large; one at least."""
    return [lots[start : start + PART] for start in range(0, len(lots), PART)] or [lots]


async def _mark(ledger: Ledger, merge: Merge) -> None:
    """Note where the survivor's accounts are: what is posted there from now on came after the merge."""
    shop, survivor = ledger.shop, merge.survivor.id
    units = {POINTS, shop.currency} | {unit for customer_id, unit in ledger.accounts if customer_id == survivor}
    rows = [(merge.id, unit, ledger.account(survivor, unit).version) for unit in sorted(units)]
    await insert(shop.database, "loyalty_merge", ("merge_id", "unit", "version"), rows)


def cause_of(merge: StandingMerge, at: Instant) -> Cause:
    """Why something is posted because of a merge, or of its undoing; each call is an event of its own."""
    actor = acting()
    return Cause(new_id(), "MERGE", at, actor.name if actor else None, merge_id=merge.id)


def posted_due(ledger: Ledger) -> list[Account]:
    """The accounts of a ledger in their order, with what is due posted."""
    accounts = [one for _, one in sorted(ledger.accounts.items())]
    for account in accounts:
        account.post_due()
    return accounts
