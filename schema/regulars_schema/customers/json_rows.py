"""Customers and what hangs on them, as the database writes them."""

from dataclasses import replace
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from regulars_core.customers.columns import NAMES
from regulars_core.customers.quick_search import QuickSearch
from regulars_core.primitives.clock import NEVER, day_of, now
from regulars_core.primitives.money import CurrencyCode
from regulars_core.queries.json_rows import (
    Column,
    Composite,
    Relation,
    RowShape,
    days_since,
    equal_to,
    flag,
    identity,
    instant,
    money_in,
    number,
    text,
)
from regulars_core.queries.pages import Window
from regulars_core.queries.where import Where
from regulars_schema.executor.pushdown import SqlField, sql_field
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.json_rows import STORE

GROUP = RowShape(
    "g",
    "customer_group g",
    {
        "id": identity("group", "g.id"),
        "name": text("g.name"),
        "description": text("g.description"),
        "is_default": flag("g.is_default"),
        "created_at": instant("g.created_at"),
        "updated_at": instant("g.updated_at"),
    },
)
CUSTOMER = RowShape(
    "c",
    "customer c",
    {
        "id": identity("customer", "c.id"),
        "code": text("c.code"),
        **{name: text(f"c.{name}") for name in NAMES if name != "tax_id"},  # that the functions answer
        "display_name": text("coalesce(nullif(c.preferred_name, ''), c.first_name || ' ' || c.last_name)"),
        "status": text("c.status"),
        "version": number("c.version"),
        "created_at": instant("c.created_at"),
        "updated_at": instant("c.updated_at"),
    },
)
_CUSTOMER_WITH_STATS = replace(CUSTOMER, joins={"s": "LEFT JOIN customer_stats s ON s.customer_id = c.id"})
"""What conditions on customers are about."""
_ADDRESS = {
    name: text(f"a.{name}") for name in ("recipient", "line1", "line2", "city", "region", "postal_code", "country")
}


@lru_cache(maxsize=16)
def _stats_in(currency: CurrencyCode, timezone: ZoneInfo, today: date) -> Relation:
    spent, count = "s.total_spent", "s.purchase_count"
    size = f"((2 * abs({spent}) + {count}) / (2 * {count}))"
    average = f"(CASE WHEN {count} = 0 THEN NULL WHEN {spent} < 0 THEN -{size} ELSE {size} END)"
    first, last = (f"nullif(s.{name}_purchase_at, {NEVER + 1} - 1)" for name in ("first", "last"))
    columns: dict[str, Column | Composite] = {
        "total_spent": money_in(currency, spent),
        "purchase_count": number(count),
        "average_purchase": money_in(currency, average),
        "first_purchase_at": instant(first),
        "last_purchase_at": instant(last),
        "days_since_last_purchase": days_since(last, today, timezone),
    }
    return Relation(RowShape("s", "customer_stats s", columns), "s.customer_id")


def _stats(context: RequestContext) -> Relation | None:
    if context.actor.stores(VIEW) is not None:
        return None
    currency, timezone = context.shop.settings.currency, context.shop.settings.zone
    return _stats_in(currency, timezone, day_of(now(), timezone))


def _address(kind: str) -> SqlField:
    where = lambda _: [f"a.kind = '{kind}'"]  # noqa: E731
    return sql_field(Relation(RowShape("a", "customer_address a", _ADDRESS), "a.customer_id", conditions=where))


def customer_with(column: str, value: str) -> Relation:
    """The one customer with this value in a unique column."""
    return Relation(CUSTOMER, None, conditions=equal_to(column), given=(value,))


def customers_in(window: Window, where: Where | None) -> Relation | None:
    """A page of all customers; None where the order begins at the statistics."""
    if window.order.key.column.startswith("s."):
        return None
    return Relation(_CUSTOMER_WITH_STATS if where else CUSTOMER, None).page(window, where)


def customers_found(search: QuickSearch) -> Relation:
    """The customers that a quick search finds, in its order."""
    return Relation(CUSTOMER, None, order=search.order, source=search.source, given=tuple(search.needles))


GROUP_OF = sql_field(Relation(GROUP, "g.id", "group_id"))
ORIGIN_STORE_OF = sql_field(Relation(STORE, "st.id", "origin_store_id"))
# For its alias and the names of its attributes; which relation it is depends on the shop.
STATS_OF = SqlField(_stats_in(CurrencyCode("USD"), ZoneInfo("UTC"), date.min).kind, _stats)
TAGS_OF = sql_field(
    Relation(RowShape("t", "customer_tag t", {"tag": text("t.tag")}), "t.customer_id", order="t.tag_key"), value="tag"
)
BILLING_ADDRESS_OF, SHIPPING_ADDRESS_OF = _address("BILLING"), _address("SHIPPING")
