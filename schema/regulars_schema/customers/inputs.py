"""What clients give of customers, and how it reaches the core."""

from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from typing import Any

import strawberry

from regulars_core.customers import rules
from regulars_core.customers.attributes.rules import GivenAttribute
from regulars_core.customers.columns import NAMES
from regulars_core.customers.rules import CustomerChanges, NewCustomer
from regulars_schema.customers.attributes.types import AttributeValueInput
from regulars_schema.customers.consents import ConsentEntryInput, consents_in
from regulars_schema.customers.errors import Expecting
from regulars_schema.customers.types import ContactFrequency, ContactMethod, ContactTime, Gender
from regulars_schema.inputs.extensible import open_input
from regulars_schema.inputs.idempotent import IdempotentInput
from regulars_schema.inputs.maybe import value_or_none
from regulars_schema.inputs.readers import ExtensibleInput
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of


@strawberry.enum(description="A detail by which a customer is recognised.")
class MatchOn(Enum):
    """Columns of customer."""

    EMAIL = strawberry.enum_value("EMAIL", description="The same e-mail address.")
    PHONE = strawberry.enum_value(
        "PHONE",
        description="The same phone number; where `EMAIL` was asked before, of nobody with another e-mail address.",
    )


@strawberry.input(description="A postal address; every part is optional, and an empty one is no address.")
class AddressInput:
    """Input form of Address."""

    recipient: strawberry.Maybe[str | None] = strawberry.field(description="Who receives post; at most 240 characters.")
    line1: strawberry.Maybe[str | None] = strawberry.field(description="Street and number; at most 240 characters.")
    line2: strawberry.Maybe[str | None] = strawberry.field(description="What else is needed; at most 240 characters.")
    city: strawberry.Maybe[str | None] = strawberry.field(description="City or town; at most 120 characters.")
    region: strawberry.Maybe[str | None] = strawberry.field(description="State or province; at most 120 characters.")
    postal_code: strawberry.Maybe[str | None] = strawberry.field(description="Postal code; at most 32 characters.")
    country: strawberry.Maybe[str | None] = strawberry.field(description="ISO 3166 code, such as `MX`.")


PHONE = "A phone number, as the shop's country writes it or with a country code."
EMAIL = "E-mail address; at most 254 characters."
BIRTH_DATE = "Date of birth, such as `1990-02-28`."
COMPANY_NAME = "The company's name; at most 240 characters."
IS_COMPANY = "Whether a company and not a person; if absent, a company where only a company's name is given."
CONTACT_FREQUENCY = "How often the customer wants to hear from the shop at most."
CONTACT_TIME = "When in the day the customer likes to be reached."
TAX_ID = "Tax identification; at most 64 characters."
CONSENTS = (
    "What the customer agrees to or refuses, at most 20 entries: written down also for a customer who is found. Needs "
    "`consents.record`."
)
_FIRST_NAME, _LAST_NAME = (
    f"{which} name; at most 120 characters. Of a company, that of whom to ask for." for which in ("First", "Last")
)
_TAGS = "Words to put on the customer, at most 50 of 64 characters; those that differ only in case or accents are one."


@open_input
@strawberry.input(
    description="A new customer. What is required is a setting of the shop (`shop { customerFields { field isRequired } }`): "
    "first and last name by default, a company's name in their place for a company. Where nothing is required, one of name, "
    "company, e-mail and phone is needed all the same."
)
class CustomerCreateInput(ExtensibleInput, IdempotentInput):
    """Input of customerCreate."""

    first_name: strawberry.Maybe[str | None] = strawberry.field(description=_FIRST_NAME)
    last_name: strawberry.Maybe[str | None] = strawberry.field(description=_LAST_NAME)
    company_name: strawberry.Maybe[str | None] = strawberry.field(description=COMPANY_NAME)
    is_company: strawberry.Maybe[bool | None] = strawberry.field(description=IS_COMPANY)
    preferred_name: strawberry.Maybe[str | None] = strawberry.field(description="How the customer likes to be called.")
    email: strawberry.Maybe[str | None] = strawberry.field(description=EMAIL)
    phone: strawberry.Maybe[str | None] = strawberry.field(description=PHONE)
    birth_date: strawberry.Maybe[str | None] = strawberry.field(description=BIRTH_DATE)
    gender: strawberry.Maybe[Gender | None] = strawberry.field(description="Gender, if told.")
    tax_id: strawberry.Maybe[str | None] = strawberry.field(description=TAX_ID)
    preferred_contact: strawberry.Maybe[ContactMethod | None] = strawberry.field(
        description="How to reach the customer."
    )
    contact_frequency: strawberry.Maybe[ContactFrequency | None] = strawberry.field(description=CONTACT_FREQUENCY)
    contact_time: strawberry.Maybe[ContactTime | None] = strawberry.field(description=CONTACT_TIME)
    group_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The group; the default one if absent."
    )
    origin_store_code: strawberry.Maybe[str | None] = strawberry.field(
        description="The store where the customer is registered, in which the caller may do so; if absent, the only store of a "
        "key that is bound to one, and headquarters for a key of the whole shop."
    )
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(description=_TAGS)
    billing_address: strawberry.Maybe[AddressInput | None] = strawberry.field(description="Where invoices go.")
    shipping_address: strawberry.Maybe[AddressInput | None] = strawberry.field(description="Where goods go.")
    attributes: strawberry.Maybe[list[AttributeValueInput] | None] = strawberry.field(
        description="Values of the shop's own attributes."
    )
    consents: strawberry.Maybe[list[ConsentEntryInput] | None] = strawberry.field(description=CONSENTS)
    match_on: strawberry.Maybe[list[MatchOn] | None] = strawberry.field(
        description="Answer the customer with the same e-mail or phone, if there is one, instead of making another; asked "
        "in this order. A customer that is found is not changed."
    )
    force: strawberry.Maybe[bool | None] = strawberry.field(
        description="Register the customer although it may be somebody known already; not if absent. The same idempotency key "
        "may be used: a refusal of possible duplicates is not kept."
    )


@open_input
@strawberry.input(description="Changes of a customer; what is absent stays, null clears.")
class CustomerUpdateInput(ExtensibleInput, Expecting, IdempotentInput):
    """Input of customerUpdate."""

    id: strawberry.ID = strawberry.field(description="The customer to change.")
    first_name: strawberry.Maybe[str | None] = strawberry.field(description="First name; at most 120 characters.")
    last_name: strawberry.Maybe[str | None] = strawberry.field(description="Last name; at most 120 characters.")
    company_name: strawberry.Maybe[str | None] = strawberry.field(description=COMPANY_NAME)
    is_company: strawberry.Maybe[bool | None] = strawberry.field(description="Whether a company and not a person.")
    preferred_name: strawberry.Maybe[str | None] = strawberry.field(description="How the customer likes to be called.")
    email: strawberry.Maybe[str | None] = strawberry.field(description=EMAIL)
    phone: strawberry.Maybe[str | None] = strawberry.field(description=PHONE)
    birth_date: strawberry.Maybe[str | None] = strawberry.field(description=BIRTH_DATE)
    gender: strawberry.Maybe[Gender | None] = strawberry.field(description="Gender, if told.")
    tax_id: strawberry.Maybe[str | None] = strawberry.field(description=TAX_ID)
    preferred_contact: strawberry.Maybe[ContactMethod | None] = strawberry.field(
        description="How to reach the customer."
    )
    contact_frequency: strawberry.Maybe[ContactFrequency | None] = strawberry.field(description=CONTACT_FREQUENCY)
    contact_time: strawberry.Maybe[ContactTime | None] = strawberry.field(description=CONTACT_TIME)
    contact_checked: strawberry.Maybe[bool | None] = strawberry.field(
        description="True: e-mail, phone and addresses were found right, as they are after this change."
    )
    group_id: strawberry.Maybe[strawberry.ID | None] = strawberry.field(
        description="The group; null for the default one."
    )
    tags: strawberry.Maybe[list[str] | None] = strawberry.field(description=f"{_TAGS} They replace those there are.")
    billing_address: strawberry.Maybe[AddressInput | None] = strawberry.field(
        description="Where invoices go; replaces the whole address."
    )
    shipping_address: strawberry.Maybe[AddressInput | None] = strawberry.field(
        description="Where goods go; replaces the whole address."
    )
    attributes: strawberry.Maybe[list[AttributeValueInput] | None] = strawberry.field(
        description="Values of the shop's own attributes; those that are not named stay."
    )


def address(input: AddressInput | None) -> rules.Address | None:
    """The core's form of an address."""
    if input is None:
        return None
    return rules.Address(**{part.name: value_or_none(getattr(input, part.name)) for part in fields(rules.Address)})


def _attributes(given: strawberry.Maybe[list[AttributeValueInput] | None]) -> list[GivenAttribute]:
    return [GivenAttribute(one.name, value_or_none(one.value)) for one in value_or_none(given) or ()]


def new_customer(context: RequestContext, input: CustomerCreateInput, origin_store_id: str | None) -> NewCustomer:
    """The core's form of a new customer. Raises BadInput for an id of a group that is none, and Forbidden as `consents_in`."""
    group = value_or_none(input.group_id)
    return NewCustomer(
        **{name: value_or_none(getattr(input, name)) for name in NAMES},
        is_company=value_or_none(input.is_company),
        tags=value_or_none(input.tags) or (),
        group_id=key_of(group, "group", "groupId") if group else None,
        origin_store_id=origin_store_id,
        billing_address=address(value_or_none(input.billing_address)),
        shipping_address=address(value_or_none(input.shipping_address)),
        attributes=_attributes(input.attributes),
        consents=consents_in(value_or_none(input.consents), context),
        extras=input.extras,
    )


def changes_of(input: CustomerUpdateInput) -> CustomerChanges:
    """What is present in an update, and nothing else. Raises BadInput for an id of a group that is none."""
    changes: dict[str, Any] = {
        name: value_or_none(maybe)
        for name in (*NAMES, "is_company", "tags")
        if (maybe := getattr(input, name)) is not None
    }
    if input.group_id is not None:
        group = input.group_id.value
        changes["group_id"] = key_of(group, "group", "groupId") if group else None
    for name in rules.ADDRESSES.values():
        if (maybe := getattr(input, name)) is not None:
            changes[name] = address(maybe.value)
    changes["contact_checked"] = bool(value_or_none(input.contact_checked))
    changes["attributes"] = _attributes(input.attributes)
    changes["extras"] = input.extras
    return changes  # type: ignore[return-value]


def matches(input: CustomerCreateInput) -> Sequence[str]:
    """The columns to recognise a customer by."""
    return [kind.value for kind in value_or_none(input.match_on) or ()]
