"""What hangs on customers: the fields of theirs that need more than a row."""

from collections.abc import Sequence
from datetime import date

from regulars_core.customers.filters import age_on
from regulars_core.customers.priorities import priorities_of
from regulars_core.customers.reads import CustomerRow, StatsRow, stats_of
from regulars_core.primitives.clock import day_of, now
from regulars_core.purchases.regulars.reads import regulars_among
from regulars_core.purchases.statistics import stats_in_stores
from regulars_schema.composition.contributions import Extension
from regulars_schema.customers.json_rows import (
    BILLING_ADDRESS_OF,
    GROUP_OF,
    ORIGIN_STORE_OF,
    SHIPPING_ADDRESS_OF,
    STATS_OF,
    TAGS_OF,
    TOTALS_OF,
)
from regulars_schema.customers.types import Address, Customer, CustomerGroup, CustomerStats, CustomerTotals
from regulars_schema.fields.declarations import batched
from regulars_schema.fields.nodes import in_order
from regulars_schema.fields.relations import related
from regulars_schema.fields.store_scope import TOTALS, VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.shop.stores import Store


def _ids(customers: Sequence[CustomerRow]) -> list[str]:
    return [customer.id for customer in customers]


@batched(
    name="stats",
    needs="purchases.view",
    returns=CustomerStats | None,
    description="What the customer's purchases amount to.",
    sql_field=STATS_OF,
)
async def stats(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StatsRow | None]:
    """Each customer's statistics."""
    keys, stores = _ids(customers), context.actor.stores(VIEW)
    if stores is None:
        return in_order(keys, await stats_of(context.shop, keys))
    return in_order(keys, await stats_in_stores(context.shop, keys, stores))


@batched(
    name="totals",
    needs=TOTALS,
    returns=CustomerTotals | None,
    description="What the customer's purchases amount to in the whole shop, whatever stores the key is bound to.",
    sql_field=TOTALS_OF,
)
async def totals(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[StatsRow | None]:
    """Each customer's statistics over all stores."""
    keys = _ids(customers)
    return in_order(keys, await stats_of(context.shop, keys))


@batched(
    name="age",
    needs="customers.view_pii",
    returns=int | None,
    description="How old the customer is, in completed years where the shop is; null without a date of birth.",
)
async def age(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int | None]:
    """How old each customer is today."""
    today = day_of(now(), context.shop.settings.zone)
    return [age_on(date.fromisoformat(one.birth_date), today) if one.birth_date else None for one in customers]


@batched(
    name="isRegular",
    returns=bool,
    description="Whether the till should greet a regular: bought often enough lately, in whatever stores, by the setting of the "
    "shop.",
)
async def is_regular(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[bool]:
    """Who of the customers is one now."""
    regulars = await regulars_among(context.shop, _ids(customers))
    return [customer.id in regulars for customer in customers]


@batched(
    name="priority",
    returns=int,
    description="How urgently the customer is to be answered: 0 as usual, more where plugins say so, such as tiers by the "
    "benefit `PRIORITY_SERVICE`.",
)
async def priority(customers: Sequence[CustomerRow], context: RequestContext) -> Sequence[int]:
    """Each customer's priority."""
    keys = _ids(customers)
    return in_order(keys, await priorities_of(context.shop, keys))


EXTENSIONS = [
    Extension(
        Customer,
        [
            related(
                GROUP_OF,
                name="group",
                needs="groups.view",
                returns=CustomerGroup | None,
                description="The group that the customer is in.",
            ),
            related(
                ORIGIN_STORE_OF,
                name="originStore",
                needs="stores.view",
                returns=Store | None,
                description="The store where the customer was registered; null for headquarters.",
            ),
            related(
                TAGS_OF,
                name="tags",
                returns=list[str],
                description="Words that the team put on the customer, by alphabet.",
                value="tag",
            ),
            stats,
            totals,
            age,
            is_regular,
            related(
                BILLING_ADDRESS_OF,
                name="billingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where invoices go.",
            ),
            related(
                SHIPPING_ADDRESS_OF,
                name="shippingAddress",
                needs="customers.view_pii",
                returns=Address | None,
                description="Where goods go.",
            ),
            priority,
        ],
    ),
]
