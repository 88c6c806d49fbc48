"""How many customers stay, leave and come again in a period."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from regulars_analytics.selection import Selection, customers
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
    lasts = _lasts if selection.stores is not None else _kept_lasts
    per_customer = lasts(selection, at_begin, until, values)
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


def _lasts(selection: Selection, begin: str, until: str, values: Values) -> str:
    """The SELECT of when each customer who had bought before `until` did so last, `last_at`, when before `begin`, `before_at`,
    and how many `times` from then on."""
    return (
        "SELECT p.customer_id, max(p.purchased_at) AS last_at,"
        f" max(CASE WHEN p.purchased_at < {begin} THEN p.purchased_at END) AS before_at,"
        f" sum(CASE WHEN p.purchased_at >= {begin} THEN 1 ELSE 0 END) AS times FROM purchase p"
        f" WHERE p.customer_id IS NOT NULL AND {COUNTED} AND p.purchased_at < {until}"
        f" AND {selection.belongs(values)} GROUP BY p.customer_id"
    )


def _kept_lasts(selection: Selection, begin: str, until: str, values: Values) -> str:
    """The same of the whole shop: by what is kept of each customer, and for who has bought since by the index of the customer's
    purchases; so what was bought long ago is not walked through. `times` are two at most."""
    chosen = "" if selection.where is None else f" AND s.customer_id IN ({customers(selection.where, values)})"
    own = f"FROM purchase p WHERE p.customer_id = s.customer_id AND {COUNTED} AND p.purchased_at"

    def last(at: str) -> str:
        earlier = f"(SELECT p.purchased_at {own} < {at} ORDER BY p.purchased_at DESC LIMIT 1)"
        return (
            f"CASE WHEN s.first_purchase_at >= {at} THEN NULL WHEN s.last_purchase_at < {at} THEN s.last_purchase_at"
            f" ELSE {earlier} END"
        )

    within = f"SELECT 1 {own} >= {begin} AND p.purchased_at < {until} LIMIT 2"
    return (
        f"SELECT s.customer_id, {last(until)} AS last_at, {last(begin)} AS before_at,"
        f" CASE WHEN s.last_purchase_at < {begin} THEN 0 ELSE (SELECT count(*) FROM ({within}) w) END AS times"
        f" FROM customer_stats s WHERE s.first_purchase_at > {NEVER + 1} - 1 AND s.first_purchase_at < {until}{chosen}"
    )


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
