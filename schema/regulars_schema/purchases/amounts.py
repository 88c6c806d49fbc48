"""Amounts and quantities that clients give, in the whole numbers of the core."""

from collections.abc import Sequence
from decimal import Decimal

from regulars_core.primitives.checks import Checks
from regulars_core.primitives.errors import Problem
from regulars_core.primitives.money import EXACT, to_minor


class Amounts:
    """Decimals into minor units, with every mistake noted."""

    def __init__(self, checks: Checks, currency: str) -> None:
        self._checks, self._currency = checks, currency

    def minor(self, amount: Decimal | None, *path: str) -> int | None:
        """An amount in minor units; 0 for one that the currency does not have."""
        if amount is None:
            return None
        minor = to_minor(amount, self._currency)
        if minor is None:
            self._checks.fail("INVALID_AMOUNT", f"This is no amount in {self._currency}.", *path)
        return minor or 0


def millionths(quantity: Decimal | None, checks: Checks, *path: str) -> int:
    """A quantity as the core keeps it; 1 where none is given."""
    scaled = (Decimal(1) if quantity is None else quantity).scaleb(6, EXACT)
    if abs(scaled) > 10**15:
        checks.fail("INVALID_QUANTITY", "This quantity is too large.", *path)
        return 0
    if scaled != scaled.to_integral_value():
        checks.fail("INVALID_QUANTITY", "A quantity has at most six decimals.", *path)
        return 0
    return int(scaled)


def tell_besides(checks: Checks, others: Sequence[Problem]) -> None:
    """Note what else is wrong where amounts could not be read, which are noted already; but not what may only come of that."""
    for problem in others:
        if not any(_follows(problem, unread) for unread in checks.problems):
            checks.fail(problem.code, problem.message, *problem.path)


_OF_SUMS = frozenset({"PAYMENTS_MISMATCH", "TAX_MISMATCH", "INVALID_ROUNDING"})


def _follows(problem: Problem, unread: Problem) -> bool:
    if problem.code in _OF_SUMS or problem.path in {unread.path, ("due",)}:
        return True
    in_one_part = len(problem.path) > 2 and problem.path[:-1] == unread.path[:-1]
    return problem.code == "INVALID_AMOUNT" and (in_one_part or problem.path == ("lines",))
