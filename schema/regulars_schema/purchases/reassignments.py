"""Mending what a till wrote down of a sale: whose it was, and its note."""

from typing import Annotated, Any

import strawberry

from regulars_core.primitives.errors import Malformed, Problem
from regulars_core.purchases.changes import PurchaseChanges, change_purchase
from regulars_core.purchases.reads import purchases_by_ids
from regulars_core.purchases.reassignments import MAX_PURCHASES, reassign
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.fields.declarations import mutation
from regulars_schema.inputs.idempotent import IdempotentInput, RequiredKeyInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.purchases.types import Purchase
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.types.ids import key_of

EDIT = "purchases.edit"


@strawberry.input(description="Purchases to give to a customer; exactly one of customerId and toNobody.")
class PurchasesReassignInput(RequiredKeyInput):
    """Input of purchasesReassign."""

    purchase_ids: list[strawberry.ID] = strawberry.field(
        description=f"The purchases, at most {MAX_PURCHASES}; those that are there already stay."
    )
    customer_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(description="Who made them.")
    to_nobody: strawberry.Maybe[bool | None] = strawberry.field(description="True: a stranger made them.")
    reason: strawberry.Maybe[str | None] = strawberry.field(
        description="Why; at most 240 characters. Kept until the customer's erasure, and not at all after it; the audit says "
        "only that there was one."
    )


@strawberry.type(description="What purchasesReassign answers.")
class PurchasesReassignPayload(Payload):
    """Payload of purchasesReassign."""

    purchases: list[Purchase] | None = guarded(
        "purchases.view", default=None, most=MAX_PURCHASES, description="The purchases as they are now."
    )
    moved_count: int = strawberry.field(default=0, description="How many were somebody else's or nobody's before.")


@mutation(
    name="purchasesReassign",
    needs=EDIT,
    description="Gives purchases to the customer who made them, all of them or none: those of a wrong profile, and those that "
    "were recorded for nobody. Statistics, tiers, points and rewards follow. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_MANY`, "
    "`TOO_LONG`, `INVALID_TEXT`, and obstacles of plugins.",
)
async def purchases_reassign(
    context: RequestContext,
    *,
    input: Annotated[PurchasesReassignInput, strawberry.argument(description="What goes to whom.")],
) -> PurchasesReassignPayload:
    """Give purchases to who made them."""
    customer = value_or_none(input.customer_id)
    if (customer is None) is not bool(value_or_none(input.to_nobody)):
        message = "Say who made them by exactly one of customerId and toNobody."
        raise Malformed(Problem("REQUIRED", message, ("customerId",)))
    keys = [key_of(id_, "purchase", "purchaseIds", str(n)) for n, id_ in enumerate(input.purchase_ids)]
    moved = await reassign(
        context.shop,
        keys,
        None if customer is None else key_of(customer, "customer", "customerId"),
        reason=value_or_none(input.reason),
        stores=context.actor.stores(EDIT),
    )
    found = await purchases_by_ids(context.database, keys)
    rows: Any = [found[key] for key in dict.fromkeys(keys)]
    return PurchasesReassignPayload(purchases=rows, moved_count=moved)


@strawberry.input(description="Changes of a recorded purchase; what is absent stays, null clears.")
class PurchaseUpdateInput(IdempotentInput):
    """Input of purchaseUpdate."""

    id: strawberry.ID = strawberry.field(description="The purchase.")
    note: strawberry.Maybe[str | None] = strawberry.field(
        description="What to remember about this sale; at most 2000 characters. Only null where the customer was erased."
    )


@strawberry.type(description="What purchaseUpdate answers.")
class PurchaseUpdatePayload(Payload):
    """Payload of purchaseUpdate."""

    purchase: Purchase | None = guarded("purchases.view", default=None, description="The purchase as it is now.")


@mutation(
    name="purchaseUpdate",
    needs=EDIT,
    description="Changes what the team wrote down about a sale. Codes: `NOT_FOUND`, `CUSTOMER_ERASED`, `TOO_LONG`, "
    "`INVALID_TEXT`.",
)
async def purchase_update(
    context: RequestContext,
    *,
    input: Annotated[PurchaseUpdateInput, strawberry.argument(description="What to change.")],
) -> PurchaseUpdatePayload:
    """Change a recorded purchase."""
    key = key_of(input.id, "purchase", "id")
    changes = PurchaseChanges()
    if input.note is not None:
        changes["note"] = input.note.value
    await change_purchase(context.shop, key, changes, context.actor.stores(EDIT))
    row: Any = await load_one(purchases_by_ids, context.database, key)
    return PurchaseUpdatePayload(purchase=row)


MUTATIONS = Extension(Mutation, [purchases_reassign, purchase_update])
