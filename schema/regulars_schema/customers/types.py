"""Customers in the language of the API: their types and fields."""

from collections.abc import Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any, NewType, Unpack

import strawberry

from regulars_core.customers import names
from regulars_core.customers.filters import not_gone
from regulars_core.customers.reads import (
    NEWEST_FIRST,
    SORT_KEYS,
    CustomerRow,
    StatsRow,
)
from regulars_core.customers.search.texts import NAMES, NAMES_AND_CONTACT
from regulars_core.groups.reads import GroupRow
from regulars_core.primitives.clock import Instant
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Where
from regulars_schema.composition.contributions import SortField
from regulars_schema.fields.nodes import Node, backed_by
from regulars_schema.fields.pagination import PageArguments, window_of
from regulars_schema.fields.sort_orders import OrderDirection, order_of
from regulars_schema.fields.store_scope import TOTALS, VIEW
from regulars_schema.fields.where_trees import where_input
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import guarded, requires
from regulars_schema.types.ids import identified
from regulars_schema.types.money import Money
from regulars_schema.types.scalars import EmailAddress, PhoneNumber


@strawberry.enum(description="Where a customer stands with the shop.")
class CustomerStatus(Enum):
    """Values of customer.status."""

    ACTIVE = strawberry.enum_value("ACTIVE", description="A customer as usual.")
    ERASED = strawberry.enum_value("ERASED", description="Erased: what was personal is gone, what was bought stays.")
    INACTIVE = strawberry.enum_value("INACTIVE", description="Put away: not found at the till, still in every report.")
    SUSPENDED = strawberry.enum_value(
        "SUSPENDED", description="To be stopped: found at the till, and shown as suspended."
    )
    MERGED = strawberry.enum_value(
        "MERGED", description="Merged into another customer, where the id and the code lead."
    )


@strawberry.enum(description="A customer's gender, as the customer gives it.")
class Gender(Enum):
    """Values of customer.gender."""

    FEMALE = strawberry.enum_value("FEMALE", description="Female.")
    MALE = strawberry.enum_value("MALE", description="Male.")
    NON_BINARY = strawberry.enum_value("NON_BINARY", description="Neither female nor male.")
    UNDISCLOSED = strawberry.enum_value("UNDISCLOSED", description="Asked, and not told.")


@strawberry.enum(description="A way to reach a customer.")
class ContactMethod(Enum):
    """Values of customer.preferred_contact."""

    EMAIL = strawberry.enum_value("EMAIL", description="By e-mail.")
    PHONE = strawberry.enum_value("PHONE", description="By a call.")
    SMS = strawberry.enum_value("SMS", description="By a text message.")
    POST = strawberry.enum_value("POST", description="By a letter.")
    MESSENGER = strawberry.enum_value("MESSENGER", description="By a message in an app, such as WhatsApp.")


@strawberry.enum(description="How often a customer wants to hear from the shop at most.")
class ContactFrequency(Enum):
    """Values of customer.contact_frequency."""

    WEEKLY = strawberry.enum_value("WEEKLY", description="Once a week.")
    MONTHLY = strawberry.enum_value("MONTHLY", description="Once a month.")
    QUARTERLY = strawberry.enum_value("QUARTERLY", description="Once a quarter.")


@strawberry.enum(description="When in the day a customer likes to be reached.")
class ContactTime(Enum):
    """Values of customer.contact_time."""

    MORNING = strawberry.enum_value("MORNING", description="In the morning, before noon.")
    AFTERNOON = strawberry.enum_value("AFTERNOON", description="In the afternoon, from noon to 18:00.")
    EVENING = strawberry.enum_value("EVENING", description="In the evening, after 18:00.")


@requires("groups.view")
@strawberry.type(description="A group of customers to whom the same terms apply. Every customer is in exactly one.")
class CustomerGroup(Node):
    """Over regulars_core.groups.reads.GroupRow."""

    is_type_of = backed_by(GroupRow)
    id: strawberry.ID = identified("group")
    name: str = strawberry.field(description="What people call it; unique.")
    description: str | None = strawberry.field(description="What it is for.")
    is_default: bool = strawberry.field(description="Whether customers are put here when no group is named.")
    created_at: Instant = strawberry.field(description="When it was made.")
    updated_at: Instant = strawberry.field(description="When it was last changed.")


@requires("customers.view_pii")
@strawberry.type(description="A postal address.")
class Address:
    """Over regulars_core.customers.reads.AddressRow."""

    recipient: str | None = strawberry.field(description="Who receives post here, if somebody other than the customer.")
    line1: str | None = strawberry.field(description="Street and number.")
    line2: str | None = strawberry.field(description="Flat, floor, or what else is needed.")
    city: str | None = strawberry.field(description="City or town.")
    region: str | None = strawberry.field(description="State, province or county.")
    postal_code: str | None = strawberry.field(description="Postal code.")
    country: str | None = strawberry.field(description="ISO 3166 code of the country, such as `MX`.")


@requires("purchases.view")
@strawberry.type(
    description="What a customer's purchases amount to, in the stores whose purchases the caller may see. Voided purchases do "
    "not count, refunds are taken off."
)
class CustomerStats:
    """Over regulars_core.customers.reads.StatsRow."""

    is_type_of = backed_by(StatsRow)
    total_spent: Money = strawberry.field(
        description="What purchases came to less everything given back, whether it is paid yet or not, without cash rounding."
    )
    purchase_count: int = strawberry.field(description="Purchases that are neither voided nor wholly refunded.")
    average_purchase: Money | None = strawberry.field(
        description="Total spent ÷ purchase count, half-up to the minor unit; null without purchases."
    )
    first_purchase_at: Instant | None = strawberry.field(description="When the first counted purchase was made.")
    last_purchase_at: Instant | None = strawberry.field(description="When the latest counted purchase was made.")
    days_since_last_purchase: int | None = strawberry.field(
        description="Calendar days since the latest counted purchase, where the shop is; 0 is today, or dated ahead."
    )


@requires(TOTALS)
@strawberry.type(description="What a customer's purchases amount to in the whole shop.")
class CustomerTotals:
    """Over regulars_core.customers.reads.StatsRow."""

    is_type_of = backed_by(StatsRow)
    total_spent: Money = strawberry.field(description="What they came to, less everything given back.")
    purchase_count: int = strawberry.field(
        description="Purchases in all stores that are neither voided nor wholly refunded."
    )
    first_purchase_at: Instant | None = strawberry.field(
        description="When the first counted purchase was made, in whatever store; null without one."
    )
    last_purchase_at: Instant | None = strawberry.field(
        description="When the latest counted purchase was made, in whatever store; null without one."
    )


@requires(None)
@strawberry.type(
    description="A name as it might be written, `Juan Pérez` for `JUAN PÉREZ`. Nothing is changed by itself."
)
class NameSuggestion:
    """Over regulars_core.customers.names.NameSuggestion."""

    is_type_of = backed_by(names.NameSuggestion)
    first_name: str = strawberry.field(description="First name.")
    last_name: str = strawberry.field(description="Last name.")


@requires("customers.view")
@strawberry.type(description="A person or a company that buys from the shop.")
class Customer(Node):
    """Over regulars_core.customers.reads.CustomerRow."""

    is_type_of = backed_by(CustomerRow)
    id: strawberry.ID = identified("customer")
    code: str = strawberry.field(
        description="Short and unique, for looking up at the till: `CUST-00042`, or `CUST-S07-00042` for one made at a store."
    )
    first_name: str = strawberry.field(description="First name, as it was written; empty where none is known.")
    last_name: str = strawberry.field(description="Last name, as it was written; empty where none is known.")
    company_name: str | None = strawberry.field(description="The company's name; null where none is known.")
    is_company: bool = strawberry.field(
        description="Whether a company and not a person; first and last name are then those of whom to ask for."
    )
    preferred_name: str | None = strawberry.field(
        description="How the customer likes to be called, if not by first and last name."
    )
    display_name: str = strawberry.field(
        description="The preferred name, or else first and last name, or else the company's; for who has none of them the code. "
        "Never empty."
    )
    name_suggestion: NameSuggestion | None = strawberry.field(
        description="How the name might be written, where it is all capitals or all small letters; null where it is fine."
    )
    email: EmailAddress | None = guarded("customers.view_pii", description="E-mail address, in lower case.")
    phone: PhoneNumber | None = guarded(
        "customers.view_pii", description="Phone number in E.164, such as `+525512345678`."
    )
    phone_formatted: str | None = guarded(
        "customers.view_pii", description="Phone number for people, such as `+52 55 1234 5678`."
    )
    birth_date: date | None = guarded("customers.view_pii", description="Date of birth.")
    gender: Gender | None = guarded("customers.view_pii", description="Gender, if told.")
    preferred_contact: ContactMethod | None = guarded(
        "customers.view_pii", description="How the customer likes to be reached."
    )
    contact_frequency: ContactFrequency | None = guarded(
        "customers.view_pii", description="How often the customer wants to hear from the shop at most."
    )
    contact_time: ContactTime | None = guarded(
        "customers.view_pii", description="When in the day the customer likes to be reached."
    )
    contact_checked_at: Instant | None = guarded(
        "customers.view_pii",
        description="When e-mail, phone and addresses were last changed, or found right by somebody.",
    )
    status: CustomerStatus = strawberry.field(description="Where the customer stands with the shop.")
    version: int = strawberry.field(description="Grows by one with every change of the customer's details.")
    created_at: Instant = strawberry.field(description="When the customer was registered.")
    updated_at: Instant = strawberry.field(description="When the customer's details were last changed.")


CustomerOrderField = NewType("CustomerOrderField", str)
"""What customers can be ordered by; a plugin adds a value with a SortField."""
CustomerOrderField.__doc__ = "What customers can be ordered by. Those with equal values are ordered by id."


@strawberry.input(description="An order of customers.")
class CustomerOrderBy:
    """Input of every list of customers."""

    field: CustomerOrderField = strawberry.field(description="What to order by.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which end comes first.")


@where_input("CustomerWhere", "Conditions on customers. Several in one node must all hold; `{}` holds for everyone.")
class CustomerWhere:
    """Marker: the leaves are composed per schema, and what arrives is a regulars_core.queries.where.Where."""


CustomerOrder = Annotated[
    CustomerOrderBy | None, strawberry.argument(description="The order; the newest customers first if absent.")
]
CustomerConditions = Annotated[
    CustomerWhere | None, strawberry.argument(description="Only customers for whom these conditions hold.")
]


class CustomersArguments(PageArguments, total=False):
    """The arguments of every list of customers."""

    where: CustomerConditions
    order_by: CustomerOrder


SORTS = [
    SortField(CustomerOrderField, SORT_KEYS["CREATED_AT"], "By the time of registration."),
    SortField(CustomerOrderField, SORT_KEYS["UPDATED_AT"], "By the time of the last change of the details."),
    SortField(
        CustomerOrderField,
        SORT_KEYS["NAME"],
        "By last name, then first name, or else the company's name, without case and accents.",
    ),
    SortField(CustomerOrderField, SORT_KEYS["CODE"], "By code, as text."),
    *(
        SortField(CustomerOrderField, SORT_KEYS[name], description, needs=VIEW, shop_wide=True, otherwise=TOTALS)
        for name, description in (
            ("TOTAL_SPENT", "By what was spent in all."),
            ("AVERAGE_PURCHASE", "By what a purchase comes to on average; without one, below all others."),
            ("PURCHASE_COUNT", "By the number of purchases."),
            ("LAST_PURCHASE_AT", "By the latest purchase; without one, below all others."),
        )
    ),
]


def customers_window(context: RequestContext, **arguments: Unpack[CustomersArguments]) -> tuple[Window, Where]:
    """Which page the arguments of a list of customers ask for, the newest first if no order is given; and under which
    conditions: who is erased is there only where one of them asks for a status. Raises BadInput and Forbidden."""
    given: Any = arguments.get("where")
    where = not_gone(given)
    return window_of(order_of(arguments.get("order_by"), NEWEST_FIRST, context), arguments), where


def searchable(context: RequestContext) -> Sequence[str]:
    """Where a search for customers may look: it must not find by what the caller may not see."""
    if not context.actor.may("customers.view"):
        return ()
    return NAMES_AND_CONTACT if context.actor.may("customers.view_pii") else NAMES
