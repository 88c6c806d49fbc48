"""What is left of promotions with a limit or a budget, and how often a customer has used promotions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars_core.plugin import Instant, Lookup
from regulars_rewards.offers.obstacles import Obstacle, Reason
from regulars_rewards.uses.rows import KeptUse


@dataclass(frozen=True, slots=True)
class Taken:
    """What of something is used already, uses that do not count left out. Reservations that have run out are free and in no
    figure, and so is what the basket at hand has. `used` is redeemed or reserved, `reserved` is how many of these are reserved,
    and `free_at` is when the first of those runs out."""

    used: int = 0
    reserved: int = 0
    free_at: Instant | None = None

    def obstacle(self, limit: int | None, reached: str, reserved: str) -> Obstacle | None:
        """What stands in the way of one more where there may be so many: RESERVED only where what is redeemed leaves one."""
        if limit is None or self.used < limit:
            return None
        if self.used - self.reserved < limit:
            return Obstacle(Reason.RESERVED, reserved, at=self.free_at)
        return Obstacle(Reason.LIMIT_REACHED, reached)


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """The limits of a promotion and what of it is used, as its row says: `used` counts reservations, and of them `run_out` are free
    although nobody has freed them yet. `reserved` are those that keep something for baskets other than the one at hand, found only
    where the limit is reached, and `free_at` is when the first of them runs out. `amount` is what it took off."""

    promotion_id: str
    total_limit: int | None
    budget: int | None
    used: int
    amount: int
    run_out: int
    reserved: int
    free_at: Instant | None

    def taken(self, own: KeptUse | None = None) -> Taken:
        """What is used of it beside what the same basket has of it by the same way."""
        mine = 1 if own is not None and own.row.is_counted else 0
        return Taken(self.used - self.run_out - mine, self.reserved, self.free_at)

    @property
    def budget_left(self) -> int | None:
        """How much it may still take off; None without a budget."""
        return None if self.budget is None else max(0, self.budget - self.amount)


def lookup_limits(basket: str | None, present: Instant, since: Instant | None = None) -> Lookup:
    """The limits of all promotions that have not ended at an instant, the present if none is given; what is reserved for this
    basket is not among what is reserved for others. Read by `limits_from`."""
    full = "(l.total_limit IS NOT NULL AND l.used >= l.total_limit)"
    others = (
        "FROM rewards_use u WHERE u.promotion_id = l.promotion_id AND u.reserved_until > $1 AND u.is_counted"
        f" AND {_ELSEWHERE}"
    )
    return (
        "SELECT l.promotion_id, l.total_limit, l.budget, l.used, l.amount, coalesce(r.run_out, 0),"
        f" CASE WHEN {full} THEN (SELECT count(*) {others}) ELSE 0 END,"
        f" CASE WHEN {full} THEN (SELECT min(u.reserved_until) {others}) END"
        " FROM rewards_limit l JOIN rewards_promotion p ON p.id = l.promotion_id LEFT JOIN (SELECT u.promotion_id,"
        " count(*) AS run_out FROM rewards_use u WHERE u.reserved_until <= $1 AND u.is_counted GROUP BY u.promotion_id) r"
        " ON r.promotion_id = l.promotion_id WHERE p.ends_at > $2",
        [present, present if since is None else since, basket],
    )


_ELSEWHERE = "(u.basket IS NULL OR CAST($3 AS TEXT) IS NULL OR u.basket <> CAST($3 AS TEXT))"


def limits_from(rows: Sequence[Any]) -> Mapping[str, LimitStanding]:
    """The limits by promotion, out of the rows of `lookup_limits`."""
    return {row[0]: LimitStanding(*tuple(row)[:8]) for row in rows}


def lookup_customer_uses(customer_id: str, basket: str | None, present: Instant) -> Lookup:
    """How often a customer has used each promotion: reservations too, purchases of one basket once, and what this basket has used
    or reserved not at all, since it is the same use. The id may be Sought. Who was merged into the customer has used them as
    well, since their uses have gone over. Read by `customer_uses_from`."""
    return (
        "SELECT u.promotion_id, count(DISTINCT coalesce(u.first_id, u.id)),"
        " count(DISTINCT CASE WHEN u.redeemed_at IS NULL THEN u.id END), min(u.reserved_until)"
        " FROM rewards_use u WHERE u.customer_id = $1"
        " AND u.is_counted AND u.released_at IS NULL AND (u.redeemed_at IS NOT NULL OR u.reserved_until > $2)"
        f" AND {_ELSEWHERE} GROUP BY u.promotion_id",
        [customer_id, present, basket],
    )


def customer_uses_from(rows: Sequence[Any]) -> Mapping[str, Taken]:
    """What a customer has used by promotion, out of the rows of `lookup_customer_uses`."""
    return {row[0]: Taken(row[1], row[2], row[3]) for row in rows}
