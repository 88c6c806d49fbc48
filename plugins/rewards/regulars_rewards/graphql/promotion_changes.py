"""Making, changing and ending promotions."""

from typing import Annotated

import strawberry

from regulars_rewards.graphql.promotion_inputs import PromotionInput, PromotionUpdateInput, change_of, draft_of
from regulars_rewards.graphql.promotions import Promotion
from regulars_rewards.permissions import OFFERS_MANAGE, OFFERS_VIEW
from regulars_rewards.promotions import changes
from regulars_rewards.promotions.stored import PromotionRow, promotions_by_ids
from regulars_schema.plugin import (
    Extension,
    IdempotentInput,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    mutation,
    required_key,
)

_AT_STAKE = "coupons are at stake"
_RULES = (
    "`INVALID_RULE`, `UNKNOWN_KIND`, `RULE_BREAKS_LAW`, `INVALID_AUDIENCE`, `INVALID_AMOUNT`, `CURRENCY_MISMATCH`, "
)


@strawberry.input(description="A new promotion.")
class PromotionCreateInput(IdempotentInput):
    """Input of promotionCreate."""

    idempotency_key: str = required_key(_AT_STAKE)  # type: ignore[assignment]
    promotion: PromotionInput = strawberry.field(description="The promotion.")


@strawberry.type(description="What promotionCreate answers.")
class PromotionCreatePayload(Payload):
    """Payload of promotionCreate."""

    promotion: Promotion | None = guarded(OFFERS_VIEW, default=None, description="The new promotion.")


@mutation(
    name="promotionCreate",
    needs=OFFERS_MANAGE,
    description=f"Makes a promotion. Codes: {_RULES}`INVALID_DATE`, `OUT_OF_RANGE`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, "
    "`TOO_MANY`, `INVALID_TEXT`.",
)
async def promotion_create(
    context: RequestContext,
    *,
    input: Annotated[PromotionCreateInput, strawberry.argument(description="The promotion to make.")],
) -> PromotionCreatePayload:
    """Make a promotion."""
    draft = await draft_of(context.shop, input.promotion)
    key = await changes.create_promotion(context.shop, draft)
    return PromotionCreatePayload(promotion=await _promotion(context, key))  # type: ignore[arg-type]


@strawberry.type(description="What promotionUpdate answers.")
class PromotionUpdatePayload(Payload):
    """Payload of promotionUpdate."""

    promotion: Promotion | None = guarded(OFFERS_VIEW, default=None, description="The promotion as it is now.")


@mutation(
    name="promotionUpdate",
    needs=OFFERS_MANAGE,
    description="Changes a promotion from now on; what was used stays as it was. Codes: `NOT_FOUND`, `PROMOTION_ENDED`, "
    f"{_RULES}`INVALID_DATE`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`.",
)
async def promotion_update(
    context: RequestContext,
    *,
    input: Annotated[PromotionUpdateInput, strawberry.argument(description="What to change.")],
) -> PromotionUpdatePayload:
    """Change a promotion."""
    key = key_of(input.id, "promotion", "id")
    await changes.change_promotion(context.shop, key, await change_of(context.shop, input))
    return PromotionUpdatePayload(promotion=await _promotion(context, key))  # type: ignore[arg-type]


@strawberry.input(description="A promotion to end.")
class PromotionEndInput(IdempotentInput):
    """Input of promotionEnd."""

    id: strawberry.ID = strawberry.field(description="The promotion.")
    idempotency_key: str = required_key(_AT_STAKE)  # type: ignore[assignment]


@strawberry.type(description="What promotionEnd answers.")
class PromotionEndPayload(Payload):
    """Payload of promotionEnd."""

    promotion: Promotion | None = guarded(OFFERS_VIEW, default=None, description="The promotion as it is now.")


@mutation(
    name="promotionEnd",
    needs=OFFERS_MANAGE,
    description="Ends a promotion at once; its coupons can no longer be used. One that has ended stays so. Codes: `NOT_FOUND`.",
)
async def promotion_end(
    context: RequestContext, *, input: Annotated[PromotionEndInput, strawberry.argument(description="Which.")]
) -> PromotionEndPayload:
    """End a promotion."""
    key = key_of(input.id, "promotion", "id")
    await changes.end_promotion(context.shop, key)
    return PromotionEndPayload(promotion=await _promotion(context, key))  # type: ignore[arg-type]


async def _promotion(context: RequestContext, key: str) -> PromotionRow | None:
    return (await promotions_by_ids(context.database, [key])).get(key)


EXTENSION = Extension(Mutation, [promotion_create, promotion_update, promotion_end])
