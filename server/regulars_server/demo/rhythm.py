"""When the demo's customers come: the shop's days, its opening hours, and each customer's own rhythm."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from random import Random
from zoneinfo import ZoneInfo

from regulars_core.primitives.clock import Instant, day_of, instant_of

DAYS = 730
"""The shop has been open for two years."""
OPENING_HOURS: Mapping[int, tuple[time, time]] = {
    **{weekday: (time(7, 30), time(19)) for weekday in range(5)},
    5: (time(8), time(18)),
    6: (time(9), time(14)),
}
"""From when to when the shop is open, by weekday (Monday is 0)."""
_CLOSED = frozenset({(1, 1), (12, 25)})
_BUSY = (0.8, 0.7, 0.8, 0.9, 1.2, 2.1, 1.4)  # by weekday
# How much of the day's business comes in each hour, from 6 to 23.
_AT_TILL = dict(enumerate((0, 6, 11, 9, 6, 5, 8, 7, 4, 4, 6, 7, 5, 0, 0, 0, 0, 0), 6))
_AT_HOME = dict(enumerate((1, 2, 2, 3, 3, 3, 4, 4, 3, 3, 3, 4, 5, 7, 9, 9, 7, 3), 6))


class Rhythm(Enum):
    """How somebody comes back. The value: days between two visits, and how many of a hundred customers are like that."""

    DAILY = (3.4, 1)
    WEEKLY = (7.0, 4)
    FORTNIGHTLY = (14.0, 7)
    MONTHLY = (29.0, 18)
    SEASONAL = (12.0, 15)
    OCCASIONAL = (110.0, 28)
    ONCE = (math.inf, 20)
    NEVER = (0.0, 7)

    @property
    def period(self) -> float:
        """Days between two visits."""
        return self.value[0]

    @property
    def share(self) -> int:
        """How many of a hundred customers are like that."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The two years up to `today`, in days of the shop's time zone."""

    today: Instant
    zone: ZoneInfo

    @property
    def last(self) -> date:
        """The day that `today` is on."""
        return day_of(self.today, self.zone)

    @property
    def first(self) -> date:
        """The day of the opening."""
        return self.last - timedelta(days=DAYS)

    def day(self, number: int) -> date:
        """The day that comes so many days after the opening."""
        return self.first + timedelta(days=number)

    def at(self, day: date, moment: time) -> Instant:
        """The instant of a time of day where the shop is."""
        return instant_of(datetime.combine(day, moment, self.zone))

    def instant(self, rng: Random, day: date, *, at_home: bool = False) -> Instant:
        """Some instant of a day: while the shop is open, or, for somebody at home, while people are awake."""
        first, end = (time(6), time(23, 59)) if at_home else OPENING_HOURS[day.weekday()]
        hours = _AT_HOME if at_home else _AT_TILL
        while True:
            [hour] = rng.choices([*hours], [*hours.values()])
            moment = time(hour, rng.randrange(60), rng.randrange(60), rng.randrange(1_000) * 1_000)
            if first <= moment < end:
                return self.at(day, moment)

    def is_open(self, day: date) -> bool:
        """Whether the shop opens on this day."""
        return (day.month, day.day) not in _CLOSED

    def near(self, rng: Random, day: date) -> date:
        """A day at most one off, rather a busy one than a quiet one: this is what makes weekends full."""
        days = [day + timedelta(days=n) for n in (-1, 0, 1)]
        return rng.choices(days, [_BUSY[near.weekday()] for near in days])[0]

    def visits(self, rng: Random, rhythm: Rhythm, joined: date, until: date) -> Iterator[date]:
        """The days on which somebody who joined on a day comes, until they come no more."""
        if rhythm is Rhythm.NEVER:
            return
        yield joined
        if rhythm is Rhythm.ONCE:
            return
        seen, day = {joined}, float(joined.toordinal())
        while True:
            expected = date.fromordinal(int(day))
            gap = max(1.0, rng.gauss(rhythm.period, rhythm.period * 0.35))
            day += gap * _slowness(expected, rhythm)
            visit = self.near(rng, date.fromordinal(int(day)))
            if day > until.toordinal() or visit > until:
                return
            if visit not in seen and self.is_open(visit) and (rhythm is not Rhythm.SEASONAL or _in_season(visit)):
                seen.add(visit)
                yield visit


def _slowness(day: date, rhythm: Rhythm) -> float:
    """People come sooner before Christmas, and later in January and in the summer holidays."""
    if day.month == 12:
        return 0.6 if rhythm is not Rhythm.OCCASIONAL else 0.3
    return {1: 1.3, 7: 1.1, 8: 1.25}.get(day.month, 1.0)


def _in_season(day: date) -> bool:
    """Advent, and the weeks around Easter."""
    return (11, 25) <= (day.month, day.day) <= (12, 24) or (3, 25) <= (day.month, day.day) <= (4, 20)
