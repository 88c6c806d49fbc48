"""When standings are brought up to date: registrations, changes, purchases, refunds, voids, moves to others, merges,
and time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from regulars_core.plugin import (
    CustomerRow,
    Instant,
    Lifetime,
    Lookup,
    Merge,
    MergeEffect,
    MergeForecast,
    PlannedMerge,
    PurchaseFact,
    PurchaseOutline,
    PurchaseRow,
    ReassignedPurchase,
    RecordedPurchase,
    RecordedRefund,
    Shop,
    completed,
    fact_of,
    lookup_lifetimes,
    now,
    purchase_facts,
)
from regulars_tiers.assignments import assign_initial, drop_floor, floor_kept, keep_floor
from regulars_tiers.histories import BY_TIME, assignments_of, horizon, shortened
from regulars_tiers.permissions import VIEW
from regulars_tiers.policy_versions import versions_of
from regulars_tiers.reads import tiers_of
from regulars_tiers.reassessment import work_off
from regulars_tiers.recalculation import Recalculate, lookups_for, recalculate
from regulars_tiers.rules.timeline import CriterionFailed, period_at, timeline


async def registered(shop: Shop, customers: Sequence[CustomerRow], extras: Sequence[Mapping[str, Any]]) -> None:
    """Customers were registered, some of them with a tier to begin with. Raises Refused for one that there is not."""
    tiers = {customer.id: own["tier"] for customer, own in zip(customers, extras, strict=True) if own.get("tier")}
    if tiers:
        await assign_initial(shop, tiers, {customer.id: customer.created_at for customer in customers})


async def changed(shop: Shop, customers: Sequence[CustomerRow]) -> None:
    """Something of customers was changed, the group or a date of birth: where a criterion goes by that they are measured anew."""
    if "customer" in (await versions_of(shop)).reads:
        await recalculate(shop, {customer.id: Recalculate() for customer in customers}, "REASSESSMENT")


def lookups_before(shop: Shop, purchases: Sequence[PurchaseOutline]) -> Sequence[Lookup]:
    """What will have to be known when these purchases are recorded."""
    buyers: dict[str, Recalculate] = {}
    for customer_id, at, _ in purchases:
        if customer_id:
            buyers[customer_id] = Recalculate(min(at, buyers[customer_id].since) if customer_id in buyers else at)
    return lookups_for(shop, buyers)


async def recorded(
    shop: Shop, purchases: Sequence[RecordedPurchase], found: Sequence[Sequence[Any]], moments: Sequence[Instant]
) -> None:
    """Purchases were recorded."""
    new: dict[str, list[PurchaseFact]] = {}
    for purchase in purchases:
        if purchase.customer_id:
            new.setdefault(purchase.customer_id, []).append(fact_of(shop, purchase))
    buyers = _buyers(zip(purchases, moments, strict=True))
    await recalculate(shop, buyers, "PURCHASE", locked=True, found=found, new=new)


async def refunded(shop: Shop, refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> None:
    """Money was given back: it never was spent, from the purchase on."""
    purchases = {refund.purchase_id: (refund.purchase, at) for refund, at in zip(refunds, moments, strict=True)}
    await recalculate(shop, _buyers(purchases.values()), "REFUND", locked=True)


async def voided(shop: Shop, purchases: Sequence[RecordedPurchase], moments: Sequence[Instant]) -> None:
    """Purchases were undone."""
    await recalculate(shop, _buyers(zip(purchases, moments, strict=True)), "VOID", locked=True)


async def undone(shop: Shop, refunds: Sequence[RecordedRefund], moments: Sequence[Instant]) -> None:
    """What was given back in an exchange was spent after all, from its purchase on, since the other purchase was voided."""
    buyers = _buyers((refund.purchase, at) for refund, at in zip(refunds, moments, strict=True))
    voided = {refund.purchase.customer_id: refund.exchanged_for_id for refund in refunds}
    because = {id_: replace(since, purchase_id=voided[id_]) for id_, since in buyers.items()}
    await recalculate(shop, because, "VOID", locked=True)


async def reassigned(shop: Shop, purchases: Sequence[ReassignedPurchase], moments: Sequence[Instant]) -> None:
    """Purchases were given from one customer to another: the one never made them, and the other did, when they were made."""
    moved = list(zip(purchases, moments, strict=True))
    taken = [(replace(purchase, customer_id=purchase.before), at) for purchase, at in moved]
    await recalculate(shop, _buyers([*taken, *moved]), "REASSIGNMENT", locked=True)


async def merging(shop: Shop, merges: Sequence[PlannedMerge]) -> Sequence[MergeForecast]:
    """What becomes of the survivor's tier; nothing is said where it stays, and where it cannot be measured."""
    return [MergeForecast(effects=await _effects(shop, one)) for one in merges]


async def _effects(shop: Shop, merge: PlannedMerge) -> Sequence[MergeEffect]:
    versions, present, survivor = await versions_of(shop), now(), merge.survivor.id
    ids = [one.id for one in merge.everybody]
    facts = await purchase_facts(shop, dict.fromkeys(ids, horizon(versions.reach_days, present, shop)))
    union = sorted((fact for own in facts.values() for fact in own), key=BY_TIME)
    sql, values = lookup_lifetimes(shop, ids)
    stats = await shop.database.rows(sql, *values)
    whole_life = Lifetime(sum(row[1] for row in stats), sum(row[2] for row in stats))
    whole = (await completed(shop, {survivor: union}, versions.reads))[survivor] if versions.reads else union
    assignments = await assignments_of(shop.database, ids)
    own = [*assignments[survivor]]
    policy = versions.at(present).policy
    if floor := floor_kept(policy, assignments, survivor, ids[1:], present):
        own.append(replace(floor, at=present, mode="FLOOR"))
    try:
        history = shortened(whole, whole_life, own)
        after = period_at(timeline(versions, history, shop.settings.zone), present)
    except CriterionFailed:
        return []
    before = (await tiers_of(shop, [(survivor, present)]))[survivor, present]
    tier = policy.by_code.get(after.tier, policy.lowest)
    if tier.code == before.code:
        return []
    what = f"The tier of {merge.survivor.code} becomes {tier.name}; it was {before.name}."
    return [MergeEffect("TIER", what, needs=VIEW)]


async def merged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Customers were made one: what all of them bought counts for the survivor, and the highest floor is kept. What the others
    had stays as it is, for the day on which it is undone."""
    for merge, at in zip(merges, moments, strict=True):
        await keep_floor(shop, merge, at)
    survivors = {merge.survivor.id: Recalculate(at=at) for merge, at in zip(merges, moments, strict=True)}
    await recalculate(shop, survivors, "MERGE", locked=True)


async def unmerged(shop: Shop, merges: Sequence[Merge], moments: Sequence[Instant]) -> None:
    """Merges were undone."""
    for merge in merges:
        await drop_floor(shop, merge)
    everybody = {
        id_: Recalculate(at=at) for merge, at in zip(merges, moments, strict=True) for id_ in merge.customer_ids
    }
    await recalculate(shop, everybody, "UNMERGE", locked=True)


async def time_passed(shop: Shop) -> None:
    """Time has passed, or there is a new policy."""
    async for _ in work_off(shop):
        pass


def _buyers(purchases: Iterable[tuple[PurchaseRow, Instant]]) -> dict[str, Recalculate]:
    """Whose periods may be others, each from the earliest of their purchases on; the latest is the reason. With each purchase,
    when that came about."""
    buyers: dict[str, Recalculate] = {}
    for purchase, at in sorted(purchases, key=lambda one: (one[0].purchased_at, one[0].id)):
        if purchase.customer_id:
            since = buyers.get(purchase.customer_id, Recalculate(purchase.purchased_at)).since
            buyers[purchase.customer_id] = Recalculate(since, purchase.id, at)
    return buyers
