"""What a purchase comes to: the tax of each part of it, cash rounding, what is paid and what is due. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.money import decimal_text, exponent_of, spread

_COINS = {
    "AUD": 5, "CAD": 5, "CHF": 5, "CZK": 100, "DKK": 50, "HUF": 500, "ILS": 10, "NOK": 100, "NZD": 10, "SEK": 100,
    "SGD": 5, "ZAR": 10,
}  # fmt: skip
_WHOLE = {
    "IDR": 100, "VND": 500, "COP": 50, "CLP": 10,
    "AFN": 1, "ALL": 1, "IQD": 1, "IRR": 1, "KPW": 1, "LAK": 1, "LBP": 1, "MGA": 1, "MMK": 1, "RSD": 1, "SOS": 1, "SYP": 1,
    "YER": 1,
}  # fmt: skip
"""Whole units where notes and coins have no parts."""


def smallest_coin(currency: str) -> int:
    """What cash is rounded to in a currency, in minor units; 1 where nothing is rounded."""
    return _COINS.get(currency) or _WHOLE.get(currency, 0) * 10 ** exponent_of(currency) or 1


@dataclass(frozen=True, slots=True)
class Taxes:
    """The tax of a purchase, in minor units: in all, on delivery, and on each line."""

    total: int
    delivery: int
    lines: Sequence[int]


def taxes(
    checks: Checks,
    told: int | None,
    delivery_told: int | None,
    lines_told: Sequence[int | None],
    delivery: int,
    lines: Sequence[int],
) -> Taxes:
    """The tax of each line and of delivery: as told, or its share of what is told for the purchase and by no part of it, by what
    the parts come to. `delivery` and `lines` are these. Problems are noted in `checks`: TAX_MISMATCH."""
    known = sum(one for one in (*lines_told, delivery_told) if one is not None)
    rest = 0 if told is None else told - known
    shares = spread(rest, _weights(delivery_told, lines_told, delivery, lines)) if rest else [0] * (len(lines) + 1)
    if (rest < 0 <= (told or 0)) or (rest and delivery_told is not None and None not in lines_told):
        checks.fail("TAX_MISMATCH", "The tax is not what the lines and the delivery say of it.", "tax")
        shares = [0] * (len(lines) + 1)
    parts = [share if one is None else one for share, one in zip(shares, (*lines_told, delivery_told), strict=True)]
    return Taxes(known + rest, parts[-1], parts[:-1])


def _weights(
    delivery_told: int | None, lines_told: Sequence[int | None], delivery: int, lines: Sequence[int]
) -> list[int]:
    """What the untold parts come to; if that is nothing, the first of them bears all."""
    weights = [max(total, 0) if told is None else 0 for total, told in zip(lines, lines_told, strict=True)]
    weights.append(delivery if delivery_told is None else 0)
    if not any(weights):
        first = lines_told.index(None) if None in lines_told else len(lines)
        weights[first] = 1
    return weights


def check_rounding(checks: Checks, rounding: int, coin: int, *, paid: bool) -> None:
    """Cash is rounded by half of the smallest coin at most, and only where something is paid. INVALID_ROUNDING."""
    if rounding and (not paid or abs(rounding) > coin // 2):
        checks.fail("INVALID_ROUNDING", "Payments are rounded by half of the smallest coin at most.", "rounding")


def check_due(checks: Checks, due: int, whole: int) -> None:
    """No more is due than there is to pay. INVALID_AMOUNT."""
    if not 0 <= due <= max(whole, 0):
        checks.fail("INVALID_AMOUNT", "What is due is between 0 and what it comes to.", "due")


def check_sum(
    checks: Checks, currency: str, paid: Sequence[int], returned: int | None, total: int, rounding: int, due: int
) -> None:
    """payments + returns = total + rounding - due; where nothing of these is told, it is paid in full. `returned` is None where
    nothing comes back. PAYMENTS_MISMATCH."""
    if not paid and returned is None and not due:
        return
    expected, told = total + rounding - due, sum(paid) + (returned or 0)
    if told != expected:
        sums = [f"{decimal_text(one, exponent_of(currency))} {currency}" for one in (told, expected)]
        parts = "Payments" if returned is None else "Payments and returns"
        message = f"{parts} come to {sums[0]}, and total + rounding - due to {sums[1]}."
        checks.fail("PAYMENTS_MISMATCH", message, "payments")
