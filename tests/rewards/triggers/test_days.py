"""Days on which something is due: leap years, corrections, days that nobody asked about in time, and where the shop is."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from regulars_core.customers.filters import age_on, days_of_the_year
from regulars_rewards.triggers.box import ANNIVERSARY, BIRTHDAY, INACTIVITY, Anniversary, Birthday, Inactivity
from regulars_rewards.triggers.days import yearly
from regulars_rewards.triggers.occasions import CustomerDates, Occasion

LEAP = date(1992, 2, 29)


def day(text: str) -> date:
    return date.fromisoformat(text)


def somebody(born: str | None = None, first: str | None = None, last: str | None = None) -> CustomerDates:
    return CustomerDates(
        day("2020-01-01"), born and day(born), first and day(first), last and day(last), "p" if last else None
    )


def told(found: Sequence[Occasion]) -> list[tuple[str, str]]:
    return [(one.key, one.day.isoformat()) for one in found]


def birthdays(customer: CustomerDates, since: str, until: str, days_before: int = 0) -> list[tuple[str, str]]:
    return told(BIRTHDAY.due(Birthday(days_before=days_before), customer, day(since), day(until)))


def test_born_on_29_february() -> None:
    assert birthdays(somebody("1992-02-29"), "2026-01-01", "2029-01-01") == [
        ("birthday:2026", "2026-02-28"),
        ("birthday:2027", "2027-02-28"),
        ("birthday:2028", "2028-02-29"),
    ]


@pytest.mark.parametrize("year", [2026, 2027, 2028, 2100])
@pytest.mark.parametrize("born", [LEAP, date(1992, 2, 28), date(1992, 3, 1), date(1991, 12, 31)])
def test_the_leaf_birthday_counts_the_same_day(year: int, born: date) -> None:
    on = yearly(born, year)
    assert f"{born:%m-%d}" in days_of_the_year(on, 1)
    assert f"{born:%m-%d}" not in days_of_the_year(on - timedelta(days=1), 1)
    assert age_on(born, on) == age_on(born, on - timedelta(days=1)) + 1


def test_days_before_the_birthday_go_into_the_year_before() -> None:
    new_year = somebody("1980-01-02")
    assert birthdays(new_year, "2026-12-01", "2027-01-01", 7) == [("birthday:2027", "2026-12-26")]
    assert birthdays(new_year, "2027-01-01", "2027-12-20", 7) == []
    assert birthdays(somebody("1980-03-01"), "2028-02-01", "2028-03-01", 1) == [("birthday:2028", "2028-02-29")]


def test_a_birth_date_that_is_corrected_brings_no_second_birthday_of_a_year() -> None:
    wrong, right = somebody("1980-03-03"), somebody("1980-11-10")
    before, after = birthdays(wrong, "2026-01-01", "2026-06-01"), birthdays(right, "2026-06-01", "2027-01-01")
    assert [key for key, _ in (*before, *after)] == ["birthday:2026", "birthday:2026"]


def test_no_birthday_before_there_was_a_customer_or_at_birth() -> None:
    assert birthdays(somebody("1980-06-01"), "2018-01-01", "2020-12-31") == [("birthday:2020", "2020-06-01")]
    assert birthdays(somebody("2026-03-01"), "2026-01-01", "2027-12-31") == [("birthday:2027", "2027-03-01")]
    assert birthdays(somebody(), "2026-01-01", "2027-01-01") == []


def anniversaries(first: str | None, since: str, until: str, days_before: int = 0) -> list[tuple[str, str]]:
    settings = Anniversary(days_before=days_before)
    return told(ANNIVERSARY.due(settings, somebody(first=first), day(since), day(until)))


def test_the_anniversary_of_the_first_purchase() -> None:
    assert anniversaries("2024-02-29", "2024-01-01", "2029-01-01") == [
        ("anniversary:2025", "2025-02-28"),
        ("anniversary:2026", "2026-02-28"),
        ("anniversary:2027", "2027-02-28"),
        ("anniversary:2028", "2028-02-29"),
    ]
    assert anniversaries(None, "2024-01-01", "2029-01-01") == []
    assert anniversaries("2026-12-31", "2026-01-01", "2028-01-01", 365) == [("anniversary:2027", "2026-12-31")]


def inactive(since: str, until: str, last: str | None = "2026-01-01", **settings: int) -> list[tuple[str, str]]:
    chosen = Inactivity(days=90, **settings)
    return told(INACTIVITY.due(chosen, somebody(last=last), day(since), day(until)))


def test_once_until_the_next_purchase() -> None:
    assert inactive("2026-01-01", "2026-04-01") == []
    assert inactive("2026-01-01", "2026-04-02") == [("inactivity:p:1", "2026-04-01")]
    assert inactive("2026-04-02", "2030-01-01") == []
    assert inactive("2026-01-01", "2027-01-01", None) == []


def test_again_after_some_days() -> None:
    assert inactive("2026-01-01", "2026-06-01", once_in_days=30) == [
        ("inactivity:p:1", "2026-04-01"),
        ("inactivity:p:2", "2026-05-01"),
        ("inactivity:p:3", "2026-05-31"),
    ]
    assert inactive("2026-05-02", "2026-06-01", once_in_days=30) == [("inactivity:p:3", "2026-05-31")]
    assert inactive("2026-05-01", "2026-05-02", once_in_days=30) == [("inactivity:p:2", "2026-05-01")]


def test_a_week_off_is_made_up_for() -> None:
    """Whether each day was asked about or a week at once, over two leap years."""
    customer = CustomerDates(day("2023-01-01"), LEAP, day("2023-12-31"), day("2024-02-29"), "p")
    for kind, settings in (
        (BIRTHDAY, Birthday(days_before=3)),
        (ANNIVERSARY, Anniversary()),
        (INACTIVITY, Inactivity(days=10, once_in_days=3)),
    ):
        start, daily, weekly = day("2024-01-01"), list[Occasion](), list[Occasion]()
        for n in range(0, 1_600, 7):
            week = start + timedelta(days=n)
            weekly += kind.due(settings, customer, week, week + timedelta(days=7))
            for one in range(7):
                daily += kind.due(settings, customer, week + timedelta(days=one), week + timedelta(days=one + 1))
        assert daily == weekly
        assert weekly
        assert len({one.key for one in weekly}) == len(weekly)


def test_the_first_and_the_last_days_there_are() -> None:
    customer = CustomerDates(date(9998, 1, 1), date(9000, 12, 31), date(9000, 1, 1), date(9998, 1, 1), "p")
    end = date(9998, 1, 1), date.max
    assert told(BIRTHDAY.due(Birthday(), customer, *end)) == [("birthday:9998", "9998-12-31")]
    assert len(ANNIVERSARY.due(Anniversary(days_before=365), customer, *end)) == 1
    assert [one.key for one in INACTIVITY.due(Inactivity(days=365), customer, *end)] == ["inactivity:p:1"]
