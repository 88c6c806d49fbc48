"""The leaves of core's: what a customer was at an instant, and what had been bought before it.

Of purchases a few rows are enough, however long a history is: the statistics without what was bought since, and its two ends.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from regulars_core.audiences import comparisons
from regulars_core.audiences.comparisons import Compares
from regulars_core.audiences.leaves import AudienceFacts, AudienceLeaf, CustomerMoment, Holds
from regulars_core.customers.consents.entries import MARKETING
from regulars_core.customers.consents.people import lookup_people, people_from
from regulars_core.customers.consents.rules import GRANTED, WAYS
from regulars_core.customers.filters import age_on, days_of_the_year
from regulars_core.database import Lookup
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.purchases.histories import (
    customers_then_from,
    lookup_customers_then,
    lookup_first_and_last,
    lookup_lifetimes,
    lookup_purchase_facts,
    purchase_facts_from,
)
from regulars_core.rules.facts import CustomerFact, Lifetime
from regulars_core.shop.shop import Shop

Who = Sequence[CustomerMoment]
Rows = Sequence[Sequence[Any]]


def _ids(who: Who) -> list[str]:
    return sorted({one.customer_id for one in who})


def _customers(shop: Shop, who: Who) -> Lookup:
    return lookup_customers_then(shop, _ids(who))


def _customers_read(_: Shop, who: Who, rows: Rows) -> Mapping[CustomerMoment, CustomerFact]:
    then = customers_then_from(rows[0])
    return {one: then[one.customer_id](one.at) for one in who if one.customer_id in then}


CUSTOMER = AudienceFacts([_customers], _customers_read)


def _statistics(shop: Shop, who: Who) -> Lookup:
    return lookup_lifetimes(shop, _ids(who))


def _bought_since(shop: Shop, who: Who) -> Lookup:
    """From the earliest instant of each customer on."""
    since: dict[str, Instant] = {}
    for one, at in sorted(who):
        since.setdefault(one, at)
    return lookup_purchase_facts(shop, since)


def _totals_read(shop: Shop, who: Who, rows: Rows) -> Mapping[CustomerMoment, Lifetime]:
    lifetimes = {row[0]: (row[1], row[2]) for row in rows[0]}
    facts = purchase_facts_from(shop, [*_ids(who), *(row[0] for row in rows[1])], rows[1])
    totals: dict[CustomerMoment, Lifetime] = {}
    by_customer: dict[str, list[CustomerMoment]] = {}
    for one in who:
        by_customer.setdefault(one.customer_id, []).append(one)
    for customer_id, moments in by_customer.items():
        if customer_id not in lifetimes:
            continue
        (spent, count), later = lifetimes[customer_id], list(facts[customer_id])
        for one in sorted(moments, reverse=True):  # from the latest back, so that each purchase is looked at once
            while later and later[-1].at >= one.at:
                fact = later.pop()
                spent, count = spent - fact.net, count - fact.counted
            totals[one] = Lifetime(spent, count)
    return totals


TOTALS = AudienceFacts([_statistics, _bought_since], _totals_read)


class Ends(NamedTuple):
    """When a customer bought for the first and the last time before an instant."""

    first: Instant | None
    last: Instant | None


def _ends(shop: Shop, who: Who) -> Lookup:
    return lookup_first_and_last(shop, who)


def _ends_read(_: Shop, who: Who, rows: Rows) -> Mapping[CustomerMoment, Ends]:
    found = {CustomerMoment(one, at): Ends(first, last) for one, at, first, last in rows[0]}
    return {one: found[one] for one in who if one in found}


ENDS = AudienceFacts([_ends], _ends_read)


def _consents(shop: Shop, who: Who) -> Lookup:
    return lookup_people(shop.database.dialect, _ids(who))


def _consents_read(_: Shop, who: Who, rows: Rows) -> Mapping[CustomerMoment, Collection[tuple[str, str | None]]]:
    """What was agreed to at each instant, by purpose and way: of what was said before it and, where that was in the past, was
    written down by then."""
    people, present = people_from(rows[0]), now()
    return {
        one: {
            place
            for place, record in people[one.customer_id].state(before=one.at, known_at=present).items()
            if record.decision == GRANTED
        }
        for one in who
        if one.customer_id in people
    }


CONSENTS = AudienceFacts([_consents], _consents_read)


def _agrees(_: Shop, comparison: Any) -> Compares:
    """`channel` and `purpose`, as they stand in ConsentComparison. Raises for anything else in it."""
    if (channel := comparison.get("channel")) not in WAYS or comparison.keys() - {"channel", "purpose"}:
        raise ValueError("this compares no consents")
    place = comparison.get("purpose", MARKETING), channel
    return lambda agreed, _: place in agreed


def _over(compares: Callable[[Shop, Any], Compares], value: Callable[[Any], Any]) -> Callable[[Shop, Any], Holds]:
    """A comparison of a part of what is known."""

    def holding(shop: Shop, comparison: Any) -> Holds:
        holds = compares(shop, comparison)
        return lambda fact, at: holds(value(fact), at)

    return holding


def _among(_: Shop, comparison: Any) -> Compares:
    return comparisons.among(comparison)


def _whole_number(_: Shop, comparison: Any) -> Compares:
    return comparisons.whole_number(comparison)


def _amount(shop: Shop, comparison: Any) -> Compares:
    return comparisons.amount(comparison, shop.currency)


def _instant(shop: Shop, comparison: Any) -> Compares:
    return comparisons.instant(comparison, shop.settings.zone)


def _age(shop: Shop, comparison: Any) -> Holds:
    holds, zone = comparisons.whole_number(comparison), shop.settings.zone
    return lambda one, at: one.birth_date is not None and holds(age_on(one.birth_date, day_of(at, zone)), at)


def _birthday(shop: Shop, comparison: Any) -> Holds:
    zone, count = shop.settings.zone, int(comparison["inNextDays"]) + 1

    def holds(one: CustomerFact, at: Instant) -> bool:
        born = one.birth_date
        return born is not None and born.strftime("%m-%d") in days_of_the_year(day_of(at, zone), count)

    return holds


def _store(one: CustomerFact) -> str | None:
    return one.origin_store_id and f"store_{one.origin_store_id}"


LEAVES = (
    AudienceLeaf("group", CUSTOMER, _over(_among, lambda one: f"group_{one.group_id}")),
    AudienceLeaf("originStore", CUSTOMER, _over(_among, _store)),
    AudienceLeaf("createdAt", CUSTOMER, _over(_instant, lambda one: one.created_at)),
    AudienceLeaf("age", CUSTOMER, _age),
    AudienceLeaf("birthday", CUSTOMER, _birthday),
    AudienceLeaf("hasConsent", CONSENTS, _agrees),
    AudienceLeaf("totalSpent", TOTALS, _over(_amount, lambda one: one.spent)),
    AudienceLeaf("purchaseCount", TOTALS, _over(_whole_number, lambda one: one.count)),
    AudienceLeaf("firstPurchaseAt", ENDS, _over(_instant, lambda one: one.first)),
    AudienceLeaf("lastPurchaseAt", ENDS, _over(_instant, lambda one: one.last)),
)
