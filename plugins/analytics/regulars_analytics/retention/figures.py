"""How many customers stay, leave and come again in a period."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from regulars_analytics.selection import Selection
from regulars_analytics.settings import AnalyticsSettings
from regulars_core.plugin import COUNTED, NEVER, Condition, Instant, Leaf, Shop, Values, day_of, now, start_of


class Stays(NamedTuple):
    """How many customers.

    `known` had bought by the end, and `active` lately up to then. `standing` did not count as lost when the period began, of whom
    `fallen` came to within it; `churned` are all who came to. `buyers` bought in it: `new` for the first time, and `repeat` who
    had bought before or bought twice.
    """

    known: int
    active: int
    standing: int
    fallen: int
    churned: int
    buyers: int
    new: int
    repeat: int


async def stays(shop: Shop, selection: Selection, first: Instant | None, before: Instant) -> Stays:
    """What became of the customers in the period from one instant on and before another. One statement."""
    values = Values(shop.database.dialect, whole=True)
    begin = NEVER if first is None else first
    until = values.bind(before)
    at_begin = values.bind(begin)
    active, lost_before, lost_at = (
        values.bind(at)
        for at in (
            _days_before(shop, before, shop.settings.active_days),
            _days_before(shop, begin, churn_days(shop)) if first is not None else NEVER,
            _days_before(shop, before, churn_days(shop)),
        )
    )
    per_customer = (
        "SELECT p.customer_id, max(p.purchased_at) AS last_at,"
        f" max(CASE WHEN p.purchased_at < {at_begin} THEN p.purchased_at END) AS before_at,"
        f" sum(CASE WHEN p.purchased_at >= {at_begin} THEN 1 ELSE 0 END) AS times FROM purchase p"
        f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND p.purchased_at < {until}"
        f" AND {replace(selection, first=None, before=None).conditions(values)} GROUP BY p.customer_id"
    )
    churned = f"t.last_at >= {lost_before} AND t.last_at < {lost_at}"
    standing = f"t.before_at >= {lost_before}"
    conditions = [
        "1=1",
        f"t.last_at >= {active}",
        standing,
        f"{standing} AND {churned}",
        churned,
        "t.times > 0",
        "t.times > 0 AND t.before_at IS NULL",
        "t.times > 1 OR (t.times > 0 AND t.before_at IS NOT NULL)",
    ]
    counts = ", ".join(f"count(CASE WHEN {one} THEN 1 END)" for one in conditions)
    [row] = await shop.database.rows(f"SELECT {counts} FROM ({per_customer}) t", *values.all)
    return Stays(*row)


def churn_days(shop: Shop) -> int:
    """After how many days without a purchase a customer counts as lost."""
    return shop.settings.of(AnalyticsSettings).churn_days


def _days_before(shop: Shop, at: Instant, days: int) -> Instant:
    """The first instant of the day so many days before that of an instant with which a day begins."""
    zone = shop.settings.zone
    return start_of(date.fromordinal(max(day_of(at, zone).toordinal() - days, 1)), zone)


def lost_until(shop: Shop) -> Instant:
    """Who bought last before this instant counts as lost today."""
    zone = shop.settings.zone
    return start_of(day_of(now(), zone) - timedelta(days=churn_days(shop) - 1), zone)


def _has_churned(conditions: Sequence[Condition], values: Values) -> str:
    """Whether the last purchase of all was before an instant."""
    asked = dict(conditions)
    lost = f"s.last_purchase_at > {NEVER + 1} - 1 AND s.last_purchase_at < {values.bind(asked['<'])}"
    return lost if asked["="] else f"({lost}) IS NOT TRUE"


CHURNED = Leaf("hasChurned", _has_churned)
"""Its conditions are whether it is wanted, and before which instant the last purchase was then."""
