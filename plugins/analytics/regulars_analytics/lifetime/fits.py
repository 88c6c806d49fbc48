"""Fits of the model to all customers, kept for good: making one, and which one counts."""

import asyncio
import json
import logging
from array import array
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from regulars_analytics.lifetime.lives import day_number, next_lives
from regulars_analytics.settings import AnalyticsSettings, LifetimeMethod
from regulars_core.plugin import Instant, Shop, exponent_of, inserting, now

if TYPE_CHECKING:
    from regulars_analytics.lifetime.fitted.bg_nbd import BgNbd
    from regulars_analytics.lifetime.fitted.gamma_gamma import GammaGamma

LEAST_REPEATING = 100
"""Of fewer customers who came again nothing is learned for all others."""
_BATCH = 2_000
_START = "0" * 32
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit: its number, when it was made, on how many customers it rests, its parameters by the names of the papers (times in
    days, amounts in the shop's currency), and the natural logarithm of how likely the customers' purchases are by it."""

    number: int
    fitted_at: Instant
    customers: int
    parameters: dict[str, float]
    log_likelihood: float

    def often(self) -> "BgNbd":
        """How often customers buy."""
        from regulars_analytics.lifetime.fitted.bg_nbd import BgNbd

        return BgNbd(*(self.parameters[name] for name in ("r", "alpha", "a", "b")))

    def much(self, exponent: int) -> "GammaGamma":
        """For how much, in minor units."""
        from regulars_analytics.lifetime.fitted.gamma_gamma import GammaGamma

        return GammaGamma(self.parameters["p"], self.parameters["q"], self.parameters["gamma"] * 10**exponent)


def can_fit() -> bool:
    """Whether what fits models is installed: the extra `analytics`."""
    return find_spec("scipy") is not None


def wants_fits(shop: Shop) -> bool:
    """Whether the shop projects by a fit, where there is one."""
    return shop.settings.of(AnalyticsSettings).method == LifetimeMethod.BG_NBD and can_fit()


async def current_fit(shop: Shop) -> Fit | None:
    """The fit by which customers are projected: the latest that could be made, so that an attempt that fails does not turn all
    figures over; None where the shop wants none, nothing can be fitted here, or there never was enough to fit."""
    if not wants_fits(shop):
        return None
    row = await _latest(shop, "body IS NOT NULL")
    return None if row is None else _read(row)


async def latest_attempt(shop: Shop) -> tuple[Instant, int, bool] | None:
    """When it was last tried to fit, how many customers had come again by then, and whether that made a fit."""
    row = await _latest(shop)
    return None if row is None else (Instant(row[1]), row[4], row[3] is not None)


async def _latest(shop: Shop, condition: str = "1=1") -> Any:
    columns = "number, fitted_at, customers, body, repeating"
    rows = await shop.database.read(
        f"SELECT {columns} FROM analytics_fit WHERE {condition} ORDER BY number DESC LIMIT 1"
    )
    return rows[0] if rows else None


def _read(row: Any) -> Fit:
    body = json.loads(row[3])
    return Fit(row[0], Instant(row[1]), row[2], body["parameters"], body["logLikelihood"])


async def fit_if_due(shop: Shop) -> None:
    """Fit anew, once a day where the shop is: to what all customers have bought up to now. Where that changes how they are
    projected, or fails, the log says so."""
    latest = await _latest(shop)
    if latest is not None and day_number(shop, Instant(latest[1])) >= day_number(shop, now()):
        return
    known = await _known(shop)
    body = None
    if known.repeating >= LEAST_REPEATING:
        try:
            body = await asyncio.to_thread(known.fitted, exponent_of(shop.currency))
        except (ArithmeticError, ValueError):
            # Kept as an attempt, or it would be made anew every minute.
            log.exception("What customers are worth could not be fitted.")
    number = 1 if latest is None else latest[0] + 1
    columns = ("number", "fitted_at", "customers", "repeating", "body")
    row = (number, now(), known.customers, known.repeating, body)
    statement, values = inserting("analytics_fit", columns, [row])

    async def work() -> None:
        await shop.database.run(statement, *values)

    had = await current_fit(shop)
    await shop.database.transaction(work)
    _tell(had, known, body is not None)


def _tell(had: Fit | None, known: "_Known", is_made: bool) -> None:
    if is_made and had is None:
        log.info("customers are projected by BG_NBD from now on: %s of them came again", f"{known.repeating:,}")
    elif not is_made and had is not None:
        log.warning(
            "nothing could be fitted to what customers bought, %s of whom came again: fit %s goes on",
            f"{known.repeating:,}",
            had.number,
        )


class _Known:
    """What is known of all customers, in as little memory as it takes."""

    def __init__(self) -> None:
        self.repeats, self.last, self.age, self.spent = array("q"), array("q"), array("q"), array("q")

    @property
    def customers(self) -> int:
        return len(self.repeats)

    @property
    def repeating(self) -> int:
        return sum(count > 0 for count in self.repeats)

    def fitted(self, exponent: int) -> str | None:
        """The body of a fit, None where there is none."""
        import numpy as np

        from regulars_analytics.lifetime.fitted import bg_nbd, gamma_gamma
        from regulars_analytics.lifetime.fitted.repeats import Repeats

        repeats, last, age, spent = (
            np.frombuffer(column, dtype=np.int64) for column in (self.repeats, self.last, self.age, self.spent)
        )
        often = bg_nbd.fit(Repeats.of(repeats, last, age))
        much = gamma_gamma.fit(repeats, spent / 10**exponent)
        if often is None or much is None:
            return None
        model, money = often.model, much.model
        parameters = {"r": model.r, "alpha": model.alpha, "a": model.a, "b": model.b}
        parameters |= {"p": money.p, "q": money.q, "gamma": money.gamma}
        return json.dumps({"parameters": parameters, "logLikelihood": often.log_likelihood})


async def _known(shop: Shop) -> _Known:
    known, today, after = _Known(), day_number(shop, now()), _START
    while lives := await next_lives(shop, after, _BATCH):
        for life in lives:
            if life.days:
                known.repeats.append(life.repeats)
                known.last.append(life.last_day - life.first_day)
                known.age.append(life.known_days(today))
                known.spent.append(max(life.repeats_spent, 0))
        after = lives[-1].customer_id
    return known
