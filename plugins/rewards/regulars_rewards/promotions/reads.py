"""Reading promotions: pages of them, and how often they are used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import (
    Audience,
    Condition,
    Database,
    Instant,
    Leaf,
    Order,
    Page,
    Shop,
    SortKey,
    Values,
    Where,
    Window,
    compared,
    now,
    page,
)
from regulars_rewards.promotions.limits import STANDS, Used
from regulars_rewards.promotions.stored import ENDED, PROMOTIONS, RUNNING, SCHEDULED, PromotionRow

BY_PRIORITY = Order(SortKey("PRIORITY", "p.rank", "p.id", int))
"""The highest priority first, then the oldest: the order in which they apply."""


async def page_of_promotions(database: Database, window: Window, where: Where | None) -> Page[PromotionRow]:
    """A page of all promotions for which the conditions hold, by BY_PRIORITY."""
    return await page(database, PROMOTIONS, window, where)


_IN_TIME = {
    ENDED: "p.ends_at <= {now}",
    RUNNING: "p.starts_at <= {now} AND p.ends_at > {now}",
    SCHEDULED: "p.starts_at > {now} AND p.ends_at > {now}",
}


def _phase(conditions: Sequence[Condition], values: Values) -> str:
    [(_, phases)] = conditions
    if not phases:
        return "1=0"
    at = f"{values.bind(now())}::bigint"
    return " OR ".join(f"({_IN_TIME[one].format(now=at)})" for one in phases)


PHASE_LEAF = Leaf("phase", _phase)
NEEDS_COUPON_LEAF = Leaf("needsCoupon", compared("p.needs_coupon"))


async def uses_of(database: Database, promotion_ids: Sequence[str]) -> Mapping[str, Used]:
    """What of each promotion is used or reserved and counts, by one statement for all. Reservations that have run out are not in
    it, whether or not they are swept. `amount` is that of promotions with a limit or a budget, and else 0."""
    ids = list(dict.fromkeys(promotion_ids))
    found = {id_: Used(0, 0) for id_ in ids}
    if not ids:
        return found
    among = database.dialect.among
    sql = (
        f"SELECT l.promotion_id, l.used - (SELECT count(*) FROM rewards_use u WHERE {_RUN_OUT}"
        f" AND u.promotion_id = l.promotion_id), l.amount FROM rewards_limit l WHERE {among('l.promotion_id', 1)}"
        f" UNION ALL SELECT u.promotion_id, {_GROUPS}, 0 FROM rewards_use u"
        f" WHERE {among('u.promotion_id', 1)} AND {_STANDS}"
        " AND NOT EXISTS (SELECT 1 FROM rewards_limit l WHERE l.promotion_id = u.promotion_id) GROUP BY u.promotion_id"
    )
    for id_, count, amount in await database.rows(sql, ids, now()):
        found[id_] = Used(count, amount)
    return found


# Purchases of one basket are one use; those without one are counted as they are, which takes no sorting.
_GROUPS = (
    "count(CASE WHEN u.basket IS NULL THEN 1 END)"
    " + count(DISTINCT CASE WHEN u.basket IS NOT NULL THEN coalesce(u.first_id, u.id) END)"
)
_RUN_OUT = "u.reserved_until <= $2 AND u.is_counted"
_STANDS = f"{STANDS} AND (u.redeemed_at IS NOT NULL OR u.reserved_until > $2)"


@dataclass(frozen=True, slots=True)
class RanPromotion:
    """A promotion as figures tell of it: when it began, what kind of discount it is, and for whom, None for everybody."""

    id: str
    name: str
    kind: str
    starts_at: Instant
    audience: Audience | None


class RanPromotions:
    """What the hook `analytics_promotions` answers."""

    async def ran(self, shop: Shop, first: Instant | None, before: Instant, most: int) -> Sequence[RanPromotion]:
        """The promotions that were in force at some time from one instant on and before another, the latest to begin first."""
        values: list[int] = [before, most]
        ended = ""
        if first is not None:
            values.append(first)
            ended = " AND p.ends_at > $3"
        rows = await shop.database.rows(
            f"SELECT {PROMOTIONS.column_list} FROM {PROMOTIONS.source} WHERE p.starts_at < $1 AND p.ends_at > p.starts_at{ended}"
            " ORDER BY p.starts_at DESC, p.id DESC LIMIT $2",
            *values,
        )
        found = [PROMOTIONS.make(*row) for row in rows]
        return [
            RanPromotion(one.id, one.name, one.data.discount.kind, one.starts_at, one.data.audience) for one in found
        ]

    def uses(self) -> str:
        """The SELECT of what was used and stands."""
        return (
            "SELECT u.promotion_id, u.purchase_id, u.amount FROM rewards_use u"
            " WHERE u.purchase_id IS NOT NULL AND u.redeemed_at IS NOT NULL AND u.released_at IS NULL"
        )
