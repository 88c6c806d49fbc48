"""Whether what a policy asks for can be measured now."""

from collections.abc import Sequence

from regulars_schema.plugin import Extension, RequestContext, batched
from regulars_tiers import policy_versions, reassessment
from regulars_tiers.graphql.policy_types import TierCriterion
from regulars_tiers.registry import owner_of


@batched(
    name="plugin",
    returns=str | None,
    description="The plugin that brings the metric, or brought it when the policy was accepted; null where that was not kept.",
)
async def plugins_of(criteria: Sequence[TierCriterion], context: RequestContext) -> Sequence[str | None]:
    """Who brings each; asks no database."""
    return [_plugin(one, context) for one in criteria]


@batched(
    name="isAvailable",
    returns=bool,
    description="Whether the plugin that brings the metric is on and takes what it is told. While it is not, tiers stay as they "
    "are.",
)
async def available(criteria: Sequence[TierCriterion], context: RequestContext) -> Sequence[bool]:
    """Whether each can be measured at all; asks no database."""
    return [_reason(one, context) is None for one in criteria]


@batched(
    name="failure",
    returns=str | None,
    description="Why tiers stay as they are, of all customers or of some, in words; null where everybody can be measured.",
)
async def failures_of(criteria: Sequence[TierCriterion], context: RequestContext) -> Sequence[str | None]:
    """One statement for all of them."""
    counts = await reassessment.failed_counts(context.shop)
    return [_failure(one, context, counts.get(one.metric, 0)) for one in criteria]


def _failure(criterion: TierCriterion, context: RequestContext, count: int) -> str | None:
    if reason := _reason(criterion, context):
        return f"{criterion.metric} cannot be measured: {reason}."
    if count:
        whose = f"{criterion.metric} of the plugin '{_plugin(criterion, context)}'"
        return f"{whose} could not be measured for {count} customers, whose tiers stay as they are."
    return None


def _plugin(criterion: TierCriterion, context: RequestContext) -> str | None:
    return owner_of(context.shop, criterion.metric) or criterion.brought_by


def _reason(criterion: TierCriterion, context: RequestContext) -> str | None:
    return policy_versions.unavailable_reason(context.shop, criterion.data, _plugin(criterion, context))


EXTENSION = Extension(TierCriterion, [plugins_of, available, failures_of])
