"""The versions of the policy, as they are stored."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from regulars_core.plugin import (
    NEVER,
    Checks,
    Instant,
    Lookup,
    Problem,
    Refused,
    Shop,
    first_broken,
    is_timed_law,
    now,
)
from regulars_tiers.histories import histories_of
from regulars_tiers.registry import kinds_of, owner_of
from regulars_tiers.rules.criteria import CriterionKind
from regulars_tiers.rules.policy import (
    SEED,
    Criterion,
    CriterionData,
    Policy,
    PolicyData,
    Versions,
    compiled,
    compiled_criterion,
    policy_data,
    stand_in,
)

ANEW = -1
"""The number of no policy: that of a standing which is to be made anew, and of what was named before any policy was known."""
_SAMPLE = 50
"""Customers whose purchases a policy is tried on before it is accepted, and as many made at random."""
_MAX_TRIED = 60
"""The latest purchases of each of them: laws take them all away one by one."""


async def versions_of(shop: Shop) -> Versions:
    """All versions; the seed is in force until the first of the shop's own."""
    sql, values = lookup_versions()
    return versions_from(shop, await shop.database.read(sql, *values))


def lookup_versions(asked_by: int = 0) -> Lookup:
    """What `versions_from` makes versions of. Behind each comes what is given: the number of the version by which it was said
    what else is looked up, so that it is known afterwards."""
    columns = "number, effective_at, body, plugins, CAST($1 AS BIGINT) AS asked_by"
    return f"SELECT {columns} FROM tier_policy ORDER BY number", [asked_by]


def versions_from(shop: Shop, rows: Sequence[Any]) -> Versions:
    """All versions, from the rows in which they are stored; those that are remembered where they are the same."""
    stored = [tuple(row[:4]) for row in rows]
    if shop.memory.get(_stored_policy) == stored:
        remembered: Versions = shop.memory[Versions]
        return remembered
    kinds = tuple(kinds_of(shop).values())
    versions = _versions(tuple(stored), shop.currency, kinds)
    if not shop.database.may_be_old:
        shop.memory[Versions], shop.memory[_stored_policy] = versions, stored
    return versions


def remembered_versions(shop: Shop) -> Versions | None:
    """All versions as they were when this process looked last; None if it has not yet."""
    remembered: Versions | None = shop.memory.get(Versions)
    return remembered


@lru_cache(maxsize=64)
def _versions(
    rows: Sequence[tuple[int, Instant, str, str | None]], currency: str, kinds: Sequence[CriterionKind]
) -> Versions:
    by_name = {kind.name: kind for kind in kinds}
    seed = _stored_policy(SEED.model_dump_json(), None, by_name, currency)
    own = [(number, begins, _stored_policy(body, plugins, by_name, currency)) for number, begins, body, plugins in rows]
    return Versions.of([(0, NEVER, seed), *own])


def _stored_policy(body: str, plugins: str | None, kinds: Mapping[str, CriterionKind], currency: str) -> Policy:
    """A policy that was checked when it was written. What its kinds do not take any more, or what a plugin measures that is off
    now, fails where it is looked at."""
    data, owners = PolicyData.model_validate_json(body), owners_from(plugins)

    def otherwise(criterion: CriterionData, problems: Sequence[Problem]) -> Criterion:
        return stand_in(criterion, _reason(owners.get(criterion.metric), problems))

    return compiled(data, kinds, currency, Checks(), otherwise)


def owners_from(plugins: str | None) -> Mapping[str, str]:
    """Which plugin brought each metric of a stored policy when it was accepted, as far as that was kept."""
    owners: Mapping[str, str] = json.loads(plugins) if plugins else {}
    return owners


def unavailable_reason(shop: Shop, criterion: CriterionData, owner: str | None) -> str | None:
    """Why a criterion of a stored policy cannot be measured now, in a few words; None if it can. `owner` is the plugin that
    brought its metric when it was accepted."""
    checks = Checks()
    compiled_criterion(criterion, kinds_of(shop), shop.currency, checks)
    return _reason(owner, checks.problems) if checks.problems else None


def _reason(owner: str | None, problems: Sequence[Problem]) -> str:
    problem = problems[0]
    if problem.code == "UNKNOWN_METRIC":
        return f"the plugin '{owner}', which brings it, is off" if owner else "no plugin that is on brings it"
    whose = f"the plugin '{owner}'" if owner else "its plugin"
    return f"{whose} no longer takes what it is told as {problem.path[0] if problem.path else 'settings'}"


def checked(shop: Shop, data: Any) -> Policy:
    """The policy in data of unknown form. Raises Malformed with everything that is wrong."""
    checks = Checks("policy")
    read = policy_data(data, checks)
    policy = compiled(read, kinds_of(shop), shop.currency, checks) if read else None
    checks.refuse()
    assert policy is not None
    return policy


async def refuse_failing(shop: Shop, policy: Policy) -> None:
    """Try what a policy asks for on purchases made at random and on the latest of some customers. Raises Refused with the place
    and the reason of each criterion that breaks a law or fails: a policy that cannot be applied must not be in force. Where one
    takes too long it is Malformed, which no key remembers."""
    checks = Checks("policy")
    rows = await shop.database.read(f"SELECT customer_id FROM customer_stats ORDER BY active_at DESC LIMIT {_SAMPLE}")
    reads = {one for _, criterion in policy.placed_criteria for one in criterion.kind.reads}
    histories = await histories_of(shop, [row[0] for row in rows], reads)
    bought = [history.facts[-_MAX_TRIED:] for history in histories.values()]
    tried = dict[str, str | None]()
    for place, criterion in policy.placed_criteria:
        key = criterion.measured
        if key not in tried:
            await asyncio.sleep(0)  # others are answered between, and the deadline of the request is kept
            tried[key] = first_broken(criterion.kind, criterion.settings, bought, _SAMPLE)
        if law := tried[key]:
            owner = owner_of(shop, criterion.kind.name)
            message = f"{criterion.kind.name} of the plugin '{owner}' cannot be used: {law}."
            checks.fail("INVALID_POLICY", message, *place, "metric")
    is_timed = any(is_timed_law(law) for law in tried.values() if law)  # sent again it may be accepted
    checks.refuse(recorded=not is_timed)


def broken_criteria(versions: Versions) -> Mapping[str, str]:
    """Which law each metric that can be measured breaks on purchases made at random, or what it raises; by metric."""
    tried: dict[str, Criterion] = {}
    for version in versions.all:
        tried |= {one.measured: one for one in version.policy.criteria if one.kind.name not in versions.unavailable}
    broken = ((one.kind.name, first_broken(one.kind, one.settings, tries=_SAMPLE)) for one in tried.values())
    return {metric: law for metric, law in broken if law}


async def change_policy(shop: Shop, policy: Policy, effective_at: Instant | None, author: str) -> int:
    """Make a version, in force from an instant on until the next one, and answer its number.

    It may begin in the past: standings are recomputed by it from then on, what was shown stays in the histories.
    Customers are assessed anew by the job. Raises Refused for the policy that is in force then already.
    """
    begins = now() if effective_at is None else effective_at
    await refuse_failing(shop, policy)

    async def work() -> int:
        versions = await versions_of(shop)
        if versions.at(begins).policy.data == policy.data and all(one.begins <= begins for one in versions.all):
            raise Refused(Problem("POLICY_UNCHANGED", "This is the policy that is in force then.", ("policy",)))
        # The next number after those that are known: of two who make a version at once the later one knows of the other.
        number = versions.latest + 1
        await shop.database.run(
            "INSERT INTO tier_policy (number, effective_at, body, plugins, lowest, author, created_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            number,
            begins,
            json.dumps(policy.data.model_dump(mode="json")),
            json.dumps({one.kind.name: owner_of(shop, one.kind.name) for one in policy.criteria}),
            policy.lowest.code,
            author,
            now(),
        )
        return number

    return await shop.database.transaction(work)
