"""Making coupons worthless that are not used up: single ones, or a whole batch however large it is.

A batch is revoked by one column of its own, which is read through; so a million codes take no longer than a few. What is
reserved is freed first."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import Problem, Refused, Shop, hold, inserting, lock, now
from regulars_rewards.coupons.standing import CouponState
from regulars_rewards.uses.rows import kept_uses, lookup_reserved, lookup_reserved_of_batch
from regulars_rewards.uses.sweeping import BATCH, free

MAX_COUPONS = 250


async def revoke_coupons(shop: Shop, coupon_ids: Sequence[str], reason: str) -> int:
    """Make single coupons worthless; how many are that were not before. In this transaction. Raises Refused with NOT_FOUND."""
    database = shop.database
    ids = sorted(set(coupon_ids))
    owners = await _owners(shop, coupon_ids)
    while owners and await hold(database, sorted({one for one in owners.values() if one})):
        owners = await _owners(shop, coupon_ids)  # somebody was merged meanwhile
    await wait_for(shop, ids)
    await _free_reserved(shop, ids)
    among = database.dialect.among("id", 1)
    rows = await database.rows(
        f"UPDATE rewards_coupon SET revoked_at = $2 WHERE {among} AND revoked_at IS NULL"
        " AND (usage_limit IS NULL OR redeemed < usage_limit) AND NOT EXISTS (SELECT 1 FROM rewards_batch b"
        " WHERE b.id = rewards_coupon.batch_id AND b.revoked_at IS NOT NULL) RETURNING id",
        ids,
        now(),
    )
    revoked = sorted(str(row[0]) for row in rows)
    if revoked:
        told = [(id_, owners[id_], reason) for id_ in revoked]
        sql, values = inserting("rewards_reason", ("coupon_id", "customer_id", "reason"), told)
        await database.defer([(f"{sql} ON CONFLICT (coupon_id) DO UPDATE SET reason = excluded.reason", values)])
    return len(revoked)


async def _owners(shop: Shop, coupon_ids: Sequence[str]) -> dict[str, str | None]:
    among = shop.database.dialect.among("id", 1)
    rows = await shop.database.rows(
        f"SELECT id, customer_id FROM rewards_coupon WHERE {among}", sorted(set(coupon_ids))
    )
    owners = {row[0]: row[1] for row in rows}
    missing = [n for n, id_ in enumerate(coupon_ids) if id_ not in owners]
    if missing:
        message = "There is no coupon with this id."
        raise Refused(*(Problem("NOT_FOUND", message, ("couponIds", str(n))) for n in missing))
    return owners


async def wait_for(shop: Shop, ids: Sequence[str]) -> None:
    """Let nobody else use or reserve these coupons until the transaction ends. Whoever does waits for the promotions, which
    others may go on using, then for the limits, and then for the coupons; so it is done here too, or two would wait for each
    other."""
    database = shop.database
    rows = await database.rows(
        f"SELECT DISTINCT promotion_id FROM rewards_coupon WHERE {database.dialect.among('id', 1)}", ids
    )
    promotions = sorted(row[0] for row in rows)
    share = " FOR SHARE" if database.engine == "postgres" else ""
    among = database.dialect.among("id", 1)
    await database.rows(f"SELECT id FROM rewards_promotion WHERE {among} ORDER BY id{share}", promotions)
    await lock(database, "rewards_limit", promotions, key="promotion_id")
    await lock(database, "rewards_coupon", ids)


async def _free_reserved(shop: Shop, ids: Sequence[str]) -> None:
    sql, values = lookup_reserved(shop.database.dialect, ids)
    reserved = kept_uses(await shop.database.rows(sql, *values))
    if reserved:
        await free(shop, reserved)
        await shop.database.flush()


async def revoke_unused(shop: Shop, coupon_ids: Sequence[str]) -> bool:
    """Make coupons worthless that nobody has used or reserved; False where somebody has, and then whoever asked undoes what is
    done by then. In a transaction in which their customer is held."""
    if not coupon_ids:
        return True
    database, present = shop.database, now()
    sql, values = lookup_reserved(database.dialect, coupon_ids)
    run_out = [one for one in kept_uses(await database.rows(sql, *values)) if one.row.has_run_out(present)]
    if run_out:
        await free(shop, run_out)
        await database.flush()
    changed = await database.run(
        "UPDATE rewards_coupon SET revoked_at = coalesce(revoked_at, $2) WHERE"
        f" {database.dialect.among('id', 1)} AND reserved = 0 AND redeemed = 0",
        sorted(coupon_ids),
        present,
    )
    return changed == len(coupon_ids)


async def states_of(shop: Shop, coupon_ids: Sequence[str]) -> Mapping[str, CouponState]:
    """Whether each of these coupons is unused, reserved for an open basket or used, expired or not; nobody else uses or reserves
    them until the transaction ends. Reservations that have run out are none."""
    database, present, ids = shop.database, now(), sorted(set(coupon_ids))
    await wait_for(shop, ids)
    among = database.dialect.among("id", 1)
    counters = await database.rows(f"SELECT id, reserved, redeemed FROM rewards_coupon WHERE {among}", ids)
    sql, values = lookup_reserved(database.dialect, ids)
    uses = kept_uses(await database.rows(sql, *values)) if any(row[1] for row in counters) else []
    open_ones = {one.row.coupon_id for one in uses if not one.row.has_run_out(present)}
    return {
        id_: CouponState.REDEEMED if redeemed else CouponState.RESERVED if id_ in open_ones else CouponState.ISSUED
        for id_, _, redeemed in counters
    }


async def revoke_known(shop: Shop, coupon_ids: Sequence[str]) -> None:
    """Make coupons worthless that are not used, of which `states_of` has told in this transaction; what is reserved is freed."""
    database, ids = shop.database, sorted(set(coupon_ids))
    await _free_reserved(shop, ids)
    among = database.dialect.among("id", 1)
    await database.run(f"UPDATE rewards_coupon SET revoked_at = coalesce(revoked_at, $2) WHERE {among}", ids, now())


async def revoke_batch(shop: Shop, batch_id: str, reason: str) -> int:
    """Make all coupons of a batch worthless that are not used up; how many are that were not before. In this transaction. Raises
    Refused with NOT_FOUND."""
    database = shop.database
    locking = database.dialect.lock_rows
    row = await database.row(f"SELECT revoked_at FROM rewards_batch WHERE id = $1{locking}", batch_id)
    if row is None:
        raise Refused(Problem("NOT_FOUND", "There is no batch with this id.", ("batchId",)))
    if row[0] is not None:
        return 0
    while True:
        sql, values = lookup_reserved_of_batch(batch_id, BATCH)
        reserved = kept_uses(await database.rows(sql, *values))
        await free(shop, reserved)
        await database.flush()
        if len(reserved) < BATCH:
            break
    [(count,)] = await database.rows(
        "SELECT count(*) FROM rewards_coupon WHERE batch_id = $1 AND revoked_at IS NULL"
        " AND (usage_limit IS NULL OR redeemed < usage_limit)",
        batch_id,
    )
    await database.defer(
        [("UPDATE rewards_batch SET revoked_at = $2, revoked_reason = $3 WHERE id = $1", [batch_id, now(), reason])]
    )
    return int(count)
