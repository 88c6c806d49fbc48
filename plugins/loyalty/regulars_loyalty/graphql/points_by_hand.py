"""Points that are given, taken and spent by hand."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Checks, Instant, Lookup, Shop, now
from regulars_loyalty.graphql.entry_types import PointsEntry
from regulars_loyalty.graphql.postings import (
    ENTRY,
    NOTE,
    REASON,
    STORE,
    PostingInput,
    by_customer,
    checked_points,
    entry_of,
    placed,
    who_is_named,
)
from regulars_loyalty.ledger.by_hand import checked_end, checked_why
from regulars_loyalty.permissions import POINTS_ADJUST, POINTS_REDEEM, POINTS_VIEW
from regulars_loyalty.points import by_hand
from regulars_loyalty.points.exchanges import exchange as exchange_points
from regulars_loyalty.points.program_versions import lookup_versions
from regulars_schema.plugin import (
    BigInt,
    Customer,
    CustomerPayload,
    Extension,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    mutation,
    value_or_none,
)

MAX_TIMES = 100


@strawberry.enum(description="Which way points are adjusted.")
class PointsDirection(Enum):
    """The two ways."""

    ADD = strawberry.enum_value("ADD", description="Points are given.")
    DEDUCT = strawberry.enum_value("DEDUCT", description="Points are taken.")


def _looked_up(shop: Shop, given: Any) -> Sequence[Lookup]:
    """What is looked up of the customer, and of the program where that says something."""
    if isinstance(given, PointsRedeemInput):
        asks_program = value_or_none(given.exchange) is not None
    else:
        asks_program = given.expires_at is None and given.direction is PointsDirection.ADD
    return [*by_customer(shop, given), *([lookup_versions(shop)] if asks_program else [])]


@strawberry.input(description="Points to give or to take.")
class PointsAdjustInput(PostingInput):
    """Input of pointsAdjust."""

    allow_debt: strawberry.Maybe[bool | None] = strawberry.field(
        description="Whether what is missing becomes debt where more is taken than is available; refused if absent."
    )
    customer_id: strawberry.ID = strawberry.field(description="Whose points.")
    direction: PointsDirection = strawberry.field(description="Whether they are given or taken.")
    expires_at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When those that are given expire; as the program says if absent, and null is never."
    )
    note: strawberry.Maybe[str | None] = strawberry.field(description=NOTE)
    points: BigInt = strawberry.field(description="How many; above 0.")
    reason: str = strawberry.field(description=REASON)
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=STORE)


@strawberry.type(description="What pointsAdjust answers.")
class PointsAdjustPayload(CustomerPayload):
    """Payload of pointsAdjust."""

    entry: PointsEntry | None = guarded(POINTS_VIEW, default=None, description=ENTRY)


@mutation(
    name="pointsAdjust",
    needs=POINTS_ADJUST,
    ahead=_looked_up,
    turn=who_is_named,
    description="Gives or takes points by hand, with a reason. Codes: `INSUFFICIENT_POINTS`, `NOT_FOUND`, `INVALID_AMOUNT`, "
    "`UNKNOWN_REASON`, `INVALID_DATE`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def points_adjust(
    context: RequestContext,
    *,
    input: Annotated[PointsAdjustInput, strawberry.argument(description="How many, whose, why.")],
) -> PointsAdjustPayload:
    """Give or take points."""
    shop, checks = context.shop, Checks()
    key = key_of(input.customer_id, "customer", "customerId")
    checked_points(checks, input.points)
    ends: by_hand.Ends = by_hand.AS_THE_PROGRAM_SAYS
    if input.expires_at is not None:
        ends = value_or_none(input.expires_at)
        checked_end(checks, value_or_none(input.expires_at), now())
    why = checked_why(shop, checks, input.reason, value_or_none(input.note))
    why = await placed(context, POINTS_ADJUST, checks, why, input.store_code)
    if input.direction is PointsDirection.ADD:
        posted = await by_hand.add(shop, key, input.points, why, ends)
    else:
        allow_debt = bool(value_or_none(input.allow_debt))
        posted = await by_hand.deduct(shop, key, input.points, why, allow_debt=allow_debt)
    customer: Any = posted.customer
    return PointsAdjustPayload(customer=customer, entry=entry_of(posted))


@strawberry.input(description="Points to spend: on an exchange, or as many as something handed over costs.")
class PointsRedeemInput(PostingInput):
    """Input of pointsRedeem."""

    customer_id: strawberry.ID = strawberry.field(description="Whose points.")
    exchange: strawberry.Maybe[str | None] = strawberry.field(
        description="The exchange, by its code in the program; either this or `points`."
    )
    hold_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The hold that they are taken from, if there is one; the rest of it is free again."
    )
    note: strawberry.Maybe[str | None] = strawberry.field(description=NOTE)
    points: strawberry.Maybe[BigInt | None] = strawberry.field(
        description="How many, above 0, for something that is handed over; either this or `exchange`."
    )
    reason: strawberry.Maybe[str | None] = strawberry.field(
        description="Why: one of `shop.ledgerReasons`; needed with `points`."
    )
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=STORE)
    times: strawberry.Maybe[int | None] = strawberry.field(
        description=f"How often to exchange, 1 to {MAX_TIMES}; 1 if absent."
    )


@strawberry.type(description="What pointsRedeem answers.")
class PointsRedeemPayload(Payload):
    """Payload of pointsRedeem."""

    customer: Customer | None = guarded(
        "customers.view", default=None, description="The customer as it is now, with what the exchange gave."
    )
    entry: PointsEntry | None = guarded(POINTS_VIEW, default=None, description=ENTRY)


@mutation(
    name="pointsRedeem",
    needs=POINTS_REDEEM,
    ahead=_looked_up,
    turn=who_is_named,
    description="Spends points: on an exchange of the program, or on something that is handed over. Points that pay for a "
    "purchase are a payment of `purchaseRecord`. Codes: `INSUFFICIENT_POINTS`, `NOT_FOUND`, `UNKNOWN_EXCHANGE`, "
    "`EXCHANGE_UNAVAILABLE`, `INVALID_AMOUNT`, `UNKNOWN_REASON`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def points_redeem(
    context: RequestContext,
    *,
    input: Annotated[PointsRedeemInput, strawberry.argument(description="Whose, for what.")],
) -> PointsRedeemPayload:
    """Spend points."""
    shop, checks = context.shop, Checks()
    key, held = key_of(input.customer_id, "customer", "customerId"), value_or_none(input.hold_id)
    hold = None if held is None else key_of(held, "pointshold", "holdId")
    points, exchange, times = (value_or_none(one) for one in (input.points, input.exchange, input.times))
    if points is None and exchange is None:
        checks.fail("REQUIRED", "Say how many points, or what they are exchanged for.", "points")
    elif points is not None and exchange is not None:
        checks.fail("INVALID_AMOUNT", "An exchange has a price of its own: leave this out.", "points")
    elif points is not None:
        checked_points(checks, points)
    if times is not None and not 1 <= times <= (1 if exchange is None else MAX_TIMES):
        checks.fail("OUT_OF_RANGE", f"An exchange is made 1 to {MAX_TIMES} times, and anything else once.", "times")
    reason, note = value_or_none(input.reason), value_or_none(input.note)
    why = checked_why(shop, checks, reason, note, required=points is not None)
    why = await placed(context, POINTS_REDEEM, checks, why, input.store_code)
    if exchange is None:
        posted = await by_hand.redeem(shop, key, points, why, hold)
    else:
        posted = await exchange_points(shop, key, exchange, 1 if times is None else times, why, hold)
    customer: Any = posted.customer
    return PointsRedeemPayload(customer=customer, entry=entry_of(posted))


EXTENSION = Extension(Mutation, [points_adjust, points_redeem])
