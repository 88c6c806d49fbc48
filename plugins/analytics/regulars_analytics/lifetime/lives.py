"""What customers have done so far, as projections take it: by purchases, and by days with one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regulars_core.plugin import COUNTED, DAY_MS, GONE, SPENT, Instant, Shop, day_of, shown_time

_AGES = 146_097 * 5
"""Two thousand years in days, so that what is divided is never below zero."""
_EPOCH = 719_163


@dataclass(frozen=True, slots=True)
class Life:
    """A customer's purchases: what was `spent` in minor units, how many count; on how many `days` they were, which was the first
    and which the last (as days since 1970, where the shop is), and what was spent on those after the first in all."""

    customer_id: str
    spent: int
    count: int
    days: int
    first_day: int
    last_day: int
    repeats_spent: int

    @property
    def repeats(self) -> int:
        """Days with a purchase after the first one."""
        return max(self.days - 1, 0)

    def known_days(self, today: int) -> int:
        """For how many days the customer is known; a purchase may be dated a little ahead."""
        return max(today, self.last_day) - self.first_day


def day_number(shop: Shop, at: Instant) -> int:
    """The day of an instant where the shop is, as days since 1970."""
    return day_of(at, shop.settings.zone).toordinal() - _EPOCH


async def lives_of(shop: Shop, customer_ids: Sequence[str]) -> Mapping[str, Life]:
    """The lives of those of these customers who are neither merged into others nor erased, by id."""
    among = shop.database.dialect.among
    sql = _select(shop, among("s.customer_id", 1), among("p.customer_id", 1))
    rows = await shop.database.read(sql, list(customer_ids), list(GONE))
    return {row[0]: Life(*row) for row in rows}


async def next_lives(shop: Shop, after: str, most: int) -> Sequence[Life]:
    """The next customers behind one who have bought; in both tables, or one could be walked through from its beginning."""
    gone = shop.database.dialect.any_of("k.status", 2)
    some = (
        "IN (SELECT t.customer_id FROM customer_stats t JOIN customer k ON k.id = t.customer_id WHERE t.customer_id > $1"
        f" AND k.id > $1 AND t.purchase_count > 0 AND NOT ({gone}) ORDER BY t.customer_id LIMIT $3)"
    )
    sql = _select(shop, f"s.customer_id {some}", f"p.customer_id {some}")
    return [Life(*row) for row in await shop.database.read(sql, after, list(GONE), most)]


def _select(shop: Shop, who: str, whose: str) -> str:
    """The lives of customers, for whom two conditions hold that say the same; `$2` are the statuses of who is gone."""
    dialect = shop.database.dialect
    day = f"({shown_time(dialect, shop.settings.zone)} + {_AGES * DAY_MS}) / {DAY_MS} - {_AGES}"
    each = f"SELECT p.customer_id, {day} AS day, sum({SPENT}) AS spent FROM purchase p WHERE {COUNTED} AND {whose} GROUP BY 1, 2"
    placed = f"SELECT customer_id, day, spent, min(day) OVER (PARTITION BY customer_id) AS first FROM ({each}) e"
    summed = (
        "SELECT customer_id, count(*) AS days, min(day) AS first, max(day) AS last,"
        f" sum(CASE WHEN day > first THEN spent ELSE 0 END) AS again FROM ({placed}) f GROUP BY customer_id"
    )
    return (
        "SELECT s.customer_id, s.total_spent, s.purchase_count, coalesce(d.days, 0), coalesce(d.first, 0),"
        " coalesce(d.last, 0), CAST(coalesce(d.again, 0) AS BIGINT) FROM customer_stats s"
        f" JOIN customer c ON c.id = s.customer_id LEFT JOIN ({summed}) d ON d.customer_id = s.customer_id"
        f" WHERE {who} AND NOT ({dialect.any_of('c.status', 2)}) ORDER BY s.customer_id"
    )
