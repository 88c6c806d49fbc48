"""Periods of the calendar, where the shop is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from regulars_core.plugin import DAY_MS, Instant, start_of

_AGES = 146_097 * 5
"""Days of some whole cycles of the calendar."""
AGES_MS = _AGES * DAY_MS
"""Added to an instant before it is divided into days: SQL divides towards 0, and not everything is after 1970."""
_EPOCH = date(1970, 1, 1).toordinal()


class Unit(StrEnum):
    """How long a period lasts."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    QUARTER = "QUARTER"
    YEAR = "YEAR"


_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included, and the instants between which they lie: the second one belongs to it no more."""

    first: date
    last: date
    begin: Instant
    end: Instant


def periods(unit: Unit, first: date, last: date, zone: ZoneInfo, most: int) -> list[Period]:
    """The periods from the one that holds a first day to the one that holds a last day; only the latest, if there are more than
    `most`."""
    found: list[Period] = []
    begin = beginning(unit, last)
    while begin >= beginning(unit, first) and len(found) < most:
        end = last_of(unit, begin)
        after = Instant(start_of(end, zone) + DAY_MS) if end == date.max else start_of(end + timedelta(days=1), zone)
        found.append(Period(begin, end, start_of(begin, zone), after))
        if begin <= date.min + timedelta(days=366):
            break
        begin = beginning(unit, begin - timedelta(days=1))
    return found[::-1]


def day_of_number(number: int) -> date:
    """The day by its number, as SQL counts them out of an instant with AGES_MS added."""
    return date.fromordinal(number - _AGES + _EPOCH)


def number_of_day(day: date) -> int:
    """The number of a day, as SQL counts them."""
    return day.toordinal() + _AGES - _EPOCH


def beginning(unit: Unit, day: date) -> date:
    """The first day of the period that holds a day."""
    if unit is Unit.DAY:
        return day
    if unit is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[unit]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def last_of(unit: Unit, begin: date) -> date:
    """The last day of the period that begins on a day; of one that the calendar cuts off, its last one."""
    if unit in (Unit.DAY, Unit.WEEK):
        days = 0 if unit is Unit.DAY else 6
        return begin + min(timedelta(days=days), date.max - begin)
    years, month = divmod(begin.month - 1 + _MONTHS[unit], 12)
    return (
        date.max if begin.year + years > date.max.year else date(begin.year + years, month + 1, 1) - timedelta(days=1)
    )


def place_in(column: str, begins: Sequence[str]) -> str:
    """The SQL expression for the place of the period in which an instant lies that is in one of them; `begins` are the
    placeholders of when they begin. It is found by halves."""

    def among(low: int, high: int) -> str:
        if high - low == 1:
            return str(low)
        middle = (low + high) // 2
        return f"CASE WHEN {column} < {begins[middle]} THEN {among(low, middle)} ELSE {among(middle, high)} END"

    return among(0, len(begins))
