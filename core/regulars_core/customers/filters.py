"""What customers can be filtered by, as SQL over `customer c` and `customer_stats s`."""

from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from regulars_core.customers.consents.reads import agrees
from regulars_core.customers.reads import AVERAGE_PURCHASE, GONE
from regulars_core.customers.rules import company_key, postal_key, region_key, tax_key
from regulars_core.customers.sealed import compared_tax_ids
from regulars_core.primitives.clock import NEVER, Instant, start_of
from regulars_core.queries.where import (
    Condition,
    Leaf,
    LeafSql,
    Values,
    Where,
    compared,
    exists_in,
    one_of,
    present,
)


def company_compared(name: str) -> str:
    """The form in which companies' names are compared; one that nobody has for what is no name."""
    return company_key(name) or ""


def tax_id_compared(tax_id: str) -> str:
    """The form in which tax ids are compared; one that nobody has for what is none."""
    return tax_key(tax_id) or ""


def region_compared(region: str) -> str:
    """The form in which states and provinces are compared; one that nobody has for what is none."""
    return region_key(region) or ""


def postal_code_compared(postal_code: str) -> str:
    """The form in which postal codes are compared; one that nobody has for what is none."""
    return postal_key(postal_code) or ""


_HAS_TAG = exists_in("customer_tag t", "t.customer_id = c.id", compared("t.tag_key"))
_IN_CITY = exists_in("customer_address a", "a.customer_id = c.id", compared("a.city_key"))
_IN_REGION = exists_in("customer_address a", "a.customer_id = c.id", compared("a.region_key"))
_IN_POSTAL_CODE = exists_in("customer_address a", "a.customer_id = c.id", compared("a.postal_key"))
_IN_COUNTRY = exists_in("customer_address a", "a.customer_id = c.id", compared("a.country"))


def happened(column: str) -> LeafSql:
    """A leaf over an instant that may never have come: `NEVER` compares with nothing."""
    comparison = compared(column)

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return f"{comparison(conditions, values)} AND {column} > {NEVER + 1} - 1"

    return sql


def happened_or_not(column: str) -> LeafSql:
    """A leaf over an instant that may never have come, later than one or not: what never came is not later. What is later is
    said so that an index without `NEVER` has it."""
    comparison, later = compared(column), happened(column)

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        [(operator, _)] = conditions
        return (later if operator == ">" else comparison)(conditions, values)

    return sql


def _birthday(conditions: Sequence[Condition], values: Values) -> str:
    """On one of these days of the year, `MM-DD`."""
    [(_, days)] = conditions
    return values.among("substr(c.birth_date, 6, 5)", days, "text")


def _led_to(conditions: Sequence[Condition], values: Values) -> str:
    """The customer to whom one of these ids leads."""
    leading = " AND ".join(values.among("a.id", ids, "uuid") for _, ids in conditions)
    return f"c.id IN (SELECT coalesce(a.merged_into_id, a.id) FROM customer a WHERE {leading})"


def _average(conditions: Sequence[Condition], values: Values) -> str:
    """Of who has bought; the others stand below all amounts."""
    return f"{compared(AVERAGE_PURCHASE)(conditions, values)} AND s.purchase_count > 0"


def _anniversary(conditions: Sequence[Condition], values: Values) -> str:
    """For the first time within one of these spans, from one instant and before another."""
    [(_, spans)] = conditions
    within = (
        f"(s.first_purchase_at >= {values.bind(begin)} AND s.first_purchase_at < {values.bind(end)})"
        for begin, end in spans
    )
    return " OR ".join(within) or "1=0"


def years_before(first: date, count: int, zone: ZoneInfo) -> list[tuple[Instant, Instant]]:
    """The spans of earlier years that come round again on so many days from a first one on, back to 1970; what was on 29 February
    comes round on the 28th in other years."""
    last = first + timedelta(days=min(count, 366) - 1)
    spans: list[tuple[date, date]] = []
    for year in range(1970, first.year + 2):
        for own in sorted({first.year, last.year}, reverse=True):  # what is of the second year comes first in each
            begin = _years_back(max(first, date(own, 1, 1)), own - year)
            end = _years_back(min(last, date(own, 12, 31)) + timedelta(days=1), own - year)
            if own > year and begin < end:
                if spans and spans[-1][1] >= begin:
                    elder_begin, elder_end = spans.pop()
                    begin, end = elder_begin, max(elder_end, end)
                spans.append((begin, end))
    return [(start_of(begin, zone), start_of(end, zone)) for begin, end in spans]


def _years_back(day: date, years: int) -> date:
    """The first day so many years earlier that does not lie before this one in the year."""
    year = day.year - years
    return date(year, 3, 1) if (day.month, day.day) == (2, 29) and not isleap(year) else day.replace(year=year)


def days_of_the_year(first: date, count: int) -> list[str]:
    """The days `MM-DD` from a first one on; who was born on 29 February has the 28th in other years."""
    dates = [first + timedelta(days=n) for n in range(min(count, 366))]
    days = [one.strftime("%m-%d") for one in dates]
    if any(one.month == 2 and one.day == 28 and (one + timedelta(days=1)).month == 3 for one in dates):
        days.append("02-29")
    return list(dict.fromkeys(days))


def age_on(born: date, day: date) -> int:
    """How many years somebody has completed on a day; who was born on 29 February does so on the 28th in other years."""
    eve = (2, 28) if (born.month, born.day) == (2, 29) and not isleap(day.year) else (born.month, born.day)
    return day.year - born.year - ((day.month, day.day) < eve)


def latest_birth_date(years: int, day: date) -> str:
    """The last birth date, as it is kept, of those who have completed so many years on a day."""
    year = day.year - years
    if not 1 <= year <= 9999:
        return "" if year < 1 else "9999-12-31"
    if (day.month, day.day) == (2, 28) and not isleap(day.year) and isleap(year):
        return f"{year:04}-02-29"
    if (day.month, day.day) == (2, 29) and not isleap(year):
        return f"{year:04}-02-28"
    return f"{year:04}-{day:%m-%d}"


LEAVES = {
    leaf.name: leaf
    for leaf in (
        Leaf("status", compared("c.status")),
        Leaf("group", one_of("c.group_id", "uuid")),
        Leaf("originStore", compared("c.origin_store_id", "uuid")),
        Leaf("createdAt", compared("c.created_at")),
        Leaf("updatedAt", compared("c.updated_at")),
        Leaf("id", _led_to),
        Leaf("isCompany", compared("c.is_company")),
        Leaf("companyName", compared("c.company_key")),
        Leaf("taxId", compared_tax_ids("c.tax_key")),
        Leaf("totalSpent", compared("s.total_spent")),
        Leaf("purchaseCount", compared("s.purchase_count")),
        Leaf("averagePurchase", _average),
        Leaf("anniversary", _anniversary),
        Leaf("isRegular", happened_or_not("s.regular_at")),
        Leaf("firstPurchaseAt", happened("s.first_purchase_at")),
        Leaf("lastPurchaseAt", happened("s.last_purchase_at")),
        Leaf("birthday", _birthday),
        Leaf("age", compared("c.birth_date")),
        Leaf("tag", _HAS_TAG),
        Leaf("city", _IN_CITY),
        Leaf("region", _IN_REGION),
        Leaf("postalCode", _IN_POSTAL_CODE),
        Leaf("country", _IN_COUNTRY),
        Leaf("preferredContact", compared("c.preferred_contact")),
        Leaf("contactCheckedAt", compared("c.contact_checked_at")),
        Leaf("hasEmail", present("c.email")),
        Leaf("hasPhone", present("c.phone")),
        Leaf("hasConsent", agrees),
    )
}

_NOT_PUT_AWAY = Where("leaf", leaf=Leaf("notPutAway", lambda _, __: "c.status IN ('ACTIVE', 'SUSPENDED')"))


def not_put_away(where: Where | None) -> Where:
    """Conditions on customers, without those who were put away; left as they are where they ask for a status."""
    if where is None:
        return _NOT_PUT_AWAY
    return where if asks_for_status(where) else Where("all", (_NOT_PUT_AWAY, where))


NOT_GONE = Where("leaf", leaf=Leaf("notGone", lambda _, __: f"c.status NOT IN {GONE}"))
"""Neither erased nor merged into another one."""


def not_gone(where: Where | None) -> Where:
    """Conditions on customers, without those who are erased or merged into others; left as they are where they ask for a
    status."""
    if where is None:
        return NOT_GONE
    return where if asks_for_status(where) else Where("all", (NOT_GONE, where))


def asks_for_status(where: Where) -> bool:
    """Whether one of the conditions is about the status."""
    return where.leaf is LEAVES["status"] or any(map(asks_for_status, where.parts))
