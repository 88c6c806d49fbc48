"""The shop's figures on a day, in the language of the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated

import strawberry

from regulars_core.customers.reads import CustomerRow, customers_by_ids
from regulars_core.primitives.clock import Instant, day_of, now
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.money import divided_half_up
from regulars_core.purchases.figures import dashboard as figures
from regulars_core.purchases.figures.dashboard import MAX_METHODS, RankRow, TopBy
from regulars_core.purchases.figures.spans import Span
from regulars_core.shop.shop import Shop
from regulars_schema.composition.contributions import Extension, Query
from regulars_schema.customers.types import Customer
from regulars_schema.fields.declarations import batched, root
from regulars_schema.fields.filters import DayRangeInput, on_days
from regulars_schema.fields.nodes import backed_by, in_order
from regulars_schema.fields.store_scope import VIEW
from regulars_schema.request.context import RequestContext
from regulars_schema.request.permissions import requires
from regulars_schema.shop.store_lookup import stores_there
from regulars_schema.types.money import Money

CUSTOMERS = "customers.view"
DAYS = 90
"""The days up to the one that is shown, it included, of which figures are where no days are given."""
MAX_TOP, MAX_DAYS, HOURS_OF_A_WEEK = 100, 3_650, 168
_DEFAULT_TOP = 10

Days = Annotated[
    DayRangeInput | None, strawberry.argument(description=f"Which days; the {DAYS} up to this one if absent.")
]


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """An instant, the day on which it is, and the stores whose purchases are looked at, None for all."""

    at: Instant
    day: date
    stores: frozenset[str] | None

    def days(self, shop: Shop, count: int) -> Span:
        """So many days up to this one."""
        return Span(*figures.days_up_to(self.day, count, shop.settings.zone), self.stores)

    def chosen(self, shop: Shop, days: DayRangeInput | None) -> Span:
        """The days that are given, or those up to this one. Raises BadInput."""
        if days is None:
            return self.days(shop, DAYS)
        bounds = dict(on_days(days, shop.settings.zone))
        return Span(bounds.get(">="), bounds.get("<"), self.stores)


@requires(CUSTOMERS)
@strawberry.type(description=f"The shop's figures on a day. Needs `{CUSTOMERS}`.")
class Dashboard:
    """Over DashboardRow."""

    is_type_of = backed_by(DashboardRow)
    at: Instant = strawberry.field(description="The instant that is shown.")


@root(
    name="dashboard",
    needs=CUSTOMERS,
    returns=Dashboard | None,
    description="The shop's figures on a day. Purchases are those of the stores that the caller may see; bought is what was "
    "neither voided nor refunded in full.",
    replica=True,
)
async def dashboard(
    context: RequestContext,
    *,
    at: Annotated[
        Instant | None,
        strawberry.argument(
            description="The instant whose day and past are shown, by what is known now; the present if absent."
        ),
    ] = None,
    store_ids: Annotated[
        list[strawberry.ID] | None,
        strawberry.argument(
            description="Only purchases of these stores, by id; all that the caller may see if absent."
        ),
    ] = None,
) -> DashboardRow:
    """Asks for nothing but the stores that are named: each figure is found where it is asked for. Raises BadInput."""
    stores = context.actor.stores(VIEW)
    if store_ids is not None:
        named = await stores_there(context, store_ids, "storeIds")
        stores = named if stores is None else named & stores
    moment = now() if at is None else at
    return DashboardRow(moment, day_of(moment, context.shop.settings.zone), stores)


@batched(
    name="customerCount",
    returns=int,
    description="How many customers there are, in whatever state; neither merged nor erased ones. They are the whole shop's.",
)
async def customer_count(rows: Sequence[DashboardRow], context: RequestContext) -> Sequence[int]:
    """Who was registered up to the instant."""
    return [await figures.registered(context.shop, Instant(row.at + 1)) for row in rows]


@batched(name="newCustomersToday", returns=int, description="How many customers were registered on the day.")
async def new_customers_today(rows: Sequence[DashboardRow], context: RequestContext) -> Sequence[int]:
    """On the whole day."""
    days = [row.days(context.shop, 1) for row in rows]
    return [await figures.registered(context.shop, one.before or now(), one.first) for one in days]


@batched(
    name="buyersToday", needs=VIEW, returns=int | None, description="How many customers bought something on the day."
)
async def buyers_today(rows: Sequence[DashboardRow], context: RequestContext) -> Sequence[int]:
    """On the whole day."""
    return [await figures.buyers(context.shop, row.days(context.shop, 1)) for row in rows]


@batched(
    name="activeCustomerCount",
    needs=VIEW,
    returns=int | None,
    description="How many customers bought something lately.",
)
async def active_customer_count(
    rows: Sequence[DashboardRow],
    context: RequestContext,
    *,
    days: Annotated[
        int | None,
        strawberry.argument(
            description=f"In so many days up to this one, 1 to {MAX_DAYS}; the shop's setting, 90, if absent."
        ),
    ] = None,
) -> Sequence[int]:
    """Raises BadInput."""
    count = context.shop.settings.active_days if days is None else days
    if not 1 <= count <= MAX_DAYS:
        raise BadInput(f"Between 1 and {MAX_DAYS} days.", ("days",))
    return [await figures.buyers(context.shop, row.days(context.shop, count)) for row in rows]


@requires(VIEW)
@strawberry.type(description=f"Who bought for the first time and who came back. Needs `{VIEW}`.")
class NewVersusReturning:
    """Over figures.NewAndReturning."""

    new_count: int = strawberry.field(description="How many customers bought for the first time.")
    new_total: Money = strawberry.field(description="What those spent.")
    returning_count: int = strawberry.field(description="How many customers had bought before.")
    returning_total: Money = strawberry.field(description="What those spent.")


@batched(
    name="newVersusReturning",
    needs=VIEW,
    returns=NewVersusReturning | None,
    description="How many who bought in some days did so for the first time, in the stores that are looked at, and how many came "
    "back.",
)
async def new_versus_returning(
    rows: Sequence[DashboardRow], context: RequestContext, *, days: Days = None
) -> Sequence[NewVersusReturning]:
    """One statement for each."""
    shop = context.shop
    found = [await figures.new_and_returning(context.shop, row.chosen(shop, days)) for row in rows]
    return [
        NewVersusReturning(
            new_count=one.new,
            new_total=_money(shop, one.new_spent),
            returning_count=one.returning,
            returning_total=_money(shop, one.returning_spent),
        )
        for one in found
    ]


def _money(shop: Shop, minor: int) -> Money:
    amount: Money = shop.money(minor)  # type: ignore[assignment]
    return amount


@requires(VIEW)
@strawberry.type(description=f"A way of paying. Needs `{VIEW}`.")
class PaymentMethodShare:
    """Over figures.MethodShare."""

    method: str = strawberry.field(description="The way of paying, as it was written.")
    purchase_count: int = strawberry.field(description="How many purchases were paid so, in whole or in part.")
    total: Money = strawberry.field(description="What was paid so; refunds are not taken off.")


@batched(
    name="paymentMethods",
    needs=VIEW,
    returns=list[PaymentMethodShare] | None,
    most=MAX_METHODS,
    description=f"The ways of paying in some days, the most frequent first, at most {MAX_METHODS}.",
)
async def payment_methods(
    rows: Sequence[DashboardRow], context: RequestContext, *, days: Days = None
) -> Sequence[list[PaymentMethodShare]]:
    """One statement for each."""
    shop = context.shop
    found = [await figures.payment_methods(context.shop, row.chosen(shop, days)) for row in rows]
    return [
        [
            PaymentMethodShare(method=one.method, purchase_count=one.purchases, total=_money(shop, one.total))
            for one in each
        ]
        for each in found
    ]


@requires(VIEW)
@strawberry.type(description=f"An hour of the week. Needs `{VIEW}`.")
class PeakTime:
    """Over figures.PeakHour."""

    weekday: int = strawberry.field(description="The day of the week, 1 for Monday to 7 for Sunday.")
    hour: int = strawberry.field(description="The hour where the shop is, 0 to 23.")
    purchase_count: int = strawberry.field(description="How many purchases were made then.")
    total: Money = strawberry.field(description="What those came to.")


@batched(
    name="peakTimes",
    needs=VIEW,
    returns=list[PeakTime] | None,
    most=HOURS_OF_A_WEEK,
    description="When purchases are made, by weekday and hour, the busiest first.",
)
async def peak_times(
    rows: Sequence[DashboardRow], context: RequestContext, *, days: Days = None
) -> Sequence[list[PeakTime]]:
    """One statement for each."""
    shop = context.shop
    found = [await figures.peak_hours(shop, row.chosen(shop, days)) for row in rows]
    return [
        [
            PeakTime(weekday=one.weekday, hour=one.hour, purchase_count=one.purchases, total=_money(shop, one.total))
            for one in each
        ]
        for each in found
    ]


@strawberry.enum(description="What makes a customer one of the best.")
class TopCustomersBy(Enum):
    """Over figures.TopBy."""

    TOTAL_SPENT = strawberry.enum_value("TOTAL_SPENT", description="What was spent in all.")
    PURCHASE_COUNT = strawberry.enum_value("PURCHASE_COUNT", description="How many purchases there were.")
    AVERAGE_PURCHASE = strawberry.enum_value(
        "AVERAGE_PURCHASE", description="What a purchase comes to on average; of who made two or more."
    )


@requires(VIEW)
@strawberry.type(description=f"A customer among the best. Needs `{VIEW}`.")
class CustomerRank:
    """Over figures.RankRow."""

    is_type_of = backed_by(RankRow)
    purchase_count: int = strawberry.field(
        resolver=lambda root: root.purchases, description="How many purchases there were."
    )


@batched(name="totalSpent", returns=Money, description="What was spent.")
async def spent_of(ranks: Sequence[RankRow], context: RequestContext) -> Sequence[Money]:
    """Asks nothing."""
    return [_money(context.shop, one.spent) for one in ranks]


@batched(
    name="averagePurchase",
    returns=Money,
    description="What a purchase came to on average, half-up to the minor unit.",
)
async def average_of(ranks: Sequence[RankRow], context: RequestContext) -> Sequence[Money]:
    """Asks nothing."""
    return [_money(context.shop, divided_half_up(one.spent, one.purchases)) for one in ranks]


@batched(name="customer", needs=CUSTOMERS, returns=Customer | None, description="Who it is.")
async def customer_of(ranks: Sequence[RankRow], context: RequestContext) -> Sequence[CustomerRow | None]:
    """One statement for all."""
    ids = [one.customer_id for one in ranks]
    return in_order(ids, await customers_by_ids(context.database, ids))


@batched(
    name="topCustomers",
    needs=VIEW,
    returns=list[CustomerRank] | None,
    most=MAX_TOP,
    description="The best customers; neither merged nor erased ones.",
)
async def top_customers(
    rows: Sequence[DashboardRow],
    context: RequestContext,
    *,
    by: Annotated[TopCustomersBy | None, strawberry.argument(description="By what; `TOTAL_SPENT` if absent.")] = None,
    days: Annotated[
        DayRangeInput | None,
        strawberry.argument(description="Which days' purchases count; all up to this one if absent."),
    ] = None,
    first: Annotated[
        int | None,
        strawberry.argument(description=f"How many to answer at most: 0 to {MAX_TOP}; {_DEFAULT_TOP} if absent."),
    ] = None,
) -> Sequence[Sequence[RankRow]]:
    """Two statements for each. Raises BadInput."""
    number = _DEFAULT_TOP if first is None else first
    if not 0 <= number <= MAX_TOP:
        raise BadInput(f"The best are 0 to {MAX_TOP}.", ("first",))
    wanted, found = TopBy.TOTAL_SPENT if by is None else TopBy(by.name), []
    for row in rows:
        ever = Span(None, row.days(context.shop, 1).before, row.stores)
        span = ever if days is None else row.chosen(context.shop, days)
        found.append(await figures.top_customers(context.database, span, wanted, number))
    return found


EXTENSIONS = (
    Extension(Query, [dashboard]),
    Extension(
        Dashboard,
        [
            customer_count,
            active_customer_count,
            new_customers_today,
            buyers_today,
            top_customers,
            new_versus_returning,
            payment_methods,
            peak_times,
        ],
    ),
    Extension(CustomerRank, [spent_of, average_of, customer_of]),
)
