"""What customers are worth: so far, and as projected by the fit that counts or by the plain rate."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from regulars_analytics.lifetime import rate
from regulars_analytics.lifetime.fits import Fit
from regulars_analytics.lifetime.lives import Life
from regulars_analytics.settings import AnalyticsSettings, LifetimeMethod
from regulars_core.plugin import Shop, exponent_of

if TYPE_CHECKING:
    from regulars_analytics.lifetime.fitted.repeats import Floats, Repeats

HORIZON_DAYS = 365
"""How far is looked ahead where nobody says, and in what is kept."""


@dataclass(frozen=True, slots=True)
class Projection:
    """What a customer is expected to do in the days ahead; amounts in minor units. What the method does not tell is None."""

    method: LifetimeMethod
    purchases: Decimal
    amount: int
    active: Decimal | None = None
    low: int | None = None
    high: int | None = None


_NOTHING = Projection(LifetimeMethod.RATE, Decimal("0.00"), 0)


def by_rate(shop: Shop, life: Life, today: int, horizon: int) -> Projection:
    """By the plain rate; nothing of who never bought or counts as lost."""
    if life.days == 0 or life.last_day + shop.settings.of(AnalyticsSettings).churn_days <= today:
        return _NOTHING
    known = life.known_days(today)
    purchases = rate.expected_purchases(life.count, known, horizon)
    return Projection(LifetimeMethod.RATE, purchases, rate.projected(life.spent, known, horizon))


async def projections(
    shop: Shop, lives: Sequence[Life], fit: Fit | None, today: int, horizon: int
) -> Mapping[str, Projection]:
    """All that is told of customers, by id. Of who never bought no fit tells anything."""
    bought = [life for life in lives if life.days] if fit else []
    if not bought or fit is None:
        return {life.customer_id: by_rate(shop, life, today, horizon) for life in lives}
    fitted = await asyncio.to_thread(_fitted, bought, fit, today, horizon, exponent_of(shop.currency))
    return dict.fromkeys((life.customer_id for life in lives), _NOTHING) | fitted


def _fitted(lives: Sequence[Life], fit: Fit, today: int, horizon: int, exponent: int) -> dict[str, Projection]:
    from regulars_analytics.lifetime.fitted.projections import project

    known, totals = _taken(lives, today)
    told = project(fit.often(), fit.much(exponent), known, totals, float(horizon))
    return {
        life.customer_id: Projection(
            LifetimeMethod.BG_NBD,
            Decimal(round(100 * float(told.purchases[n]))).scaleb(-2),
            round(float(told.amount[n])),
            None if life.repeats == 0 else Decimal(round(10_000 * float(told.active[n]))).scaleb(-4),
            round(float(told.low[n])),
            round(float(told.high[n])),
        )
        for n, life in enumerate(lives)
    }


async def amounts(shop: Shop, lives: Sequence[Life], fit: Fit | None, today: int) -> Mapping[str, int]:
    """What customers are expected to spend in the days that what is kept looks ahead, by id: the amounts that `projections`
    tells, for much less."""
    if fit is None:
        return {life.customer_id: by_rate(shop, life, today, HORIZON_DAYS).amount for life in lives}
    bought = [life for life in lives if life.days]
    found = await asyncio.to_thread(_amounts, bought, fit, today, exponent_of(shop.currency)) if bought else []
    return dict.fromkeys((life.customer_id for life in lives), 0) | {
        life.customer_id: amount for life, amount in zip(bought, found, strict=True)
    }


def _amounts(lives: Sequence[Life], fit: Fit, today: int, exponent: int) -> Sequence[int]:
    from regulars_analytics.lifetime.fitted.projections import expected_amounts

    known, totals = _taken(lives, today)
    expected = expected_amounts(fit.often(), fit.much(exponent), known, totals, float(HORIZON_DAYS))
    return [round(float(amount)) for amount in expected]


def _taken(lives: Sequence[Life], today: int) -> "tuple[Repeats, Floats]":
    """Lives as the models take them."""
    import numpy as np

    from regulars_analytics.lifetime.fitted.repeats import Repeats

    count = np.array([life.repeats for life in lives], dtype=np.int64)
    last = np.array([life.last_day - life.first_day for life in lives], dtype=float)
    age = np.array([life.known_days(today) for life in lives], dtype=float)
    totals = np.array([max(life.repeats_spent, 0) for life in lives], dtype=float)
    return Repeats(count, last, age, np.ones(len(lives))), totals
