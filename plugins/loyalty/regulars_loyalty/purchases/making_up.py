"""Making up for rules that failed: what they would have given is given, once they can."""

import json
from collections.abc import AsyncIterator, Sequence

from regulars_core.plugin import RecordedPurchase, Shop, SkipReason, recorded_before_refunds, recorded_by_ids
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.storage import Ledger, read_ledger, write_ledger
from regulars_loyalty.points.earning import earnings_from
from regulars_loyalty.points.missed import forget_missed, missed_at
from regulars_loyalty.points.outcomes import Outcome
from regulars_loyalty.purchases.details import sales_since
from regulars_loyalty.purchases.reads import hold_all, posted_by
from regulars_loyalty.purchases.settling import Happened, settle
from regulars_loyalty.purchases.standing import EARNED, Posted, of_others

BATCH = 200
"""Purchases of one transaction at most."""


async def make_up(shop: Shop) -> AsyncIterator[int]:
    """Give what rules have failed to give, as far as they can now; of each batch how much was made up for. Each purchase once:
    what fails still fails until the next time."""
    last = "0" * 32
    while True:
        rows = await shop.database.rows(
            "SELECT DISTINCT m.purchase_id FROM loyalty_missed m JOIN purchase p ON p.id = m.purchase_id"
            f" WHERE m.purchase_id > $1 AND p.customer_id IS NOT NULL ORDER BY m.purchase_id LIMIT {BATCH}",
            last,
        )
        if not rows:
            return
        ids = [row[0] for row in rows]
        last = ids[-1]
        yield await shop.database.transaction(lambda ids=ids: _make_up(shop, ids))  # type: ignore[misc]


async def _make_up(shop: Shop, purchase_ids: Sequence[str]) -> int:
    before = await recorded_before_refunds(shop.database, purchase_ids)
    await hold_all(shop, purchase_ids, {one.customer_id for one in before.values() if one.customer_id})
    present = await recorded_by_ids(shop.database, purchase_ids)
    missed, posted = await missed_at(shop, purchase_ids), await posted_by(shop, purchase_ids)
    standing = [
        before[id_]
        for id_, one in present.items()
        if one.customer_id and one.customer_id == before[id_].customer_id and one.status != "VOIDED"
    ]
    ledger = await read_ledger(shop, {str(one.customer_id) for one in standing})
    sales = await sales_since(shop, standing, posted)
    outcomes = await earnings_from(shop, sales, to_write=True)
    done = {(id_, rule) for id_, rule in missed if present[id_].status == "VOIDED"}
    for purchase, own in zip(standing, outcomes, strict=True):
        waiting = {one.code for one in own if one.is_failure or one.reason is SkipReason.UNAVAILABLE}
        done |= {(id_, rule) for id_, rule in missed if id_ == purchase.id and rule not in waiting}
        for one in own:
            _give(ledger, purchase, one, posted[purchase.id])
    await write_ledger(ledger)
    given_back = [present[one.id] for one in standing if present[one.id].refunded_minor]
    settled = await settle(shop, [Happened(one, "REFUND", ledger.present) for one in given_back])
    if settled is not None:
        await write_ledger(settled)
    await forget_missed(shop, sorted(done))
    return len(done)


def _give(ledger: Ledger, purchase: RecordedPurchase, one: Outcome, posted: Sequence[Posted]) -> None:
    """What a rule has not given yet to whose the purchase is: all of it, or what a multiplier of something that failed gave too
    little. What came back since, or is somebody else's, is settled by itself."""
    customer_id = str(purchase.customer_id)
    others = of_others(posted, customer_id)
    roots = [each for each in posted if each.kind in EARNED and each.reverses_id is None and each.id not in others]
    had = sum(each.amount for each in roots if each.rule == one.code)
    if one.points <= had:
        return
    cause = Happened(purchase, "PURCHASE", purchase.purchased_at).cause()
    why = cause._replace(
        program=one.program, rule=one.code, base=one.base, shares=json.dumps(dict(one.shares)),
        explanation=one.explanation.as_json(),
    )  # fmt: skip
    account = ledger.account(customer_id, POINTS)
    lot = account.give(one.kind, one.points - had, why, one.terms)
    account.is_active(purchase.purchased_at)
    if one.is_once:
        ledger.once.append((customer_id, one.code, lot.transfer_id))
