"""What customers can be filtered by, as SQL over `customer c` and `customer_stats s`."""

from calendar import isleap
from collections.abc import Sequence
from datetime import date, timedelta

from regulars_core.customers.reads import GONE
from regulars_core.customers.rules import company_key, tax_key
from regulars_core.primitives.clock import NEVER
from regulars_core.queries.where import Condition, Leaf, LeafSql, Values, Where, compared, exists_in, present


def company_compared(name: str) -> str:
    """The form in which companies' names are compared; one that nobody has for what is no name."""
    return company_key(name) or ""


def tax_id_compared(tax_id: str) -> str:
    """The form in which tax ids are compared; one that nobody has for what is none."""
    return tax_key(tax_id) or ""


_HAS_TAG = exists_in("customer_tag t", "t.customer_id = c.id", compared("t.tag_key"))
_IN_CITY = exists_in("customer_address a", "a.customer_id = c.id", compared("a.city_key"))
_IN_COUNTRY = exists_in("customer_address a", "a.customer_id = c.id", compared("a.country"))


def happened(column: str) -> LeafSql:
    """A leaf over an instant that may never have come: `NEVER` compares with nothing."""
    comparison = compared(column)

    def sql(conditions: Sequence[Condition], values: Values) -> str:
        return f"{comparison(conditions, values)} AND {column} > {NEVER + 1} - 1"

    return sql


def _birthday(conditions: Sequence[Condition], values: Values) -> str:
    """On one of these days of the year, `MM-DD`."""
    [(_, days)] = conditions
    return values.among("substr(c.birth_date, 6, 5)", days, "text")


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
        Leaf("group", compared("c.group_id", "uuid")),
        Leaf("originStore", compared("c.origin_store_id", "uuid")),
        Leaf("createdAt", compared("c.created_at")),
        Leaf("isCompany", compared("c.is_company")),
        Leaf("companyName", compared("c.company_key")),
        Leaf("taxId", compared("c.tax_key")),
        Leaf("totalSpent", compared("s.total_spent")),
        Leaf("purchaseCount", compared("s.purchase_count")),
        Leaf("firstPurchaseAt", happened("s.first_purchase_at")),
        Leaf("lastPurchaseAt", happened("s.last_purchase_at")),
        Leaf("birthday", _birthday),
        Leaf("age", compared("c.birth_date")),
        Leaf("tag", _HAS_TAG),
        Leaf("city", _IN_CITY),
        Leaf("country", _IN_COUNTRY),
        Leaf("hasEmail", present("c.email")),
        Leaf("hasPhone", present("c.phone")),
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
