"""Reward systems in the language of the API, and asking for them."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple, Unpack

import strawberry

from regulars_core.plugin import Instant, Page, RewardKind, ShownRule, decimal_text, exponent_of, shown_rule
from regulars_rewards.permissions import OFFERS_VIEW
from regulars_rewards.promotions.stored import shown_end
from regulars_rewards.systems import reads
from regulars_rewards.systems.reads import SystemRow, issued_counts, systems_by_ids
from regulars_rewards.triggers.kinds import RewardTriggerKind
from regulars_schema.plugin import (
    Connection,
    CustomerFilter,
    Extension,
    Node,
    NodeKind,
    PageArguments,
    Query,
    RequestContext,
    Rule,
    backed_by,
    batched,
    identified,
    in_every_store,
    key_of,
    requires,
    root,
    shown_audiences,
    window_of,
)

SYSTEM = "rewardsystem"
"""What ids of reward systems begin with."""


@strawberry.enum(description="How bands and targets of a reward system are read.")
class RewardMode(Enum):
    """Over bands.RewardMode."""

    NEXOPOS = strawberry.enum_value(
        "NEXOPOS",
        description="As NexoPOS does: both edges of a band belong to it, bands that match are summed, and the target gives one "
        "reward; the rest is kept.",
    )
    STANDARD = strawberry.enum_value(
        "STANDARD",
        description="The lower edge belongs to a band and the upper does not, at most one band matches, and each full target "
        "gives a reward.",
    )


class ShownBand(NamedTuple):
    """A band with its edges in the shop's currency."""

    since: Decimal
    until: Decimal | None
    progress: int


@requires(None)
@strawberry.type(description="How much progress a purchase of some size is worth.")
class RewardBand:
    """Over ShownBand."""

    is_type_of = backed_by(ShownBand)
    from_: Decimal = strawberry.field(
        name="from", resolver=lambda root: root.since, description="The lower edge, in the shop's currency."
    )
    progress: int = strawberry.field(description="How much progress.")
    to: Decimal | None = strawberry.field(resolver=lambda root: root.until, description="The upper edge; null is open.")


def _data(name: str) -> Any:
    """A field of the system's data."""
    return lambda root: getattr(root.data, name)


async def audiences_in(systems: Sequence[SystemRow], context: RequestContext) -> Sequence[CustomerFilter | None]:
    """For whom each counts, as the caller may see it."""
    return await shown_audiences([one.data.audience for one in systems], context)


async def bands_in(systems: Sequence[SystemRow], context: RequestContext) -> Sequence[Sequence[ShownBand]]:
    """The bands of each, in the order in which they were given; asks no database."""
    exponent = exponent_of(context.shop.currency)

    def edge(minor: int) -> Decimal:
        return Decimal(decimal_text(minor, exponent))

    return [
        [
            ShownBand(edge(band.since), None if band.until is None else edge(band.until), band.progress)
            for band in one.data.bands
        ]
        for one in systems
    ]


async def counts_in(systems: Sequence[SystemRow], context: RequestContext) -> Sequence[int]:
    """How many rewards each has given."""
    found = await issued_counts(context.database, [one.id for one in systems])
    return [found[one.id] for one in systems]


async def rewards_in(systems: Sequence[SystemRow], context: RequestContext) -> Sequence[ShownRule]:
    """What each gives; asks no database."""
    return [shown_rule(context.shop, RewardKind.use, one.data.reward.stored) for one in systems]


async def triggers_in(systems: Sequence[SystemRow], context: RequestContext) -> Sequence[ShownRule]:
    """What brings progress in each; asks no database."""
    return [shown_rule(context.shop, RewardTriggerKind.use, one.data.trigger.stored) for one in systems]


@requires(OFFERS_VIEW)
@strawberry.type(
    description=f"A rule by which progress collects until it gives a reward. Needs `{OFFERS_VIEW}`.",
)
class RewardSystem(Node):
    """Over reads.SystemRow."""

    is_type_of = backed_by(SystemRow)
    audience: CustomerFilter | None = batched(  # type: ignore[assignment]
        audiences_in,
        name="audience",
        returns=CustomerFilter | None,
        description="For whom it counts; null is everybody. A leaf whose plugin is off stays in it, and then it is for nobody. "
        "Null, too, where it compares what the caller may not read.",
    )
    bands: list[RewardBand] = batched(  # type: ignore[assignment]
        bands_in,
        name="bands",
        returns=list[RewardBand],
        description="How much progress a purchase is worth by its size; empty unless its trigger is `PURCHASE`.",
    )
    created_at: Instant = strawberry.field(description="When it was made.")
    ends_at: Instant | None = strawberry.field(
        resolver=lambda root: shown_end(root.data.ends_at), description="When it ends; null is never."
    )
    id: strawberry.ID = identified(SYSTEM)
    is_enabled: bool = strawberry.field(resolver=_data("is_enabled"), description="Whether progress collects.")
    issued_count: int = batched(  # type: ignore[assignment]
        counts_in,
        name="issuedCount",
        returns=int,
        description="How many rewards it has given, those that were taken back not counted.",
    )
    mode: RewardMode = strawberry.field(
        resolver=lambda root: root.data.mode.value, description="How bands and targets are read."
    )
    name: str = strawberry.field(description="What people call it; unique.")
    reward: Rule = batched(  # type: ignore[assignment]
        rewards_in,
        name="reward",
        returns=Rule,
        description="What is given at the target: `COUPON`, or `CREDIT` and `POINTS` of the loyalty plugin.",
    )
    starts_at: Instant = strawberry.field(
        resolver=lambda root: root.data.starts_at or root.created_at, description="When it starts."
    )
    target: int = strawberry.field(
        resolver=_data("target"), description="How much progress gives one reward; the rest is kept."
    )
    trigger_rule: Rule = batched(  # type: ignore[assignment]
        triggers_in,
        name="triggerRule",
        returns=Rule,
        description="What brings progress, such as `PURCHASE`, `NTH_PURCHASE`, `BIRTHDAY`, `ANNIVERSARY`, `INACTIVITY`, "
        "`TIER_CHANGE` or `MANUAL`.",
    )
    updated_at: Instant = strawberry.field(description="When it was last changed.")


@root(
    name="rewardSystem",
    needs=OFFERS_VIEW,
    returns=RewardSystem | None,
    description="One reward system.",
)
async def reward_system(
    context: RequestContext,
    *,
    id: Annotated[strawberry.ID, strawberry.argument(description="The id of the reward system.")],
) -> SystemRow | None:
    """One reward system."""
    key = key_of(id, SYSTEM, "id")
    return (await systems_by_ids(context.database, [key])).get(key)


@root(
    name="rewardSystems",
    needs=OFFERS_VIEW,
    returns=Connection[RewardSystem] | None,
    description="All reward systems, by name.",
)
async def reward_systems(context: RequestContext, **arguments: Unpack[PageArguments]) -> Page[SystemRow]:
    """A page of all reward systems."""
    return await reads.page_of_systems(context.database, window_of(reads.BY_NAME, arguments))


EXTENSION = Extension(Query, [reward_system, reward_systems])
NODE = NodeKind(SYSTEM, in_every_store(systems_by_ids), OFFERS_VIEW)
