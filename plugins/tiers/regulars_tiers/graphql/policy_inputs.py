"""A policy as clients give it, and how it reaches the rules."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import strawberry

from regulars_core.plugin import Problem, Refused, Shop, camel
from regulars_schema.plugin import value_or_none
from regulars_tiers import policy_versions
from regulars_tiers.graphql.policy_types import METRIC, TierDowngrade, TierWindow
from regulars_tiers.rules.policy import Policy

EFFECTIVE = "From when on, also in the past; now if absent."


@strawberry.input(description="Something that a tier brings.")
class TierBenefitInput:
    """Input form of TierBenefit."""

    text: str = strawberry.field(description="A sentence for people; at most 240 characters.")
    kind: strawberry.Maybe[str | None] = strawberry.field(
        description="What it is for programs: capitals, digits and `_`, such as `POINTS_MULTIPLIER` or `PRIORITY_SERVICE`."
    )
    value: strawberry.Maybe[Decimal | None] = strawberry.field(description="How much, where the kind has a figure.")


@strawberry.input(description="A setting of a criterion that a plugin brings.")
class TierCriterionSettingInput:
    """Input form of TierCriterionSetting."""

    name: str = strawberry.field(description="The name of the setting, as `ruleKinds` lists it.")
    value: str = strawberry.field(description="Its value as text; a list is its name several times.")


@strawberry.input(description="A metric over a window that must be at least a threshold.")
class TierCriterionInput:
    """Input form of TierCriterion."""

    metric: str = strawberry.field(description=METRIC)
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


def policy_of(input: TierPolicyInput, shop: Shop) -> Policy:
    """The policy. Raises Malformed with everything that is wrong with it."""
    data: dict[str, Any] = {"tiers": [_tier(tier) for tier in input.tiers]}
    for name in ("grace_days", "downgrade", "upgrade_applies_to_trigger"):
        if (value := value_or_none(getattr(input, name))) is not None:
            data[name] = value
    with as_in_input():
        return policy_versions.checked(shop, data)


@contextmanager
def as_in_input() -> Iterator[None]:
    """Places in a policy that is refused inside are those of the input."""
    try:
        yield
    except Refused as refused:
        problems = [Problem(one.code, one.message, _path(one.path)) for one in refused.problems]
        raise type(refused)(*problems) from None


def _tier(input: TierRuleInput) -> dict[str, Any]:
    return {
        "code": input.code,
        "name": input.name,
        "benefits": [
            {"text": one.text, "kind": value_or_none(one.kind), "value": value_or_none(one.value)}
            for one in value_or_none(input.benefits) or ()
        ],
        "criteria": [[_criterion(one) for one in set_.all_of] for set_ in value_or_none(input.any_of) or ()],
    }


def _criterion(input: TierCriterionInput) -> dict[str, Any]:
    return {
        "metric": input.metric,
        "window": input.window.value,
        "days": value_or_none(input.days),
        "threshold": input.threshold,
        "settings": [(one.name, one.value) for one in value_or_none(input.settings) or ()],
    }


def _path(path: Sequence[str]) -> tuple[str, ...]:
    """policy.tiers.0.criteria.1.2.threshold as the API writes it: policy.tiers.0.anyOf.1.allOf.2.threshold. Settings are called
    as their kind calls them."""
    names = path.index("settings") if "settings" in path else len(path)
    parts = [*map(camel, path[:names]), *path[names:]]
    if "criteria" in parts:
        place = parts.index("criteria")
        parts[place : place + 3] = ["anyOf", *parts[place + 1 : place + 2], *_inner(parts[place + 2 : place + 3])]
    return tuple(parts)


def _inner(number: Sequence[str]) -> list[str]:
    return ["allOf", *number] if number else []
