"""Amounts of money that clients put in."""

from decimal import Decimal

import strawberry

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.money import CurrencyCode, exponent_of, to_minor
from regulars_schema.inputs.maybe import value_or_none


@strawberry.input(description="An amount of money to put in.")
class MoneyInput:
    """Input form of Money."""

    amount: Decimal = strawberry.field(description="The amount, with no more decimals than its currency has.")
    currency_code: strawberry.Maybe[CurrencyCode | None] = strawberry.field(
        description="The currency; the shop's own if absent."
    )


def minor_units(given: MoneyInput, currency: str, checks: Checks, *path: str, minimum: int = 1) -> int | None:
    """An amount in minor units of the shop's currency, which is never converted into.

    None where it is none, and then `checks` are told CURRENCY_MISMATCH for another currency, and INVALID_AMOUNT for more decimals
    than the currency has and for less than `minimum` minor units, each at its field behind `path`, which leads to the input.
    """
    told = checks.nested(*path)
    if (value_or_none(given.currency_code) or currency) != currency:
        told.fail("CURRENCY_MISMATCH", f"The shop's currency is {currency}.", "currencyCode")
        return None
    minor = to_minor(given.amount, currency)
    if minor is None:
        decimals = exponent_of(currency)
        told.fail("INVALID_AMOUNT", f"This is no amount in {currency}, which has {decimals} decimals.", "amount")
        return None
    told.at_least(minor, minimum, "amount")
    return None if told.problems else minor
