"""Points for what was bought before the plugin was there."""

from collections.abc import AsyncIterator, Sequence

from regulars_core.plugin import NEVER, Instant, Shop, recorded_before_refunds
from regulars_core.plugin import recorded_by_ids as recorded_now
from regulars_loyalty.ledger.storage import read_ledger, write_ledger
from regulars_loyalty.points.earning import lookup_earning
from regulars_loyalty.purchases.details import sales_since
from regulars_loyalty.purchases.reads import hold_all, posted_by
from regulars_loyalty.purchases.recording import earn
from regulars_loyalty.purchases.settling import Happened, settle
from regulars_loyalty.purchases.standing import EARNED

BATCH = 200
"""Purchases of one transaction at most."""
_NOT_EARNED = (
    "p.customer_id IS NOT NULL AND p.status <> 'VOIDED' AND NOT EXISTS (SELECT 1 FROM loyalty_transfer t"
    " WHERE t.purchase_id = p.id AND t.kind IN ('EARN', 'BONUS'))"
)


async def earn_since(shop: Shop, since: Instant = NEVER) -> AsyncIterator[int]:
    """Let purchases from an instant on earn that have earned nothing yet, by the program of their instant and less what was given
    back; the number of those of each batch that was done. It may be interrupted at any time, and done again."""
    place: tuple[Instant, str] = (since, "0" * 32)
    while True:
        rows = await shop.database.rows(
            f"SELECT p.purchased_at, p.id FROM purchase p WHERE (p.purchased_at, p.id) > ($1, $2) AND {_NOT_EARNED}"
            f" ORDER BY p.purchased_at, p.id LIMIT {BATCH}",
            *place,
        )
        if not rows:
            return
        place = (rows[-1][0], rows[-1][1])
        ids = [row[1] for row in rows]
        yield await shop.database.transaction(lambda ids=ids: _earn(shop, ids))  # type: ignore[misc]


async def _earn(shop: Shop, purchase_ids: Sequence[str]) -> int:
    found = await recorded_before_refunds(shop.database, purchase_ids)
    buyers = {one.customer_id for one in found.values() if one.customer_id}
    await hold_all(shop, purchase_ids, buyers)
    now_there = await recorded_now(shop.database, purchase_ids)
    posted = await posted_by(shop, purchase_ids)
    fresh = [
        found[id_]
        for id_, one in now_there.items()
        if one.customer_id in buyers
        and one.customer_id == found[id_].customer_id
        and one.status != "VOIDED"
        and not any(each.kind in EARNED for each in posted[id_])
    ]
    if not fresh:
        return 0
    who = [(str(one.customer_id), one.purchased_at) for one in fresh]
    looked_up = await shop.database.read_together(lookup_earning(shop, who))
    ledger = await read_ledger(shop, {customer_id for customer_id, _ in who})
    await earn(shop, ledger, fresh, await sales_since(shop, fresh, posted), looked_up)
    await write_ledger(ledger)
    given_back = [now_there[one.id] for one in fresh if now_there[one.id].refunded_minor]
    settled = await settle(shop, [Happened(one, "REFUND", ledger.present) for one in given_back])
    if settled is not None:
        await write_ledger(settled)
    return len(fresh)
