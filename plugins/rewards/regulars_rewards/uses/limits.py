"""What is left of promotions with a limit or a budget, and how often a customer has used promotions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from regulars_core.plugin import Dialect, Instant, Lookup
from regulars_rewards.offers.obstacles import Obstacle, Reason


@dataclass(frozen=True, slots=True)
class Taken:
    """What of something is used already, uses that do not count left out. Reservations that have run out are free and in no
    figure, and so is what is reserved for the basket at hand. `used` is redeemed or reserved, `reserved` is how many of these are
    reserved, and `free_at` is when the first of those runs out."""

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
    """How much of a promotion's limits is used, as its row says: `used` counts reservations, and of them `run_out` are free
    although nobody has freed them yet. `reserved` are those that keep something for baskets other than the one at hand, found
    only where the limit is reached, and `free_at` is when the first of them runs out."""

    promotion_id: str
    total_limit: int | None
    budget: int | None
    used: int
    amount: int
    run_out: int
    reserved: int
    free_at: Instant | None

    def uses_left(self, own: int = 0) -> int | None:
        """How often it may be used still, None for as often as anybody likes: by who has used or reserved it so many times
        already for the same basket, which is the same use."""
        return None if self.total_limit is None else max(0, self.total_limit - self.used + self.run_out + own)

    @property
    def budget_left(self) -> int | None:
        """How much it may take off still; None for as much as it comes to."""
        return None if self.budget is None else max(0, self.budget - self.amount)


def lookup_limits(
    basket: str | None, present: Instant, since: Instant | None = None, *, revision: int | None = None
) -> Lookup:
    """The limits of all promotions that have not ended at an instant, the present if none is given; what is reserved for this
    basket is not among what is reserved for others. Read by `limits_from`.

    `revision` is that of the promotions by which it is named. It decides nothing, but two look-ups of different revisions are
    not the same: what was looked up ahead by other promotions would not have the limits that these have."""
    full = "(l.total_limit IS NOT NULL AND l.used >= l.total_limit)"
    others = (
        "FROM rewards_use u WHERE u.promotion_id = l.promotion_id AND u.reserved_until > $1 AND u.is_counted"
        " AND (u.basket IS NULL OR CAST($3 AS TEXT) IS NULL OR u.basket <> CAST($3 AS TEXT))"
    )
    return (
        "SELECT l.promotion_id, l.total_limit, l.budget, l.used, l.amount, coalesce(r.run_out, 0),"
        f" CASE WHEN {full} THEN (SELECT count(*) {others}) ELSE 0 END,"
        f" CASE WHEN {full} THEN (SELECT min(u.reserved_until) {others}) END"
        " FROM rewards_limit l JOIN rewards_promotion p ON p.id = l.promotion_id LEFT JOIN (SELECT u.promotion_id,"
        " count(*) AS run_out FROM rewards_use u WHERE u.reserved_until <= $1 AND u.is_counted GROUP BY u.promotion_id) r"
        " ON r.promotion_id = l.promotion_id WHERE p.ends_at > $2 AND coalesce(CAST($4 AS BIGINT), 0) >= 0",
        [present, present if since is None else since, basket, revision],
    )


def limits_from(rows: Sequence[Any]) -> Mapping[str, LimitStanding]:
    """The limits by promotion, out of the rows of `lookup_limits`."""
    return {row[0]: LimitStanding(*tuple(row)[:8]) for row in rows}


class CustomerUses(NamedTuple):
    """How often a customer has used a promotion by what counts, reservations included, and how often of that it is redeemed."""

    used: int
    redeemed: int


def lookup_customer_uses(customer_id: str, present: Instant) -> Lookup:
    """How often a customer has used each promotion: reservations too, and purchases of one basket once. The id may be Sought. Who
    was merged into the customer has used them as well, since their uses have gone over. Read by `customer_uses_from`."""
    return (
        "SELECT u.promotion_id, count(DISTINCT coalesce(u.first_id, u.id)),"
        " count(DISTINCT CASE WHEN u.redeemed_at IS NOT NULL THEN coalesce(u.first_id, u.id) END)"
        " FROM rewards_use u WHERE u.customer_id = $1"
        " AND u.is_counted AND u.released_at IS NULL AND (u.redeemed_at IS NOT NULL OR u.reserved_until > $2)"
        " GROUP BY u.promotion_id",
        [customer_id, present],
    )


def customer_uses_from(rows: Sequence[Any]) -> Mapping[str, CustomerUses]:
    """How often by promotion, out of the rows of `lookup_customer_uses`."""
    return {row[0]: CustomerUses(row[1], row[2]) for row in rows}


def lookup_uses_of_customers(dialect: Dialect, customer_ids: Sequence[str], present: Instant) -> Lookup:
    """The same of many customers, whatever their baskets. Read by `uses_of_customers_from`."""
    return (
        "SELECT u.customer_id, u.promotion_id, count(DISTINCT coalesce(u.first_id, u.id)),"
        " count(DISTINCT CASE WHEN u.redeemed_at IS NOT NULL THEN coalesce(u.first_id, u.id) END)"
        f" FROM rewards_use u WHERE {dialect.among('u.customer_id', 1)}"
        " AND u.is_counted AND u.released_at IS NULL AND (u.redeemed_at IS NOT NULL OR u.reserved_until > $2)"
        " GROUP BY u.customer_id, u.promotion_id",
        [list(customer_ids), present],
    )


def uses_of_customers_from(rows: Sequence[Any]) -> Mapping[str, Mapping[str, CustomerUses]]:
    """How often by customer and promotion, out of the rows of `lookup_uses_of_customers`; who has used nothing is missing."""
    found: dict[str, dict[str, CustomerUses]] = {}
    for customer_id, promotion_id, used, redeemed in rows:
        found.setdefault(customer_id, {})[promotion_id] = CustomerUses(used, redeemed)
    return found
