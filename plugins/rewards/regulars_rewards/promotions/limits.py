"""What is used of a promotion, counted, and the row that holds it for one that has a limit or a budget."""

from dataclasses import dataclass

from regulars_core.plugin import Shop
from regulars_rewards.offers.promotion import PromotionData

_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Used:
    """How often something is used or reserved, reservations counted that have run out and are not swept yet, and how much that
    took off in minor units."""

    count: int
    amount: int


async def counted_uses(shop: Shop, promotion_id: str) -> Used:
    """What of a promotion stands and counts, out of its uses: by statements that look at so many of them each, in a transaction
    that has locked the promotion."""
    count = amount = 0
    last, more = "0" * 32, True
    while more:
        [(looked, used, taken, last_id)] = await shop.database.rows(_COUNT, promotion_id, last, _BATCH)
        count, amount = count + int(used or 0), amount + int(taken or 0)
        more, last = looked == _BATCH, str(last_id).replace("-", "")
    return Used(count, amount)


STANDS = "u.is_counted AND u.released_at IS NULL"
"""That a use `u` counts, a reservation that has run out and is not swept yet included."""
STANDS_FIRST = (
    f"{STANDS} AND (u.first_id IS NULL OR NOT EXISTS (SELECT 1 FROM rewards_use o WHERE o.is_counted AND o.released_at IS NULL"
    " AND (o.id = u.first_id OR (o.first_id = u.first_id AND o.id < u.id))))"
)
"""The same of one for each use: purchases of one basket are one use as long as any of them stands, each with its own amount."""
# `max` knows no keys on PostgreSQL.
_COUNT = (
    f"SELECT count(*), sum(CASE WHEN {STANDS_FIRST} THEN 1 ELSE 0 END),"
    f" sum(CASE WHEN {STANDS} THEN u.amount ELSE 0 END), max(CAST(u.id AS TEXT)) FROM"
    " (SELECT id, amount, is_counted, released_at, first_id FROM rewards_use WHERE promotion_id = $1 AND id > $2"
    " ORDER BY id LIMIT $3) u"
)


async def keep_limit(shop: Shop, promotion_id: str, before: PromotionData | None, data: PromotionData) -> None:
    """Let the row of limits be what the promotion says: one that it gains counts what is used already. In a transaction that has
    locked the promotion, so that no use is made meanwhile."""
    had, has = before is not None and _is_limited(before), _is_limited(data)
    if had and not has:
        await shop.database.run("DELETE FROM rewards_limit WHERE promotion_id = $1", promotion_id)
    elif had and before and (before.total_limit, before.budget) != (data.total_limit, data.budget):
        await shop.database.run(
            "UPDATE rewards_limit SET total_limit = $2, budget = $3 WHERE promotion_id = $1",
            promotion_id, data.total_limit, data.budget,
        )  # fmt: skip
    elif has and not had:
        used = Used(0, 0) if before is None else await counted_uses(shop, promotion_id)
        await shop.database.run(
            "INSERT INTO rewards_limit (promotion_id, total_limit, budget, used, amount) VALUES ($1, $2, $3, $4, $5)",
            promotion_id, data.total_limit, data.budget, used.count, used.amount,
        )  # fmt: skip


def _is_limited(data: PromotionData) -> bool:
    return data.total_limit is not None or data.budget is not None
