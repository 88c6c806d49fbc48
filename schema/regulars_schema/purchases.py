"""Asking for purchases, recording them, and giving money back."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers.reads import customer_by_code, customers_by_ids
from regulars_core.customers.rules import CheckedCustomer, NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.errors import BadInput, Forbidden, Problem, Refused
from regulars_core.ids import MAIN_STORE_ID
from regulars_core.paging import Page
from regulars_core.plugins.owners import CORE
from regulars_core.purchases import refunds
from regulars_core.purchases.reads import (
    PurchaseRow,
    lines_by_ids,
    page_of_purchases,
    payments_by_ids,
    purchase_by_reference,
    purchases_by_ids,
    refunds_by_ids,
)
from regulars_core.purchases.rules import checked
from regulars_core.purchases.till import sell
from regulars_core.rendering import Relation
from regulars_core.stores.service import MAIN
from regulars_schema.batching import Batch, mutation, root
from regulars_schema.contributions import Contribution, Extension, Mutation, NodeKind, Query
from regulars_schema.customer_inputs import store_id, told
from regulars_schema.customer_types import searchable
from regulars_schema.errors import Payload
from regulars_schema.ids import key_of
from regulars_schema.pagination import Connection
from regulars_schema.permissions import guarded
from regulars_schema.purchase_fields import EXTENSIONS
from regulars_schema.purchase_filters import LEAVES
from regulars_schema.purchase_inputs import (
    PurchaseCustomerInput,
    PurchaseRecordInput,
    PurchaseRefundInput,
    PurchaseVoidInput,
    looked_up,
    new_purchase,
    refund_parts,
)
from regulars_schema.purchase_rendering import PURCHASE, PURCHASES, purchase_with
from regulars_schema.purchase_types import (
    SORTS,
    Purchase,
    PurchasesArguments,
    Refund,
    purchases_asked,
)
from regulars_schema.rendering import Rendered
from regulars_schema.scope import VIEW, visible

RECORD, REFUND = "purchases.record", "purchases.refund"


async def purchase(
    batch: Batch,
    *,
    id: Annotated[strawberry.ID | None, strawberry.argument(description="The purchase's id.")] = None,
    reference: Annotated[
        str | None, strawberry.argument(description="What its store knows it by, such as the receipt's number.")
    ] = None,
    store_code: Annotated[
        str | None, strawberry.argument(description="The store that the reference belongs to; `MAIN` if absent.")
    ] = None,
) -> PurchaseRow | None:
    """One purchase."""
    if (id is None) is (reference is None):
        raise BadInput("Give either `id` or `reference`.", ("id",))
    if reference is not None:
        found = await purchase_by_reference(batch.database, store_code or MAIN, reference)
        return found if found and batch.actor.may(VIEW, found.store_id) else None
    key = key_of(id or "", "purchase", "id")
    return (await purchases_by_ids(batch.database, [key], visible(batch))).get(key)


def _one(
    batch: Batch, *, id: str | None = None, reference: str | None = None, store_code: str | None = None
) -> Relation | None:
    """The same purchase, for the database to write, if it is known by its id."""
    return None if id is None or reference is not None else purchase_with(key_of(id, "purchase", "id"), visible(batch))


async def purchases(
    batch: Batch,
    *,
    search: Annotated[
        str | None,
        strawberry.argument(
            description="Only purchases of customers in whose name, code, e-mail or phone all of these words are found, and "
            "the one with exactly this reference. Customers are looked for by who holds `customers.view`, their e-mail and "
            "phone looked into for who holds `customers.view_pii`."
        ),
    ] = None,
    **asked: Unpack[PurchasesArguments],
) -> Page[PurchaseRow]:
    """A page of all purchases."""
    wanted, narrowed = purchases_asked(batch, **asked)
    return await page_of_purchases(batch.database, wanted, narrowed, search, searchable(batch))


def _page(batch: Batch, *, search: str | None = None, **asked: Unpack[PurchasesArguments]) -> Relation | None:
    """The same page, for the database to write, unless it has to search for it."""
    return None if search and search.strip() else PURCHASES.page(*purchases_asked(batch, **asked))


@strawberry.type(description="What purchaseRecord answers.")
class PurchaseRecordPayload(Payload):
    """Payload of purchaseRecord."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is recorded.")
    created: bool = strawberry.field(
        default=False,
        description="Whether it is new; not if the same reference with the same content was recorded before.",
    )
    customer_created: bool = strawberry.field(default=False, description="Whether the customer was registered with it.")


async def purchase_record(
    batch: Batch, *, input: Annotated[PurchaseRecordInput, strawberry.argument(description="What was bought.")]
) -> PurchaseRecordPayload:
    """Record a purchase."""
    store = await store_id(batch.shop, told(input.store_code), "storeCode") or MAIN_STORE_ID
    if not batch.actor.may(RECORD, store):
        raise Forbidden(RECORD)
    buyer = await _buyer(batch, input)
    newcomer: CheckedCustomer | None = None
    match_on: Sequence[str] = ()
    if (named := told(input.customer)) is not None:
        newcomer, match_on = _newcomer(batch, named, store), _matches(named)
    made = new_purchase(input, store_id=store, customer_id=buyer, named=_named(input), currency=batch.shop.currency)
    sold = await sell(batch.shop, checked(made, batch.shop.currency), newcomer, match_on)
    row: Any = sold.row or await _shown(batch, sold.purchase_id)
    return PurchaseRecordPayload(purchase=row, created=sold.created, customer_created=sold.customer_created)


async def _buyer(batch: Batch, given: PurchaseRecordInput) -> str | None:
    """The key of the customer who is named by id or code. Raises Refused for one who is not there."""
    id_, code = told(given.customer_id), told(given.customer_code)
    if sum(way is not None for way in (id_, code, told(given.customer))) > 1:
        message = "Say who buys by one of customerId, customerCode and customer."
        raise Refused(Problem("INVALID_CUSTOMER", message, ("customer",)))
    if id_ is not None:
        key = key_of(id_, "customer", "customerId")
        if key not in await customers_by_ids(batch.database, [key]):
            raise Refused(Problem("NOT_FOUND", "There is no customer with this id.", ("customerId",)))
        return key
    if code is None:
        return None
    found = await customer_by_code(batch.database, code)
    if found is None:
        raise Refused(Problem("NOT_FOUND", "There is no customer with this code.", ("customerCode",)))
    return found.id


def _newcomer(batch: Batch, named: PurchaseCustomerInput, store: str) -> CheckedCustomer:
    new = NewCustomer(
        named.first_name,
        named.last_name,
        email=told(named.email),
        phone=told(named.phone),
        origin_store_id=None if store == MAIN_STORE_ID else store,
    )
    return checked_customer(batch.shop.settings, new, "customer")


def _matches(named: PurchaseCustomerInput) -> Sequence[str]:
    given = told(named.match_on)
    return ("EMAIL", "PHONE") if given is None else [kind.value for kind in given]


def _named(given: PurchaseRecordInput) -> Sequence[str | None]:
    """The customer in the caller's own words."""
    named = told(given.customer)
    if named is not None:
        return ("named", named.first_name, named.last_name, told(named.email), told(named.phone))
    return ("id", told(given.customer_id), "code", told(given.customer_code))


@strawberry.type(description="What purchaseRefund answers.")
class PurchaseRefundPayload(Payload):
    """Payload of purchaseRefund."""

    refund: Refund | None = guarded("purchases.view", default=None, description="The refund as it is recorded.")
    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


async def purchase_refund(
    batch: Batch, *, input: Annotated[PurchaseRefundInput, strawberry.argument(description="What to give back.")]
) -> PurchaseRefundPayload:
    """Give money back."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    amount, wanted = refund_parts(input, batch.shop.currency)
    refund_id = await refunds.refund(
        batch.shop,
        key,
        amount=amount,
        lines=wanted,
        reason=told(input.reason),
        at=told(input.refunded_at),
        stores=batch.actor.stores(REFUND),
    )
    made: Any = (await refunds_by_ids(batch.database, [refund_id])).get(refund_id)
    return PurchaseRefundPayload(refund=made, purchase=await _shown(batch, key))


@strawberry.type(description="What purchaseVoid answers.")
class PurchaseVoidPayload(Payload):
    """Payload of purchaseVoid."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


async def purchase_void(
    batch: Batch, *, input: Annotated[PurchaseVoidInput, strawberry.argument(description="What to undo.")]
) -> PurchaseVoidPayload:
    """Undo a purchase."""
    key = key_of(input.purchase_id, "purchase", "purchaseId")
    await refunds.void(batch.shop, key, batch.actor.stores(REFUND))
    return PurchaseVoidPayload(purchase=await _shown(batch, key))


async def _shown(batch: Batch, key: str) -> Any:
    return (await purchases_by_ids(batch.database, [key])).get(key)


_QUERIES = Extension(
    Query,
    [
        root(
            purchase,
            name="purchase",
            needs=VIEW,
            returns=Purchase | None,
            description="One purchase, by id or by its store's reference; null if there is none.",
            rendered=Rendered(PURCHASE, _one),
        ),
        root(
            purchases,
            name="purchases",
            needs=VIEW,
            returns=Connection[Purchase] | None,
            description="All purchases of the stores that the caller may see, narrowed and ordered as wished.",
            rendered=Rendered(PURCHASE, _page, page=True),
        ),
    ],
)
_MUTATIONS = Extension(
    Mutation,
    [
        mutation(
            purchase_record,
            name="purchaseRecord",
            needs=RECORD,
            ahead=looked_up,
            description="Records a purchase, and registers the customer with it where one is named and not found. The same "
            "reference in the same store with the same content is answered again and changes nothing. Codes: "
            "`REFERENCE_REUSED`, `CURRENCY_MISMATCH`, `PAYMENTS_MISMATCH`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
            "`INVALID_LINES`, `INVALID_CUSTOMER`, `INVALID_PHONE`, `INVALID_TEXT`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`, "
            "`TOO_MANY`.",
        ),
        mutation(
            purchase_refund,
            name="purchaseRefund",
            needs=REFUND,
            description="Gives back an amount or lines of a purchase, never more than was paid. Codes: "
            "`REFUND_EXCEEDS_PAID`, `PURCHASE_VOIDED`, `INVALID_REFUND`, `INVALID_AMOUNT`, `INVALID_QUANTITY`, "
            "`INVALID_DATE`, `NOT_FOUND`, `REQUIRED`, `TOO_LONG`.",
        ),
        mutation(
            purchase_void,
            name="purchaseVoid",
            needs=REFUND,
            description="Undoes a purchase as if it had not been; one that is voided already stays so. Codes: `NOT_FOUND`.",
        ),
    ],
)


def _seen(read: Callable[..., Awaitable[Mapping[str, Any]]]) -> Callable[..., Awaitable[Mapping[str, Any]]]:
    """A NodeKind's `load` for purchases and what belongs to them: those in the stores that the caller may see."""

    async def load(batch: Batch, keys: Sequence[str]) -> Mapping[str, Any]:
        return await read(batch.database, keys, visible(batch))

    return load


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=(*EXTENSIONS, _QUERIES, _MUTATIONS),
        leaves=LEAVES,
        sorts=SORTS,
        nodes=[
            NodeKind("purchase", _seen(purchases_by_ids), VIEW),
            NodeKind("line", _seen(lines_by_ids), VIEW),
            NodeKind("payment", _seen(payments_by_ids), VIEW),
            NodeKind("refund", _seen(refunds_by_ids), VIEW),
        ],
    )
