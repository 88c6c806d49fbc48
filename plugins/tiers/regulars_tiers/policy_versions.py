"""The versions of the policy, as they are stored."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from regulars_core.plugin import NEVER, Checks, Instant, Lookup, Problem, Refused, Shop, now
from regulars_tiers.registry import criterion_kinds
from regulars_tiers.rules.criteria import CriterionKind, Unit
from regulars_tiers.rules.policy import SEED, Policy, PolicyData, Versions, compiled, policy_data


class _AnySettings(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


def _unmeasured(_: Any, __: Sequence[Any]) -> int:
    return 0


async def versions_of(shop: Shop) -> Versions:
    """All versions; the seed is in force until the first of the shop's own."""
    return versions_from(shop, await shop.database.read(LOOKUP[0]))


LOOKUP: Lookup = ("SELECT number, effective_at, body FROM tier_policy ORDER BY number", ())
"""What `versions_from` makes versions of."""


def versions_from(shop: Shop, rows: Sequence[Any]) -> Versions:
    """All versions, from the rows in which they are stored."""
    kinds = tuple(criterion_kinds(shop.plugins).values())
    return _versions(tuple(tuple(row) for row in rows), shop.currency, kinds)


@lru_cache(maxsize=64)
def _versions(rows: Sequence[tuple[int, Instant, str]], currency: str, kinds: Sequence[CriterionKind]) -> Versions:
    by_name = {kind.kind: kind for kind in kinds}
    seed = _stored_policy(SEED.model_dump_json(), by_name, currency)
    own = [(number, effective_at, _stored_policy(body, by_name, currency)) for number, effective_at, body in rows]
    return Versions.of([(0, NEVER, seed), *own])


def _stored_policy(body: str, kinds: Mapping[str, CriterionKind], currency: str) -> Policy:
    """A policy that was checked when it was written. What a plugin measured that is off now is met by nobody."""
    data = PolicyData.model_validate_json(body)
    metrics = {one.metric for tier in data.tiers for set_ in tier.criteria for one in set_}
    missing = {
        name: CriterionKind(name, _AnySettings, _unmeasured, Unit.COUNT, name) for name in metrics - kinds.keys()
    }
    return compiled(data, {**kinds, **missing}, currency, Checks())


def checked(shop: Shop, data: Any) -> Policy:
    """The policy in data of unknown form. Raises Malformed with everything that is wrong."""
    checks = Checks("policy")
    read = policy_data(data, checks)
    policy = compiled(read, criterion_kinds(shop.plugins), shop.currency, checks) if read else None
    checks.refuse()
    assert policy is not None
    return policy


async def change_policy(shop: Shop, policy: Policy, effective_at: Instant | None, author: str) -> int:
    """Make a version, in force from an instant on until the next one, and answer its number.

    It may begin in the past: standings are recomputed by it from then on, what was shown stays in the histories.
    Customers are assessed anew by the job. Raises Refused for the policy that is in force then already.
    """
    begins = now() if effective_at is None else effective_at

    async def work() -> int:
        versions = await versions_of(shop)
        if versions.at(begins).policy.data == policy.data and all(one.begins <= begins for one in versions.all):
            raise Refused(Problem("POLICY_UNCHANGED", "This is the policy that is in force then.", ("policy",)))
        [row] = await shop.database.rows(
            "INSERT INTO tier_policy (effective_at, body, lowest, author, created_at) VALUES ($1, $2, $3, $4, $5)"
            " RETURNING number",
            begins,
            json.dumps(policy.data.model_dump(mode="json")),
            policy.lowest.code,
            author,
            now(),
        )
        return int(row[0])

    return await shop.database.transaction(work)
