"""Programs of points in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry

from regulars_core.plugin import Instant, Money, PointsRuleKind, RewardKind, ShownRule, shown_rule, to_minor
from regulars_loyalty.permissions import POINTS_VIEW
from regulars_loyalty.points import program
from regulars_loyalty.points.program_reads import ProgramRow
from regulars_schema import plugin as schema
from regulars_schema.plugin import (
    BigInt,
    CustomerFilter,
    Node,
    RequestContext,
    Rule,
    backed_by,
    batched,
    identified,
    requires,
    shown_audiences,
)


@strawberry.enum(description="Whether the end of points is moved to the end of its month.")
class ExpiryRounding(Enum):
    """Over program.ExpiryRounding."""

    MONTH_END = strawberry.enum_value(
        "MONTH_END", description="They can be used through the last day of the month, where the shop is."
    )
    NONE = strawberry.enum_value("NONE", description="They end at the instant that the duration leads to.")


@strawberry.enum(description="From when on the life of points is counted.")
class ExpiryStart(Enum):
    """Over program.ExpiryStart."""

    AVAILABILITY = strawberry.enum_value(
        "AVAILABILITY", description="From the instant at which they could first be spent."
    )
    LAST_ACTIVITY = strawberry.enum_value(
        "LAST_ACTIVITY",
        description="From the customer's last activity, earning or spending: each begins the life of all points anew.",
    )


async def rules_of(rules: Sequence[program.EarningData], context: RequestContext) -> Sequence[ShownRule]:
    """What each of these is; asks no database."""
    return [shown_rule(context.shop, PointsRuleKind.use, one.rule.stored) for one in rules]


async def audiences_of(
    rules: Sequence[program.EarningData], context: RequestContext
) -> Sequence[CustomerFilter | None]:
    """For whom each of these is, as the caller may see it."""
    return await shown_audiences([one.audience for one in rules], context)


@requires(None)
@strawberry.type(description="Something that earns points.")
class PointsRule:
    """Over program.EarningData."""

    is_type_of = backed_by(program.EarningData)
    audience: CustomerFilter | None = batched(  # type: ignore[assignment]
        audiences_of,
        name="audience",
        returns=CustomerFilter | None,
        description="For whom it counts; null is everybody. A leaf whose plugin is off stays in it, and then it is for nobody. "
        "Null, too, where it compares what the caller may not read.",
    )
    code: str = strawberry.field(description="Short and unique in its program.")
    name: str = strawberry.field(description="What people call it.")
    rule: Rule = batched(  # type: ignore[assignment]
        rules_of, name="rule", returns=Rule, description="How many points a purchase earns."
    )


async def amounts_of(rates: Sequence[program.RateData], context: RequestContext) -> Sequence[Money]:
    """What a step of each is worth."""
    return [context.shop.money(to_minor(one.amount, context.shop.currency) or 0) for one in rates]


@requires(None)
@strawberry.type(description="What points pay for: so many points are so much money, in whole steps.")
class PointsRate:
    """Over program.RateData."""

    is_type_of = backed_by(program.RateData)
    amount: schema.Money = batched(  # type: ignore[assignment]
        amounts_of, name="amount", returns=schema.Money, description="The money of one step."
    )
    maximum_share: Decimal | None = strawberry.field(
        description="The largest part of what a purchase comes to that points may pay, above 0 and at most 1; null is all of it."
    )
    minimum_points: BigInt | None = strawberry.field(
        description="The fewest points that a payment takes; null is one step."
    )
    points: BigInt = strawberry.field(description="The points of one step.")


async def rewards_of(exchanges: Sequence[program.ExchangeData], context: RequestContext) -> Sequence[ShownRule]:
    """What each of these gives; asks no database."""
    return [shown_rule(context.shop, RewardKind.use, one.reward.stored) for one in exchanges]


@requires(None)
@strawberry.type(description="Something that points are exchanged for.")
class PointsExchange:
    """Over program.ExchangeData."""

    is_type_of = backed_by(program.ExchangeData)
    code: str = strawberry.field(description="Short and unique in its program.")
    name: str = strawberry.field(description="What people call it.")
    points: BigInt = strawberry.field(description="What it costs.")
    reward: Rule = batched(  # type: ignore[assignment]
        rewards_of,
        name="reward",
        returns=Rule,
        description="What is given: a rule of the use `REWARD`, such as `CREDIT` or a plugin's `COUPON`.",
    )


def _data(name: str) -> Any:
    """A field of the program's data."""
    return lambda root: getattr(root.data, name)


@requires(POINTS_VIEW)
@strawberry.type(
    description="A version of the rules by which points are earned and spent. Versions are never changed. "
    f"Needs `{POINTS_VIEW}`."
)
class PointsProgram(Node):
    """Over program_reads.ProgramRow."""

    is_type_of = backed_by(ProgramRow)
    created_at: Instant = strawberry.field(description="When it was made.")
    ends_at: Instant | None = strawberry.field(description="Until when it is in force; null where nothing follows.")
    exchanges: list[PointsExchange] = strawberry.field(
        resolver=_data("exchanges"), description="What points are exchanged for, beside paying."
    )
    expire_after: str | None = strawberry.field(
        resolver=_data("expire_after"),
        description="How long points live, as an ISO 8601 duration of calendar time such as `P9M` or `P365D`; null is for ever.",
    )
    expiry_rounding: ExpiryRounding = strawberry.field(
        resolver=_data("expiry_rounding"), description="Whether their end is moved to the end of its month."
    )
    expiry_start: ExpiryStart = strawberry.field(
        resolver=_data("expiry_start"), description="From when on their life is counted."
    )
    id: strawberry.ID = identified("pointsprogram")
    number: int = strawberry.field(description="Grows with each version.")
    pending_days: int = strawberry.field(
        resolver=_data("pending_days"),
        description="For how many days after the purchase points cannot be spent yet.",
    )
    rate: PointsRate | None = strawberry.field(
        resolver=_data("rate"), description="What points pay for; null where they pay for nothing."
    )
    rules: list[PointsRule] = strawberry.field(
        resolver=_data("rules"), description="What earns points; each rule that applies adds an entry of its own."
    )
    starts_at: Instant = strawberry.field(description="From when on it is in force.")
