"""What customers can be filtered by."""

from collections.abc import Sequence
from datetime import date

import strawberry

from regulars_core.customers import filters as sql
from regulars_core.customers.rules import NO_COUNTRY, city_key, is_country, tag_key
from regulars_core.primitives.clock import day_of, now
from regulars_core.primitives.errors import BadInput
from regulars_core.purchases.regulars.latest import since
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.types import ContactMethod, CustomerStatus, CustomerWhere
from regulars_schema.fields.filters import (
    AmountComparison,
    IdComparison,
    InstantComparison,
    IntComparison,
    TextComparison,
    amount_conditions,
    enum_conditions,
    flag_conditions,
    id_conditions,
    instant_conditions,
    int_conditions,
    text_conditions,
)
from regulars_schema.fields.store_scope import TOTALS, VIEW
from regulars_schema.request.context import RequestContext


@strawberry.input(description="Compares with a list of customer statuses.")
class CustomerStatusComparison:
    """Conditions over customer.status."""

    in_: list[CustomerStatus] = strawberry.field(name="in", description="One of these.")


@strawberry.input(description="Compares with a list of ways to reach a customer.")
class ContactMethodComparison:
    """Conditions over customer.preferred_contact."""

    in_: list[ContactMethod] = strawberry.field(name="in", description="One of these.")


@strawberry.input(description="Compares a day that comes round every year.")
class BirthdayComparison:
    """Conditions over an instant or a day without its year."""

    in_next_days: int = strawberry.field(
        description="From today up to this many days ahead where the shop is, 0 to 366: 0 is today alone."
    )


def _next_days(comparison: BirthdayComparison, context: RequestContext) -> tuple[date, int]:
    """Today, and how many days from it on."""
    if not 0 <= comparison.in_next_days <= 366:
        raise BadInput("Between 0 and 366 days.", ("inNextDays",))
    return day_of(now(), context.shop.settings.zone), comparison.in_next_days + 1


def _birthday(comparison: BirthdayComparison, context: RequestContext) -> Sequence[Condition]:
    return [("in", sql.days_of_the_year(*_next_days(comparison, context)))]


def _anniversary(comparison: BirthdayComparison, context: RequestContext) -> Sequence[Condition]:
    spans = sql.years_before(*_next_days(comparison, context), context.shop.settings.zone)
    return [("within", spans)]


def _regular(wanted: bool, context: RequestContext) -> Sequence[Condition]:
    return [(">" if wanted else "<=", since(context.shop.settings))]


def _age(comparison: IntComparison, context: RequestContext) -> Sequence[Condition]:
    """By the last day on which somebody of that age can have been born."""
    today = day_of(now(), context.shop.settings.zone)
    younger = {">": ("<=", 1), ">=": ("<=", 0), "<": (">", 0), "<=": (">", 1)}
    conditions: list[Condition] = []
    for operator, years in int_conditions(comparison, context):
        for one in ("<=", ">=") if operator == "=" else (operator,):
            compares, more = younger[one]
            conditions.append((compares, sql.latest_birth_date(years + more, today)))
    return conditions


def _countries(comparison: TextComparison, context: RequestContext) -> Sequence[Condition]:
    """Codes in capitals, as they are kept; with a country's name nobody would be found."""
    for n, text in enumerate(comparison.in_):
        if not is_country(text):
            raise BadInput(NO_COUNTRY, ("in", str(n)))
    return text_conditions(str.upper)(comparison, context)  # type: ignore[no-any-return]


_ABOUT = {
    "status": (CustomerStatusComparison, enum_conditions, "The customer's status."),
    "group": (IdComparison, id_conditions("group"), "The group that the customer is in, by id."),
    "originStore": (IdComparison, id_conditions("store"), "The store where the customer was registered, by id."),
    "createdAt": (InstantComparison, instant_conditions, "When the customer was registered."),
    "updatedAt": (InstantComparison, instant_conditions, "When the customer's details were last changed."),
    "id": (IdComparison, id_conditions("customer"), "The customer, by id; merged ids mean the survivor."),
    "isCompany": (bool, flag_conditions, "Whether a company and not a person."),
    "companyName": (
        TextComparison,
        text_conditions(sql.company_compared),
        "The name of the company, without regard to case and accents.",
    ),
    "taxId": (
        TextComparison,
        text_conditions(sql.tax_id_compared),
        "The tax id, whole and without regard to case, spaces and punctuation.",
    ),
    "birthday": (BirthdayComparison, _birthday, "When the customer's next birthday is."),
    "age": (IntComparison, _age, "How old the customer is, in completed years where the shop is."),
    "tag": (TextComparison, text_conditions(tag_key), "A tag of the customer, without regard to case and accents."),
    "city": (
        TextComparison,
        text_conditions(city_key),
        "The city of one of the addresses, without regard to case and accents.",
    ),
    "region": (
        TextComparison,
        text_conditions(sql.region_compared),
        "The state or province of one of the addresses, without regard to case and accents.",
    ),
    "postalCode": (
        TextComparison,
        text_conditions(sql.postal_code_compared),
        "The postal code of one of the addresses, without regard to case and spaces.",
    ),
    "country": (TextComparison, _countries, "The country of one of the addresses, as ISO 3166 code."),
    "hasEmail": (bool, flag_conditions, "Whether an e-mail address is known."),
    "hasPhone": (bool, flag_conditions, "Whether a phone number is known."),
    "preferredContact": (ContactMethodComparison, enum_conditions, "How the customer likes to be reached."),
    "contactCheckedAt": (
        InstantComparison,
        instant_conditions,
        "When the contact details were last changed or found right.",
    ),
    "isRegular": (bool, _regular, "Whether the customer is a regular, in whatever stores."),
    "totalSpent": (AmountComparison, amount_conditions, "What the customer has spent in all."),
    "purchaseCount": (IntComparison, int_conditions, "How many purchases the customer has made."),
    "averagePurchase": (AmountComparison, amount_conditions, "What a purchase of the customer comes to on average."),
    "anniversary": (BirthdayComparison, _anniversary, "When the day of the first purchase comes round again."),
    "firstPurchaseAt": (InstantComparison, instant_conditions, "When the customer bought for the first time."),
    "lastPurchaseAt": (InstantComparison, instant_conditions, "When the customer last bought."),
}
_SUMMED_UP = frozenset(
    {"totalSpent", "purchaseCount", "averagePurchase", "anniversary", "firstPurchaseAt", "lastPurchaseAt"}
)
"""What is known of all stores together only, and told as that."""

_NEEDS = {
    **dict.fromkeys(
        (
            "age",
            "birthday",
            "city",
            "contactCheckedAt",
            "country",
            "hasEmail",
            "hasPhone",
            "postalCode",
            "preferredContact",
            "region",
        ),
        "customers.view_pii",
    ),
    **dict.fromkeys(_SUMMED_UP, VIEW),
    "taxId": "customers.view_sensitive",
    "group": "groups.view",
    "originStore": "stores.view",
}
"""Filtering needs what reading needs; the others stand under the customers' own permission."""

LEAVES = [
    FilterLeaf(
        CustomerWhere,
        name,
        comparison,
        sql.LEAVES[name],
        conditions,
        description,
        needs=_NEEDS.get(name),
        shop_wide=name in _SUMMED_UP,
        otherwise=TOTALS if name in _SUMMED_UP else None,
    )
    for name, (comparison, conditions, description) in _ABOUT.items()
]
