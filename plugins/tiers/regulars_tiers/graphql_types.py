"""Tiers, policies and standings in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry

from regulars_core.clock import Instant
from regulars_core.money import exponent_of
from regulars_core.shop import Shop
from regulars_schema.ids import identified
from regulars_schema.money import Money
from regulars_schema.nodes import Node, backed_by
from regulars_schema.permissions import guarded, under
from regulars_tiers import policy, standing
from regulars_tiers.criteria import Unit
from regulars_tiers.permissions import MANAGE, VIEW
from regulars_tiers.policy import BenefitData, CriterionData, TierData
from regulars_tiers.reads import ChangeRow, PolicyRow, Share
from regulars_tiers.simulating import Simulation


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


@strawberry.enum(description="How an assigned tier stands to what the rules give.")
class TierMode(Enum):
    """Over timeline.Mode."""

    FLOOR = strawberry.enum_value("FLOOR", description="At least this tier: the rules may lift above it.")
    EXACT = strawberry.enum_value("EXACT", description="This tier, whatever the rules give.")


@strawberry.enum(description="Where a tier comes from.")
class TierSource(Enum):
    """Who decides."""

    AUTOMATIC = strawberry.enum_value("AUTOMATIC", description="The rules give it.")
    MANUAL = strawberry.enum_value("MANUAL", description="Somebody assigned it.")
    INITIAL = strawberry.enum_value("INITIAL", description="It was chosen when the customer was registered.")


@strawberry.enum(description="What the figures of a criterion are.")
class TierUnit(Enum):
    """Over criteria.Unit."""

    MONEY = strawberry.enum_value("MONEY", description="An amount in the shop's currency.")
    COUNT = strawberry.enum_value("COUNT", description="A whole number.")


@under(VIEW)
@strawberry.type(description="Something that a tier brings.")
class TierBenefit:
    """Over policy.BenefitData."""

    text: str = strawberry.field(description="A sentence for people.")
    kind: str | None = strawberry.field(description="What it is for programs, such as `POINTS_MULTIPLIER`.")
    value: Decimal | None = strawberry.field(description="How much, where the kind has a figure.")


@under(VIEW)
@strawberry.type(description="A rank that customers earn by what they buy.")
class Tier:
    """Over policy.Tier."""

    is_type_of = backed_by(policy.Tier)
    code: str = strawberry.field(description="Short and unique in its policy, such as `A`.")
    name: str = strawberry.field(description="What people call it.")
    rank: int = strawberry.field(description="How high it is: 0 is everybody's tier, and the highest is the best.")
    benefits: list[TierBenefit] = strawberry.field(description="What it brings.")


@under(VIEW)
@strawberry.type(description="A setting of a criterion that a plugin brings.")
class TierCriterionSetting:
    """An entry of policy.CriterionData.settings."""

    name: str = strawberry.field(description="The name of the setting.")
    value: str = strawberry.field(description="Its value as text.")


@under(VIEW)
@strawberry.type(description="What a tier asks for: a metric over a window that is at least a threshold.")
class TierCriterion:
    """Over policy.CriterionData."""

    metric: str = strawberry.field(description="What is measured: `NET_SPEND`, `ORDERS`, or what a plugin measures.")
    window: TierWindow = strawberry.field(description="Over which purchases.")
    days: int | None = strawberry.field(description="The length of a rolling window.")
    threshold: Decimal = strawberry.field(description="What must be reached.")
    settings: list[TierCriterionSetting] = strawberry.field(description="What else a plugin's metric was told.")


@under(VIEW)
@strawberry.type(description="Criteria that must all be met at the same time.")
class TierCriteria:
    """A set of policy.TierData.criteria."""

    all_of: list[TierCriterion] = strawberry.field(description="Every one of these.")


@under(VIEW)
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
    tiers: Sequence[TierData] = root.data.tiers
    return [_rule(tier, len(tiers) - n) for n, tier in enumerate(tiers, 1)]


def _rule(tier: TierData, rank: int) -> TierRule:
    sets = [TierCriteria(all_of=[_criterion(one) for one in set_]) for set_ in tier.criteria]
    return TierRule(code=tier.code, name=tier.name, rank=rank, benefits=_benefits(tier.benefits), any_of=sets)


def _criterion(data: CriterionData) -> TierCriterion:
    settings = [TierCriterionSetting(name=name, value=str(value)) for name, value in data.settings.items()]
    window = TierWindow(data.window.value)
    return TierCriterion(metric=data.metric, window=window, days=data.days, threshold=data.threshold, settings=settings)


@under(VIEW)
@strawberry.type(description="A version of the rules by which customers get their tiers. Versions are never changed.")
class TierPolicy(Node):
    """Over reads.PolicyRow."""

    is_type_of = backed_by(PolicyRow)
    id: strawberry.ID = identified("tierpolicy")
    number: int = strawberry.field(description="Grows with each version; 0 is what holds while a shop has none.")
    effective_at: Instant | None = strawberry.field(
        description="From when on it is in force, until another is; null is from the beginning."
    )

    tiers: list[TierRule] = strawberry.field(resolver=_rules, description="The tiers, the highest first.")
    grace_days: int = strawberry.field(description="For how many days a tier is kept after it was last qualified for.")
    downgrade: TierDowngrade = strawberry.field(description="What happens when the criteria are no longer met.")
    upgrade_applies_to_trigger: bool = strawberry.field(
        description="Whether the purchase that lifts a customer is made on the terms of the new tier."
    )


@under(VIEW)
@strawberry.type(description="How far a criterion of a tier is met.")
class TierCriterionReached:
    """Over standing.Reached."""

    description: str = strawberry.field(description="The criterion in words, such as `Net spend in 30 days: 500.00`.")
    set: int = strawberry.field(description="Criteria of one number belong together; one whole set is enough.")
    metric: str = strawberry.field(description="What is measured.")
    unit: TierUnit = strawberry.field(description="What the figures are.")
    threshold: Decimal = strawberry.field(description="What must be reached.")
    value: Decimal = strawberry.field(description="What is there.")
    missing: Decimal = strawberry.field(description="What is missing; 0 where it is met.")
    until: Instant | None = strawberry.field(
        description="When something of what is there will no longer count; null if all of it always counts."
    )


@under(VIEW)
@strawberry.type(description="The way to a higher tier.")
class TierProgress:
    """What is missing for one tier."""

    tier: Tier = strawberry.field(description="The tier.")
    criteria: list[TierCriterionReached] = strawberry.field(description="How far each of its criteria is met.")


@under(VIEW)
@strawberry.type(description="A tier that is only kept for a while, though its criteria are no longer met.")
class TierGrace:
    """Over standing.Falling."""

    ends_at: Instant = strawberry.field(description="When the tier is lost, if nothing is bought.")
    falls_to: Tier = strawberry.field(description="The tier after that.")


@under(VIEW)
@strawberry.type(description="A tier that will be lost if nothing is bought.")
class TierAtRisk:
    """Over standing.Falling."""

    falls_to: Tier = strawberry.field(description="The tier after that.")
    on: Instant = strawberry.field(description="When it is lost.")
    needed_to_keep: list[TierCriterionReached] = strawberry.field(
        description="What will be missing just before, with what has been bought by now."
    )


@under(VIEW)
@strawberry.type(description="A criterion that gave the tier, with the purchases that counted.")
class TierExplanation:
    """Over standing.Ground."""

    criterion: TierCriterionReached = strawberry.field(description="The criterion, as it was met.")
    at: Instant = strawberry.field(description="When it was last met, at the latest at the instant that was asked for.")
    purchase_count: int = strawberry.field(description="How many purchases counted.")
    purchase_ids: strawberry.Private[Sequence[str]]


@under(VIEW)
@strawberry.type(description="A customer's tier at an instant: where it comes from, and what it takes to keep or rise.")
class TierStanding:
    """Over standing.Standing."""

    tier: Tier = strawberry.field(description="The tier.")
    since: Instant | None = strawberry.field(description="Since when; null where there was never another.")
    source: TierSource = strawberry.field(description="Where it comes from.")
    reason: str | None = strawberry.field(description="Why it was assigned.")
    mode: TierMode | None = strawberry.field(description="How the assigned tier stands to what the rules give.")
    until: Instant | None = strawberry.field(description="When the assignment ends; null if it does not.")
    grace: TierGrace | None = strawberry.field(description="Where only grace keeps the tier: until when.")
    progress: list[TierProgress] = strawberry.field(description="What is missing for each higher tier, the next first.")
    at_risk: TierAtRisk | None = strawberry.field(description="When the tier will be lost if nothing is bought.")
    explanation: list[TierExplanation] = strawberry.field(
        description="The criteria that gave the tier; empty for everybody's tier, and for one that was assigned."
    )


def _scaled(value: int, unit: Unit, shop: Shop) -> Decimal:
    return Decimal(value).scaleb(-exponent_of(shop.currency)) if unit is Unit.MONEY else Decimal(value)


def _reached(one: standing.Reached, shop: Shop) -> TierCriterionReached:
    kind, window = one.criterion.kind, one.criterion.window
    threshold = _scaled(one.criterion.threshold, kind.unit, shop)
    return TierCriterionReached(
        description=f"{kind.description} {window.said}: {threshold:f}",
        set=one.set,
        metric=kind.kind,
        unit=TierUnit(kind.unit.value),
        threshold=threshold,
        value=_scaled(one.value, kind.unit, shop),
        missing=_scaled(one.missing, kind.unit, shop),
        until=one.until,
    )


def tier_of(tier: policy.Tier) -> Tier:
    """Strawberry reads what it shows from the rule itself."""
    return tier  # type: ignore[return-value]


def shown(found: standing.Standing, shop: Shop) -> TierStanding:
    """A standing as it is shown."""
    one, falling = found.assignment, found.at_risk
    source = TierSource.AUTOMATIC if one is None else TierSource.INITIAL if one.kind == "INITIAL" else TierSource.MANUAL
    return TierStanding(
        tier=tier_of(found.tier),
        since=found.since,
        source=source,
        reason=one.reason if one else None,
        mode=TierMode(one.mode) if one else None,
        until=one.until if one else None,
        grace=TierGrace(ends_at=found.grace.at, falls_to=tier_of(found.grace.falls_to)) if found.grace else None,
        progress=[
            TierProgress(tier=tier_of(tier), criteria=[_reached(each, shop) for each in reached])
            for tier, reached in found.progress
        ],
        at_risk=TierAtRisk(
            falls_to=tier_of(falling.falls_to),
            on=falling.at,
            needed_to_keep=[_reached(each, shop) for each in falling.needed],
        )
        if falling
        else None,
        explanation=[
            TierExplanation(
                criterion=_reached(ground.reached, shop),
                at=ground.at,
                purchase_count=len(ground.facts),
                purchase_ids=[fact.id for fact in ground.facts],
            )
            for ground in found.grounds
        ],
    )


@under(VIEW)
@strawberry.type(description="A change of a customer's tier, as it was shown at the time.")
class TierChange(Node):
    """Over reads.ChangeRow."""

    is_type_of = backed_by(ChangeRow)
    id: strawberry.ID = identified("tierchange")
    at: Instant = strawberry.field(description="When it came about.")
    before: str = strawberry.field(description="The code of the tier until then.")
    after: str = strawberry.field(description="The code of the tier from then on.")
    cause: str = strawberry.field(
        description="What brought it about: `PURCHASE`, `REFUND`, `VOID`, `ASSIGNMENT`, `POLICY`, `REASSESSMENT` or `TIME`."
    )


@under(VIEW)
@strawberry.type(description="How many customers have a tier.")
class TierShare:
    """Over reads.Share."""

    tier: Tier = strawberry.field(description="The tier.")
    customer_count: int = strawberry.field(description="Customers who were registered at that time and have it.")
    total_spent: Money = strawberry.field(description="What they have spent in all until now.")


def share_of(share: Share, shop: Shop) -> TierShare:
    """A share as it is shown."""
    spent: Money = shop.money(share.spent)  # type: ignore[assignment]
    return TierShare(tier=tier_of(share.tier), customer_count=share.customer_count, total_spent=spent)


@under(MANAGE)
@strawberry.type(description="How many customers would go from one tier to another.")
class TierMove:
    """An entry of simulating.Simulation.moves."""

    before: str = strawberry.field(description="The code of the tier by the policy as it is.")
    after: str = strawberry.field(description="The code of the tier by the policy that is tried.")
    customer_count: int = strawberry.field(description="How many.")


@under(MANAGE)
@strawberry.type(description="A customer who would have another tier.")
class TierMoved:
    """Over simulating.Moved."""

    before: TierStanding | None = guarded(VIEW, description="The standing by the policy as it is.")
    after: TierStanding | None = guarded(VIEW, description="The standing by the policy that is tried.")
    customer_id: strawberry.Private[str]


@under(MANAGE)
@strawberry.type(description="What a policy would change. Nothing was written.")
class TierSimulation:
    """Over simulating.Simulation."""

    at: Instant = strawberry.field(description="The instant at which tiers are compared.")
    customer_count: int = strawberry.field(description="All customers.")
    moved_count: int = strawberry.field(description="Customers who would have another tier.")
    moves: list[TierMove] = strawberry.field(description="How many from where to where, those who stay included.")
    sample: list[TierMoved] = strawberry.field(description="Some of those who are moved, explained.")


def simulation_of(found: Simulation, shop: Shop) -> TierSimulation:
    """A simulation as it is shown."""
    return TierSimulation(
        at=found.at,
        customer_count=found.customers,
        moved_count=found.moved,
        moves=[
            TierMove(before=before, after=after, customer_count=count)
            for (before, after), count in sorted(found.moves.items())
        ],
        sample=[
            TierMoved(before=shown(one.before, shop), after=shown(one.after, shop), customer_id=one.customer_id)
            for one in found.sample
        ],
    )
