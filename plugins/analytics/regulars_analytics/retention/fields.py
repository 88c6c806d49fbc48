"""Who stays, who leaves and who comes again, in the language of the API."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from regulars_analytics.arguments import Conditions, LastDays, days_shown, last_days, selected, until_today
from regulars_analytics.insight.types import Interval
from regulars_analytics.periods import Unit
from regulars_analytics.permissions import VIEW
from regulars_analytics.quotients import rate, share
from regulars_analytics.retention.cohorts import Began, Later
from regulars_analytics.retention.cohorts import cohorts as find_cohorts
from regulars_analytics.retention.figures import CHURNED, lost_until, stays
from regulars_core.plugin import BadInput, Condition, Shop
from regulars_schema.plugin import CustomerWhere, Extension, FilterLeaf, Money, Query, RequestContext, requires, root

MAX_COHORTS = 36
_DEFAULT_COHORTS = 12
_RATE = "0 to 1, half-up to four decimals; null without any."


@requires(VIEW)
@strawberry.type(
    description="Who stays, who leaves and who comes again, by purchases in the stores where the caller holds "
    f"`{VIEW}`. Needs `{VIEW}`."
)
class Retention:
    """Over figures.Stays."""

    from_: date | None = strawberry.field(
        name="from", description="The first day of the period; null where it is from the beginning."
    )
    to: date = strawberry.field(description="The last day of the period; today, where it goes on.")
    customer_count: int = strawberry.field(description="How many customers had bought by the end of the period.")
    active_count: int = strawberry.field(
        description="How many customers bought within the shop's active days up to the end of the period."
    )
    active_rate: Decimal | None = strawberry.field(
        description=f"Those as a share of all who ever bought by then, {_RATE}"
    )
    churned_count: int = strawberry.field(
        description="How many customers came to count as lost within the period: the day of the last purchase up to its end plus "
        "the shop's setting, 180 days, lies in it."
    )
    churn_rate: Decimal | None = strawberry.field(
        description=f"The share of who did not count as lost when it began that came to within it, {_RATE}"
    )
    new_count: int = strawberry.field(
        description="How many of those who bought in the period did so for the first time."
    )
    repeat_count: int = strawberry.field(
        description="How many of those who bought in the period had bought before it began, or bought twice in it."
    )
    repeat_rate: Decimal | None = strawberry.field(description=f"Those as a share of who bought in the period, {_RATE}")


@root(
    name="retention",
    needs=VIEW,
    returns=Retention | None,
    description="Who stays, who leaves and who comes again.",
    replica=True,
)
async def retention(context: RequestContext, *, days: LastDays = None, where: Conditions = None) -> Retention:
    """One statement. Raises BadInput."""
    first, end = last_days(context, days)
    before = until_today(context.shop, end)
    if first is not None and first >= before:
        raise BadInput("These days are still to come.", ("days",))
    found = await stays(context.shop, selected(context, where=where), first, before)
    from_, to = days_shown(context, first, before)
    return Retention(
        from_=from_,
        to=to,
        customer_count=found.known,
        active_count=found.active,
        active_rate=rate(found.active, found.known),
        churned_count=found.churned,
        churn_rate=rate(found.fallen, found.standing),
        new_count=found.new,
        repeat_count=found.repeat,
        repeat_rate=rate(found.repeat, found.buyers),
    )


@requires(VIEW)
@strawberry.type(description=f"What became of a cohort in a later period. Needs `{VIEW}`.")
class CohortPeriod:
    """Over cohorts.Later."""

    index: int = strawberry.field(description="How many periods after they began; 0 is the one in which they did.")
    customer_count: int = strawberry.field(description="How many of them bought.")
    rate: Decimal = strawberry.field(description="Those as a share of all of them, 0 to 1, half-up to four decimals.")
    total_spent: Money = strawberry.field(description="What they spent.")


@requires(VIEW)
@strawberry.type(description=f"Customers who bought for the first time in the same period. Needs `{VIEW}`.")
class Cohort:
    """Over cohorts.Began."""

    from_: date = strawberry.field(name="from", description="The first day of the period.")
    customer_count: int = strawberry.field(description="How many they are.")
    periods: list[CohortPeriod] = strawberry.field(
        description="What became of them, period after period; the first is the one in which they began.",
        metadata={"most": MAX_COHORTS},
    )


@root(
    name="cohorts",
    needs=VIEW,
    returns=list[Cohort] | None,
    description="What comes back of those who began in the same month or quarter, the latest beginners first, up to now.",
    replica=True,
)
async def cohorts(
    context: RequestContext,
    *,
    first: Annotated[
        int | None,
        strawberry.argument(
            description=f"How many beginnings to answer, 1 to {MAX_COHORTS}; {_DEFAULT_COHORTS} if absent."
        ),
    ] = None,
    interval: Annotated[
        Interval | None,
        strawberry.argument(description="How long a beginning lasts: `MONTH`, if absent, or `QUARTER`."),
    ] = None,
    where: Conditions = None,
) -> Sequence[Cohort]:
    """Two statements. Raises BadInput."""
    number = _DEFAULT_COHORTS if first is None else first
    if not 1 <= number <= MAX_COHORTS:
        raise BadInput(f"Cohorts are 1 to {MAX_COHORTS} beginnings.", ("first",))
    unit = Unit.MONTH if interval is None else Unit(interval.name)
    if unit not in {Unit.MONTH, Unit.QUARTER}:
        raise BadInput("Cohorts begin in a `MONTH` or in a `QUARTER`.", ("interval",))
    found = await find_cohorts(context.shop, selected(context, where=where), unit, number)
    return [_cohort(context.shop, one) for one in found]


def _cohort(shop: Shop, began: Began) -> Cohort:
    later = [_period(shop, n, one, began.customers) for n, one in enumerate(began.later)]
    return Cohort(from_=began.period.first, customer_count=began.customers, periods=later)


def _period(shop: Shop, index: int, later: Later, of: int) -> CohortPeriod:
    spent: Money = shop.money(later.spent)  # type: ignore[assignment]
    return CohortPeriod(index=index, customer_count=later.customers, rate=share(later.customers, of), total_spent=spent)


def _churned(wanted: bool, context: RequestContext) -> Sequence[Condition]:
    return [("=", wanted), ("<", lost_until(context.shop))]


EXTENSIONS = (Extension(Query, [retention, cohorts]),)
LEAVES: Sequence[FilterLeaf] = (
    FilterLeaf(
        CustomerWhere,
        "hasChurned",
        bool,
        CHURNED,
        _churned,
        "Whether the customer has bought, and not for so long that the shop counts them as lost.",
        needs=VIEW,
        shop_wide=True,
    ),
)
