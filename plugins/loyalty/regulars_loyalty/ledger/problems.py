"""Refusals for want of credit or points, with both figures."""

from dataclasses import dataclass

from regulars_core.plugin import Problem, decimal_text, exponent_of
from regulars_loyalty.ledger.book import POINTS, Account


@dataclass(frozen=True, slots=True)
class InsufficientFunds(Problem):
    """There is less credit than was asked for; amounts in minor units of the currency."""

    requested_minor: int = 0
    available_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class InsufficientPoints(Problem):
    """There are fewer points than were asked for."""

    requested: int = 0
    available: int = 0


def insufficient(
    account: Account, code: str, message: str, requested: int, available: int, path: tuple[str, ...]
) -> Problem:
    """The refusal for an account that has too little."""
    if account.unit == POINTS:
        return InsufficientPoints(code, f"{message} {requested} of {available}.", path, requested, available)
    exponent = exponent_of(account.unit)
    figures = f"{decimal_text(requested, exponent)} of {decimal_text(available, exponent)} {account.unit}"
    return InsufficientFunds(code, f"{message} {figures}.", path, requested, available, account.unit)
