"""What customers are worth, in the language of the API."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum
from typing import Annotated

import strawberry

from regulars_analytics.lifetime.fits import Fit, current_fit
from regulars_analytics.lifetime.kept import ORDER, worth_leaf
from regulars_analytics.lifetime.lives import day_number, lives_of
from regulars_analytics.lifetime.values import HORIZON_DAYS, Projection, projections
from regulars_analytics.permissions import VIEW
from regulars_core.plugin import BadInput, CustomerRow, Instant, Leaf, Shop, now
from regulars_schema.plugin import (
    AmountComparison,
    Customer,
    CustomerOrderField,
    CustomerWhere,
    Extension,
    FilterLeaf,
    Money,
    RequestContext,
    SortField,
    amount_conditions,
    batched,
    requires,
)

MAX_HORIZON_DAYS = 1_095
_WORTH = "what the customer is worth in all: spent so far and projected for 365 days."
Horizon = Annotated[
    int | None,
    strawberry.argument(
        description=f"How many days to look ahead, 1 to {MAX_HORIZON_DAYS}; {HORIZON_DAYS} if absent.",
        name="horizonDays",
    ),
]


@strawberry.enum(description="How the future of a customer is projected.")
class LifetimeValueMethod(Enum):
    """Over settings.LifetimeMethod."""

    BG_NBD = strawberry.enum_value(
        "BG_NBD",
        description="The BG/NBD model of Fader, Hardie and Lee for how often, Gamma-Gamma for how much; fitted anew each "
        "night to all customers.",
    )
    RATE = strawberry.enum_value(
        "RATE",
        description="The customer's own purchases a day times their average, until they count as lost; nothing is fitted.",
    )


@requires(VIEW)
@strawberry.type(description="A parameter of a fit.")
class LifetimeParameter:
    """By name."""

    name: str = strawberry.field(
        description="What the literature calls it, such as `r`, `alpha`, `a`, `b`, `p`, `q` or `gamma`."
    )
    value: Decimal = strawberry.field(description="How much, to four decimals.")


@requires(VIEW)
@strawberry.type(
    description="A fit of a method to the shop's purchases; kept for good, so that a figure can be found again."
)
class LifetimeFit:
    """Over fits.Fit."""

    number: int = strawberry.field(description="Grows with each fit.")
    fitted_at: Instant = strawberry.field(description="When it was made.")
    customer_count: int = strawberry.field(description="How many customers it rests on.")
    log_likelihood: Decimal = strawberry.field(
        description="How well it fits: the natural logarithm of the likelihood, to one decimal."
    )
    parameters: list[LifetimeParameter] = strawberry.field(description="What was fitted, by name.")


@requires(VIEW)
@strawberry.type(description="What a customer is worth.")
class LifetimeValue:
    """Over values.Projection."""

    method: LifetimeValueMethod = strawberry.field(
        description="How it was projected: by the shop's setting, and by `RATE` where there are too few purchases for it."
    )
    horizon_days: int = strawberry.field(description="How many days are looked ahead.")
    spent: Money = strawberry.field(description="What was spent so far.")
    projected: Money = strawberry.field(description="What is expected to be spent in the days ahead.")
    total: Money = strawberry.field(description="Both together.")
    low: Money | None = strawberry.field(
        description="The lower end of the interval in which `projected` lies in four of five cases; null where the method does "
        "not tell."
    )
    high: Money | None = strawberry.field(
        description="The upper end of the interval in which `projected` lies in four of five cases; null where the method does "
        "not tell."
    )
    expected_purchases: Decimal = strawberry.field(
        description="How many purchases are expected in the days ahead, to two decimals."
    )
    active_probability: Decimal | None = strawberry.field(
        description="How likely it is that the customer still buys here, 0 to 1; null where the method does not tell, as of who "
        "bought on one day only."
    )
    fit: LifetimeFit | None = strawberry.field(
        description="What the method was fitted to; null where nothing is fitted."
    )


def _fit_shown(fit: Fit) -> LifetimeFit:
    places = [LifetimeParameter(name=name, value=Decimal(f"{value:.4f}")) for name, value in fit.parameters.items()]
    return LifetimeFit(
        number=fit.number,
        fitted_at=fit.fitted_at,
        customer_count=fit.customers,
        log_likelihood=Decimal(f"{fit.log_likelihood:.1f}"),
        parameters=places,
    )


def _shown(shop: Shop, spent: int, told: Projection, horizon: int, fit: LifetimeFit | None) -> LifetimeValue:
    def money(minor: int) -> Money:
        return shop.money(minor)  # type: ignore[return-value]

    return LifetimeValue(
        method=LifetimeValueMethod(told.method.value),
        horizon_days=horizon,
        spent=money(spent),
        projected=money(told.amount),
        total=money(spent + told.amount),
        low=None if told.low is None else money(told.low),
        high=None if told.high is None else money(told.high),
        expected_purchases=told.purchases,
        active_probability=told.active,
        fit=fit if told.method.value == "BG_NBD" else None,
    )


@batched(
    name="lifetimeValue",
    needs=VIEW,
    returns=LifetimeValue | None,
    description="What the customer is worth, so far and as projected; null once the customer is merged or erased. Its figures "
    "add up purchases of all stores, so the permission must be held in the whole shop.",
    replica=True,
)
async def lifetime_value(
    customers: Sequence[CustomerRow], context: RequestContext, *, horizon_days: Horizon = None
) -> Sequence[LifetimeValue | None]:
    """Two statements for all customers of a level. Raises BadInput."""
    context.demand(VIEW, shop_wide=True)
    horizon = HORIZON_DAYS if horizon_days is None else horizon_days
    if not 1 <= horizon <= MAX_HORIZON_DAYS:
        raise BadInput(f"It is 1 to {MAX_HORIZON_DAYS} days that can be looked ahead.", ("horizonDays",))
    shop = context.shop
    fit = await current_fit(shop)
    lives = await lives_of(shop, [customer.id for customer in customers])
    told = await projections(shop, list(lives.values()), fit, day_number(shop, now()), horizon)
    shown = _fit_shown(fit) if fit else None
    return [
        _shown(shop, lives[one.id].spent, told[one.id], horizon, shown) if one.id in lives else None
        for one in customers
    ]


EXTENSION = Extension(Customer, [lifetime_value])
LEAF = FilterLeaf(
    CustomerWhere,
    "lifetimeValue",
    AmountComparison,
    Leaf("lifetimeValue", worth_leaf),
    amount_conditions,
    _WORTH[0].upper() + _WORTH[1:],
    needs=VIEW,
    shop_wide=True,
)
SORT = SortField(CustomerOrderField, ORDER, "By " + _WORTH, needs=VIEW, shop_wide=True)
