"""What customers can be filtered by."""

from collections.abc import Sequence

import strawberry

from regulars_core.customers import filters as sql
from regulars_core.customers.rules import city_key, tag_key
from regulars_core.primitives.clock import day_of, now
from regulars_core.primitives.errors import BadInput
from regulars_core.queries.where import Condition
from regulars_schema.composition.contributions import FilterLeaf
from regulars_schema.customers.types import CustomerStatus, CustomerWhere
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
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext


@strawberry.input(description="Compares with a list of customer statuses.")
class CustomerStatusComparison:
    """Conditions over customer.status."""

    in_: list[CustomerStatus] = strawberry.field(name="in", description="One of these.")


@strawberry.input(description="Compares the day of the year on which somebody was born.")
class BirthdayComparison:
    """Conditions over customer.birth_date without its year."""

    in_next_days: int = strawberry.field(
        description="From today up to this many days ahead where the shop is, 0 to 366: 0 is today alone."
    )


def _birthday(comparison: BirthdayComparison, context: RequestContext) -> Sequence[Condition]:
    if not 0 <= comparison.in_next_days <= 366:
        raise BadInput("Between 0 and 366 days.", ("inNextDays",))
    today = day_of(now(), context.shop.settings.zone)
    return [("in", sql.days_of_the_year(today, comparison.in_next_days + 1))]


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


_COUNTRY = text_conditions(str.upper)
_ABOUT = {
    "status": (CustomerStatusComparison, enum_conditions, "The customer's status."),
    "group": (IdComparison, id_conditions("group"), "The group that the customer is in, by id."),
    "originStore": (IdComparison, id_conditions("store"), "The store where the customer was registered, by id."),
    "createdAt": (InstantComparison, instant_conditions, "When the customer was registered."),
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
    "country": (TextComparison, _COUNTRY, "The country of one of the addresses, as ISO 3166 code."),
    "hasEmail": (bool, flag_conditions, "Whether an e-mail address is known."),
    "hasPhone": (bool, flag_conditions, "Whether a phone number is known."),
    "totalSpent": (AmountComparison, amount_conditions, "What the customer has spent in all."),
    "purchaseCount": (IntComparison, int_conditions, "How many purchases the customer has made."),
    "firstPurchaseAt": (InstantComparison, instant_conditions, "When the customer bought for the first time."),
    "lastPurchaseAt": (InstantComparison, instant_conditions, "When the customer last bought."),
}
_SUMMED_UP = frozenset({"totalSpent", "purchaseCount", "firstPurchaseAt", "lastPurchaseAt"})
"""What is known of all stores together only."""

_NEEDS = {
    **dict.fromkeys(("age", "birthday", "city", "country", "hasEmail", "hasPhone"), "customers.view_pii"),
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
    )
    for name, (comparison, conditions, description) in _ABOUT.items()
]
