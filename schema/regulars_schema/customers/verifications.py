"""What was verified of customers."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.customers.reads import CustomerRow
from regulars_core.customers.verifications import records
from regulars_core.customers.verifications.reads import (
    VerificationRow,
    verifications_by_ids,
    verifications_due,
    verifications_of,
)
from regulars_core.customers.verifications.subjects import verified
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.queries.where import Condition, Leaf
from regulars_schema.composition.contributions import Contribution, Extension, FilterLeaf, Mutation, NodeKind
from regulars_schema.customers.types import Customer, CustomerWhere
from regulars_schema.fields.declarations import batched, mutation
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.ids import identified, key_of

_PII = "customers.view_pii"


@strawberry.enum(description="What can be verified of a customer.")
class VerificationSubject(Enum):
    """Values of customer_verification.subject."""

    AGE = strawberry.enum_value("AGE", description="That the customer is old enough.")
    EMAIL = strawberry.enum_value(
        "EMAIL", description="That the e-mail address reaches the customer; not passed where it bounces."
    )
    IDENTITY = strawberry.enum_value("IDENTITY", description="Who the customer is.")
    MEDICAL_CARD = strawberry.enum_value("MEDICAL_CARD", description="That the customer holds a medical card.")
    PHONE = strawberry.enum_value(
        "PHONE", description="That the phone number reaches the customer; not passed where it does not."
    )
    TAX_ID = strawberry.enum_value("TAX_ID", description="That the tax id is the customer's.")


@requires(_PII)
@strawberry.type(
    description="That something of a customer was verified at a time. Only that it was, and by what kind of document: never a "
    "number or a copy. Never changed."
)
class Verification(Node):
    """Over regulars_core.customers.verifications.reads.VerificationRow."""

    is_type_of = backed_by(VerificationRow)
    id: strawberry.ID = identified("verification")
    at: Instant = strawberry.field(description="When it was looked at.")
    author: str = strawberry.field(description="Who looked: the name of the key that was used.")
    document: str | None = strawberry.field(description="What was shown, in the shop's own words, such as `passport`.")
    is_valid: bool = strawberry.field(
        description="Whether it holds now: passed, not expired, not contradicted by a later one, and what it was about is "
        "unchanged since."
    )
    is_passed: bool = strawberry.field(description="Whether it was found right.")
    subject: VerificationSubject = strawberry.field(description="What was looked at.")
    valid_until: date | None = strawberry.field(description="The last day on which it holds; null if it does not end.")


@strawberry.input(description="Something that was looked at.")
class VerificationRecordInput(IdempotentInput):
    """Input of verificationRecord."""

    at: Instant | None = strawberry.field(default=None, description="When; now if absent, and never in the future.")
    customer_id: strawberry.ID = strawberry.field(description="Whose.")
    document: str | None = strawberry.field(
        default=None,
        description="The kind of document that was shown, such as `passport`; at most 40 characters, and never its number.",
    )
    subject: VerificationSubject = strawberry.field(description="What was looked at.")
    is_passed: bool | None = strawberry.field(default=None, description="Whether it was found right; true if absent.")
    valid_until: date | None = strawberry.field(
        default=None, description="The last day on which it holds, such as that of the card; for good if absent."
    )


@strawberry.type(description="What verificationRecord answers.")
class VerificationRecordPayload(Payload):
    """Payload of verificationRecord."""

    verification: Verification | None = guarded(_PII, default=None, description="What was written down.")


@mutation(
    name="verificationRecord",
    needs="customers.edit",
    description="Writes down that something of a customer was verified, or was not found right. Codes: `NOT_FOUND`, "
    "`INVALID_DATE`, `TOO_LONG`, `INVALID_TEXT`.",
)
async def verification_record(
    context: RequestContext,
    *,
    input: Annotated[VerificationRecordInput, strawberry.argument(description="What was looked at.")],
) -> VerificationRecordPayload:
    """Write it down."""
    new = records.NewVerification(
        customer_id=key_of(input.customer_id, "customer", "customerId"),
        subject=input.subject.name,
        is_passed=input.is_passed is not False,
        at=input.at,
        valid_until=input.valid_until,
        document=input.document,
    )
    id_ = await records.record(context.shop, new, context.actor.name)
    found: Any = (await verifications_by_ids(context.shop, [id_]))[id_]
    return VerificationRecordPayload(verification=found)


@batched(
    name="verifications",
    replica=False,
    needs=_PII,
    returns=list[Verification] | None,
    description="What was verified, the latest first.",
    most=20,
)
async def verifications(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[list[VerificationRow]]:
    """Each customer's, those of records that were merged into it among them."""
    found = await verifications_of(context.shop, [one.id for one in customers])
    return [found[one.id] for one in customers]


@batched(
    name="verificationsDue",
    replica=False,
    needs=_PII,
    returns=list[VerificationSubject] | None,
    description="What the shop wants verified and is not, or no longer; ask for it at the till.",
)
async def due(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[Sequence[str]]:
    """What is to be asked of each customer."""
    return await verifications_due(context.shop, customers)


@strawberry.input(description="Compares what is verified and still valid.")
class VerificationSubjectComparison:
    """Conditions over what is verified."""

    in_: list[VerificationSubject] = strawberry.field(name="in", description="One of these.")


def _conditions(comparison: VerificationSubjectComparison, context: RequestContext) -> Sequence[Condition]:
    today = day_of(now(), context.shop.settings.zone).isoformat()
    return [("in", (today, [subject.value for subject in comparison.in_]))]


VERIFIED = FilterLeaf(
    CustomerWhere,
    "verified",
    VerificationSubjectComparison,
    Leaf("verified", verified),
    _conditions,
    "What is verified of the customer and still valid.",
    needs=_PII,
)


async def _by_ids(context: RequestContext, keys: Sequence[str]) -> Mapping[str, VerificationRow]:
    return await verifications_by_ids(context.shop, keys)


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Customer, [verifications, due]), Extension(Mutation, [verification_record])],
        leaves=[VERIFIED],
        nodes=[NodeKind("verification", _by_ids, _PII)],
    )
