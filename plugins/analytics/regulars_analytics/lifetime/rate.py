"""The plain rate: a customer goes on as they did, until they count as lost."""

from decimal import Decimal

from regulars_core.plugin import divided_half_up

LEAST_DAYS = 30
"""Somebody is taken to be known for so long at least: of who came yesterday for the first time nobody expects that they come
every day."""


def expected_purchases(count: int, known_days: int, horizon: int) -> Decimal:
    """So many purchases in the days ahead, to two decimals, by how many there were since the first one."""
    return Decimal(divided_half_up(100 * count * horizon, max(known_days, LEAST_DAYS))).scaleb(-2)


def projected(spent: int, known_days: int, horizon: int) -> int:
    """What is expected to be spent in the days ahead, in minor units: purchases a day times their average is what was spent a
    day."""
    return max(0, divided_half_up(spent * horizon, max(known_days, LEAST_DAYS)))
