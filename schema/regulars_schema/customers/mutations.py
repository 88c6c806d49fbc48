"""Asking for customers and changing them."""

from functools import partial
from typing import Annotated, Any

import strawberry

from regulars_core.customers import changes
from regulars_core.customers.attributes.definitions import declared_attributes, held_attributes
from regulars_core.customers.attributes.rules import note_lacking
from regulars_core.customers.consent_records import record_checked
from regulars_core.customers.duplicates import Look
from regulars_core.customers.reads import survivors_by_ids
from regulars_core.customers.registration import find_or_register, missing
from regulars_core.customers.rules import checked
from regulars_core.primitives.checks import Checks
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.queries.rows import load_one
from regulars_schema.composition.contributions import Extension, Mutation
from regulars_schema.customers.duplicates import DuplicateMatch, match_rows, possible_duplicates, traits_told
from regulars_schema.customers.errors import Expecting
from regulars_schema.customers.inputs import CustomerCreateInput, CustomerUpdateInput, changes_of, matches, new_customer
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import mutation
from regulars_schema.fields.store_scope import CREATE
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded
from regulars_schema.shop.store_lookup import store_done_in
from regulars_schema.types.ids import key_of

_DETAILS = (
    "`REQUIRED`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`, `INVALID_EMAIL`, `INVALID_PHONE`, `INVALID_DATE`, "
    "`INVALID_COUNTRY`, `INVALID_TAX_ID`, `UNKNOWN_ATTRIBUTE`, `INVALID_ATTRIBUTE`, `NOT_FOUND`"
)


@strawberry.type(description="What customerCreate answers.")
class CustomerCreatePayload(Payload):
    """Payload of customerCreate."""

    customer: Customer | None = guarded(
        "customers.view", default=None, description="The new customer, or the one that was found."
    )
    created: bool = strawberry.field(default=False, description="Whether the customer is new.")
    possible_duplicates: list[DuplicateMatch] | None = possible_duplicates(
        "Who it may also be, although the customer was registered: by `force`, or because it is not likely enough."
    )


@mutation(
    name="customerCreate",
    needs=CREATE,
    description="Registers a customer, or finds the one it already is. Codes: `POSSIBLE_DUPLICATES` and `NOT_UNIQUE` "
    f"(PossibleDuplicates), `UNKNOWN_PURPOSE`, `PROOF_REQUIRED`, {_DETAILS}.",
)
async def customer_create(
    context: RequestContext, *, input: Annotated[CustomerCreateInput, strawberry.argument(description="Who it is.")]
) -> CustomerCreatePayload:
    """Register a customer, or find the one it already is."""
    checks = Checks()
    store = await checks.looked_up(
        store_done_in(context, CREATE, value_or_none(input.origin_store_code), "originStoreCode")
    )
    given = new_customer(context, input, None if store is None or store.id == MAIN_STORE_ID else store.id)
    declared = await held_attributes(context.database) if given.attributes else None
    new = checks.attempt(partial(checked, context.shop.settings, given, declared=declared))
    if checks.problems and given.group_id is not None:
        for problem in await missing(context.shop, "customer_group", {given.group_id}, "groupId", "group"):
            checks.unfit(problem.code, problem.message, *problem.path)
    if checks.problems and declared is None:
        declared = await declared_attributes(context.database)
        note_lacking(checks, [one.name for one in declared.values() if one.is_required])
    checks.refuse()
    assert new is not None
    # Who gives none is asked for those that the shop requires by the statement that looks for who is alike.
    look = Look(
        refuses=not value_or_none(input.force), is_strict=True, is_asked=not given.attributes, told=traits_told(context)
    )
    outcome = await find_or_register(context.shop, new, matches(input), look)
    if new.consents and not outcome.created:
        await record_checked(context.shop, outcome.id, new.consents)
    also: Any = await match_rows(context, outcome.matches)
    row = await customer_row(context, outcome.id)
    return CustomerCreatePayload(customer=row, created=outcome.created, possible_duplicates=also)


@strawberry.type(description="What changes of a customer answer.")
class CustomerPayload(Payload):
    """Base of the payloads of mutations that change one customer; not a type of its own."""

    customer: Customer | None = guarded("customers.view", default=None, description="The customer as it is now.")


@strawberry.type(description="What customerUpdate answers.")
class CustomerUpdatePayload(CustomerPayload):
    """Payload of customerUpdate."""


@mutation(
    name="customerUpdate",
    needs="customers.edit",
    description=f"Changes a customer's details. Codes: `VERSION_CONFLICT`, `NOT_UNIQUE` (PossibleDuplicates), {_DETAILS}.",
)
async def customer_update(
    context: RequestContext,
    *,
    input: Annotated[CustomerUpdateInput, strawberry.argument(description="What to change.")],
) -> CustomerUpdatePayload:
    """Change a customer."""
    key = key_of(input.id, "customer", "id")
    expected = value_or_none(input.expected_version)
    await changes.change(context.shop, key, changes_of(input), expected, traits_told(context))
    return CustomerUpdatePayload(customer=await customer_row(context, key))


@strawberry.input(description="A customer to deactivate.")
class CustomerDeactivateInput(Expecting, IdempotentInput):
    """Input of customerDeactivate."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerDeactivate answers.")
class CustomerDeactivatePayload(CustomerPayload):
    """Payload of customerDeactivate."""


@mutation(
    name="customerDeactivate",
    needs="customers.deactivate",
    description="Puts a customer away: no longer found at the till, still in every report. Can be taken back. "
    "Codes: `NOT_FOUND`, `VERSION_CONFLICT`.",
)
async def customer_deactivate(
    context: RequestContext,
    *,
    input: Annotated[CustomerDeactivateInput, strawberry.argument(description="Whom to put away.")],
) -> CustomerDeactivatePayload:
    """Put a customer away."""
    return CustomerDeactivatePayload(customer=await _with_status(context, input, "INACTIVE"))


@strawberry.input(description="A customer to reactivate.")
class CustomerReactivateInput(Expecting, IdempotentInput):
    """Input of customerReactivate."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerReactivate answers.")
class CustomerReactivatePayload(CustomerPayload):
    """Payload of customerReactivate."""


@mutation(
    name="customerReactivate",
    needs="customers.deactivate",
    description="Makes an inactive or suspended customer active again. Codes: `NOT_FOUND`, `VERSION_CONFLICT`.",
)
async def customer_reactivate(
    context: RequestContext,
    *,
    input: Annotated[CustomerReactivateInput, strawberry.argument(description="Whom to bring back.")],
) -> CustomerReactivatePayload:
    """Bring a customer back."""
    return CustomerReactivatePayload(customer=await _with_status(context, input, "ACTIVE"))


@strawberry.input(description="A customer to suspend.")
class CustomerSuspendInput(Expecting, IdempotentInput):
    """Input of customerSuspend."""

    id: strawberry.ID = strawberry.field(description="The customer.")


@strawberry.type(description="What customerSuspend answers.")
class CustomerSuspendPayload(CustomerPayload):
    """Payload of customerSuspend."""


@mutation(
    name="customerSuspend",
    needs="customers.deactivate",
    description="Suspends a customer: found at the till, and shown as suspended. Codes: `NOT_FOUND`, "
    "`VERSION_CONFLICT`.",
)
async def customer_suspend(
    context: RequestContext,
    *,
    input: Annotated[CustomerSuspendInput, strawberry.argument(description="Whom to suspend.")],
) -> CustomerSuspendPayload:
    """Suspend a customer."""
    return CustomerSuspendPayload(customer=await _with_status(context, input, "SUSPENDED"))


async def _with_status(context: RequestContext, given: Any, status: str) -> Any:
    key = key_of(given.id, "customer", "id")
    await changes.set_status(context.shop, key, status, value_or_none(given.expected_version))
    return await customer_row(context, key)


async def customer_row(context: RequestContext, key: str) -> Any:
    """The customer to whom an input's id leads, as a payload shows it: its row, or None where there is none."""
    return await load_one(survivors_by_ids, context.database, key)


@strawberry.input(description="Tags to put on a customer.")
class TagsAddInput(Expecting, IdempotentInput):
    """Input of tagsAdd."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tags: list[str] = strawberry.field(description="The tags; those that are there already stay as they are.")


@strawberry.type(description="What tagsAdd answers.")
class TagsAddPayload(CustomerPayload):
    """Payload of tagsAdd."""


@mutation(
    name="tagsAdd",
    needs="customers.edit",
    description="Puts tags on a customer. Codes: `NOT_FOUND`, `TOO_LONG`, `TOO_MANY`, `INVALID_TEXT`, "
    "`VERSION_CONFLICT`.",
)
async def tags_add(
    context: RequestContext, *, input: Annotated[TagsAddInput, strawberry.argument(description="Which tags, on whom.")]
) -> TagsAddPayload:
    """Put tags on a customer."""
    key = key_of(input.customer_id, "customer", "customerId")
    await changes.add_tags(context.shop, key, input.tags, value_or_none(input.expected_version))
    return TagsAddPayload(customer=await customer_row(context, key))


@strawberry.input(description="Tags to take off a customer.")
class TagsRemoveInput(Expecting, IdempotentInput):
    """Input of tagsRemove."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    tags: list[str] = strawberry.field(description="The tags, in any spelling that differs only in case and accents.")


@strawberry.type(description="What tagsRemove answers.")
class TagsRemovePayload(CustomerPayload):
    """Payload of tagsRemove."""


@mutation(
    name="tagsRemove",
    needs="customers.edit",
    description="Takes tags off a customer; those that are not there are passed over. Codes: `NOT_FOUND`, `VERSION_CONFLICT`.",
)
async def tags_remove(
    context: RequestContext,
    *,
    input: Annotated[TagsRemoveInput, strawberry.argument(description="Which tags, off whom.")],
) -> TagsRemovePayload:
    """Take tags off a customer."""
    key = key_of(input.customer_id, "customer", "customerId")
    await changes.remove_tags(context.shop, key, input.tags, value_or_none(input.expected_version))
    return TagsRemovePayload(customer=await customer_row(context, key))


MUTATIONS = Extension(
    Mutation,
    [
        customer_create,
        customer_update,
        customer_deactivate,
        customer_reactivate,
        customer_suspend,
        tags_add,
        tags_remove,
    ],
)
