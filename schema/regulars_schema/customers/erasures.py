"""Deleting customers, having them erased, and handing out what is known of them."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Unpack

import strawberry

from regulars_core.customers.erasure import deletion, requests
from regulars_core.customers.erasure.reads import (
    LATEST_FIRST,
    ErasureRow,
    erasures_by_ids,
    latest_erasures,
    page_of_erasures,
)
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.exports import data_requests
from regulars_core.exports.data_requests import NEEDS
from regulars_core.exports.tasks import EXPORT
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Page
from regulars_schema.composition.contributions import Extension, Mutation, NodeKind, Query
from regulars_schema.customers.errors import Expecting
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched, mutation, root
from regulars_schema.fields.nodes import Node, backed_by, in_every_store, in_order
from regulars_schema.fields.pagination import Connection, PageArguments, window
from regulars_schema.inputs.idempotent import IdempotentInput, required_key
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload, UserError
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.shop.bulk_jobs import BulkJob, ReferenceCount
from regulars_schema.types.ids import identified, key_of

DELETE, ERASE = "customers.delete", "customers.erase"
_READING = ", ".join(f"`{permission}`" for permission in NEEDS if permission != EXPORT)
_FOR_EVER = "it cannot be taken back"


@strawberry.enum(description="Why somebody is to be erased.")
class ErasureGround(Enum):
    """Values of erasure.ground."""

    OTHER = strawberry.enum_value("OTHER", description="For another reason.")
    REQUESTED = strawberry.enum_value("REQUESTED", description="The customer asked for it.")
    RETENTION = strawberry.enum_value("RETENTION", description="The shop's policy says that it was kept long enough.")


@strawberry.enum(description="What has become of a request to erase.")
class ErasureState(Enum):
    """Values of erasure.state."""

    CANCELLED = strawberry.enum_value("CANCELLED", description="It was cancelled.")
    DONE = strawberry.enum_value("DONE", description="What was personal is gone.")
    SCHEDULED = strawberry.enum_value("SCHEDULED", description="It is to be done, and can be cancelled.")


def counts_of(counts: Any) -> list[ReferenceCount]:
    """How much, by kind, as the API tells it."""
    return [ReferenceCount(kind=kind, count=number) for kind, number in sorted(counts.items())]


@requires(ERASE)
@strawberry.type(
    description="A request to erase what is personal of a customer, and the proof that it was done. It holds nothing personal."
)
class Erasure(Node):
    """Over regulars_core.customers.erasure.reads.ErasureRow."""

    is_type_of = backed_by(ErasureRow)
    id: strawberry.ID = identified("erasure")
    ground: ErasureGround = strawberry.field(
        resolver=lambda root: ErasureGround(root.ground), description="Why it was asked for."
    )
    requested_at: Instant = strawberry.field(description="When it was asked for.")
    requested_by: str = strawberry.field(description="Who asked: the name of the key that was used, or of the job.")
    scheduled_for: Instant = strawberry.field(description="When it is to be done; it can be cancelled until then.")
    cancelled_at: Instant | None = strawberry.field(description="When it was cancelled; null if it was not.")
    done_at: Instant | None = strawberry.field(description="When it was done; null until then.")
    erased: list[ReferenceCount] = strawberry.field(
        resolver=lambda root: counts_of(root.erased),
        description="How much was overwritten or deleted, by kind; empty until it is done.",
    )


@batched(
    name="customer",
    needs="customers.view",
    returns=Customer | None,
    description="Whom it is about; who was erased answers no more than an id, a code and what was bought.",
)
async def customer_of(erasures: Sequence[ErasureRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """Whom each of them is about; None for who was deleted."""
    keys = [erasure.customer_id for erasure in erasures]
    return in_order(keys, await customers_by_ids(context.database, keys))


@batched(
    name="erasure",
    needs=ERASE,
    returns=Erasure | None,
    description="The latest request to erase the customer, whatever has become of it; null if there is none.",
)
async def erasure_of(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[ErasureRow | None]:
    """The latest erasure of each; of a merged record the one of whom it leads to."""
    keys = [customer.merged_into_id or customer.id for customer in customers]
    return in_order(keys, await latest_erasures(context.database, keys))


@root(
    name="erasures",
    needs=ERASE,
    returns=Connection[Erasure] | None,
    description="Requests to erase customers, the latest first.",
)
async def erasures(
    context: RequestContext,
    *,
    state: Annotated[
        ErasureState | None, strawberry.argument(description="Only those of which this has become.")
    ] = None,
    **asked: Unpack[PageArguments],
) -> Page[ErasureRow]:
    """A page of all requests."""
    named: Any = state
    return await page_of_erasures(context.database, window(LATEST_FIRST, **asked), named and named.value)


@strawberry.type(
    description="Something refers to the customer, who therefore cannot be deleted; put the customer away or have them erased "
    "instead."
)
class CustomerReferenced(UserError):
    """Over regulars_core.customers.erasure.deletion.CustomerReferenced."""

    counts: list[ReferenceCount] = strawberry.field(
        resolver=lambda root: counts_of(root.counts), description="What refers to the customer."
    )

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, deletion.CustomerReferenced)


@strawberry.input(description="A customer to delete.")
class CustomerDeleteInput(Expecting, IdempotentInput):
    """Input of customerDelete."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    idempotency_key: str = required_key(_FOR_EVER)  # type: ignore[assignment]


@strawberry.type(description="What customerDelete answers.")
class CustomerDeletePayload(Payload):
    """Payload of customerDelete."""

    deleted_customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of the customer who is gone."
    )


@mutation(
    name="customerDelete",
    needs=DELETE,
    description="Deletes a customer that nothing refers to, such as one registered by mistake. Codes: `NOT_FOUND`, "
    "`VERSION_CONFLICT` (VersionConflict), `CUSTOMER_REFERENCED` (CustomerReferenced).",
)
async def customer_delete(
    context: RequestContext,
    *,
    input: Annotated[CustomerDeleteInput, strawberry.argument(description="Whom to delete.")],
) -> CustomerDeletePayload:
    """Delete a customer."""
    key = key_of(input.id, "customer", "id")
    await deletion.delete_customer(context.shop, key, value_or_none(input.expected_version))
    return CustomerDeletePayload(deleted_customer_id=input.id)


@strawberry.input(description="A customer to erase.")
class CustomerEraseRequestInput(IdempotentInput):
    """Input of customerEraseRequest."""

    customer_id: strawberry.ID = strawberry.field(
        description="The customer; an alias means the survivor and all that were merged."
    )
    ground: strawberry.Maybe[ErasureGround | None] = strawberry.field(description="Why; `REQUESTED` if absent.")
    scheduled_for: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When to do it; after the shop's days of grace if absent."
    )
    idempotency_key: str = required_key(_FOR_EVER)  # type: ignore[assignment]


@strawberry.type(description="What customerEraseRequest answers.")
class CustomerEraseRequestPayload(Payload):
    """Payload of customerEraseRequest."""

    erasure: Erasure | None = guarded(ERASE, default=None, description="The request.")


@mutation(
    name="customerEraseRequest",
    needs=ERASE,
    description="Has what is personal of a customer overwritten, here and in every plugin, merged records included; what was "
    "bought stays under the id, balances unchanged. Done after the shop's days of grace, cancelled until then. Codes: "
    "`NOT_FOUND`, `ERASURE_PENDING`, `CUSTOMER_ERASED`, `INVALID_DATE`.",
)
async def customer_erase_request(
    context: RequestContext,
    *,
    input: Annotated[CustomerEraseRequestInput, strawberry.argument(description="Whom to erase.")],
) -> CustomerEraseRequestPayload:
    """Ask for a customer to be erased."""
    row: Any = await requests.request_erasure(
        context.shop,
        key_of(input.customer_id, "customer", "customerId"),
        context.actor,
        value_or_none(input.ground) or requests.REQUESTED,
        value_or_none(input.scheduled_for),
    )
    return CustomerEraseRequestPayload(erasure=row)


@strawberry.input(description="A request to cancel.")
class CustomerEraseCancelInput(IdempotentInput):
    """Input of customerEraseCancel."""

    erasure_id: strawberry.ID = strawberry.field(description="The request.")
    idempotency_key: str = required_key(_FOR_EVER)  # type: ignore[assignment]


@strawberry.type(description="What customerEraseCancel answers.")
class CustomerEraseCancelPayload(Payload):
    """Payload of customerEraseCancel."""

    erasure: Erasure | None = guarded(ERASE, default=None, description="The request as it is now.")


@mutation(
    name="customerEraseCancel",
    needs=ERASE,
    description="Cancels a request to erase that was not yet done. Codes: `NOT_FOUND`, `ERASURE_NOT_PENDING`.",
)
async def customer_erase_cancel(
    context: RequestContext,
    *,
    input: Annotated[CustomerEraseCancelInput, strawberry.argument(description="What to cancel.")],
) -> CustomerEraseCancelPayload:
    """Cancel a request."""
    row: Any = await requests.cancel_erasure(context.shop, key_of(input.erasure_id, "erasure", "erasureId"))
    return CustomerEraseCancelPayload(erasure=row)


@strawberry.enum(description="How the data of a customer is written.")
class DataFormat(Enum):
    """The formats of data requests."""

    CSV = strawberry.enum_value(data_requests.CSV, description="A zip archive with a table for each kind of thing.")
    JSON = strawberry.enum_value(data_requests.JSON, description="One JSON document.")


@strawberry.input(description="A customer whose data is to be handed out.")
class CustomerDataRequestInput(IdempotentInput):
    """Input of customerDataRequest."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    format: strawberry.Maybe[DataFormat | None] = strawberry.field(
        description="`JSON` for one document, `CSV` for an archive of tables; `JSON` if absent."
    )
    idempotency_key: str = required_key("data leaves the shop")  # type: ignore[assignment]


@strawberry.type(description="What customerDataRequest answers.")
class CustomerDataRequestPayload(Payload):
    """Payload of customerDataRequest."""

    bulk_job: BulkJob | None = strawberry.field(default=None, description="The work that makes the file.")


@mutation(
    name="customerDataRequest",
    needs=EXPORT,
    description="Puts everything that is known of a customer into a file, plugins' data included, to hand out to the customer. "
    "Codes: `NOT_FOUND`, `CUSTOMER_ERASED`, `TOO_MANY_JOBS`. Needs what reading all of that needs, too, everything in the whole "
    f"shop: {_READING}.",
)
async def customer_data_request(
    context: RequestContext,
    *,
    input: Annotated[CustomerDataRequestInput, strawberry.argument(description="Whose data.")],
) -> CustomerDataRequestPayload:
    """Ask for a file with what is known of a customer."""
    for permission in NEEDS:
        context.demand(permission, shop_wide=True)
    form: Any = value_or_none(input.format) or data_requests.JSON
    key = key_of(input.customer_id, "customer", "customerId")
    row: Any = await data_requests.request_data(context.shop, key, form, context.actor)
    return CustomerDataRequestPayload(bulk_job=row)


EXTENSIONS = (
    Extension(Query, [erasures]),
    Extension(Erasure, [customer_of]),
    Extension(Customer, [erasure_of]),
    Extension(Mutation, [customer_delete, customer_erase_request, customer_erase_cancel, customer_data_request]),
)
NODES = [NodeKind("erasure", in_every_store(erasures_by_ids), ERASE)]
