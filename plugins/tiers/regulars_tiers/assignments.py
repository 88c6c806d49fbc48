"""Decisions of people about tiers: assigned with a reason, and given back to the rules."""

from collections.abc import Mapping

from regulars_core.plugin import Checks, Instant, Problem, Refused, Shop, changed, insert, lock, new_id, now
from regulars_tiers.histories import assignments_of
from regulars_tiers.policy_versions import versions
from regulars_tiers.recalculation import Recalculate, keep
from regulars_tiers.rules.days import days_after
from regulars_tiers.rules.timeline import Assignment, Mode, decided_at

ASSIGN, INITIAL, CLEAR = "ASSIGN", "INITIAL", "CLEAR"
_COLUMNS = ("id", "customer_id", "at", "kind", "tier", "mode", "until", "reason", "author")


async def assign(
    shop: Shop, customer_id: str, tier: str, mode: Mode, reason: str, until: Instant | None, author: str
) -> None:
    """Give a customer a tier at once, until an instant or for good; it ends the assignment before. Raises Refused."""
    checks = Checks()
    kept_reason = checks.prose(reason, "reason", 500, required=True)
    present = now()
    if until is not None and until <= present:
        checks.fail("INVALID_DATE", "This must lie in the future.", "until")
    checks.refuse()

    async def work() -> None:
        elder = await _locked(shop, customer_id, present)
        if tier not in (await versions(shop)).at(present).policy.by_code:
            raise Refused(Problem("UNKNOWN_TIER", "The policy in force has no tier with this code.", ("tier",)))
        row = (new_id(), customer_id, present, ASSIGN, tier, mode, until, kept_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed({"tier": (elder.tier if elder else None, tier), "mode": (elder.mode if elder else None, mode)})
        await keep(shop, {customer_id: Recalculate(present)}, "ASSIGNMENT")

    await shop.database.transaction(work)


async def clear(shop: Shop, customer_id: str, reason: str | None, author: str) -> bool:
    """Give a customer back to the rules; answers whether an assignment was in force. Raises Refused."""
    checks = Checks()
    kept_reason = checks.prose(reason, "reason", 500)
    checks.refuse()
    present = now()

    async def work() -> bool:
        elder = await _locked(shop, customer_id, present)
        if elder is None:
            changed({})
            return False
        row = (new_id(), customer_id, present, CLEAR, None, elder.mode, None, kept_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed({"tier": (elder.tier, None)})
        await keep(shop, {customer_id: Recalculate(present)}, "ASSIGNMENT")
        return True

    return await shop.database.transaction(work)


async def begin_with(shop: Shop, tiers: Mapping[str, str], created: Mapping[str, Instant]) -> None:
    """The tiers with which new customers begin, inside the caller's transaction: floors until the grace has passed since
    their registration. Who registered them stands in the audit. Raises Refused for a tier that the policy then in force does
    not have."""
    known = await versions(shop)
    rows = []
    for customer_id, tier in tiers.items():
        at = created[customer_id]
        policy = known.at(at).policy
        if tier not in policy.by_code:
            raise Refused(Problem("UNKNOWN_TIER", "The policy in force has no tier with this code.", ("tier",)))
        until = days_after(Instant(at + 1), policy.grace_days, shop.settings.zone)
        rows.append((new_id(), customer_id, at, INITIAL, tier, "FLOOR", until, None, ""))
    await insert(shop.database, "tier_assignment", _COLUMNS, rows)
    await keep(shop, {customer_id: Recalculate(created[customer_id]) for customer_id in tiers}, "ASSIGNMENT")


async def _locked(shop: Shop, customer_id: str, at: Instant) -> Assignment | None:
    """Hold the customer, and answer the assignment in force. Raises Refused for one who does not exist."""
    if not await lock(shop.database, "customer_stats", [customer_id], key="customer_id"):
        raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
    return decided_at((await assignments_of(shop.database, [customer_id]))[customer_id], at)
