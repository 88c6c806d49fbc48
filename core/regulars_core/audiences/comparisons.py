"""What the comparisons of `CustomerWhere` mean for a value that was found: pure, and the same as their SQL means for a column.

Each function takes a comparison as it is stored and answers what tells whether it holds. A missing value matches nothing.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
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


_INSTANTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "after": gt,
    "before": lt,
    "gte": ge,
    "gt": gt,
    "lte": le,
    "lt": lt,
}


def instant(comparison: Mapping[str, Any], zone: ZoneInfo) -> Compares:
    """`after`, `before`, `gte`, `gt`, `lte`, `lt`, and `days` and `withinDays` of the instant at which it is asked. Raises for
    anything else in it."""
    if unknown := comparison.keys() - {*_INSTANTS, "days", "withinDays"}:
        raise ValueError(f"{sorted(unknown)} compares no instants")
    bounds = [
        (_INSTANTS[name], instant_of(datetime.fromisoformat(bound)))
        for name, bound in comparison.items()
        if name in _INSTANTS
    ]
    range_, days = comparison.get("days"), comparison.get("withinDays")
    on_days = None if range_ is None else _on_days(range_, zone)

    def holds(value: Instant | None, at: Instant) -> bool:
        return (
            value is not None
            and all(compares(value, bound) for compares, bound in bounds)
            and (on_days is None or on_days(value, at))
            and (days is None or value >= start_of(day_of(at, zone) - timedelta(days=days), zone))
        )

    return holds


def _on_days(range_: Mapping[str, Any], zone: ZoneInfo) -> Compares:
    """`from` the beginning of one day `to` the end of another, that of the instant at which it is asked unless told. Raises for
    anything else in it."""
    if not range_ or range_.keys() - {"from", "to"}:
        raise ValueError(f"{sorted(range_)} is no range of days")
    first, last = (date.fromisoformat(range_[name]) if name in range_ else None for name in ("from", "to"))

    def holds(value: Instant, at: Instant) -> bool:
        day = day_of(value, zone)
        return (first is None or first <= day) and day <= (day_of(at, zone) if last is None else last)

    return holds
