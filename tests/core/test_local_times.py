"""Days, times of the day and their instants where the shop is are those of the time zone database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from regulars_core.primitives.clock import (
    DAY_MS,
    HOUR_MS,
    Instant,
    datetime_of,
    day_and_minute,
    day_and_time,
    day_of,
    instant_at,
    instant_of,
    offsets,
    start_of,
)
from regulars_core.purchases.figures.calendar import AGES, steady

ZONES = ("UTC", "Europe/Madrid", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia")
_MINUTE_MS = 60_000


def instants(zone: ZoneInfo) -> Iterator[Instant]:
    """Around each change of the clock, and some others."""
    for change in offsets(zone)[0]:
        yield from (Instant(change + beside) for beside in (-HOUR_MS, -1, 0, 1, HOUR_MS // 2, HOUR_MS))
    dice = Random(7)
    yield from (Instant(dice.randrange(-60 * 366 * DAY_MS, 120 * 365 * DAY_MS)) for _ in range(2_000))
    yield from (instant_of(datetime(year, 7, 1, 12, 30, tzinfo=UTC)) for year in (1200, 1850, 2150, 9000))


@pytest.mark.parametrize("name", ZONES)
def test_the_day_and_the_time_of_an_instant(name: str) -> None:
    zone = ZoneInfo(name)
    for instant in instants(zone):
        local = datetime_of(instant).astimezone(zone).replace(tzinfo=None)
        time = (local - datetime.combine(local.date(), datetime.min.time())) // timedelta(milliseconds=1)
        assert day_and_time(instant, zone) == (local.toordinal(), time)
        assert day_and_minute(instant, zone) == (local.toordinal(), time // _MINUTE_MS)


@pytest.mark.parametrize("name", [*ZONES, "Pacific/Kiritimati", "Etc/GMT+12"])
def test_each_day_of_the_calendar_begins_on_itself(name: str) -> None:
    """The first one and the last one, too, which begin where UTC has none."""
    zone = ZoneInfo(name)
    for beside in map(timedelta, range(4)):
        for day in (date.min + beside, date.max - beside, date(2026, 1, 1) + beside):
            assert day_and_time(start_of(day, zone), zone) == (day.toordinal(), 0)
            assert day_of(start_of(day, zone), zone) == day
    assert day_of(Instant(start_of(date.max, zone) + DAY_MS - 1), zone) == date.max


@pytest.mark.parametrize("name", ZONES)
def test_the_instant_of_a_day_and_a_time(name: str) -> None:
    """Those that there are twice, and those that there are not, as with fold=0."""
    zone = ZoneInfo(name)
    for instant in instants(zone):
        for beside in (-90, -30, 0, 30, 90):
            day, time = day_and_time(Instant(instant + beside * _MINUTE_MS), zone)
            local = datetime.combine(date.fromordinal(day), datetime.min.time()) + timedelta(milliseconds=time)
            found = instant_at(day, time, zone)
            assert found in {instant_of(local.replace(tzinfo=zone)), None}
            assert (found is None) == (not 1880 <= local.year < 2100)
    for change, before, after in zip(*offsets(zone), offsets(zone)[1][1:], strict=False):
        for wall in (change + before, change + after, change + (before + after) // 2):
            local = datetime(1970, 1, 1) + timedelta(milliseconds=wall)
            time = wall % DAY_MS
            assert instant_at(local.toordinal(), time, zone) == instant_of(local.replace(tzinfo=zone, fold=0))


@pytest.mark.parametrize("name", [*ZONES, "Asia/Kathmandu", "Africa/Monrovia"])
def test_clocks_show_one_hour_within_a_steady_time(name: str) -> None:
    zone = ZoneInfo(name)
    recent = instant_of(datetime(1990, 1, 1, tzinfo=UTC))
    for first in (None, recent):
        step = steady(zone, first)
        assert step == 900_000 or first is None
        for instant in instants(zone):
            begin = Instant((instant + AGES) // step * step - AGES)
            if instant > -2_000_000_000_000 and begin >= (first or begin):
                day, time = day_and_time(instant, zone)
                day_of_begin, time_of_begin = day_and_time(begin, zone)
                assert (day, time // HOUR_MS) == (day_of_begin, time_of_begin // HOUR_MS)
