"""Decisions of people about tiers: assigned with a reason, and given back to the rules."""

from collections.abc import Mapping, Sequence

from regulars_core.plugin import (
    Checks,
    Instant,
    Merge,
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
from regulars_tiers.rules.policy import Policy
from regulars_tiers.rules.timeline import Assignment, Mode, assignment_at

ASSIGN, INITIAL, CLEAR, MERGE = "ASSIGN", "INITIAL", "CLEAR", "MERGE"
_NO_TIER = "The policy in force has no tier with this code."
_COLUMNS = ("id", "customer_id", "at", "kind", "tier", "mode", "until", "reason", "author")


async def assign(
    shop: Shop, customer_id: str, tier: str, mode: Mode, reason: str, until: Instant | None, author: str
) -> None:
    """Give a customer a tier at once, until an instant or for good; it ends the assignment before. Raises Refused."""
    present = now()

    async def work() -> None:
        checks = Checks()
        checked_reason = checks.prose(reason, "reason", 500, required=True)
        if until is not None and until <= present:
            checks.fail("INVALID_DATE", "This must lie in the future.", "until")
        found = await checks.looked_up(_locked(shop, customer_id, present))
        if tier not in (await versions_of(shop)).at(present).policy.by_code:
            checks.unfit("UNKNOWN_TIER", _NO_TIER, "tier")
        checks.refuse()
        assert found is not None
        key, existing = found
        row = (new_id(), key, present, ASSIGN, tier, mode, until, checked_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed(
            {"tier": (existing.tier if existing else None, tier), "mode": (existing.mode if existing else None, mode)}
        )
        await recalculate(shop, {key: Recalculate(present)}, "ASSIGNMENT")

    await shop.database.transaction(work)


async def clear(shop: Shop, customer_id: str, reason: str | None, author: str) -> bool:
    """Give a customer back to the rules; answers whether an assignment was in force. Raises Refused."""
    checks = Checks()
    checked_reason = checks.prose(reason, "reason", 500)
    checks.refuse()
    present = now()

    async def work() -> bool:
        key, existing = await _locked(shop, customer_id, present)
        if existing is None:
            changed({})
            return False
        row = (new_id(), key, present, CLEAR, None, existing.mode, None, checked_reason, author)
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])
        changed({"tier": (existing.tier, None)})
        await recalculate(shop, {key: Recalculate(present)}, "ASSIGNMENT")
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
            raise Refused(Problem("UNKNOWN_TIER", _NO_TIER, ("tier",)))
        until = days_after(Instant(at + 1), policy.grace_days, shop.settings.zone)
        rows.append((new_id(), customer_id, at, INITIAL, tier, "FLOOR", until, None, ""))
    await insert(shop.database, "tier_assignment", _COLUMNS, rows)
    await recalculate(shop, {customer_id: Recalculate(created[customer_id]) for customer_id in tiers}, "ASSIGNMENT")


def floor_kept(
    policy: Policy, assignments: Mapping[str, Sequence[Assignment]], survivor: str, absorbed: Sequence[str], at: Instant
) -> Assignment | None:
    """The floor that a survivor gets from those who are merged into it: the highest of what people have decided about one of
    them, if that is higher than what is in force for the survivor. Nothing where the survivor's tier is exactly
    what somebody said."""
    own = assignment_at(assignments[survivor], at)
    if own and own.tier and own.mode == "EXACT":
        return None
    best, position = None, _position(policy, own)
    for one in absorbed:
        other = assignment_at(assignments[one], at)
        if _position(policy, other) > position:
            best, position = other, _position(policy, other)
    return best


def _position(policy: Policy, assignment: Assignment | None) -> int:
    tier = policy.by_code.get(assignment.tier or "") if assignment else None
    return tier.position if tier else -1


async def keep_floor(shop: Shop, merge: Merge, at: Instant) -> None:
    """Write down the floor that a survivor keeps, under the id of the merge, so that it goes with its undoing."""
    policy = (await versions_of(shop)).at(at).policy
    assignments = await assignments_of(shop.database, merge.customer_ids)
    absorbed = [one.id for one in merge.absorbed]
    if floor := floor_kept(policy, assignments, merge.survivor.id, absorbed, at):
        row = (merge.id, merge.survivor.id, at, MERGE, floor.tier, "FLOOR", floor.until, None, "")
        await insert(shop.database, "tier_assignment", _COLUMNS, [row])


async def drop_floor(shop: Shop, merge: Merge) -> None:
    """Forget the floor that a survivor got by a merge."""
    await shop.database.run("DELETE FROM tier_assignment WHERE id = $1", merge.id)


async def _locked(shop: Shop, customer_id: str, at: Instant) -> tuple[str, Assignment | None]:
    """Hold the customer to whom the id leads, and answer who that is, with the assignment in force. Raises Refused for one who
    does not exist."""
    key = str((await locked_customer(shop, customer_id, "customerId"))["id"])
    await lock(shop.database, "customer_stats", [key], key="customer_id")
    return key, assignment_at((await assignments_of(shop.database, [key]))[key], at)
