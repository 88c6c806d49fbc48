"""Promotions, coupons and uses in a shop."""

import json
from typing import Any

from regulars_core.plugin import LATEST, Instant, RuleData, Shop, inserting, new_id, now
from regulars_rewards.offers.promotion import PromotionData
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import Claim, CouponCounters
from regulars_rewards.uses.limits import limits_from, lookup_limits
from regulars_rewards.uses.rows import UseRow, kept_uses, lookup_run_out, lookup_uses_of_basket, of_basket, own_of

STORE = "0" * 32


async def kept_promotion(
    shop: Shop, *, limit: int | None = None, budget: int | None = None, needs_coupon: bool = True, **data: Any
) -> str:
    """A promotion as it is kept, and its limits."""
    id_, at = new_id(), now()
    body = PromotionData(
        discount=RuleData(kind="PERCENT", settings=(("percent", "10"),)), total_limit=limit, budget=budget, **data
    )
    columns = (
        "id",
        "name",
        "rank",
        "needs_coupon",
        "starts_at",
        "ends_at",
        "body",
        "version",
        "created_at",
        "updated_at",
    )
    row = (id_, "Ten off", 0, needs_coupon, Instant(at - 1000), LATEST, json.dumps(body.model_dump()), 1, at, at)
    writes = [inserting("rewards_promotion", columns, [row])]
    if limit is not None or budget is not None:
        limits = ("promotion_id", "total_limit", "budget", "used", "amount")
        writes.append(inserting("rewards_limit", limits, [(id_, limit, budget, 0, 0)]))

    async def work() -> None:
        await shop.database.defer(writes)

    await shop.database.transaction(work)
    return id_


async def kept_coupon(shop: Shop, promotion_id: str, code: str, usage_limit: int | None = 1) -> str:
    """A coupon that belongs to nobody."""
    id_ = new_id()
    columns = ("id", "code", "key", "promotion_id", "issued_at", "expires_at", "usage_limit", "reserved", "redeemed")
    row = (id_, code, code, promotion_id, now(), LATEST, usage_limit, 0, 0)

    async def work() -> None:
        await shop.database.defer([inserting("rewards_coupon", columns, [row])])

    await shop.database.transaction(work)
    return id_


async def counters(shop: Shop, coupon_id: str) -> CouponCounters:
    """A coupon's figures."""
    row = await shop.database.row(
        "SELECT id, usage_limit, reserved, redeemed FROM rewards_coupon WHERE id = $1", coupon_id
    )
    assert row is not None
    return CouponCounters(*row)


async def used(shop: Shop, promotion_id: str, **claim: Any) -> UseRow:
    """Use a promotion in a transaction of its own, in a basket by its reservation. Raises Exhausted."""

    async def work() -> UseRow:
        at = claim.pop("at", None) or now()
        own, run_out, limits = await shop.database.read_together(
            [
                lookup_uses_of_basket(claim.get("basket") or "", at),
                lookup_run_out(shop.database.dialect, [], at, [promotion_id]),
                lookup_limits(claim.get("basket"), at),
            ]
        )
        given = dict(claim)
        coupon_id = given.pop("coupon_id", None)
        coupon = await counters(shop, coupon_id) if coupon_id else None
        changes = UseChanges(shop, limits_from(limits), kept_uses(run_out))
        store_id = given.pop("store_id", STORE)
        own_uses = of_basket(kept_uses(own), given.get("customer_id"), store_id, at, at)
        mine = own_of(own_uses, promotion_id, coupon_id)
        made = Claim(promotion_id, 1, coupon, given.pop("customer_id", None), store_id, at, **given)
        row = changes.claim(made, mine)
        await changes.write()
        return row

    return await shop.database.transaction(work)


async def limit_of(shop: Shop, promotion_id: str) -> tuple[int, int]:
    """How often a promotion is used, and how much it has taken off, by its row."""
    row = await shop.database.row("SELECT used, amount FROM rewards_limit WHERE promotion_id = $1", promotion_id)
    assert row is not None
    return row[0], row[1]
