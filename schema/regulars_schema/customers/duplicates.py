"""Who a customer may already be: told with refusals, with what was registered, and while a form is filled in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Annotated, Any

import strawberry

from regulars_core.customers import duplicates
from regulars_core.customers.duplicates import Match
from regulars_core.customers.forms import FormCheck, look_over
from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.customers.rules import NewCustomer
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.types import Customer, NameSuggestion
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.nodes import backed_by
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.request.context import RequestContext
from regulars_schema.request.errors import UserError
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.scalars import EmailAddress, PhoneNumber


@strawberry.enum(description="Why two customers may be the same.")
class DuplicateReason(Enum):
    """As a Match tells it."""

    ATTRIBUTE = strawberry.enum_value("ATTRIBUTE", description="The same unique attribute, before it was unique.")
    EMAIL = strawberry.enum_value("EMAIL", description="The same e-mail address.")
    NAME = strawberry.enum_value("NAME", description="Similar names, also in another order or spelling.")
    NAME_AND_BIRTH_DATE = strawberry.enum_value(
        "NAME_AND_BIRTH_DATE", description="Similar names and the same date of birth."
    )
    NAME_AND_PHONE_TAIL = strawberry.enum_value(
        "NAME_AND_PHONE_TAIL", description="Similar names and the same last digits of the phone number."
    )
    PHONE = strawberry.enum_value("PHONE", description="The same phone number.")
    TAX_ID = strawberry.enum_value("TAX_ID", description="The same tax id.")


@dataclass(slots=True)
class MatchRow:
    """A Match with the customer whom it is about."""

    customer: CustomerRow
    reasons: Sequence[str]
    score: int


@requires("customers.view")
@strawberry.type(description="A customer who may be the one that was asked for.")
class DuplicateMatch:
    """Over MatchRow."""

    is_type_of = backed_by(MatchRow)
    customer: Customer = strawberry.field(description="Who it may be.")
    reasons: list[DuplicateReason] = strawberry.field(description="Why.")
    score: int = strawberry.field(description="How likely, 0 to 100.")

    @staticmethod
    def kept(row: MatchRow) -> Mapping[str, Any]:
        """What is kept of it under an idempotency key."""
        return asdict(Match(row.customer.id, row.reasons, row.score))

    @staticmethod
    async def recalled(kept: Sequence[Mapping[str, Any]], context: RequestContext) -> list[MatchRow]:
        """What was kept, with the customers as they are now."""
        return await match_rows(context, [Match(**one) for one in kept])


async def match_rows(context: RequestContext, matches: Sequence[Match]) -> list[MatchRow]:
    """The matches with their customers, without those who are there no more; none for who sees no customers."""
    [rows] = await _rows_of(context, [matches])
    return rows


async def _rows_of(context: RequestContext, matches: Sequence[Sequence[Match]]) -> list[list[MatchRow]]:
    ids = list(dict.fromkeys(one.customer_id for each in matches for one in each))
    if not ids or not context.actor.may("customers.view"):
        return [[] for _ in matches]
    found = await customers_by_ids(context.database, ids)
    return [
        [MatchRow(found[one.customer_id], one.reasons, one.score) for one in each if one.customer_id in found]
        for each in matches
    ]


def traits_told(context: RequestContext) -> frozenset[str]:
    """By which traits the caller may be told who somebody is: filtering by them needs what reading them needs. Whoever may
    register customers may find out by a whole e-mail address or phone number whether somebody has it."""
    told = set()
    if context.actor.may("customers.create"):
        told |= {"email", "phone"}
    if context.actor.may("customers.view_pii"):
        told |= {"email", "phone", "phone_tail", "birth_date", duplicates.ATTRIBUTE}
    if context.actor.may("customers.view_sensitive"):
        told |= {"tax_id", duplicates.SENSITIVE_ATTRIBUTE}
    return frozenset(told)


@strawberry.type(
    description="The customer may be registered already. `POSSIBLE_DUPLICATES` is passed by `force: true`, under the same "
    "idempotency key or a new one; `NOT_UNIQUE` by nothing: the shop allows the value once."
)
class PossibleDuplicates(UserError):
    """Over regulars_core.customers.duplicates.PossibleDuplicates."""

    @classmethod
    def is_type_of(cls, value: object, _: Any) -> bool:
        """The core's problem of this name."""
        return isinstance(value, duplicates.PossibleDuplicates)


@batched(
    name="matches",
    needs="customers.view",
    returns=list[DuplicateMatch] | None,
    most=duplicates.MAX_MATCHES,
    description="Who it may be, the likeliest first, at most 5.",
)
async def matches(
    problems: Sequence[duplicates.PossibleDuplicates], context: RequestContext
) -> Sequence[list[MatchRow]]:
    """The customers whom each problem is about."""
    return await _rows_of(context, [problem.likely for problem in problems])


def possible_duplicates(description: str) -> Any:
    """A field of a payload: MatchRows of whom a customer may also be."""
    return guarded("customers.view", description=description, most=duplicates.MAX_MATCHES, default_factory=list)


@strawberry.input(
    description="A customer who is not registered yet, as it was typed. Nothing is required, and everything is text, so that one "
    "answer tells all that is wrong."
)
class CustomerCheckInput:
    """Input of customerCheck."""

    birth_date: strawberry.Maybe[str | None] = strawberry.field(description="Date of birth, such as `1990-02-28`.")
    company_name: strawberry.Maybe[str | None] = strawberry.field(description="The company's name.")
    email: strawberry.Maybe[str | None] = strawberry.field(description="E-mail address.")
    first_name: strawberry.Maybe[str | None] = strawberry.field(description="First name.")
    last_name: strawberry.Maybe[str | None] = strawberry.field(description="Last name.")
    phone: strawberry.Maybe[str | None] = strawberry.field(description="Phone number.")
    tax_id: strawberry.Maybe[str | None] = strawberry.field(description="Tax identification.")


_TYPED = ("first_name", "last_name", "company_name", "email", "phone", "birth_date", "tax_id")


@requires("customers.create")
@strawberry.type(description="What is to be said about a customer who is not registered yet.")
class CustomerCheck:
    """Over regulars_core.customers.forms.FormCheck."""

    is_type_of = backed_by(FormCheck)
    email: EmailAddress | None = strawberry.field(
        description="The e-mail address as it would be kept; null where it is missing or none."
    )
    missing: list[str] = strawberry.field(
        description="Required fields that are missing, as the fields of `CustomerCreateInput` are named."
    )
    name_suggestion: NameSuggestion | None = strawberry.field(
        description="How the name might be written; null where it is fine."
    )
    phone: PhoneNumber | None = strawberry.field(
        description="The phone number as it would be kept; null where it is missing or none."
    )
    phone_formatted: str | None = strawberry.field(description="The phone number for people.")
    problems: list[UserError] = strawberry.field(
        resolver=lambda root: [problem.under("input") for problem in root.problems],
        description="What is wrong with what was typed, all at once; codes as in `customerCreate`.",
    )


@batched(
    name="possibleDuplicates",
    needs="customers.view",
    returns=list[DuplicateMatch] | None,
    most=duplicates.MAX_MATCHES,
    description="Who it may already be, the likeliest first, at most 5.",
)
async def possible_duplicates_of_check(
    checks: Sequence[FormCheck], context: RequestContext
) -> Sequence[list[MatchRow]]:
    """The customers whom each may already be."""
    return await _rows_of(context, [check.matches for check in checks])


@root(
    name="customerCheck",
    needs="customers.create",
    returns=CustomerCheck | None,
    description="Looks at a customer who is not registered yet: what is wrong, how it would be written, who it may already be. "
    "Writes nothing.",
)
async def customer_check(
    context: RequestContext,
    *,
    input: Annotated[CustomerCheckInput, strawberry.argument(description="What has been typed so far.")],
) -> FormCheck:
    """Look at a customer as typed."""
    typed = {name: value_or_none(getattr(input, name)) for name in _TYPED}
    return await look_over(context.shop, NewCustomer(**typed), traits_told(context))


EXTENSIONS = [
    Extension(PossibleDuplicates, [matches]),
    Extension(CustomerCheck, [possible_duplicates_of_check]),
    Extension(Query, [customer_check]),
]
