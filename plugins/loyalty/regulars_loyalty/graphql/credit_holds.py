"""Store credit that is kept for open baskets."""

from typing import Annotated

import strawberry

from regulars_core.plugin import Checks
from regulars_loyalty.credit import by_hand
from regulars_loyalty.graphql.entry_types import CreditEntry, CreditHold
from regulars_loyalty.graphql.postings import (
    BASKET,
    ENTRY,
    MINUTES,
    STORE,
    PostingInput,
    by_customer,
    by_hold,
    entry_of,
    hold_row,
    placed,
    who_is_named,
)
from regulars_loyalty.ledger.by_hand import Why
from regulars_loyalty.ledger.holds import checked_basket, checked_minutes, keep, release
from regulars_loyalty.permissions import CREDIT_SPEND, CREDIT_VIEW
from regulars_schema.plugin import (
    Extension,
    MoneyInput,
    Mutation,
    Payload,
    RequestContext,
    guarded,
    key_of,
    minor_units,
    mutation,
    value_or_none,
)

HOLD = "credithold"
CLOSED = "The hold, closed."


@strawberry.input(description="Credit to keep for an open basket.")
class CreditHoldInput(PostingInput):
    """Input of creditHold."""

    amount: MoneyInput = strawberry.field(description="How much; above 0.")
    basket: str = strawberry.field(description=BASKET)
    customer_id: strawberry.ID = strawberry.field(description="Whose credit.")
    minutes: strawberry.Maybe[int | None] = strawberry.field(description=MINUTES)


@strawberry.type(description="What creditHold answers.")
class CreditHoldPayload(Payload):
    """Payload of creditHold."""

    hold: CreditHold | None = guarded(CREDIT_VIEW, default=None, description="The hold.")


@mutation(
    name="creditHold",
    needs=CREDIT_SPEND,
    ahead=by_customer,
    turn=who_is_named,
    description="Keeps credit for an open basket, so that nothing else can spend it. The same basket again replaces its hold. "
    "Codes: `INSUFFICIENT_FUNDS`, `NOT_FOUND`, `INVALID_AMOUNT`, `CURRENCY_MISMATCH`, `OUT_OF_RANGE`, `REQUIRED`, `TOO_LONG`, "
    "`INVALID_TEXT`.",
)
async def credit_hold(
    context: RequestContext,
    *,
    input: Annotated[CreditHoldInput, strawberry.argument(description="How much, whose, for which basket.")],
) -> CreditHoldPayload:
    """Keep credit."""
    shop, checks = context.shop, Checks()
    key = key_of(input.customer_id, "customer", "customerId")
    amount = minor_units(input.amount, shop.currency, checks, "amount")
    basket = checked_basket(checks, input.basket)
    minutes = checked_minutes(shop, checks, value_or_none(input.minutes))
    checks.refuse()
    assert amount is not None
    assert basket is not None
    return CreditHoldPayload(hold=hold_row(await keep(shop, key, shop.currency, amount, basket, minutes, "amount")))


@strawberry.input(
    description="A hold to take from. A purchase that is paid from a hold names it in its payment's `reference` instead."
)
class CreditCaptureInput(PostingInput):
    """Input of creditCapture."""

    amount: strawberry.Maybe[MoneyInput | None] = strawberry.field(description="How much of it; all of it if absent.")
    hold_id: strawberry.ID = strawberry.field(description="The hold.")
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=STORE)


@strawberry.type(description="What creditCapture answers.")
class CreditCapturePayload(Payload):
    """Payload of creditCapture."""

    entry: CreditEntry | None = guarded(CREDIT_VIEW, default=None, description=ENTRY)
    hold: CreditHold | None = guarded(CREDIT_VIEW, default=None, description=CLOSED)


@mutation(
    name="creditCapture",
    needs=CREDIT_SPEND,
    ahead=by_hold,
    description="Takes what a hold has kept, or a part of it; the rest is free again. Codes: `NOT_FOUND`, `HOLD_CLOSED`, "
    "`HOLD_EXCEEDED` (InsufficientFunds), `INVALID_AMOUNT`, `CURRENCY_MISMATCH`.",
)
async def credit_capture(
    context: RequestContext,
    *,
    input: Annotated[CreditCaptureInput, strawberry.argument(description="Which hold, how much of it.")],
) -> CreditCapturePayload:
    """Take what a hold has kept."""
    shop, checks = context.shop, Checks()
    key, given = key_of(input.hold_id, HOLD, "holdId"), value_or_none(input.amount)
    amount = None if given is None else minor_units(given, shop.currency, checks, "amount")
    why = await placed(context, CREDIT_SPEND, checks, Why(), input.store_code)
    posted, hold = await by_hand.capture(shop, key, amount, why)
    return CreditCapturePayload(entry=entry_of(posted), hold=hold_row(hold))


@strawberry.input(description="A hold to free.")
class CreditReleaseInput(PostingInput):
    """Input of creditRelease."""

    hold_id: strawberry.ID = strawberry.field(description="The hold.")


@strawberry.type(description="What creditRelease answers.")
class CreditReleasePayload(Payload):
    """Payload of creditRelease."""

    hold: CreditHold | None = guarded(CREDIT_VIEW, default=None, description=CLOSED)


@mutation(
    name="creditRelease",
    needs=CREDIT_SPEND,
    ahead=by_hold,
    description="Frees what a hold has kept; one that is closed already stays so. Codes: `NOT_FOUND`.",
)
async def credit_release(
    context: RequestContext, *, input: Annotated[CreditReleaseInput, strawberry.argument(description="Which hold.")]
) -> CreditReleasePayload:
    """Free what a hold has kept."""
    key = key_of(input.hold_id, HOLD, "holdId")
    return CreditReleasePayload(hold=hold_row(await release(context.shop, key, of_points=False)))


EXTENSION = Extension(Mutation, [credit_hold, credit_capture, credit_release])
