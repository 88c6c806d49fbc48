"""Policies and tiers in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Instant
from regulars_schema.plugin import Node, backed_by, identified, requires
from regulars_tiers.permissions import VIEW
from regulars_tiers.reads import PolicyRow
from regulars_tiers.rules import policy
from regulars_tiers.rules.policy import BenefitData, CriterionData, TierData

AT_INSTANT = "At this instant, by what is known now; the present if absent."
METRIC = "What is measured: `NET_SPEND`, `ORDERS`, or what a plugin measures."

At = Annotated[Instant | None, strawberry.argument(description=AT_INSTANT)]


@strawberry.enum(description="For how long a purchase counts.")
class TierWindow(Enum):
    """Over criteria.WindowKind."""

    LIFETIME = strawberry.enum_value("LIFETIME", description="For ever.")
    ROLLING = strawberry.enum_value("ROLLING", description="On its day and the days after it, so many in all.")
    CALENDAR_MONTH = strawberry.enum_value("CALENDAR_MONTH", description="Until the end of its month.")
    CALENDAR_QUARTER = strawberry.enum_value("CALENDAR_QUARTER", description="Until the end of its quarter.")
    CALENDAR_YEAR = strawberry.enum_value("CALENDAR_YEAR", description="Until the end of its year.")


@strawberry.enum(description="What happens when the criteria of a tier are no longer met.")
class TierDowngrade(Enum):
    """Over policy.Downgrade."""

    AFTER_GRACE = strawberry.enum_value("AFTER_GRACE", description="The tier is lost when the grace has passed.")
    NEVER = strawberry.enum_value("NEVER", description="A tier that was earned is kept for ever.")


@requires(VIEW)
@strawberry.type(description="Something that a tier brings.")
class TierBenefit:
    """Over policy.BenefitData."""

    text: str = strawberry.field(description="A sentence for people.")
    kind: str | None = strawberry.field(
        description="What it is for programs, such as `POINTS_MULTIPLIER` or `PRIORITY_SERVICE`."
    )
    value: Decimal | None = strawberry.field(description="How much, where the kind has a figure.")


@requires(VIEW)
@strawberry.type(description="A rank that customers earn by what they buy.")
class Tier:
    """Over policy.Tier."""

    is_type_of = backed_by(policy.Tier)
    code: str = strawberry.field(description="Short and unique in its policy, such as `A`.")
    name: str = strawberry.field(description="What people call it.")
    rank: int = strawberry.field(description="How high it is: 0 is everybody's tier, and the highest is the best.")
    benefits: list[TierBenefit] = strawberry.field(description="What it brings.")


@requires(VIEW)
@strawberry.type(description="A setting of a criterion that a plugin brings.")
class TierCriterionSetting:
    """An entry of policy.CriterionData.settings."""

    name: str = strawberry.field(description="The name of the setting.")
    value: str = strawberry.field(description="Its value as text.")


@requires(VIEW)
@strawberry.type(description="What a tier asks for: a metric over a window that is at least a threshold.")
class TierCriterion:
    """Over policy.CriterionData; the fields that look at what is on now are in criteria."""

    metric: str = strawberry.field(description=METRIC)
    window: TierWindow = strawberry.field(description="Over which purchases.")
    days: int | None = strawberry.field(description="The length of a rolling window.")
    threshold: Decimal = strawberry.field(description="What must be reached.")
    settings: list[TierCriterionSetting] = strawberry.field(description="What else a plugin's metric was told.")
    data: strawberry.Private[CriterionData]
    brought_by: strawberry.Private[str | None]


@requires(VIEW)
@strawberry.type(description="Criteria that must all be met at the same time.")
class TierCriteria:
    """A set of policy.TierData.criteria."""

    all_of: list[TierCriterion] = strawberry.field(description="Every one of these.")


@requires(VIEW)
@strawberry.type(description="A tier of a policy with what it asks for.")
class TierRule:
    """Over policy.TierData."""

    code: str = strawberry.field(description="Short and unique in its policy, such as `A`.")
    name: str = strawberry.field(description="What people call it.")
    rank: int = strawberry.field(description="How high it is: 0 is everybody's tier.")
    benefits: list[TierBenefit] = strawberry.field(description="What it brings.")
    any_of: list[TierCriteria] = strawberry.field(description="One of these sets must be met; empty in the lowest.")


def _benefits(benefits: Sequence[BenefitData]) -> list[TierBenefit]:
    return [TierBenefit(text=one.text, kind=one.kind, value=one.value) for one in benefits]


def _rules(root: Any) -> list[TierRule]:
    row: PolicyRow = root
    return [_rule(row, tier, len(row.data.tiers) - n) for n, tier in enumerate(row.data.tiers, 1)]


def _rule(row: PolicyRow, tier: TierData, rank: int) -> TierRule:
    sets = [TierCriteria(all_of=[_criterion(row, one) for one in set_]) for set_ in tier.criteria]
    return TierRule(code=tier.code, name=tier.name, rank=rank, benefits=_benefits(tier.benefits), any_of=sets)


def _criterion(row: PolicyRow, data: CriterionData) -> TierCriterion:
    return TierCriterion(
        metric=data.metric,
        window=TierWindow(data.window.value),
        days=data.days,
        threshold=data.threshold,
        settings=[TierCriterionSetting(name=name, value=value) for name, value in data.settings],
        data=data,
        brought_by=row.plugins.get(data.metric),
    )


@requires(VIEW)
@strawberry.type(description="A version of the rules by which customers get their tiers. Versions are never changed.")
class TierPolicy(Node):
    """Over reads.PolicyRow."""

    is_type_of = backed_by(PolicyRow)
    id: strawberry.ID = identified("tierpolicy")
    number: int = strawberry.field(description="Grows with each version; 0 is what holds while a shop has none.")
    effective_at: Instant | None = strawberry.field(
        description="From when on it is in force, until another is; null is from the beginning."
    )
    ends_at: Instant | None = strawberry.field(
        description="Until when it is in force; null where nothing follows, equal to `effectiveAt` where another "
        "took its place from the same instant on."
    )
    created_at: Instant | None = strawberry.field(description="When it was made; null of the one from the beginning.")
    tiers: list[TierRule] = strawberry.field(resolver=_rules, description="The tiers, the highest first.")
    grace_days: int = strawberry.field(description="For how many days a tier is kept after it was last qualified for.")
    downgrade: TierDowngrade = strawberry.field(description="What happens when the criteria are no longer met.")
    upgrade_applies_to_trigger: bool = strawberry.field(
        description="Whether the purchase that lifts a customer is made on the terms of the new tier."
    )


def tier_of(tier: policy.Tier) -> Tier:
    """Strawberry reads what it shows from the rule itself."""
    return tier  # type: ignore[return-value]
