"""Codes that are asked for and not known cost more than other requests."""

from regulars_rewards.coupons.guesses import WRONG_CODE
from regulars_schema.plugin import RequestContext


def charge_asked_codes(context: RequestContext, count: int = 1) -> None:
    """Let the caller of a query pay for so many codes that are not known."""
    if count:
        context.surcharge(WRONG_CODE * count)
