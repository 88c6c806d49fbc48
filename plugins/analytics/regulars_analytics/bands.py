"""Bands of recency, frequency and value of the shop's own, as its setting has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

_FORM = "Three groups of four numbers are expected, such as 30,90,180,270;10,20,30,40;5000,10000,20000,50000"

_MAX_DAYS = 36_500
_MAX_NUMBER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Bands:
    """Where bands begin: days since the last purchase, at most, for 5, 4, 3, 2; purchases, and amounts of the shop's currency,
    at least, for 2, 3, 4, 5."""

    days: Sequence[int]
    purchases: Sequence[int]
    amounts: Sequence[Decimal]


def read_bands(text: str) -> Bands:
    """Bands out of `30,90,180,270;10,20,30,40;5000,10000,20000,50000`. Raises ValueError."""
    groups = [[_number(part) for part in group.split(",")] for group in text.split(";")]
    if len(groups) != 3 or any(len(group) != 4 for group in groups):
        raise ValueError(_FORM + ".")
    for group in groups:
        if any(later <= earlier for earlier, later in pairwise(group)) or group[0] < 0:
            raise ValueError("The four numbers of a group grow, and none is below 0.")
    days, purchases, amounts = groups
    if any(number != int(number) for number in (*days, *purchases)):
        raise ValueError("Days and purchases are whole numbers.")
    if days[-1] > _MAX_DAYS or max(purchases[-1], amounts[-1]) > _MAX_NUMBER:
        raise ValueError(f"There are at most {_MAX_DAYS} days, and numbers up to {_MAX_NUMBER}.")
    return Bands([int(number) for number in days], [int(number) for number in purchases], amounts)


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(_FORM + ".") from None
    if not number.is_finite():
        raise ValueError(_FORM + ".")
    return number
