"""Store credit that is given and taken by hand."""

from typing import Annotated, Any

import strawberry

from regulars_core.plugin import Checks, Instant, now
from regulars_loyalty.credit import by_hand
from regulars_loyalty.graphql.entry_types import CreditEntry
from regulars_loyalty.graphql.postings import (
    ENTRY,
    NOTE,
    REASON,
    STORE,
    PostingInput,
    by_customer,
    entry_of,
    placed,
    who_is_named,
)
from regulars_loyalty.ledger.by_hand import checked_end, checked_why
from regulars_loyalty.permissions import CREDIT_ADD, CREDIT_DEDUCT, CREDIT_VIEW
from regulars_schema.plugin import (
    CustomerPayload,
    Extension,
    MoneyInput,
    Mutation,
    RequestContext,
    guarded,
    key_of,
    minor_units,
    mutation,
    value_or_none,
    visible_purchases,
)


@strawberry.input(description="Store credit to give.")
class CreditAddInput(PostingInput):
    """Input of creditAdd."""

    amount: MoneyInput = strawberry.field(description="How much; above 0.")
    customer_id: strawberry.ID = strawberry.field(description="To whom.")
    expires_at: strawberry.Maybe[Instant | None] = strawberry.field(description="When it expires; never if absent.")
    note: strawberry.Maybe[str | None] = strawberry.field(description=NOTE)
    purchase_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The purchase that it is given for: what is given back of it from then on takes the credit back in its part, "
        "even if it was spent. To sell credit, record a line with `creditFor` instead."
    )
    reason: str = strawberry.field(description=REASON)
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=STORE)


@strawberry.type(description="What creditAdd answers.")
class CreditAddPayload(CustomerPayload):
    """Payload of creditAdd."""

    entry: CreditEntry | None = guarded(CREDIT_VIEW, default=None, description=ENTRY)


@mutation(
    name="creditAdd",
    needs=CREDIT_ADD,
    ahead=by_customer,
    turn=who_is_named,
    description="Gives a customer store credit, with a reason. Codes: `NOT_FOUND`, `INVALID_AMOUNT`, `CURRENCY_MISMATCH`, "
    "`UNKNOWN_REASON`, `INVALID_DATE`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def credit_add(
    context: RequestContext,
    *,
    input: Annotated[CreditAddInput, strawberry.argument(description="How much, to whom, why.")],
) -> CreditAddPayload:
    """Give credit."""
    shop, checks = context.shop, Checks()
    key = key_of(input.customer_id, "customer", "customerId")
    given_for = value_or_none(input.purchase_id)
    purchase = None if given_for is None else key_of(given_for, "purchase", "purchaseId")
    amount = minor_units(input.amount, shop.currency, checks, "amount")
    ends = value_or_none(input.expires_at)
    checked_end(checks, ends, now())
    why = checked_why(shop, checks, input.reason, value_or_none(input.note))
    why = await placed(context, CREDIT_ADD, checks, why, input.store_code)
    assert amount is not None
    posted = await by_hand.add(shop, key, amount, why, ends, purchase, visible_purchases(context))
    customer: Any = posted.customer
    return CreditAddPayload(customer=customer, entry=entry_of(posted))


@strawberry.input(description="Store credit to take.")
class CreditDeductInput(PostingInput):
    """Input of creditDeduct."""

    amount: MoneyInput = strawberry.field(description="How much; above 0.")
    customer_id: strawberry.ID = strawberry.field(description="From whom.")
    note: strawberry.Maybe[str | None] = strawberry.field(description=NOTE)
    reason: str = strawberry.field(description=REASON)
    store_code: strawberry.Maybe[str | None] = strawberry.field(description=STORE)


@strawberry.type(description="What creditDeduct answers.")
class CreditDeductPayload(CustomerPayload):
    """Payload of creditDeduct."""

    entry: CreditEntry | None = guarded(CREDIT_VIEW, default=None, description=ENTRY)


@mutation(
    name="creditDeduct",
    needs=CREDIT_DEDUCT,
    ahead=by_customer,
    turn=who_is_named,
    description="Takes store credit from a customer, with a reason, never more than is available. Codes: `INSUFFICIENT_FUNDS`, "
    "`NOT_FOUND`, `INVALID_AMOUNT`, `CURRENCY_MISMATCH`, `UNKNOWN_REASON`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def credit_deduct(
    context: RequestContext,
    *,
    input: Annotated[CreditDeductInput, strawberry.argument(description="How much, from whom, why.")],
) -> CreditDeductPayload:
    """Take credit."""
    shop, checks = context.shop, Checks()
    key = key_of(input.customer_id, "customer", "customerId")
    amount = minor_units(input.amount, shop.currency, checks, "amount")
    why = checked_why(shop, checks, input.reason, value_or_none(input.note))
    why = await placed(context, CREDIT_DEDUCT, checks, why, input.store_code)
    assert amount is not None
    posted = await by_hand.deduct(shop, key, amount, why)
    customer: Any = posted.customer
    return CreditDeductPayload(customer=customer, entry=entry_of(posted))


EXTENSION = Extension(Mutation, [credit_add, credit_deduct])
