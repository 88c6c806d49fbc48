"""What occasions of customers are found from, read of many at once.

Of purchases, what was known on a day is what was bought before its first instant, as far as it stands by now: so a day that is
looked at late gives what it would have given. All else is as it is known by now.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from regulars_core.plugin import (
    NEVER,
    Instant,
    Shop,
    day_of,
    lookup_latest_purchases,
    lookup_purchase_facts,
    purchase_facts_from,
    start_of,
)
from regulars_rewards.occasions.days import DAY, Known
from regulars_rewards.triggers.occasions import CustomerDates

_COLUMNS = "c.id, c.created_at, c.birth_date, s.first_purchase_at, s.last_purchase_at"
_ACTIVE = "c.status = 'ACTIVE'"
"""Who is put away or suspended has no occasions by time, nor has who was merged or forgotten."""


class Person(NamedTuple):
    """A customer as the tables have it."""

    id: str
    created_at: Instant
    birth_date: str | None
    first_at: Instant
    last_at: Instant


class _Bought(NamedTuple):
    on: date
    id: str


async def active_after(shop: Shop, after: str, most: int, *, with_birth_date: bool) -> Sequence[Person]:
    """The next active customers behind one, in the order of ids; those alone whose date of birth is known, if that is wanted."""
    # From a customer on, said of both: PostgreSQL merges them, and would read the other one from its beginning.
    source = "customer c JOIN customer_stats s ON s.customer_id = c.id AND s.customer_id > $1"
    born = " AND c.birth_date IS NOT NULL" if with_birth_date else ""
    sql = f"SELECT {_COLUMNS} FROM {source} WHERE c.id > $1 AND {_ACTIVE}{born} ORDER BY c.id LIMIT $2"
    return [Person(*row) for row in await shop.database.rows(sql, after, most)]


async def persons(shop: Shop, ids: Collection[str], *, only_active: bool = True) -> Sequence[Person]:
    """Those of these customers who are active, or all."""
    source = "customer c JOIN customer_stats s ON s.customer_id = c.id"
    among = shop.database.dialect.among("c.id", 1)
    active = f" AND {_ACTIVE}" if only_active else ""
    rows = await shop.database.rows(f"SELECT {_COLUMNS} FROM {source} WHERE {among}{active} ORDER BY c.id", sorted(ids))
    return [Person(*row) for row in rows]


async def known_of(
    shop: Shop, some: Sequence[Person], since: date, until: date, of: Collection[str]
) -> Mapping[str, Sequence[Known]]:
    """What was known of customers on the days from one on and before another, of what it is asked for: `birth_date`,
    `purchases`. Two statements at most."""
    zone = shop.settings.zone
    bought = await _bought(shop, some, since) if "purchases" in of else {}
    known = {}
    for one in some:
        dates = CustomerDates(
            day_of(one.created_at, zone), date.fromisoformat(one.birth_date) if one.birth_date else None
        )
        own = bought.get(one.id, ())
        known[one.id] = (
            list(_by_purchases(shop, one, dates, own, since, until)) if own else [Known(since, until, dates)]
        )
    return known


def _by_purchases(
    shop: Shop, one: Person, dates: CustomerDates, bought: Sequence[_Bought], since: date, until: date
) -> Iterator[Known]:
    """From the day behind each purchase on it was the last one, until the day of the next."""
    first = day_of(one.first_at, shop.settings.zone)
    begins = [max(each.on + DAY, since) for each in bought]
    if since < begins[0]:
        yield Known(since, min(begins[0], until), dates)
    for each, begin, end in zip(bought, begins, [*begins[1:], until], strict=True):
        if begin < min(end, until):
            last = dates._replace(
                first_purchase_on=min(first, each.on), last_purchase_on=each.on, last_purchase_id=each.id
            )
            yield Known(begin, min(end, until), last)


async def _bought(shop: Shop, some: Sequence[Person], since: date) -> Mapping[str, Sequence[_Bought]]:
    """The last purchase of each customer from before a day, and all since, in the order of time; who has bought nothing is left
    out."""
    zone, begin = shop.settings.zone, start_of(since, shop.settings.zone)
    buyers = [one for one in some if one.last_at != NEVER]
    if not buyers:
        return {}
    recent = {one.id: begin for one in buyers if one.last_at >= begin}
    lookups = [lookup_latest_purchases(shop, [(one.id, begin) for one in buyers])]
    if recent:
        lookups.append(lookup_purchase_facts(shop, recent))
    latest, *rows = await shop.database.read_together(lookups)
    found: dict[str, list[_Bought]] = {row[0]: [_Bought(day_of(row[2], zone), row[1])] for row in latest}
    facts: Mapping[str, Sequence[Any]] = purchase_facts_from(shop, list(recent), rows[0]) if rows else {}
    for id_, own in facts.items():
        found.setdefault(id_, []).extend(_Bought(fact.date, fact.id) for fact in own if fact.counted)
    return {id_: own for id_, own in found.items() if own}
