"""Whether customers are projected as the shop wants, in a sentence for `regulars doctor` and the API's `Shop.status`."""

from collections.abc import Sequence

from regulars_analytics.lifetime.fits import LEAST_REPEATING, can_fit, current_fit, latest_attempt
from regulars_analytics.settings import AnalyticsSettings, LifetimeMethod
from regulars_core.plugin import Check, Shop, day_of

_NAME = "lifetime-values"


async def look(shop: Shop) -> Sequence[Check]:
    """By which method, and why it is not the one that is wanted."""
    if shop.settings.of(AnalyticsSettings).method is LifetimeMethod.RATE:
        return [Check(_NAME, True, "projected by each customer's own rate, as is wanted")]
    if not can_fit():
        mend = "run `pip install 'regulars[analytics]'`, or set REGULARS_ANALYTICS_METHOD=RATE"
        told = f"BG_NBD is wanted and the extra `analytics` is missing, so customers are projected by their own rate; {mend}"
        return [Check(_NAME, False, told, works=True)]
    fit, attempt = await current_fit(shop), await latest_attempt(shop)
    if attempt is None:
        return [Check(_NAME, True, "nothing was fitted yet")]
    at, repeating, is_made = attempt
    if fit is None:
        why = (
            f"{repeating:,} of them have come again, and {LEAST_REPEATING} must have"
            if repeating < LEAST_REPEATING
            else ("nothing could be fitted to what they bought")
        )
        return [Check(_NAME, True, f"projected by each customer's own rate: {why}")]
    day = day_of(fit.fitted_at, shop.settings.zone)
    if not is_made:
        told = (
            f"projected by BG_NBD as fitted on {day}; it could not be fitted anew on {day_of(at, shop.settings.zone)}"
        )
        return [Check(_NAME, False, f"{told}, when {repeating:,} customers had come again", works=True)]
    return [Check(_NAME, True, f"projected by BG_NBD as fitted on {day} to {fit.customers:,} customers")]
