"""Asking for purchases, recording them, and giving money back."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import strawberry

from regulars_core.customers.duplicates import Look
from regulars_core.customers.rules import CheckedCustomer
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Forbidden, Problem
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases import refunds
from regulars_core.purchases.changes import pay
from regulars_core.purchases.reads import purchases_by_ids
from regulars_core.purchases.rules import checked_payments
from regulars_core.purchases.states import against
from regulars_core.purchases.till import sell
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.consents import consents_in
from regulars_schema.customers.duplicates import DuplicateMatch, match_rows, possible_duplicates, traits_told
from regulars_schema.fields.declarations import mutation
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.amounts import tell_besides
from regulars_schema.purchases.buyers import (
    buyer_named,
    buyer_of,
    looked_up,
    matches_of,
    naming,
    newcomer_of,
    purchase_of,
)
from regulars_schema.purchases.inputs import (
    PurchasePayInput,
    PurchaseRecordInput,
    PurchaseRefundInput,
    PurchaseVoidInput,
    new_payments,
    refund_parts,
)
from regulars_schema.purchases.types import Purchase, Refund
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, PayloadWarning, told
from regulars_schema.request.permissions import guarded
from regulars_schema.shop.store_lookup import store_done_in
from regulars_schema.types.ids import key_of

RECORD, REFUND = "purchases.record", "purchases.refund"


@strawberry.type(description="What purchaseRecord answers.")
class PurchaseRecordPayload(Payload):
    """Payload of purchaseRecord."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is recorded.")
    created: bool = strawberry.field(
        default=False,
        description="Whether it is new; not if the same reference with the same content was recorded before.",
    )
    customer_created: bool = strawberry.field(default=False, description="Whether the customer was registered with it.")
    possible_duplicates: list[DuplicateMatch] | None = possible_duplicates(
        "Who a customer that was registered with it may also be."
    )
    warnings: list[PayloadWarning] = strawberry.field(
        default_factory=list,
        description="What somebody should know of it, though it is recorded: `CUSTOMER_SUSPENDED`, `CUSTOMER_INACTIVE`, "
        "`STORE_CLOSED`, or `PURCHASE_VOIDED` where the same receipt was recorded before and is voided.",
    )


@mutation(
    name="purchaseRecord",
    needs=RECORD,
    ahead=looked_up,
    turn=buyer_named,
    description="Records a purchase, and registers the customer with it where one is named and not found. The same "
    "reference of the same store, till and session with the same content is answered again and changes nothing. Codes: "
    "`REFERENCE_REUSED` and `REFERENCE_VOIDED` (ReferenceReused), `TAX_MISMATCH`, `INVALID_ROUNDING`, "
    "`CURRENCY_MISMATCH`, `PAYMENTS_MISMATCH`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
    "`INVALID_LINES`, `INVALID_CUSTOMER`, `INVALID_DATE`, `INVALID_EMAIL`, `INVALID_PHONE`, "
    "`INVALID_COUNTRY`, `INVALID_TEXT`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, "
    "`TOO_MANY`, `INVALID_RETURN`, `REFUND_EXCEEDS_PAID`, `CUSTOMER_SUSPENDED`, `CUSTOMER_INACTIVE`, `STORE_CLOSED`, "
    "`UNKNOWN_PURPOSE`, `PROOF_REQUIRED`.",
)
async def purchase_record(
    context: RequestContext,
    *,
    input: Annotated[PurchaseRecordInput, strawberry.argument(description="What was bought.")],
) -> PurchaseRecordPayload:
    """Record a purchase."""
    checks = Checks()
    sold_in = await checks.looked_up(store_done_in(context, RECORD, value_or_none(input.store_code), "storeCode"))
    store = sold_in.id if sold_in else MAIN_STORE_ID
    if value_or_none(input.returns) and not context.actor.may(REFUND):
        raise Forbidden(REFUND)
    buyer = await checks.looked_up(buyer_of(context, input))
    newcomer: CheckedCustomer | None = None
    match_on: Sequence[str] = ()
    if (named := value_or_none(input.customer)) is not None:
        consents_in(value_or_none(named.consents), context)  # or it is forbidden
        newcomer = checks.attempt(partial(newcomer_of, context.shop, named, store))
        match_on = matches_of(named)
    purchase = checks.attempt(partial(purchase_of, context.shop, input, store, buyer.id if buyer else None))
    checks.refuse()
    assert purchase is not None
    ahead = next(iter(input.named_ahead), None)
    look = Look(refuses=False, is_strict=False, told=traits_told(context))
    sold = await sell(context.shop, purchase, newcomer, match_on, ahead, context.actor.stores(REFUND), look)
    warnings = against(
        context.shop.settings,
        buyer.status if buyer else sold.found_status,
        sold_in is None or sold_in.is_active,  # MAIN is never closed
        customer_path=naming(input),
        is_new=sold.created,
    )
    if sold.voided:
        message = "The receipt was recorded before and is voided; `replaceVoided` records it anew."
        warnings = [*warnings, Problem("PURCHASE_VOIDED", message, ("reference",))]
    row: Any = sold.row or await _shown(context, sold.purchase_id)
    also: Any = await match_rows(context, sold.matches)
    return PurchaseRecordPayload(
        purchase=row,
        created=sold.created,
        customer_created=sold.customer_created,
        possible_duplicates=also,
        warnings=told(warnings),
    )


@strawberry.type(description="What purchaseRefund answers.")
class PurchaseRefundPayload(Payload):
    """Payload of purchaseRefund."""

    refund: Refund | None = guarded("purchases.view", default=None, description="The refund as it is recorded.")
    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchaseRefund",
    needs=REFUND,
    description="Gives back an amount, or lines and delivery, of a purchase, never more than was paid. Codes: "
    "`REFUND_EXCEEDS_PAID`, `PURCHASE_VOIDED`, `INVALID_REFUND`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
    "`INVALID_DATE`, `INVALID_TEXT`, `NOT_FOUND`, `PAYMENTS_MISMATCH`, `REQUIRED`, `TOO_LONG`, `TOO_MANY`.",
)
async def purchase_refund(
    context: RequestContext,
    *,
    input: Annotated[PurchaseRefundInput, strawberry.argument(description="What to give back.")],
) -> PurchaseRefundPayload:
    """Give money back."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    checks, others = Checks(), Checks()
    parts = refund_parts(input, context.shop.currency, checks)
    if checks.problems:
        refunds.check_wanted(others, amount=parts.amount, lines=parts.lines, shipping=parts.shipping)
        why, at = value_or_none(input.reason), value_or_none(input.refunded_at)
        refunds.checked_telling(others, context.shop, why, parts.payments, at)
        tell_besides(checks, others.problems)
    checks.refuse()
    made: Any = await refunds.refund(
        context.shop,
        key,
        amount=parts.amount,
        lines=parts.lines,
        shipping=parts.shipping,
        payments=parts.payments,
        reason=value_or_none(input.reason),
        at=value_or_none(input.refunded_at),
        stores=context.actor.stores(REFUND),
    )
    return PurchaseRefundPayload(refund=made, purchase=await _shown(context, key))


@strawberry.type(description="What purchaseVoid answers.")
class PurchaseVoidPayload(Payload):
    """Payload of purchaseVoid."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchaseVoid",
    needs=REFUND,
    description="Undoes a purchase as if it had not been, and the refunds that were made together with it; one that is voided "
    "already stays so. Its reference is free for a purchase that says `replaceVoided`. Codes: `NOT_FOUND`.",
)
async def purchase_void(
    context: RequestContext, *, input: Annotated[PurchaseVoidInput, strawberry.argument(description="What to undo.")]
) -> PurchaseVoidPayload:
    """Undo a purchase."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    await refunds.void(context.shop, key, context.actor.stores(REFUND))
    return PurchaseVoidPayload(purchase=await _shown(context, key))


@strawberry.type(description="What purchasePay answers.")
class PurchasePayPayload(Payload):
    """Payload of purchasePay."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchasePay",
    needs=RECORD,
    description="Pays what is still due of a purchase, or a part of it. Codes: `NOT_FOUND`, `PURCHASE_VOIDED`, "
    "`PAYMENTS_MISMATCH` (more than is due), `INVALID_AMOUNT`, `REQUIRED`, `TOO_LONG`, `TOO_MANY`.",
)
async def purchase_pay(
    context: RequestContext, *, input: Annotated[PurchasePayInput, strawberry.argument(description="What is paid.")]
) -> PurchasePayPayload:
    """Pay what is due."""
    key, checks, others = key_of(input.purchase_id, "purchase", "purchaseId"), Checks(), Checks()
    paid = new_payments(input.payments, context.shop.currency, checks)
    if checks.problems:
        checked_payments(others, paid)
        tell_besides(checks, others.problems)
    checks.refuse()
    extras = [payment.extras for payment in input.payments]
    await pay(context.shop, key, paid, extras=extras, stores=context.actor.stores(RECORD))
    return PurchasePayPayload(purchase=await _shown(context, key))


async def _shown(context: RequestContext, key: str) -> Any:
    return await load_one(purchases_by_ids, context.database, key)


MUTATIONS = Extension(Mutation, [purchase_record, purchase_refund, purchase_void, purchase_pay])
