"""What the benefits of a tier come to that are for programs.

`POINTS_MULTIPLIER` is by what it multiplies the points of purchases, for plugins that keep points:

    First half of an event          multiplier_lookups(shop, sales)           names, reads nothing
    Second half                     multipliers(shop, sales, found)           pure, from those rows
    At once, of whatever is past    await read_multipliers(shop, sales)       both, one round
    Where it is written             unchanged(found)                          that the policy is still the one of these rows

Of a purchase that is recorded already the tier after it is what is stored. Of one that is being recorded it is computed here, by
the same rules: nobody's rows tell of it yet.

`PRIORITY_SERVICE` is how urgently customers are to be answered: `priority_lookups` and `priorities`, the halves of a question.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from regulars_core.plugin import (
    NEVER,
    Instant,
    Lifetime,
    Lookup,
    Precondition,
    PurchaseFact,
    Shop,
    completed_from,
    lookup_completions,
    lookup_lifetimes,
    lookup_purchase_facts,
    now,
    purchase_facts_from,
    told_later,
)
from regulars_tiers.histories import assignments_from, horizon, lookup_assignments, shortened, with_new
from regulars_tiers.moments import Tiers, applies_to_trigger, before, lookup_tiers, terms_of, tiers_from
from regulars_tiers.policy_versions import ANEW, lookup_versions, remembered_versions, versions_from
from regulars_tiers.recalculation import lookup_stored
from regulars_tiers.rules.policy import PRIORITY_SERVICE, Tier, Versions
from regulars_tiers.rules.timeline import CriterionFailed, period_at, timeline

MULTIPLIER = "POINTS_MULTIPLIER"
"""The kind of the benefit."""
_USUAL, _PREFERRED = 0, 1
"""The priority of whose tier does not have the benefit, and of whose tier has it without a figure."""
_OF_TIERS = 2
"""How many look-ups are of stored tiers; behind them are those of histories."""


class Sale(NamedTuple):
    """A purchase: whose it is, None for nobody's, and when it was made. `fact` is the purchase itself while it is being recorded,
    with its lines where a criterion may read them; None before that is known, and of one that is recorded already."""

    customer_id: str | None
    at: Instant
    fact: PurchaseFact | None = None


class NotLookedUp(LookupError):
    """What was named is not enough, since another policy is in force than was known then: `read_multipliers` tells."""


def multiplier_lookups(shop: Shop, sales: Sequence[Sale]) -> Sequence[Lookup]:
    """What `multipliers` will have to know. Histories are named only where a policy lets an upgrade apply to the purchase that
    brings it, or where it is not known yet what the policies are."""
    moments, known = _moments(sales), remembered_versions(shop)
    if not moments:
        return []
    named = [_policies(known), _stored(shop, moments)]
    if known is None or any(version.policy.upgrade_applies_to_trigger for version in known.all):
        named += _histories(shop, moments, known)
    return named


def _stored(shop: Shop, moments: Sequence[tuple[str, Instant]]) -> Lookup:
    """The tiers of these customers: by what standings are brought up to date with anyway, and so asked once; who is told later
    asks for what was shown then."""
    if told_later():
        return lookup_tiers(shop, [*moments, *before(moments)])
    return lookup_stored(shop.database.dialect, sorted({one for one, _ in moments}))


def _tiers(versions: Versions, moments: Sequence[tuple[str, Instant]], rows: Sequence[Any]) -> Tiers:
    """The tiers at these moments and before them, from the rows of `_stored`."""
    both = [*moments, *before(moments)]
    if told_later():
        return tiers_from(versions, both, rows)
    spells: dict[str, list[tuple[Instant, Instant, str]]] = {}
    for row in rows:
        spells.setdefault(row[0], []).append((row[5], row[6], row[7]))
    return tiers_from(
        versions,
        both,
        [(one, at, tier) for one, at in both for begins, ends, tier in spells.get(one, ()) if begins <= at < ends],
    )


def _policies(known: Versions | None) -> Lookup:
    """Behind each policy comes the number of the latest that was known when it was named what else is looked up."""
    return lookup_versions(ANEW if known is None else known.latest)


def _histories(shop: Shop, moments: Sequence[tuple[str, Instant]], known: Versions | None) -> list[Lookup]:
    since: dict[str, Instant] = {}
    for one, at in sorted(moments):
        since.setdefault(one, NEVER if known is None else horizon(known.reach_days, at, shop))
    ids = sorted(since)
    return [
        lookup_lifetimes(shop, ids),
        lookup_assignments(shop.database.dialect, ids),
        lookup_purchase_facts(shop, since),
        *(lookup_completions(shop, since) if known is None or known.reads else ()),
    ]


def multipliers(shop: Shop, sales: Sequence[Sale], found: Sequence[Sequence[Any]]) -> Sequence[Decimal | None]:
    """The multiplier of each sale, in their order: that of the tier before it, or after it where the policy says so. None without
    a customer, and where the tier has none. Raises NotLookedUp."""
    moments = _moments(sales)
    if not moments:
        return [None] * len(sales)
    versions = versions_from(shop, found[0])
    tiers = _tiers(versions, moments, found[1])
    computed = _after(shop, versions, sales, found)
    return [
        None
        if sale.customer_id is None
        else _multiplier(computed.get(sale[:2]) or terms_of(versions, tiers, sale.customer_id, sale.at))
        for sale in sales
    ]


async def read_multipliers(shop: Shop, sales: Sequence[Sale]) -> Sequence[Decimal | None]:
    """The same, read at once; the number of statements does not depend on how many sales there are."""
    return multipliers(shop, sales, await read_found(shop, sales))


async def read_found(shop: Shop, sales: Sequence[Sale]) -> Sequence[Sequence[Any]]:
    """What `multipliers` needs to know, read at once, whatever was named before."""
    moments = _moments(sales)
    if not moments:
        return []
    lookups = [_policies(None), _stored(shop, moments)]
    if any(sale.fact for sale in sales):
        lookups += _histories(shop, moments, None)
    found: Sequence[Sequence[Any]] = await shop.database.read_together(lookups)
    return found


def unchanged(found: Sequence[Sequence[Any]]) -> Precondition:
    """That the policies are still those of these rows when it is written what was multiplied by them: whoever was slower than a
    new version runs again."""
    latest = max((row[0] for row in found[0]), default=0)
    return Precondition("(SELECT coalesce(max(number), 0) = CAST($1 AS BIGINT) FROM tier_policy)", [latest])


def _moments(sales: Sequence[Sale]) -> Sequence[tuple[str, Instant]]:
    return list(dict.fromkeys((sale[0], sale[1]) for sale in sales if sale[0] is not None))


def _after(
    shop: Shop, versions: Versions, sales: Sequence[Sale], found: Sequence[Sequence[Any]]
) -> Mapping[tuple[str | None, Instant], Tier]:
    """The tiers after those purchases that are being recorded, where it is these that count; but for customers who cannot be
    measured, whose tiers stay."""
    lifting: dict[str, list[PurchaseFact]] = {}
    for customer_id, at, fact in sales:
        if customer_id is not None and fact is not None and applies_to_trigger(versions, at):
            lifting.setdefault(customer_id, []).append(fact)
    if not lifting:
        return {}
    if len(found) == _OF_TIERS or found[0][0][-1] not in {ANEW, versions.latest}:
        raise NotLookedUp("another policy is in force than was known")
    statistics, decisions, bought, *more = found[_OF_TIERS:]
    stats = {row[0]: Lifetime(row[1], row[2]) for row in statistics}
    everybody = [*dict.fromkeys([*lifting, *(row[0] for rows in (decisions, bought) for row in rows)])]
    assignments, facts = assignments_from(everybody, decisions), purchase_facts_from(shop, everybody, bought)
    new: Mapping[str, Sequence[PurchaseFact]] = lifting
    if versions.reads:
        facts, new = completed_from(facts, versions.reads, more), completed_from(lifting, versions.reads, more)
    zone, tiers = shop.settings.zone, dict[tuple[str | None, Instant], Tier]()
    for customer_id, own in new.items():
        history = shortened(facts[customer_id], stats.get(customer_id, Lifetime()), assignments[customer_id])
        try:
            periods = timeline(versions, with_new(history, own), zone)
        except CriterionFailed:
            continue
        for fact in own:
            policy = versions.at(fact.at).policy
            tiers[customer_id, fact.at] = policy.by_code.get(period_at(periods, fact.at).tier, policy.lowest)
    return tiers


def _multiplier(tier: Tier) -> Decimal | None:
    return next((one.value for one in tier.benefits if one.kind == MULTIPLIER and one.value is not None), None)


def priority_lookups(shop: Shop, customers: Sequence[str]) -> Sequence[Lookup]:
    """What `priorities` has to know."""
    at = now()
    return [lookup_versions(), lookup_tiers(shop, [(one, at) for one in customers])]


def priorities(shop: Shop, customers: Sequence[str], found: Sequence[Sequence[Any]]) -> Sequence[int]:
    """How urgently each of these customers is to be answered by the present tier, in their order: the benefit's figure without
    its fraction."""
    versions = versions_from(shop, found[0])
    numbers = {}
    for customer_id, at, code in found[1]:
        policy = versions.at(at).policy
        numbers[customer_id] = _priority(policy.by_code.get(code or "", policy.lowest))
    return [numbers[one] for one in customers]


def _priority(tier: Tier) -> int:
    values = (one.value for one in tier.benefits if one.kind == PRIORITY_SERVICE)
    return next((_PREFERRED if value is None else int(value) for value in values), _USUAL)
