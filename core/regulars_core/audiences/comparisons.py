"""What the comparisons of `CustomerWhere` mean for a value that was found: pure, and the same as their SQL means for a column.

Each function takes a comparison as it is stored and answers what tells whether it holds. A missing value matches nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any
from zoneinfo import ZoneInfo

from regulars_core.primitives.clock import Instant, day_of, instant_of, start_of
from regulars_core.primitives.money import to_minor

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {"eq": eq, "gte": ge, "gt": gt, "lte": le, "lt": lt}
Compares = Callable[[Any, Instant], bool]
"""Whether the comparison holds for a value, None where it is missing, at an instant."""


def among(comparison: Mapping[str, Any]) -> Compares:
    """`in`: one of the texts or ids, as they are stored."""
    wanted = frozenset(comparison["in"])
    return lambda value, _: value in wanted


def whole_number(comparison: Mapping[str, Any]) -> Compares:
    """`eq`, `gte`, `gt`, `lte`, `lt` over whole numbers. Raises for anything else in it."""
    return _compared([(_OPERATORS[name], int(bound)) for name, bound in comparison.items()])


def amount(comparison: Mapping[str, Any], currency: str) -> Compares:
    """The same over minor units, with amounts as text. Raises ValueError for what is no amount in the currency."""
    bounds = []
    for name, text in comparison.items():
        minor = to_minor(Decimal(text), currency)
        if minor is None:
            raise ValueError("this is no amount")
        bounds.append((_OPERATORS[name], minor))
    return _compared(bounds)


def _compared(bounds: list[tuple[Callable[[Any, Any], bool], int]]) -> Compares:
    return lambda value, _: value is not None and all(holds(value, bound) for holds, bound in bounds)


def instant(comparison: Mapping[str, Any], zone: ZoneInfo) -> Compares:
    """`after`, `before`, and `withinDays` of the instant at which it is asked. Raises for anything else in it."""
    if unknown := comparison.keys() - {"after", "before", "withinDays"}:
        raise ValueError(f"{sorted(unknown)} compares no instants")
    after, before = (
        instant_of(datetime.fromisoformat(comparison[name])) if name in comparison else None
        for name in ("after", "before")
    )
    days = comparison.get("withinDays")

    def holds(value: Instant | None, at: Instant) -> bool:
        return (
            value is not None
            and (after is None or value > after)
            and (before is None or value < before)
            and (days is None or value >= start_of(day_of(at, zone) - timedelta(days=days), zone))
        )

    return holds
