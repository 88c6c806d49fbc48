"""What purchases are divided by, in the box."""

from calendar import isleap
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from regulars_analytics.permissions import GROUPS_VIEW, PII_VIEW
from regulars_core.plugin import (
    Dialect,
    Division,
    Part,
    Shop,
    Values,
    day_of,
    groups_by_ids,
    hour,
    month,
    now,
    stores_by_ids,
    weekday,
)
from regulars_schema.plugin import BreakdownKind, global_id

_BAND = 10
"""Years that a band of ages has."""


def _column(name: str, kept: str | None = None) -> Division:
    part = Part(name[0])
    return Division(part, lambda values, zone: name, kept=kept)


def _id(column: str) -> Callable[[Values, ZoneInfo], str]:
    """A column of ids, as they are written everywhere else."""

    def sql(values: Values, zone: ZoneInfo) -> str:
        return column if values.dialect.engine == "sqlite" else f"replace(CAST({column} AS TEXT), '-', '')"

    return sql


def _shown(by: Callable[[Dialect, ZoneInfo], str], kept: str) -> Division:
    return Division(Part.PURCHASE, lambda values, zone: by(values.dialect, zone), kept=kept)


def _age_band(values: Values, zone: ZoneInfo) -> str:
    """The years of age that somebody has completed today, by tens; who was born on 29 February has the 28th in other years."""
    today = day_of(now(), zone)
    latest = "02-29" if (today.month, today.day) == (2, 28) and not isleap(today.year) else f"{today:%m-%d}"
    years = f"{values.bind(today.year)} - CAST(substr(c.birth_date, 1, 4) AS INTEGER)"
    not_yet = f"CASE WHEN substr(c.birth_date, 6, 5) > {values.bind(latest)} THEN 1 ELSE 0 END"
    return f"({years} - {not_yet}) / {_BAND}"


def _band(number: object) -> str:
    lowest = int(str(number)) * _BAND
    return f"{lowest}-{lowest + _BAND - 1}"


def _of_address(column: str, label: str) -> Division:
    """What the billing address has, or else the shipping one."""

    def of(name: str) -> str:
        theirs = f"SELECT a.{name} FROM customer_address a WHERE a.customer_id = c.id AND a.kind"
        return f"coalesce(({theirs} = 'BILLING'), ({theirs} = 'SHIPPING'))"

    return Division(Part.CUSTOMER, lambda values, zone: of(column), label=of(label))


async def _group_names(shop: Shop, ids: Sequence[str]) -> Mapping[str, str]:
    return {id_: row.name for id_, row in (await groups_by_ids(shop.database, ids)).items()}


async def _store_names(shop: Shop, ids: Sequence[str]) -> Mapping[str, str]:
    return {id_: row.name for id_, row in (await stores_by_ids(shop.database, ids)).items()}


# An article is told by its sku, or else by its name, which filters do not take.
_ARTICLE = Division(
    Part.LINE,
    lambda values, zone: "CASE WHEN l.sku IS NULL THEN 'n' || l.name ELSE 's' || l.sku END",
    label="l.name",
    value=lambda key: key[1:] if key[0] == "s" else None,
)

BREAKDOWNS: Sequence[BreakdownKind] = (
    BreakdownKind(
        "AGE_BAND",
        "By customers' age today in bands of ten years, such as `20-29`.",
        Division(Part.CUSTOMER, _age_band, value=_band),
        PII_VIEW,
    ),
    BreakdownKind("BRAND", "By brand, line by line.", _column("l.brand")),
    BreakdownKind("CATEGORY", "By category, line by line.", _column("l.category")),
    BreakdownKind("CHANNEL", "By how it was made.", _column("p.channel", "CHANNEL")),
    BreakdownKind(
        "CITY",
        "By the city of the billing address, or else the shipping one.",
        _of_address("city_key", "city"),
        PII_VIEW,
    ),
    BreakdownKind(
        "COUNTRY",
        "By the country of the billing address, or else the shipping one.",
        _of_address("country", "country"),
        PII_VIEW,
    ),
    BreakdownKind("GENDER", "By customers' gender.", _column("c.gender"), PII_VIEW),
    BreakdownKind(
        "GROUP",
        "By customers' group.",
        Division(
            Part.CUSTOMER,
            _id("c.group_id"),
            labels=_group_names,
            value=lambda key: global_id("group", key),
        ),
        GROUPS_VIEW,
    ),
    BreakdownKind("HOUR", "By hour of the day, 0 to 23.", _shown(hour, "HOUR")),
    BreakdownKind("MONTH", "By month of the year, 1 to 12: what is seasonal.", _shown(month, "MONTH")),
    BreakdownKind("PAYMENT_METHOD", "By way of paying, payment by payment.", _column("y.method", "PAYMENT_METHOD")),
    BreakdownKind(
        "PRODUCT", "By article, line by line: by its sku, or else by its name, which has no value then.", _ARTICLE
    ),
    BreakdownKind(
        "REGION",
        "By state or province of the billing address, or else the shipping one.",
        _of_address("region_key", "region"),
        PII_VIEW,
    ),
    BreakdownKind(
        "STORE",
        "By store.",
        Division(
            Part.PURCHASE,
            _id("p.store_id"),
            labels=_store_names,
            value=lambda key: global_id("store", key),
            kept="STORE",
        ),
    ),
    BreakdownKind("WEEKDAY", "By day of the week, 1 for Monday to 7 for Sunday.", _shown(weekday, "WEEKDAY")),
)
"""By what purchases can be divided without any other plugin."""
