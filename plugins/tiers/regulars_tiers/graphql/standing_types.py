"""Standings in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum

import strawberry

from regulars_core.plugin import Instant, Shop, exponent_of
from regulars_schema.plugin import requires
from regulars_tiers.graphql.policy_types import Tier, tier_of
from regulars_tiers.permissions import VIEW
from regulars_tiers.rules import explanation
from regulars_tiers.rules.criteria import Unit


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


@requires(VIEW)
@strawberry.type(description="How far a criterion of a tier is met.")
class TierCriterionReached:
    """Over explanation.CriterionProgress."""

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


@requires(VIEW)
@strawberry.type(description="The way to a higher tier.")
class TierProgress:
    """What is missing for one tier."""

    tier: Tier = strawberry.field(description="The tier.")
    criteria: list[TierCriterionReached] = strawberry.field(description="How far each of its criteria is met.")


@requires(VIEW)
@strawberry.type(description="A tier that is only kept for a while, though its criteria are no longer met.")
class TierGrace:
    """Over explanation.PendingDowngrade."""

    ends_at: Instant = strawberry.field(description="When the tier is lost, if nothing is bought.")
    falls_to: Tier = strawberry.field(description="The tier after that.")


@requires(VIEW)
@strawberry.type(description="A tier that will be lost if nothing is bought.")
class TierAtRisk:
    """Over explanation.PendingDowngrade."""

    falls_to: Tier = strawberry.field(description="The tier after that.")
    on: Instant = strawberry.field(description="When it is lost.")
    needed_to_keep: list[TierCriterionReached] = strawberry.field(
        description="What will be missing just before, with what has been bought by now."
    )


@requires(VIEW)
@strawberry.type(description="A criterion that gave the tier, with the purchases that counted.")
class TierExplanation:
    """Over explanation.Evidence."""

    criterion: TierCriterionReached = strawberry.field(description="The criterion, as it was met.")
    at: Instant = strawberry.field(description="When it was last met, at the latest at the instant that was asked for.")
    purchase_count: int = strawberry.field(description="How many purchases counted.")
    purchase_ids: strawberry.Private[Sequence[str]]


@requires(VIEW)
@strawberry.type(description="A customer's tier at an instant: where it comes from, and what it takes to keep or rise.")
class TierStanding:
    """Over explanation.Standing."""

    tier: Tier = strawberry.field(description="The tier.")
    since: Instant | None = strawberry.field(description="Since when; null where there was never another.")
    source: TierSource = strawberry.field(description="Where it comes from.")
    reason: str | None = strawberry.field(description="Why it was assigned; gone after the customer's erasure.")
    mode: TierMode | None = strawberry.field(description="How the assigned tier stands to what the rules give.")
    until: Instant | None = strawberry.field(description="When the assignment ends; null if it does not.")
    grace: TierGrace | None = strawberry.field(description="Where only grace keeps the tier: until when.")
    progress: list[TierProgress] = strawberry.field(description="What is missing for each higher tier, the next first.")
    at_risk: TierAtRisk | None = strawberry.field(description="When the tier will be lost if nothing is bought.")
    explanation: list[TierExplanation] = strawberry.field(
        description="The criteria that gave the tier; empty for everybody's tier, and for one that was assigned."
    )
    failed_metric: str | None = strawberry.field(
        description="The metric that cannot be measured now, for which the tier is kept as it is, and nothing is told of "
        "what it takes; null where everything can be measured."
    )


def _scaled(value: int, unit: Unit, shop: Shop) -> Decimal:
    return Decimal(value).scaleb(-exponent_of(shop.currency)) if unit is Unit.MONEY else Decimal(value)


def _criterion_reached(progress: explanation.CriterionProgress, shop: Shop) -> TierCriterionReached:
    kind, window = progress.criterion.kind, progress.criterion.window
    threshold = _scaled(progress.criterion.threshold, kind.unit, shop)
    return TierCriterionReached(
        description=f"{kind.description} {window.phrase}: {threshold:f}",
        set=progress.set,
        metric=kind.name,
        unit=TierUnit(kind.unit.value),
        threshold=threshold,
        value=_scaled(progress.value, kind.unit, shop),
        missing=_scaled(progress.missing, kind.unit, shop),
        until=progress.until,
    )


def standing_of(standing: explanation.Standing, shop: Shop) -> TierStanding:
    """A standing as it is shown."""
    one, at_risk = standing.assignment, standing.at_risk
    source = TierSource.AUTOMATIC if one is None else TierSource.INITIAL if one.kind == "INITIAL" else TierSource.MANUAL
    return TierStanding(
        tier=tier_of(standing.tier),
        since=standing.since,
        source=source,
        reason=one.reason if one else None,
        mode=TierMode(one.mode) if one else None,
        until=one.until if one else None,
        grace=TierGrace(ends_at=standing.grace.at, falls_to=tier_of(standing.grace.falls_to))
        if standing.grace
        else None,
        progress=[
            TierProgress(tier=tier_of(tier), criteria=[_criterion_reached(each, shop) for each in criteria])
            for tier, criteria in standing.progress
        ],
        at_risk=TierAtRisk(
            falls_to=tier_of(at_risk.falls_to),
            on=at_risk.at,
            needed_to_keep=[_criterion_reached(each, shop) for each in at_risk.needed],
        )
        if at_risk
        else None,
        explanation=[
            TierExplanation(
                criterion=_criterion_reached(evidence.progress, shop),
                at=evidence.at,
                purchase_count=len(evidence.facts),
                purchase_ids=[fact.id for fact in evidence.facts],
            )
            for evidence in standing.evidence
        ],
        failed_metric=standing.failed,
    )
