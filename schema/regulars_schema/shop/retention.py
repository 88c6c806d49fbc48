"""For how long what is personal is kept."""

import asyncio
import dataclasses
from collections.abc import Sequence

import strawberry

from regulars_core.customers.erasure.retention import MOST_COUNTED, DueCount, due_count
from regulars_core.plugins.owners import CORE
from regulars_schema.composition.contributions import Contribution, Extension
from regulars_schema.fields.declarations import batched
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.shop.shop import Shop

ERASE = "customers.erase"


@requires(ERASE)
@strawberry.type(description="For how long what is personal is kept, by the settings of the shop.")
class RetentionPolicy:
    """Over regulars_core.shop.retention_settings.RetentionSettings."""

    inactive_months: int | None = strawberry.field(
        description="After how many months without a purchase, a note or a change a customer is erased; null for never."
    )
    erase_after_days: int = strawberry.field(description="After how many days an erasure that was asked for is done.")
    note_months: int | None = strawberry.field(description="After how many months a note is deleted; null for never.")
    counted: strawberry.Private[DueCount | None] = None
    counting: strawberry.Private[asyncio.Lock] = dataclasses.field(default_factory=asyncio.Lock)


@batched(
    name="retention",
    needs=ERASE,
    returns=RetentionPolicy | None,
    description="For how long what is personal is kept.",
)
async def retention(shops: Sequence[Shop], context: RequestContext) -> Sequence[RetentionPolicy]:
    """The policy, which is a setting."""
    settings = context.shop.settings
    policy = RetentionPolicy(
        inactive_months=settings.retention_inactive_months,
        erase_after_days=settings.erase_after_days,
        note_months=settings.retention_note_months,
    )
    return [policy for _ in shops]


@batched(
    name="dueCount",
    returns=int,
    description="How many customers the next run would put on the list to be erased; they can be cancelled one by one until "
    f"their time. Counted among the {MOST_COUNTED:,} who did not buy for the longest time; `isDueCountComplete` says whether "
    "these are all.",
)
async def due(policies: Sequence[RetentionPolicy], context: RequestContext) -> Sequence[int]:
    """Counted as the run would find them."""
    return [(await _counted(policy, context)).count for policy in policies]


@batched(
    name="isDueCountComplete",
    returns=bool,
    description="Whether everybody was looked at for `dueCount`; if not, it is the least that are due.",
)
async def due_is_complete(policies: Sequence[RetentionPolicy], context: RequestContext) -> Sequence[bool]:
    """Told by the same count."""
    return [(await _counted(policy, context)).is_complete for policy in policies]


async def _counted(policy: RetentionPolicy, context: RequestContext) -> DueCount:
    """Counted once for both fields, which are asked at the same time."""
    async with policy.counting:
        if policy.counted is None:
            policy.counted = await due_count(context.shop)
        return policy.counted


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE, extensions=[Extension(Shop, [retention]), Extension(RetentionPolicy, [due, due_is_complete])]
    )
