"""Money: a whole number of minor units and a currency. Decimals exist at the border only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import NewType

from babel.core import get_global

CurrencyCode = NewType("CurrencyCode", str)
"""An ISO 4217 code, such as EUR."""

EXACT = Context(prec=400)
"""For arithmetic with decimals that somebody has put in, none of which has so many digits."""

MAX_MINOR = 10**15
"""Bound of a single amount in minor units: far beyond any purchase, and sums of thousands of such amounts still fit 64 bits."""


_DECIMALS = {
    code: decimals
    for decimals, codes in {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }.items()
    for code in codes.split()
} | dict.fromkeys(["ADP", "BYR", "ESP", "ITL", "LUF", "MGF", "TRL"], 0)
"""Currencies that have not two decimals: list one of ISO 4217, as of 2026-01-01, and withdrawn ones that had no parts.

Not CLDR's, which says how many digits people write today and changes with prices: docs/decisions/0002-instants-and-ids.md.
"""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of its currency: 1050 EUR is €10.50, 1050 JPY is ¥1,050."""

    minor: int
    currency_code: CurrencyCode

    @property
    def amount(self) -> str:
        """The amount as the API prints it, with the currency's number of decimals: `10.50`, `1050`, `1.050`."""
        return decimal_text(self.minor, exponent_of(self.currency_code))


def exponent_of(currency: str) -> int:
    """How many decimals the currency has in ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _DECIMALS.get(currency, 2)


@cache
def is_currency(code: str) -> bool:
    """Whether this is the code of a currency that CLDR knows and that some territory has used."""
    return code in get_global("all_currencies")


def currencies() -> Collection[str]:
    """The codes of all of them."""
    return get_global("all_currencies").keys()


def decimal_text(minor: int, exponent: int) -> str:
    """Minor units as decimal text with exactly `exponent` digits after the point."""
    if exponent == 0:
        return str(minor)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def to_minor(amount: Decimal, currency: str) -> int | None:
    """An amount in minor units; None when it has more decimals than the currency, or is beyond MAX_MINOR."""
    scaled = amount.scaleb(exponent_of(currency), EXACT)
    if scaled != scaled.to_integral_value() or abs(scaled) > MAX_MINOR:
        return None
    return int(scaled)


def half_up(value: Decimal) -> int:
    """The nearest whole number, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def divided_half_up(dividend: int, divisor: int) -> int:
    """dividend ÷ divisor to the nearest whole number, halves away from zero. Raises ZeroDivisionError for 0."""
    quotient = (2 * abs(dividend) + abs(divisor)) // (2 * abs(divisor))
    return quotient if (dividend < 0) == (divisor < 0) else -quotient


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount over weights by largest remainder (Hamilton), so that the shares always sum to it exactly.

    Ties go to the earlier share. With no weight at all the first share takes everything.
    """
    whole = sum(weights)
    if whole == 0:
        return [amount, *[0] * (len(weights) - 1)] if weights else []
    sign, size = (-1 if amount < 0 else 1), abs(amount)
    shares = [size * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(size * weights[n] % whole), n))
    for n in by_remainder[: size - sum(shares)]:
        shares[n] += 1
    return [sign * share for share in shares]
