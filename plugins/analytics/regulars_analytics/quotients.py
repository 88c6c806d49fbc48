"""Quotients with a fixed number of decimals, half-up: whole numbers in, so that both engines answer alike to the last digit."""

from decimal import Decimal

from regulars_core.plugin import divided_half_up

RATE_DECIMALS = 4
"""Digits behind the point of what is a part of a whole."""


def quotient(dividend: int, divisor: int, decimals: int) -> Decimal | None:
    """dividend ÷ divisor; None for a divisor of 0."""
    if not divisor:
        return None
    return Decimal(divided_half_up(dividend * 10**decimals, divisor)).scaleb(-decimals)


def rate(part: int, whole: int) -> Decimal | None:
    """A part of a whole, 0 to 1; None where the whole is nothing."""
    return quotient(part, whole, RATE_DECIMALS)


def share(part: int, whole: int) -> Decimal:
    """A part of a whole as 0 to 1, whatever signs they have: what is below 0 has no part, and of nothing nothing is one."""
    found = rate(min(max(part, 0), max(whole, 0)), max(whole, 0))
    return Decimal("0.0000") if found is None else found
