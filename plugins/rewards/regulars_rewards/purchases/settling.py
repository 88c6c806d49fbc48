"""What becomes of uses when purchases are given back, voided, counted again or given to another customer.

A use stands as long as its purchase does: all goods back, or a void, gives it back, unless it came by a coupon that cannot be
used again. What is undone of that takes it again, above its limits if need be.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from regulars_core.plugin import (
    NEVER,
    Instant,
    Lookup,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    now,
)
from regulars_rewards.promotions.stored import promotions_by_ids
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import CouponCounters
from regulars_rewards.uses.limits import LimitStanding, limits_from, lookup_limits
from regulars_rewards.uses.rows import (
    KeptUse,
    UseRow,
    kept_uses,
    lookup_run_out_of_uses,
    lookup_uses_of_purchases,
)

GONE = frozenset({"REFUNDED", "VOIDED"})
"""The states of purchases that do not count."""
LOOKUPS = 1
"""How many look-ups `lookups_of` names of some purchases."""


def lookups_of(shop: Shop, purchases: Collection[RecordedPurchase]) -> Sequence[Lookup]:
    """What has to be known of the uses of these purchases."""
    if not purchases:
        return []
    return [lookup_uses_of_purchases(shop.database.dialect, sorted({one.id for one in purchases}))]


def gone(refunds: Sequence[RecordedRefund]) -> Sequence[RecordedPurchase]:
    """The purchases of which these refunds leave nothing."""
    return [one.purchase for one in refunds if one.purchase.status in GONE]


def standing_again(refunds: Sequence[RecordedRefund]) -> Sequence[RecordedPurchase]:
    """The purchases that count again, since these refunds were undone."""
    return [one.purchase for one in refunds if one.purchase.status not in GONE]


async def give_back(shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """Give back what these purchases used. `found` are the rows of `lookups_of` them."""
    uses = [one for rows in found for one in kept_uses(rows) if one.row.released_at is None]
    uses = await _reusable(shop, uses)
    if not uses:
        return
    changes, standing = UseChanges(shop), _Standing(uses)
    for use in uses:  # those of the same basket that go with it count no more
        standing.without(use)
        changes.release(use, now())
    await changes.write()


class _Standing:
    """How many purchases of a basket stand for each use, and how many of them count, while some come and go together."""

    def __init__(self, uses: Sequence[KeptUse]) -> None:
        own = [(one, one.row.released_at is None) for one in uses]
        self._all = Counter({one.row.group: one.beside + stands for one, stands in own})
        self._counted = Counter(
            {one.row.group: one.counted_beside + (stands and one.row.is_counted) for one, stands in own}
        )

    def beside(self, use: KeptUse) -> None:
        """Let a use know those that stand beside it, of which it is none."""
        use.beside, use.counted_beside = self._all[use.row.group], self._counted[use.row.group]

    def without(self, use: KeptUse) -> None:
        """A use that stands goes."""
        self._change(use.row, -1)
        self.beside(use)

    def back(self, row: UseRow) -> None:
        """A use stands again."""
        self._change(row, 1)

    def _change(self, row: UseRow, by: int) -> None:
        self._all[row.group] += by
        self._counted[row.group] += by * row.is_counted


async def _reusable(shop: Shop, uses: Sequence[KeptUse]) -> list[KeptUse]:
    """Those that can be used again: all but those of coupons of promotions that say otherwise."""
    by_coupons = sorted({one.row.promotion_id for one in uses if one.row.coupon_id is not None})
    promotions = await promotions_by_ids(shop.database, by_coupons) if by_coupons else {}
    return [one for one in uses if one.row.coupon_id is None or promotions[one.row.promotion_id].data.is_reusable]


async def take_again(
    shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]], moment: Instant
) -> None:
    """Let what these purchases had used stand again; what does not fit its limits any more is not counted."""
    uses = [one for rows in found for one in kept_uses(rows) if one.row.released_at is not None]
    uses = [one for one in uses if one.row.redeemed_at is not None]
    if not uses:
        return
    limits, coupons, run_out = await _around(shop, uses)
    changes, standing = UseChanges(shop, limits, run_out), _Standing(uses)
    for use in uses:
        standing.beside(use)
        standing.back(changes.take_again(use, moment, coupons.get(use.row.coupon_id or "")))
    await changes.write()


async def _around(
    shop: Shop, uses: Sequence[KeptUse]
) -> tuple[Mapping[str, LimitStanding], Mapping[str, CouponCounters], Sequence[KeptUse]]:
    """All limits, of the coupons of these uses those that are not worthless, and what has run out beside them."""
    present, promotions = now(), {one.row.promotion_id for one in uses}
    ids = sorted({one.row.coupon_id for one in uses if one.row.coupon_id is not None})
    among = shop.database.dialect.among("id", 1)
    limits, coupons, run_out = await shop.database.read_together(
        [
            lookup_limits(None, present, NEVER),
            (
                f"SELECT id, usage_limit, reserved, redeemed FROM rewards_coupon c WHERE {among} AND revoked_at IS NULL"
                " AND NOT EXISTS (SELECT 1 FROM rewards_batch b WHERE b.id = c.batch_id AND b.revoked_at IS NOT NULL)"
                " ORDER BY id",
                [ids],
            ),
            lookup_run_out_of_uses(shop.database.dialect, ids, present, sorted(promotions)),
        ]
    )
    counters = {row[0]: CouponCounters(*tuple(row)[:4]) for row in coupons}
    return limits_from(limits), counters, kept_uses(run_out)


async def pass_on(shop: Shop, purchases: Sequence[ReassignedPurchase], found: Sequence[Sequence[Any]]) -> None:
    """Let what these purchases used be whose they are now: a coupon that was used stays used, and counts for them without
    refusing."""
    owners = {one.id: one.customer_id for one in purchases}
    uses = [one for rows in found for one in kept_uses(rows)]
    changes = UseChanges(shop)
    for use in uses:
        changes.pass_on(use, owners[str(use.row.purchase_id)])
    if uses:
        await changes.write()
