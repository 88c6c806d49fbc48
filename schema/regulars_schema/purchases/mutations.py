"""Asking for purchases, recording them, and giving money back."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry

from regulars_core.customers.reads import customer_by_code, customers_by_ids
from regulars_core.customers.rules import CheckedCustomer, NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.primitives.errors import Forbidden, Problem, Refused
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases import refunds
from regulars_core.purchases.reads import (
    purchases_by_ids,
    refunds_by_ids,
)
from regulars_core.purchases.rules import checked
from regulars_core.purchases.till import sell
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.fields.declarations import mutation
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.inputs import (
    PurchaseCustomerInput,
    PurchaseRecordInput,
    PurchaseRefundInput,
    PurchaseVoidInput,
    buyer_named,
    looked_up,
    new_purchase,
    refund_parts,
)
from regulars_schema.purchases.types import Purchase, Refund
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.shop.store_lookup import store_id
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


@mutation(
    name="purchaseRecord",
    needs=RECORD,
    ahead=looked_up,
    turn=buyer_named,
    description="Records a purchase, and registers the customer with it where one is named and not found. The same "
    "reference in the same store with the same content is answered again and changes nothing. Codes: "
    "`REFERENCE_REUSED`, `CURRENCY_MISMATCH`, `PAYMENTS_MISMATCH`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
    "`INVALID_LINES`, `INVALID_CUSTOMER`, `INVALID_PHONE`, `INVALID_TEXT`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, "
    "`TOO_MANY`.",
)
async def purchase_record(
    context: RequestContext,
    *,
    input: Annotated[PurchaseRecordInput, strawberry.argument(description="What was bought.")],
) -> PurchaseRecordPayload:
    """Record a purchase."""
    store = await store_id(context.shop, value_or_none(input.store_code), "storeCode") or MAIN_STORE_ID
    if not context.actor.may(RECORD, store):
        raise Forbidden(RECORD)
    buyer = await _buyer(context, input)
    newcomer: CheckedCustomer | None = None
    match_on: Sequence[str] = ()
    if (named := value_or_none(input.customer)) is not None:
        newcomer, match_on = _newcomer(context, named, store), _matches(named)
    made = new_purchase(input, store_id=store, customer_id=buyer, named=_named(input), currency=context.shop.currency)
    sold = await sell(context.shop, checked(made, context.shop.currency), newcomer, match_on)
    row: Any = sold.row or await _shown(context, sold.purchase_id)
    return PurchaseRecordPayload(purchase=row, created=sold.created, customer_created=sold.customer_created)


async def _buyer(context: RequestContext, given: PurchaseRecordInput) -> str | None:
    """The key of the customer who is named by id or code. Raises Refused for one who is not there."""
    id_, code = value_or_none(given.customer_id), value_or_none(given.customer_code)
    if sum(way is not None for way in (id_, code, value_or_none(given.customer))) > 1:
        message = "Say who buys by one of customerId, customerCode and customer."
        raise Refused(Problem("INVALID_CUSTOMER", message, ("customer",)))
    if id_ is not None:
        key = key_of(id_, "customer", "customerId")
        if key not in await customers_by_ids(context.database, [key]):
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
        return key
    if code is None:
        return None
    found = await customer_by_code(context.database, code)
    if found is None:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this code.", ("customerCode",)))
    return found.id


def _newcomer(context: RequestContext, named: PurchaseCustomerInput, store: str) -> CheckedCustomer:
    new = NewCustomer(
        named.first_name,
        named.last_name,
        email=value_or_none(named.email),
        phone=value_or_none(named.phone),
        origin_store_id=None if store == MAIN_STORE_ID else store,
    )
    return checked_customer(context.shop.settings, new, "customer")


def _matches(named: PurchaseCustomerInput) -> Sequence[str]:
    given = value_or_none(named.match_on)
    return ("EMAIL", "PHONE") if given is None else [kind.value for kind in given]


def _named(given: PurchaseRecordInput) -> Sequence[str | None]:
    """The customer in the caller's own words."""
    named = value_or_none(given.customer)
    if named is not None:
        return ("named", named.first_name, named.last_name, value_or_none(named.email), value_or_none(named.phone))
    return ("id", value_or_none(given.customer_id), "code", value_or_none(given.customer_code))


@strawberry.type(description="What purchaseRefund answers.")
class PurchaseRefundPayload(Payload):
    """Payload of purchaseRefund."""

    refund: Refund | None = guarded("purchases.view", default=None, description="The refund as it is recorded.")
    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchaseRefund",
    needs=REFUND,
    description="Gives back an amount or lines of a purchase, never more than was paid. Codes: "
    "`REFUND_EXCEEDS_PAID`, `PURCHASE_VOIDED`, `INVALID_REFUND`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
    "`INVALID_DATE`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`.",
)
async def purchase_refund(
    context: RequestContext,
    *,
    input: Annotated[PurchaseRefundInput, strawberry.argument(description="What to give back.")],
) -> PurchaseRefundPayload:
    """Give money back."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    amount, wanted = refund_parts(input, context.shop.currency)
    refund_id = await refunds.refund(
        context.shop,
        key,
        amount=amount,
        lines=wanted,
        reason=value_or_none(input.reason),
        at=value_or_none(input.refunded_at),
        stores=context.actor.stores(REFUND),
    )
    made: Any = await load_one(refunds_by_ids, context.database, refund_id)
    return PurchaseRefundPayload(refund=made, purchase=await _shown(context, key))


@strawberry.type(description="What purchaseVoid answers.")
class PurchaseVoidPayload(Payload):
    """Payload of purchaseVoid."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchaseVoid",
    needs=REFUND,
    description="Undoes a purchase as if it had not been; one that is voided already stays so. Codes: `NOT_FOUND`.",
)
async def purchase_void(
    context: RequestContext, *, input: Annotated[PurchaseVoidInput, strawberry.argument(description="What to undo.")]
) -> PurchaseVoidPayload:
    """Undo a purchase."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    await refunds.void(context.shop, key, context.actor.stores(REFUND))
    return PurchaseVoidPayload(purchase=await _shown(context, key))


async def _shown(context: RequestContext, key: str) -> Any:
    return await load_one(purchases_by_ids, context.database, key)


MUTATIONS = Extension(Mutation, [purchase_record, purchase_refund, purchase_void])
