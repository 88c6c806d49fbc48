"""Customers and what hangs on them, as the database writes them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from regulars_core.customers.quick_search import QuickSearch
from regulars_core.customers.reads import ADDRESSES, CUSTOMERS, TAGS
from regulars_core.groups.reads import GROUPS
from regulars_core.primitives.clock import NEVER, day_of, now
from regulars_core.primitives.money import CurrencyCode
from regulars_core.queries.json_columns import Column, Composite, days_since, instant, money_in, number, text
from regulars_core.queries.relations import Relation, RowShape
from regulars_schema.executor.pushdown import SqlField
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.json_rows import STORE

GROUP = RowShape.of(GROUPS, "group")
_CUSTOMER_WITH_STATS = RowShape.of(
    CUSTOMERS,
    "customer",
    without={"tax_id"},
    display_name=text(
        "coalesce(nullif(c.preferred_name, ''), nullif(trim(c.first_name || ' ' || c.last_name), ''), c.company_name, c.code)"
    ),
)
CUSTOMER = replace(_CUSTOMER_WITH_STATS, joins={})
_ADDRESS = RowShape.of(ADDRESSES)
_TAG = RowShape("t", "customer_tag t", {"tag": text("t.tag")}, rows=TAGS)


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
    return _totals(context) if context.actor.stores(VIEW) is None else None


def _totals(context: RequestContext) -> Relation:
    currency, timezone = context.shop.settings.currency, context.shop.settings.zone
    return _stats_in(currency, timezone, day_of(now(), timezone))


def _address_of(kind: str) -> Relation:
    return Relation(_ADDRESS, "a.customer_id", conditions=lambda _: [f"a.kind = '{kind}'"])


ALL_CUSTOMERS = Relation(CUSTOMER, None)
FILTERED_CUSTOMERS = Relation(_CUSTOMER_WITH_STATS, None)
"""All of them, beside what conditions on customers are about."""


def customer_led_to_by(column: str, value: str) -> Relation:
    """The one customer to whom the record with this value in a unique column leads."""
    return replace(ALL_CUSTOMERS, conditions=_led_to_by(column), given=(value,))


@cache
def _led_to_by(column: str) -> Callable[..., Sequence[str]]:
    leads_to = f"SELECT coalesce(a.merged_into_id, a.id) FROM customer a WHERE a.{column}"
    return lambda values, value: [f"c.id = ({leads_to} = {values.bind(value)})"]


def customers_found(search: QuickSearch) -> Relation:
    """The customers that a quick search finds, in its order."""
    return replace(ALL_CUSTOMERS, order=search.order, source=search.source, given=tuple(search.given))


GROUP_OF = Relation(GROUP, "g.id", "group_id")
ORIGIN_STORE_OF = Relation(STORE, "st.id", "origin_store_id")
# For its alias and the names of its attributes; which relation it is depends on the shop.
STATS_OF = SqlField(_stats_in(CurrencyCode("USD"), ZoneInfo("UTC"), date.min).kind, _stats)
TOTALS_OF = SqlField(STATS_OF.kind, _totals)
TAGS_OF = Relation(_TAG, "t.customer_id", order="t.tag_key")
BILLING_ADDRESS_OF, SHIPPING_ADDRESS_OF = _address_of("BILLING"), _address_of("SHIPPING")
