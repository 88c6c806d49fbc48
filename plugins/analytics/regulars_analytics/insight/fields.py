"""Where insight is asked for, and its figures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from regulars_analytics.arguments import AllDays, BuyersConditions, Stores, selected
from regulars_analytics.insight.breakdowns import PartRow, parts
from regulars_analytics.insight.series import MAX_POINTS, Point, points
from regulars_analytics.insight.subjects import InsightRow, Subject, insights
from regulars_analytics.insight.totals import LEAST_DAYS, Totals, gaps_of, sold_of, totals_of
from regulars_analytics.insight.types import Breakdown, Insight, InsightPoint, Interval
from regulars_analytics.levels import found_of
from regulars_analytics.periods import Unit
from regulars_analytics.permissions import VIEW
from regulars_analytics.quotients import quotient, rate, share
from regulars_core.plugin import (
    DAY_MS,
    BadInput,
    CustomerRow,
    Money,
    Shop,
    Where,
    decimal_text,
    divided_half_up,
)
from regulars_schema.plugin import (
    BreakdownBy,
    BreakdownKind,
    Customer,
    Extension,
    Query,
    RequestContext,
    Segment,
    batched,
    root,
    stores_there,
    trees_of,
)
from regulars_schema.plugin import Money as ShownMoney

MAX_PARTS = 100
_DEFAULT_PARTS = 10
_MONTH_HUNDREDTHS = 3044
"""Hundredths of days that a month has."""


@batched(
    name="insight", needs=VIEW, returns=Insight | None, description="What the customer's purchases say.", replica=True
)
async def customer_insight(
    customers: Sequence[CustomerRow], context: RequestContext, *, days: AllDays = None
) -> Sequence[InsightRow]:
    """A set of purchases for each customer, found together."""
    selection = selected(context, days)
    return insights(context.shop, [Subject(selection, customer.id) for customer in customers])


@batched(
    name="insight",
    needs=VIEW,
    returns=Insight | None,
    description="What the purchases of those who are in it now say. Refused, as the filter itself would be, to who may not read "
    "what it compares.",
    refuses=True,
    replica=True,
)
async def segment_insight(
    segments: Sequence[Any], context: RequestContext, *, days: AllDays = None
) -> Sequence[InsightRow | Exception]:
    """A set of purchases for each segment, found together."""
    trees = await trees_of(segments, context)
    selection = selected(context, days)
    known = [Subject(replace(selection, where=one)) for one in trees if isinstance(one, Where)]
    found = iter(insights(context.shop, known))
    return [next(found) if isinstance(one, Where) else one for one in trees]


@root(
    name="insight",
    needs=VIEW,
    returns=Insight | None,
    description="What purchases say: all of them, those by nobody who is known too, or those of customers for whom conditions "
    "hold.",
    replica=True,
)
async def shop_insight(
    context: RequestContext, *, days: AllDays = None, store_ids: Stores = None, where: BuyersConditions = None
) -> InsightRow:
    """One set of purchases. Raises BadInput."""
    if store_ids is not None:
        await stores_there(context, store_ids, "storeIds")
    [found] = insights(context.shop, [Subject(selected(context, days, where, store_ids))])
    return found


def _figure(name: str, returns: Any, description: str, shown: Callable[[Shop, Any], Any], find: Any = totals_of) -> Any:
    """A figure that is made of the totals, or of what else is found."""

    async def figure(rows: Sequence[InsightRow], context: RequestContext) -> Sequence[Any]:
        return [shown(context.shop, one) for one in await found_of(rows, find)]

    return batched(figure, name=name, returns=returns, description=description, replica=True)


def _average(shop: Shop, totals: Totals) -> Money | None:
    return shop.money(divided_half_up(totals.spent, totals.purchases)) if totals.purchases else None


TOTALS = [
    _figure("purchaseCount", int, "How many purchases there were.", lambda shop, one: one.purchases),
    _figure("customerCount", int, "How many customers bought.", lambda shop, one: one.buyers),
    _figure("totalSpent", ShownMoney, "What was spent.", lambda shop, one: shop.money(one.spent)),
    _figure(
        "averagePurchase",
        ShownMoney | None,
        "What a purchase comes to on average, half-up to the minor unit; null without purchases.",
        _average,
    ),
    _figure(
        "repeatRate",
        Decimal | None,
        "The share of those customers who bought twice or more in those days, 0 to 1, half-up to four decimals; null without "
        "customers.",
        lambda shop, one: rate(one.twice, one.buyers),
    ),
    _figure(
        "purchasesPerMonth",
        Decimal | None,
        "Purchases a month and customer: those of customers × 30.44 ÷ the days of the calendar since each one's first purchase "
        f"in the days, {LEAST_DAYS} at least, added up; half-up to two decimals; null without purchases.",
        lambda shop, one: quotient(one.theirs * _MONTH_HUNDREDTHS, one.days * 100, 2),
    ),
]

DISCOUNTS = [
    _figure(
        "discountRate",
        Decimal | None,
        "What was taken off by discounts, as a share of what it would have come to, as it was sold, 0 to 1, half-up to four "
        "decimals; null without purchases.",
        lambda shop, one: share(one.discount, one.full) if one.purchases else None,
        sold_of,
    ),
    _figure(
        "discountedShare",
        Decimal | None,
        "The share of purchases with a discount, 0 to 1, half-up to four decimals: how far customers wait for one; null without "
        "purchases.",
        lambda shop, one: rate(one.discounted, one.purchases),
        sold_of,
    ),
]


@batched(
    name="averageBasketSize",
    returns=Decimal | None,
    description="How many pieces a purchase holds on average, less what came back, half-up to two decimals; null without "
    "purchases.",
    replica=True,
)
async def average_basket_size(rows: Sequence[InsightRow], _: RequestContext) -> Sequence[Decimal | None]:
    """Pieces are millionths."""
    return [quotient(one.pieces, one.purchases * 1_000_000, 2) for one in await found_of(rows, sold_of)]


@batched(
    name="daysBetweenPurchases",
    returns=Decimal | None,
    description="Days from one purchase of a customer to the next, the median, half-up to two decimals; null where nobody bought "
    "twice.",
    replica=True,
)
async def days_between_purchases(rows: Sequence[InsightRow], _: RequestContext) -> Sequence[Decimal | None]:
    """Of an even number the middle between the two in the middle."""
    return [quotient(one.milliseconds, one.number * DAY_MS, 2) for one in await found_of(rows, gaps_of)]


@batched(
    name="breakdown",
    returns=list[Breakdown] | None,
    most=MAX_PARTS,
    description="What the purchases divide into, the largest share first.",
    replica=True,
)
async def breakdown(
    rows: Sequence[InsightRow],
    context: RequestContext,
    *,
    by: Annotated[BreakdownBy, strawberry.argument(description="By what.")],
    first: Annotated[
        int | None,
        strawberry.argument(
            description=f"How many to answer at most: 0 to {MAX_PARTS}; {_DEFAULT_PARTS} if absent. What is left out is not "
            "added up."
        ),
    ] = None,
) -> Sequence[list[Breakdown]]:
    """One statement for all sets, and one for what parts are called. Raises BadInput and Forbidden."""
    kind: BreakdownKind = by  # type: ignore[assignment]
    most = _DEFAULT_PARTS if first is None else first
    if not 0 <= most <= MAX_PARTS:
        raise BadInput(f"A breakdown answers 0 to {MAX_PARTS} parts.", ("first",))
    context.demand(kind.needs)
    context.shop.refuse_behind(kind.owner)
    found = await found_of(rows, parts(kind.division, most), (kind.name, most))
    return [[_shown_part(context.shop, part) for part in each] for each in found]


def _shown_part(shop: Shop, part: PartRow) -> Breakdown:
    total: ShownMoney = shop.money(part.total)  # type: ignore[assignment]
    quantity = (
        None if part.quantity is None else Decimal(format(Decimal(decimal_text(part.quantity, 6)).normalize(), "f"))
    )
    return Breakdown(
        value=part.value,
        label=part.label,
        customer_count=part.customers,
        purchase_count=part.purchases,
        quantity=quantity,
        total=total,
        share=share(part.total, part.whole),
    )


@batched(
    name="series",
    returns=list[InsightPoint],
    most=MAX_POINTS,
    description="The same figures one period after the other, the earliest first: from the first of those days, or the first "
    f"purchase, to the last of them, or today; those without purchases included, at most {MAX_POINTS}, which are the latest.",
    replica=True,
)
async def series(
    rows: Sequence[InsightRow],
    context: RequestContext,
    *,
    interval: Annotated[Interval, strawberry.argument(description="How long a period lasts.")],
) -> Sequence[list[InsightPoint]]:
    """Three statements for all sets."""
    found = await found_of(rows, points(Unit(interval.name)), ("series", interval.name))
    return [[_shown_point(context.shop, point) for point in each] for each in found]


def _shown_point(shop: Shop, point: Point) -> InsightPoint:
    spent: ShownMoney = shop.money(point.spent)  # type: ignore[assignment]
    return InsightPoint(
        from_=point.period.first,
        to=point.period.last,
        customer_count=point.customers,
        new_customer_count=point.new,
        purchase_count=point.purchases,
        total_spent=spent,
    )


EXTENSIONS = (
    Extension(Query, [shop_insight]),
    Extension(Customer, [customer_insight]),
    Extension(Segment, [segment_insight]),
    Extension(Insight, [*TOTALS, *DISCOUNTS, average_basket_size, days_between_purchases, breakdown, series]),
)
