"""Points that are kept for open baskets."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Checks
from regulars_loyalty.graphql.entry_types import PointsHold
from regulars_loyalty.graphql.postings import (
    BASKET,
    MINUTES,
    PostingInput,
    by_customer,
    by_hold,
    checked_points,
    hold_row,
    who_is_named,
)
from regulars_loyalty.ledger.book import POINTS
from regulars_loyalty.ledger.holds import checked_basket, checked_minutes, keep, release
from regulars_loyalty.permissions import POINTS_REDEEM, POINTS_VIEW
from regulars_schema.plugin import (
    BigInt,
    Extension,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    mutation,
    value_or_none,
)

HOLD = "pointshold"


@strawberry.input(description="Points to keep for an open basket.")
class PointsHoldInput(PostingInput):
    """Input of pointsHold."""

    basket: str = strawberry.field(description=BASKET)
    customer_id: strawberry.ID = strawberry.field(description="Whose points.")
    minutes: strawberry.Maybe[int | None] = strawberry.field(description=MINUTES)
    points: BigInt = strawberry.field(description="How many; above 0.")


@strawberry.type(description="What pointsHold answers.")
class PointsHoldPayload(Payload):
    """Payload of pointsHold."""

    hold: PointsHold | None = guarded(POINTS_VIEW, default=None, description="The hold.")


@mutation(
    name="pointsHold",
    needs=POINTS_REDEEM,
    ahead=by_customer,
    turn=who_is_named,
    description="Keeps points for an open basket, so that nothing else can spend them. The same basket again replaces its hold. "
    "Codes: `INSUFFICIENT_POINTS`, `NOT_FOUND`, `INVALID_AMOUNT`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def points_hold(
    context: RequestContext,
    *,
    input: Annotated[PointsHoldInput, strawberry.argument(description="How many, whose, for which basket.")],
) -> PointsHoldPayload:
    """Keep points."""
    shop, checks = context.shop, Checks()
    key = key_of(input.customer_id, "customer", "customerId")
    checked_points(checks, input.points)
    basket = checked_basket(checks, input.basket)
    minutes = checked_minutes(shop, checks, value_or_none(input.minutes))
    checks.refuse()
    assert basket is not None
    return PointsHoldPayload(hold=hold_row(await keep(shop, key, POINTS, input.points, basket, minutes, "points")))


@strawberry.input(description="A hold to free.")
class PointsReleaseInput(PostingInput):
    """Input of pointsRelease."""

    hold_id: strawberry.ID = strawberry.field(description="The hold.")


@strawberry.type(description="What pointsRelease answers.")
class PointsReleasePayload(Payload):
    """Payload of pointsRelease."""

    hold: PointsHold | None = guarded(POINTS_VIEW, default=None, description="The hold, closed.")


@mutation(
    name="pointsRelease",
    needs=POINTS_REDEEM,
    ahead=by_hold,
    description="Frees what a hold has kept; one that is closed already stays so. Codes: `NOT_FOUND`.",
)
async def points_release(
    context: RequestContext, *, input: Annotated[PointsReleaseInput, strawberry.argument(description="Which hold.")]
) -> PointsReleasePayload:
    """Free what a hold has kept."""
    key = key_of(input.hold_id, HOLD, "holdId")
    return PointsReleasePayload(hold=hold_row(await release(context.shop, key, of_points=True)))


EXTENSION = Extension(Mutation, [points_hold, points_release])
