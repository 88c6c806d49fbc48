"""What clients give of tiers, and how it reaches the rules."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.clock import Instant
from regulars_core.errors import Problem, Refused
from regulars_core.shop import Shop
from regulars_core.text import camel
from regulars_schema.context import Batch
from regulars_schema.customer_inputs import told
from regulars_schema.customer_types import CustomerWhere
from regulars_schema.keyed import Keyed
from regulars_tiers import policies
from regulars_tiers.graphql_types import TierDowngrade, TierMode, TierWindow
from regulars_tiers.policy import Policy

_EFFECTIVE = "From when on, also in the past; now if absent."


@strawberry.input(description="Something that a tier brings.")
class TierBenefitInput:
    """Input form of TierBenefit."""

    text: str = strawberry.field(description="A sentence for people; at most 240 characters.")
    kind: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is for programs: capitals, digits and `_`, such as `POINTS_MULTIPLIER`."
    )
    value: strawberry.Maybe[Decimal | None] = strawberry.field(description="How much, where the kind has a figure.")


@strawberry.input(description="A setting of a criterion that a plugin brings.")
class TierCriterionSettingInput:
    """Input form of TierCriterionSetting."""

    name: str = strawberry.field(description="The name of the setting.")
    value: str = strawberry.field(description="Its value as text.")


@strawberry.input(description="A metric over a window that must be at least a threshold.")
class TierCriterionInput:
    """Input form of TierCriterion."""

    metric: str = strawberry.field(description="What is measured: `NET_SPEND`, `ORDERS`, or what a plugin measures.")
    window: TierWindow = strawberry.field(description="Over which purchases.")
    days: strawberry.Maybe[int | None] = strawberry.field(description="The length of a rolling window, 1 to 3660.")
    threshold: Decimal = strawberry.field(
        description="What must be reached: an amount in the shop's currency, or a whole number; above 0."
    )
    settings: strawberry.Maybe[list[TierCriterionSettingInput] | None] = strawberry.field(
        description="What else a plugin's metric wants to be told."
    )


@strawberry.input(description="Criteria that must all be met at the same time.")
class TierCriteriaInput:
    """Input form of TierCriteria."""

    all_of: list[TierCriterionInput] = strawberry.field(description="Every one of these; at least one.")


@strawberry.input(description="A tier with what it asks for.")
class TierRuleInput:
    """Input form of TierRule."""

    code: str = strawberry.field(description="Short and unique: letters, digits, `_` and `-`, at most 32.")
    name: str = strawberry.field(description="What people call it; at most 120 characters.")
    benefits: strawberry.Maybe[list[TierBenefitInput] | None] = strawberry.field(description="What it brings.")
    any_of: strawberry.Maybe[list[TierCriteriaInput] | None] = strawberry.field(
        description="One of these sets must be met; none for the lowest tier, which is everybody's."
    )


@strawberry.input(description="Rules by which customers get their tiers.")
class TierPolicyInput:
    """Input form of TierPolicy."""

    tiers: list[TierRuleInput] = strawberry.field(description="The tiers, the highest first; at most 20.")
    grace_days: strawberry.Maybe[int | None] = strawberry.field(
        description="For how many days a tier is kept after it was last qualified for; 90 if absent."
    )
    downgrade: strawberry.Maybe[TierDowngrade | None] = strawberry.field(
        description="What happens when the criteria are no longer met; AFTER_GRACE if absent."
    )
    upgrade_applies_to_trigger: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether the purchase that lifts a customer is made on the terms of the new tier; not if absent."
    )


def policy_of(given: TierPolicyInput, shop: Shop) -> Policy:
    """The policy. Raises Malformed with everything that is wrong with it."""
    data: dict[str, Any] = {"tiers": [_tier(tier) for tier in given.tiers]}
    for name in ("grace_days", "downgrade", "upgrade_applies_to_trigger"):
        if (value := told(getattr(given, name))) is not None:
            data[name] = value
    try:
        return policies.checked(shop, data)
    except Refused as refused:
        problems = [Problem(one.code, one.message, _path(one.path)) for one in refused.problems]
        raise type(refused)(*problems) from None


def _tier(given: TierRuleInput) -> dict[str, Any]:
    return {
        "code": given.code,
        "name": given.name,
        "benefits": [
            {"text": one.text, "kind": told(one.kind), "value": told(one.value)} for one in told(given.benefits) or ()
        ],
        "criteria": [[_criterion(one) for one in set_.all_of] for set_ in told(given.any_of) or ()],
    }


def _criterion(given: TierCriterionInput) -> dict[str, Any]:
    return {
        "metric": given.metric,
        "window": given.window.value,
        "days": told(given.days),
        "threshold": given.threshold,
        "settings": {one.name: one.value for one in told(given.settings) or ()},
    }


def _path(path: Sequence[str]) -> tuple[str, ...]:
    """policy.tiers.0.criteria.1.2.threshold as the API spells it: policy.tiers.0.anyOf.1.allOf.2.threshold."""
    found = [camel(part) for part in path]
    if "criteria" in found:
        place = found.index("criteria")
        found[place : place + 3] = [*(["anyOf", *found[place + 1 : place + 2]]), *_inner(found[place + 2 : place + 3])]
    return tuple(found)


def _inner(number: Sequence[str]) -> list[str]:
    return ["allOf", *number] if number else []


@strawberry.input(description="A policy to try on the shop's own history.")
class TierPolicySimulateInput:
    """Input of tierPolicySimulate."""

    policy: TierPolicyInput = strawberry.field(description="The policy to try.")
    effective_at: strawberry.Maybe[Instant | None] = strawberry.field(description=_EFFECTIVE)
    at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="The instant at which tiers are compared; now if absent, or when the policy begins if that is later."
    )
    sample: strawberry.Maybe[int | None] = strawberry.field(
        description="How many of those who are moved to explain: 0 to 100; 20 if absent."
    )


@strawberry.input(description="A policy to put in force.")
class TierPolicyUpdateInput(Keyed):
    """Input of tierPolicyUpdate."""

    policy: TierPolicyInput = strawberry.field(description="The policy.")
    effective_at: strawberry.Maybe[Instant | None] = strawberry.field(description=_EFFECTIVE)


@strawberry.input(description="A tier to give to a customer.")
class TierAssignInput(Keyed):
    """Input of tierAssign."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tier: str = strawberry.field(description="The code of the tier.")
    reason: str = strawberry.field(description="Why; at most 500 characters.")
    mode: strawberry.Maybe[TierMode | None] = strawberry.field(
        description="How it stands to what the rules give; FLOOR if absent."
    )
    until: strawberry.Maybe[Instant | None] = strawberry.field(description="When it ends; for good if absent.")


@strawberry.input(description="A customer to give back to the rules.")
class TierClearInput(Keyed):
    """Input of tierClear."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    reason: strawberry.Maybe[str | None] = strawberry.field(description="Why; at most 500 characters.")


@strawberry.input(description="Whose standings to make anew: exactly one of these.")
class TiersReassessInput(Keyed):
    """Input of tiersReassess."""

    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="One customer, at once.")
    where: strawberry.Maybe[CustomerWhere | None] = strawberry.field(
        description="Those for whom these conditions hold, by the job, within a minute or two."
    )
    all: strawberry.Maybe[bool | None] = strawberry.field(description="True: everybody, by the job.")


@strawberry.input(description="Compares the tier that a customer has at an instant.")
class TierComparison:
    """Conditions over tier_spell."""

    in_: list[str] = strawberry.field(name="in", description="One of these, by code.")
    at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="At this instant, by what is known now; the present if absent."
    )


def tier_conditions(comparison: TierComparison, _: Batch) -> Sequence[tuple[str, Any]]:
    """The codes and the instant."""
    return [("in", comparison.in_), ("at", told(comparison.at))]
