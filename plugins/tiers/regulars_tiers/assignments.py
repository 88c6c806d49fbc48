"""Decisions of people about tiers: assigned with a reason, and given back to the rules."""

from collections.abc import Mapping

from regulars_core.plugin import (
    Checks,
    Instant,
    Problem,
    Refused,
    Shop,
    changed,
    insert,
    lock,
    locked_customer,
    new_id,
    now,
)
from regulars_tiers.histories import assignments_of
from regulars_tiers.policy_versions import versions_of
from regulars_tiers.recalculation import Recalculate, recalculate
from regulars_tiers.rules.days import days_after
from regulars_tiers.rules.timeline import Assignment, Mode, assignment_at

ASSIGN, INITIAL, CLEAR = "ASSIGN", "INITIAL", "CLEAR"
_COLUMNS = ("id", "customer_id", "at", "kind", "tier", "mode", "until", "reason", "author")


async def assign(
    shop: Shop, customer_id: str, tier: str, mode: Mode, reason: str, until: Instant | None, author: str
) -> None:
    """Give a customer a tier at once, until an instant or for good; it ends the assignment before. Raises Refused."""
    checks = Checks()
    checked_reason = checks.prose(reason, "reason", 500, required=True)
    present = now()
    if until is not None and until <= present:
        checks.fail("INVALID_DATE", "This must lie in the future.", "until")
    checks.refuse()

    async def work() -> None:
        existing = await _locked(shop, customer_id, present)
        if tier not in (await versions_of(shop)).at(present).policy.by_code:
            raise Refused(Problem("UNKNOWN_TIER", "The policy in force has no tier with this code.", ("tier",)))
        row = (new_id(), customer_id, present, ASSIGN, tier, mode, until, checked_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed(
            {"tier": (existing.tier if existing else None, tier), "mode": (existing.mode if existing else None, mode)}
        )
        await recalculate(shop, {customer_id: Recalculate(present)}, "ASSIGNMENT")

    await shop.database.transaction(work)


async def clear(shop: Shop, customer_id: str, reason: str | None, author: str) -> bool:
    """Give a customer back to the rules; answers whether an assignment was in force. Raises Refused."""
    checks = Checks()
    checked_reason = checks.prose(reason, "reason", 500)
    checks.refuse()
    present = now()

    async def work() -> bool:
        existing = await _locked(shop, customer_id, present)
        if existing is None:
            changed({})
            return False
        row = (new_id(), customer_id, present, CLEAR, None, existing.mode, None, checked_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed({"tier": (existing.tier, None)})
        await recalculate(shop, {customer_id: Recalculate(present)}, "ASSIGNMENT")
        return True

    return await shop.database.transaction(work)


async def assign_initial(shop: Shop, tiers: Mapping[str, str], created: Mapping[str, Instant]) -> None:
    """The tiers with which new customers begin, inside the caller's transaction: floors until the grace has passed since
    their registration. Who registered them stands in the audit. Raises Refused for a tier that the policy then in force does
    not have."""
    versions = await versions_of(shop)
    rows = []
    for customer_id, tier in tiers.items():
        at = created[customer_id]
        policy = versions.at(at).policy
        if tier not in policy.by_code:
            raise Refused(Problem("UNKNOWN_TIER", "The policy in force has no tier with this code.", ("tier",)))
        until = days_after(Instant(at + 1), policy.grace_days, shop.settings.zone)
        rows.append((new_id(), customer_id, at, INITIAL, tier, "FLOOR", until, None, ""))
    await insert(shop.database, "tier_assignment", _COLUMNS, rows)
    await recalculate(shop, {customer_id: Recalculate(created[customer_id]) for customer_id in tiers}, "ASSIGNMENT")


async def _locked(shop: Shop, customer_id: str, at: Instant) -> Assignment | None:
    """Hold the customer, and answer the assignment in force. Raises Refused for one who does not exist."""
    await locked_customer(shop, customer_id, "customerId")
    await lock(shop.database, "customer_stats", [customer_id], key="customer_id")
    return assignment_at((await assignments_of(shop.database, [customer_id]))[customer_id], at)
