"""The comparisons that leaves of `where` inputs take, and what conditions become of them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import strawberry

from regulars_core.primitives.clock import Instant, day_of, now, start_of
from regulars_core.primitives.errors import BadInput
from regulars_core.primitives.money import to_minor
from regulars_core.queries.where import Condition
from regulars_schema.request.context import RequestContext
from regulars_schema.types.ids import key_of
from regulars_schema.types.scalars import BigInt


def _given(comparison: Any, operators: Mapping[str, str]) -> list[Condition]:
    """The conditions that a comparison input holds. Maybe-fields tell absent from null; null is refused."""
    found = []
    for name, operator in operators.items():
        some = getattr(comparison, name)
        if some is None:
            continue
        if some.value is None:
            raise BadInput("`null` compares with nothing; leave it out.", (name.rstrip("_"),))
        found.append((operator, some.value))
    if not found:
        raise BadInput("A comparison needs something to compare with.")
    return found


_RANGE = {"gte": ">=", "gt": ">", "lte": "<=", "lt": "<"}


@strawberry.input(description="Compares a whole number; everything given must hold.")
class IntComparison:
    """Conditions over an integer column."""

    eq: strawberry.Maybe[int | None] = strawberry.field(description="Equal to this.")
    gte: strawberry.Maybe[int | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[int | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[int | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[int | None] = strawberry.field(description="Less than this.")


def int_conditions(comparison: IntComparison, _: RequestContext) -> Sequence[Condition]:
    """As given."""
    return _given(comparison, {"eq": "=", **_RANGE})


@strawberry.input(description="Compares a whole number of up to 64 bits; everything given must hold.")
class BigIntComparison:
    """Conditions over a column of whole numbers of 64 bits."""

    eq: strawberry.Maybe[BigInt | None] = strawberry.field(description="Equal to this.")
    gte: strawberry.Maybe[BigInt | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[BigInt | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[BigInt | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[BigInt | None] = strawberry.field(description="Less than this.")


def big_int_conditions(comparison: BigIntComparison, _: RequestContext) -> Sequence[Condition]:
    """As given."""
    return _given(comparison, {"eq": "=", **_RANGE})


@strawberry.input(description="Compares an amount in the shop's currency; everything given must hold.")
class AmountComparison:
    """Conditions over a column of minor units."""

    gte: strawberry.Maybe[Decimal | None] = strawberry.field(description="This or more.")
    gt: strawberry.Maybe[Decimal | None] = strawberry.field(description="More than this.")
    lte: strawberry.Maybe[Decimal | None] = strawberry.field(description="This or less.")
    lt: strawberry.Maybe[Decimal | None] = strawberry.field(description="Less than this.")


def amount_conditions(comparison: AmountComparison, context: RequestContext) -> Sequence[Condition]:
    """In minor units of the shop's currency."""
    conditions = []
    for operator, amount in _given(comparison, _RANGE):
        minor = to_minor(amount, context.shop.currency)
        if minor is None:
            raise BadInput(f"This is no amount in {context.shop.currency}.")
        conditions.append((operator, minor))
    return conditions


@strawberry.input(description="Days where the shop is, both ends included.")
class DayRangeInput:
    """A part of InstantComparison."""

    from_: strawberry.Maybe[date | None] = strawberry.field(
        name="from", description="The first day; without it, from the beginning."
    )
    to: strawberry.Maybe[date | None] = strawberry.field(description="The last day; without it, until today.")


@strawberry.input(description="Compares an instant; everything given must hold. What never happened matches nothing.")
class InstantComparison:
    """Conditions over a column of instants."""

    after: strawberry.Maybe[Instant | None] = strawberry.field(description="Later than this, the same as `gt`.")
    before: strawberry.Maybe[Instant | None] = strawberry.field(description="Earlier than this, the same as `lt`.")
    gte: strawberry.Maybe[Instant | None] = strawberry.field(description="At this instant or later.")
    gt: strawberry.Maybe[Instant | None] = strawberry.field(description="Later than this.")
    lte: strawberry.Maybe[Instant | None] = strawberry.field(description="At this instant or earlier.")
    lt: strawberry.Maybe[Instant | None] = strawberry.field(description="Earlier than this.")
    days: strawberry.Maybe[DayRangeInput | None] = strawberry.field(
        description="On these days where the shop is, both ends included."
    )
    within_days: strawberry.Maybe[int | None] = strawberry.field(
        description="At most this many calendar days ago where the shop is: 0 is today, also what is dated ahead of it, 1 also "
        "yesterday."
    )


_INSTANTS = {"after": ">", "before": "<", **_RANGE, "days": "on", "within_days": "days"}


def instant_conditions(comparison: InstantComparison, context: RequestContext) -> Sequence[Condition]:
    """In milliseconds."""
    conditions: list[Condition] = []
    zone = context.shop.settings.zone
    for operator, value in _given(comparison, _INSTANTS):
        if operator == "on":
            conditions += _within(value, zone)
        elif operator != "days":
            conditions.append((operator, value))
        elif not 0 <= value <= 36_500:
            raise BadInput("Between 0 and 36500 days.", ("withinDays",))
        else:
            earliest = day_of(now(), zone) - timedelta(days=value)
            conditions.append((">=", start_of(earliest, zone)))
    return conditions


def on_days(days: DayRangeInput, zone: ZoneInfo, argument: str = "days") -> Sequence[Condition]:
    """From the beginning of the first day to the beginning of the one after the last. A range that has a first day alone ends
    today. Raises BadInput under the argument that it is, for days that end before they begin too: a figure of no day misleads."""
    within, given = _within(days, zone, argument), _ends(days, argument)
    if "from" in given and "to" in given and given["from"] > given["to"]:
        raise BadInput("The first day is after the last one.", (argument, "from"), "INVALID_DATE")
    return within


def _ends(days: DayRangeInput, argument: str) -> Mapping[str, date]:
    try:
        return dict(_given(days, {"from_": "from", "to": "to"}))
    except BadInput as error:
        raise BadInput(str(error), (argument, *error.path)) from None


def _within(days: DayRangeInput, zone: ZoneInfo, argument: str = "days") -> Sequence[Condition]:
    """The same, also where that is nobody's: kept conditions may be so, and find nobody."""
    given = _ends(days, argument)
    first, last = given.get("from"), given.get("to", day_of(now(), zone))
    starts: list[Condition] = [(">=", start_of(first, zone))] if first is not None else []
    # The calendar has no day after the very last one, and so nothing that is later.
    return [*starts, ("<", start_of(last + timedelta(days=1), zone))] if last < date.max else starts


@strawberry.input(description="Compares with a list of ids.")
class IdComparison:
    """Conditions over a foreign key."""

    in_: list[strawberry.ID] = strawberry.field(name="in", description="One of these.")


def id_conditions(kind: str) -> Any:
    """Keys out of ids of one kind."""

    def conditions(comparison: IdComparison, _: RequestContext) -> Sequence[Condition]:
        return [("in", [key_of(text, kind, "in", str(n)) for n, text in enumerate(comparison.in_)])]

    return conditions


@strawberry.input(description="Compares with a list of texts.")
class TextComparison:
    """Conditions over a column of text."""

    in_: list[str] = strawberry.field(name="in", description="One of these.")


def text_conditions(fold: Any) -> Any:
    """Texts in the form in which the column keeps them."""

    def conditions(comparison: TextComparison, _: RequestContext) -> Sequence[Condition]:
        return [("in", [fold(text) for text in comparison.in_])]

    return conditions


def enum_conditions(comparison: Any, _: RequestContext) -> Sequence[Condition]:
    """The values' names, which is how they are kept."""
    return [("in", [value.value for value in comparison.in_])]


def flag_conditions(wanted: bool, _: RequestContext) -> Sequence[Condition]:
    """Whether something is there."""
    return [("=", wanted)]
