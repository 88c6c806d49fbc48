"""What customers agree to and refuse: how it is given, shown, and compared."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.customers import consent_records
from regulars_core.customers.consents.entries import MARKETING, ConsentEntry
from regulars_core.customers.consents.reads import ConsentRow, consents_by_ids, consents_in_force, consents_said
from regulars_core.customers.consents.rules import sums_with
from regulars_core.customers.filters import LEAVES
from regulars_core.customers.reads import CustomerRow, survivors_by_ids
from regulars_core.plugins.owners import CORE
from regulars_core.primitives.clock import Instant
from regulars_core.primitives.errors import BadInput, Forbidden
from regulars_core.queries.rows import load_one
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import Contribution, Extension, FilterLeaf, Mutation, NodeKind
from regulars_schema.customers.types import ContactMethod, Customer, CustomerWhere
from regulars_schema.fields.declarations import batched, mutation
from regulars_schema.fields.nodes import Node, backed_by, in_every_store
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import Payload
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.ids import identified, key_of

VIEW, RECORD = "consents.view", "consents.record"


@strawberry.enum(description="What a customer said. Without a record nobody has agreed.")
class ConsentDecision(Enum):
    """Values of consent.decision."""

    GRANTED = strawberry.enum_value("GRANTED", description="The customer agrees.")
    PENDING = strawberry.enum_value("PENDING", description="Asked, and not yet confirmed; counts as no agreement.")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="The customer does not agree, or no longer.")


@strawberry.enum(description="What speaks for a consent.")
class ConsentProof(Enum):
    """Values of consent.proof."""

    CHECKBOX = strawberry.enum_value("CHECKBOX", description="A box that the customer ticked.")
    CONFIRMED = strawberry.enum_value(
        "CONFIRMED", description="A link or code that the customer sent back (double opt-in)."
    )
    NONE = strawberry.enum_value("NONE", description="Nothing but the word of who recorded it.")
    RECORDING = strawberry.enum_value("RECORDING", description="A recording of what was said.")
    SIGNED = strawberry.enum_value("SIGNED", description="A paper or screen that the customer signed.")


@requires(VIEW)
@strawberry.type(
    description="That a customer agreed to something or refused it, at a time and on evidence. Never changed: a new record takes "
    "its place. It holds nothing personal."
)
class Consent(Node):
    """Over regulars_core.customers.consents.reads.ConsentRow."""

    is_type_of = backed_by(ConsentRow)
    id: strawberry.ID = identified("consent")
    purpose: str = strawberry.field(
        description="What for: `marketing`, `data_collection`, `profiling`, or a purpose of the shop's own."
    )
    channel: str | None = strawberry.field(
        description="By which way of contact, as `ContactMethod` names it; null for every way, and for a purpose that is not "
        "about contact."
    )
    decision: ConsentDecision = strawberry.field(description="What was said.")
    at: Instant = strawberry.field(description="When the customer said so.")
    source: str = strawberry.field(
        description="Where the customer said so, in the shop's own words, such as `till` or `web form`."
    )
    proof: ConsentProof = strawberry.field(description="What speaks for it.")
    proof_reference: str | None = strawberry.field(
        description="Where the evidence lies, such as the number of a form or the id of a message; never personal."
    )
    text_version: str | None = strawberry.field(description="The version of the text that the customer was shown.")
    recorded_at: Instant = strawberry.field(description="When it was written down here.")
    recorded_by: str = strawberry.field(description="Who wrote it down: the name of the key that was used.")


@strawberry.input(description="Something that a customer agrees to or refuses.")
class ConsentEntryInput:
    """Input form of Consent."""

    decision: ConsentDecision = strawberry.field(description="What was said.")
    source: str = strawberry.field(
        description="Where the customer said so, such as `till`; at most 40 characters, nothing personal."
    )
    purpose: strawberry.Maybe[str | None] = strawberry.field(description="What for; `marketing` if absent.")
    channel: strawberry.Maybe[ContactMethod | None] = strawberry.field(
        description="By which way of contact; absent for every way."
    )
    at: strawberry.Maybe[Instant | None] = strawberry.field(
        description="When the customer said so; now if absent, and never in the future."
    )
    proof: strawberry.Maybe[ConsentProof | None] = strawberry.field(description="What speaks for it; `NONE` if absent.")
    proof_reference: strawberry.Maybe[str | None] = strawberry.field(
        description="Where the evidence lies; at most 120 characters, nothing personal."
    )
    text_version: strawberry.Maybe[str | None] = strawberry.field(
        description="The version of the text that the customer was shown; at most 40 characters."
    )


def consents_in(given: Sequence[ConsentEntryInput] | None, context: RequestContext) -> Sequence[ConsentEntry]:
    """The core's form of what an input says that a customer agrees to or refuses. Raises Forbidden where it says anything and the
    caller may not write that down."""
    if given and not context.actor.may(RECORD):
        raise Forbidden(RECORD)
    return entries_of(given)


def entries_of(given: Sequence[ConsentEntryInput] | None) -> Sequence[ConsentEntry]:
    """The core's form of these entries."""
    return [
        ConsentEntry(
            decision=_member(one.decision) or "",
            source=one.source,
            channel=_member(value_or_none(one.channel)),
            purpose=value_or_none(one.purpose),
            at=value_or_none(one.at),
            proof=_member(value_or_none(one.proof)),
            proof_reference=value_or_none(one.proof_reference),
            text_version=value_or_none(one.text_version),
        )
        for one in given or ()
    ]


def _member(value: Any) -> str | None:
    """The name of a member, which in conditions comes as it is written."""
    return str(value.value if isinstance(value, Enum) else value) if value else None


@strawberry.input(
    description="Asks what a customer agrees to now: the latest record of this channel and purpose, unless every channel was "
    "refused later or at the same time. `{}` is marketing by every way."
)
class ConsentComparison:
    """Conditions over what is in force."""

    channel: strawberry.Maybe[ContactMethod | None] = strawberry.field(
        description="By this way of contact; absent for what is agreed to for every way."
    )
    purpose: strawberry.Maybe[str | None] = strawberry.field(description="What for; `marketing` if absent.")


def _agreed(comparison: ConsentComparison, context: RequestContext) -> Sequence[Condition]:
    for name in ("channel", "purpose"):
        if (some := getattr(comparison, name)) is not None and some.value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name,))
    purpose = value_or_none(comparison.purpose)
    if purpose is not None and purpose not in context.shop.settings.consent_purposes:
        known = ", ".join(context.shop.settings.consent_purposes)
        raise BadInput(f"The shop asks for consent to these purposes alone: {known}.", ("purpose",))
    return [("=", (purpose or MARKETING, sums_with(_member(value_or_none(comparison.channel)))))]


HAS_CONSENT = FilterLeaf(
    CustomerWhere,
    "hasConsent",
    ConsentComparison,
    LEAVES["hasConsent"],
    _agreed,
    "Whether the customer agrees to something now; an opt-out always wins.",
    needs=VIEW,
)


@batched(
    name="consents",
    replica=False,
    needs=VIEW,
    returns=list[Consent] | None,
    description="What the customer agreed to and refused, the latest first: the record in force of each channel and purpose, or "
    "all of them.",
)
async def consents_of(
    customers: Sequence[CustomerRow],
    context: RequestContext,
    *,
    history: Annotated[
        bool | None,
        strawberry.argument(
            description="Whether to answer all records, the latest first and at most 500, instead of those in force; not if "
            "absent."
        ),
    ] = None,
) -> Sequence[list[ConsentRow]]:
    """Each customer's consents."""
    keys = [customer.id for customer in customers]
    found = await (consents_said if history else consents_in_force)(context.database, keys)
    return [found[key] for key in keys]


@strawberry.input(description="What a customer agrees to or refuses.")
class ConsentRecordInput(IdempotentInput):
    """Input of consentRecord."""

    customer_id: strawberry.ID = strawberry.field(description="Whose consent.")
    entries: list[ConsentEntryInput] = strawberry.field(
        description="What was said, 1 to 20 entries; all of them are written down or none."
    )


@strawberry.type(description="What consentRecord answers.")
class ConsentRecordPayload(Payload):
    """Payload of consentRecord."""

    customer: Customer | None = guarded(
        "customers.view", default=None, description="The customer, with what is in force now."
    )
    consents: list[Consent] | None = guarded(
        VIEW, default=None, description="What was written down, in the order of the entries."
    )


@mutation(
    name="consentRecord",
    needs=RECORD,
    description="Writes down what a customer agrees to or refuses, for ever. A refusal holds at once; an agreement that is older "
    "than the refusal in force is kept and changes nothing. Codes: `NOT_FOUND`, `REQUIRED`, `TOO_MANY`, `TOO_LONG`, "
    "`INVALID_TEXT`, `INVALID_DATE`, `UNKNOWN_PURPOSE`, `PROOF_REQUIRED`.",
)
async def consent_record(
    context: RequestContext,
    *,
    input: Annotated[ConsentRecordInput, strawberry.argument(description="Who said what.")],
) -> ConsentRecordPayload:
    """Write down consents."""
    key = key_of(input.customer_id, "customer", "customerId")
    records = await consent_records.record(context.shop, key, entries_of(input.entries))
    customer = await load_one(survivors_by_ids, context.database, key)
    shown: list[Consent] = list(records)  # type: ignore[arg-type]
    return ConsentRecordPayload(consents=shown, customer=customer)  # type: ignore[arg-type]


def contribution() -> Contribution:
    """What this room brings to the schema."""
    return Contribution(
        CORE,
        extensions=[Extension(Customer, [consents_of]), Extension(Mutation, [consent_record])],
        leaves=[HAS_CONSENT],
        nodes=[NodeKind("consent", in_every_store(consents_by_ids), VIEW)],
    )
