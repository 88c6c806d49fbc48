"""Refusals for want of credit or points."""

import strawberry

from regulars_core.plugin import CurrencyCode
from regulars_core.plugin import Money as MoneyRow
from regulars_loyalty.ledger import problems
from regulars_schema.plugin import BigInt, Money, UserError


def _money(minor: int, problem: problems.InsufficientFunds) -> Money:
    amount: Money = MoneyRow(minor, CurrencyCode(problem.currency))  # type: ignore[assignment]
    return amount


def _requested(root: problems.InsufficientFunds) -> Money:
    return _money(root.requested_minor, root)


def _available(root: problems.InsufficientFunds) -> Money:
    return _money(root.available_minor, root)


@strawberry.type(description="There is less credit than was asked for; nothing was taken.")
class InsufficientFunds(UserError):
    """Over problems.InsufficientFunds."""

    available: Money = strawberry.field(resolver=_available, description="What could be had.")
    requested: Money = strawberry.field(resolver=_requested, description="What was asked for.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """The ledger's problem of this name."""
        return isinstance(value, problems.InsufficientFunds)


def _requested_points(root: problems.InsufficientPoints) -> BigInt:
    return BigInt(root.requested)


def _available_points(root: problems.InsufficientPoints) -> BigInt:
    return BigInt(root.available)


@strawberry.type(description="There are fewer points than were asked for; nothing was taken.")
class InsufficientPoints(UserError):
    """Over problems.InsufficientPoints."""

    available_points: BigInt = strawberry.field(resolver=_available_points, description="How many could be had.")
    requested_points: BigInt = strawberry.field(resolver=_requested_points, description="How many were asked for.")

    @classmethod
    def is_type_of(cls, value: object, _: object) -> bool:
        """The ledger's problem of this name."""
        return isinstance(value, problems.InsufficientPoints)


TYPES = (InsufficientFunds, InsufficientPoints)
PROBLEMS = (problems.InsufficientFunds, problems.InsufficientPoints)
