"""Reserving a coupon for a basket, redeeming it without a purchase, and taking either back."""

from collections.abc import Sequence
from typing import Any

from regulars_core.plugin import Guarded, Instant, Lookup, Problem, Refused, Shop, hold, now
from regulars_rewards.coupons.codes import key_of_code
from regulars_rewards.coupons.guesses import charge_wrong_codes
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.offers.refusals import coupon_refused
from regulars_rewards.redemptions.deciding import CODE, exhausted, lookups_of_code, usable_code
from regulars_rewards.settings import RewardsSettings
from regulars_rewards.uses.changes import UseChanges
from regulars_rewards.uses.claims import Claim, Exhausted
from regulars_rewards.uses.customers import customer_to_move, lookup_moved
from regulars_rewards.uses.rows import (
    KeptUse,
    UseRow,
    kept_uses,
    lookup_uses,
    lookup_uses_of_basket,
    reserved_of,
)

MAX_BASKET = 120
_MINUTE_MS = 60_000


def lookups_ahead(
    shop: Shop, code: str, customer_id: str | None, basket: str | None, present: Instant
) -> Sequence[Lookup]:
    """What `reserve` and `redeem` look up, unless the customer was merged."""
    moved = [] if customer_id is None else lookup_moved(shop, customer_id)
    return [*moved, *lookups_of_code(shop, code, customer_id, basket, present)]


async def reserve(
    shop: Shop, code: str, customer_id: str | None, store_id: str, basket: str, present: Instant
) -> UseRow:
    """Reserve a coupon for an open basket from an instant on, for as long as the setting says; the same basket again replaces its
    reservation. In this transaction. Raises Refused with what stands in its way, and with NOT_FOUND for a customer who is not
    there."""
    minutes = shop.settings.of(RewardsSettings).reserve_minutes
    return await _use(shop, code, customer_id, store_id, basket, 0, present, minutes)


async def redeem(
    shop: Shop, code: str, customer_id: str | None, store_id: str, basket: str | None, amount: int, present: Instant
) -> UseRow:
    """Redeem a coupon at an instant without a purchase, with what it took off in minor units, 0 where that is not told. In this
    transaction. Raises what `reserve` raises."""
    return await _use(shop, code, customer_id, store_id, basket, amount, present, None)


async def _use(
    shop: Shop,
    code: str,
    customer_id: str | None,
    store_id: str,
    basket: str | None,
    amount: int,
    present: Instant,
    minutes: int | None,
) -> UseRow:
    owner: str | None = None
    moving: Sequence[Guarded] = []
    if customer_id is not None:
        customer, moving = await customer_to_move(shop, customer_id, "customerId")
        owner = customer.id
    usable = await usable_code(shop, code, owner, store_id, basket, present)
    left = usable.limit.budget_left if usable.limit else None
    if left is not None and amount > left:
        obstacle = Obstacle(Reason.LIMIT_REACHED, "It would pass what the offer may take off in all.")
        raise Refused(coupon_refused([obstacle], CODE))
    until = None if minutes is None else Instant(present + minutes * _MINUTE_MS)
    claim = Claim(
        usable.promotion.id, usable.promotion.version, usable.coupon, owner, store_id, present, basket, None, amount,
        usable.tier, until,
    )  # fmt: skip
    try:
        row = usable.changes.claim(claim, usable.own)
    except Exhausted:
        raise exhausted() from None
    await shop.database.defer(moving)
    await usable.changes.write()
    return row


async def release(shop: Shop, code: str, basket: str) -> str:
    """Free a coupon that is reserved for a basket, one that is not stays as it is; the coupon's key. In this transaction. Raises
    Refused with NOT_FOUND."""
    database, key = shop.database, key_of_code(code)
    found = [] if key is None else await database.read("SELECT id FROM rewards_coupon WHERE key = $1", key)
    if not found:
        charge_wrong_codes()
        raise Refused(Problem("NOT_FOUND", "There is no coupon with this code.", (CODE,)))
    coupon_id = str(found[0][0])
    sql, values = lookup_uses_of_basket(basket, now())

    async def reserved() -> KeptUse | None:
        return reserved_of(kept_uses(await database.rows(sql, *values)), coupon_id)

    use = await reserved()
    while use is not None and use.row.customer_id and await hold(database, [use.row.customer_id]):
        use = await reserved()  # the customer was merged meanwhile
    if use is not None:
        await _give_back(shop, use)
    return coupon_id


async def unredeem(shop: Shop, use_id: str) -> UseRow:
    """Take back that a coupon was redeemed without a purchase; one that was given back already stays so. In this transaction.
    Raises Refused with NOT_FOUND and NOT_REVERSIBLE."""
    use = await _named(shop, use_id)
    while use.row.customer_id and await hold(shop.database, [use.row.customer_id]):
        use = await _named(shop, use_id)
    if use.row.customer_id:
        use = await _named(shop, use_id)  # as it is now that nobody else moves it
    if use.row.purchase_id is not None:
        message = "It was redeemed with a purchase, by whose refund or void it comes back."
        raise Refused(Problem("NOT_REVERSIBLE", message, ("useId",)))
    if use.row.is_reserved:
        raise Refused(Problem("NOT_REVERSIBLE", "It is only reserved, and can be released.", ("useId",)))
    return use.row if use.row.released_at is not None else await _give_back(shop, use)


async def _named(shop: Shop, use_id: str) -> KeptUse:
    sql, values = lookup_uses(shop.database.dialect, [use_id])
    found = kept_uses(await shop.database.rows(sql, *values))
    if not found:
        raise Refused(Problem("NOT_FOUND", "There is no use with this id.", ("useId",)))
    return found[0]


async def _give_back(shop: Shop, use: KeptUse) -> UseRow:
    changes, present = UseChanges(shop), now()
    run_out: Any = use.row.reserved_until if use.row.has_run_out(present) else None
    row = changes.release(use, present if run_out is None else run_out, has_run_out=run_out is not None)
    await changes.write()
    return row
