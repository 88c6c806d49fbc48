"""Birthdays, anniversaries and inactivity by the calendar: once each, however often, late or interrupted it is looked."""

from typing import Any

import pytest

from regulars_rewards.systems.changes import SystemDraft, update_system
from tests.rewards.occasions.conftest import Club, OpenClub, job, key, opens, sources

BOUGHT = [{"sku": "TEA", "name": "Tea", "unitPrice": "5.00"}]


async def buys(club: Club, customer: str) -> dict[str, Any]:
    """Sell something now."""
    return await club.till.sold(customerId=customer, lines=BOUGHT)


async def born(club: Club, day: str, **more: Any) -> str:
    """Register somebody who was born on a day."""
    return await club.till.customer(birthDate=day, force=True, **more)


async def changes(club: Club, **data: Any) -> None:
    """Change the system."""
    await update_system(
        club.shop, club.system, lambda one: SystemDraft(one.name, one.data.model_copy(update=data), one.is_shadow)
    )


async def test_each_birthday_gives_one_coupon(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        ana, _ = await born(club, "1990-05-10"), await born(club, "1990-05-12")
        await opens(club, "BIRTHDAY")
        assert await job(club.shop) == 0
    with calendar("2026-05-09T23:59:00Z"):
        assert await job(club.shop) == 0
    with calendar("2026-05-10T00:01:00Z"):
        assert [await job(club.shop) for _ in range(3)] == [1, 0, 0]
    assert await club.states(ana) == ["ISSUED"]
    assert await club.entries(ana) == [("OCCASION", 1, 1), ("ISSUE", -1, 0)]
    with calendar("2027-05-10T00:01:00Z"):
        assert await job(club.shop) == 2
    assert await sources(club) == [
        ("2026-05-10", "birthday:2026"), ("2026-05-12", "birthday:2026"), ("2027-05-10", "birthday:2027"),
    ]  # fmt: skip
    assert await club.wrong() == []


async def test_a_week_late_gives_what_each_day_would_have_given(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        for day in range(1, 21):
            await born(club, f"1990-05-{day:02}")
        await opens(club, "BIRTHDAY")
        await job(club.shop)
    with calendar("2026-05-08T09:00:00Z"):
        assert await job(club.shop) == 7
    with calendar("2026-05-15T23:00:00Z"):
        assert await job(club.shop) == 7
    assert [day for day, _ in await sources(club)] == [f"2026-05-{day:02}" for day in range(1, 16)]


@pytest.mark.parametrize(("year", "day"), [(2027, "2027-02-28"), (2028, "2028-02-29")])
async def test_29_february(club: Club, calendar: Any, year: int, day: str) -> None:
    with calendar(f"{year}-02-01"):
        await born(club, "1992-02-29")
        await opens(club, "BIRTHDAY")
    for each in ("02-28", "02-29" if year == 2028 else "03-01", "03-02"):
        with calendar(f"{year}-{each}"):
            await job(club.shop)
    assert await sources(club) == [(day, f"birthday:{year}")]


async def test_days_before_over_the_turn_of_the_year(club: Club, calendar: Any) -> None:
    with calendar("2026-12-01"):
        await born(club, "1990-01-03")
        await opens(club, "BIRTHDAY", daysBefore=7)
    for day in ("2026-12-26", "2026-12-27", "2027-01-03"):
        with calendar(day):
            await job(club.shop)
    assert await sources(club) == [("2026-12-27", "birthday:2027")]


async def test_a_date_of_birth_that_is_corrected_gives_no_second_one(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        ana = await born(club, "1990-05-10")
        await opens(club, "BIRTHDAY")
    with calendar("2026-05-10"):
        assert await job(club.shop) == 1
        await club.till.office.done("customerUpdate", "customer { id }", {"id": ana, "birthDate": "1990-06-10"})
    with calendar("2026-06-10"):
        assert await job(club.shop) == 0
        await club.till.office.done("customerUpdate", "customer { id }", {"id": ana, "birthDate": "1990-03-01"})
    with calendar("2027-03-01"):
        assert await job(club.shop) == 1
    assert [source for _, source in await sources(club)] == ["birthday:2026", "birthday:2027"]


async def test_who_comes_on_the_birthday_has_it_on_that_day(club: Club, calendar: Any) -> None:
    """Also where it was looked already."""
    with calendar("2026-05-01"):
        await opens(club, "BIRTHDAY")
    with calendar("2026-05-10T00:05:00Z"):
        await job(club.shop)
    with calendar("2026-05-10T15:00:00Z"):
        await born(club, "1990-05-10")
        assert [await job(club.shop), await job(club.shop)] == [1, 0]
    with calendar("2026-05-11T15:00:00Z"):
        await born(club, "1990-05-10")  # late: it was yesterday
        await born(club, "1990-05-11")  # and nobody looks any more today
    with calendar("2026-05-12T00:05:00Z"):
        assert await job(club.shop) == 1
    assert [day for day, _ in await sources(club)] == ["2026-05-10", "2026-05-11"]


async def test_a_system_that_is_made_or_enabled_on_the_day_gives_on_that_day(club: Club, calendar: Any) -> None:
    with calendar("2026-05-10T10:00:00Z"):
        await born(club, "1990-05-10"), await born(club, "1990-05-11")
        await opens(club, "BIRTHDAY", {"is_enabled": False})
        assert await job(club.shop) == 0
        await changes(club, is_enabled=True)
        assert [await job(club.shop), await job(club.shop)] == [1, 0]
    with calendar("2026-05-10T18:00:00Z"):
        await changes(club, is_enabled=False)
    with calendar("2026-05-13"):
        await changes(club, is_enabled=True)  # what was between brings nothing
        assert await job(club.shop) == 0
    assert await sources(club) == [("2026-05-10", "birthday:2026")]


async def test_days_before_it_was_made_bring_nothing(club: Club, calendar: Any) -> None:
    """Also where it is said to have started before, for what tills tell late."""
    with calendar("2026-05-01"):
        await born(club, "1990-05-09"), await born(club, "1990-05-10")
    with calendar("2026-05-10"):
        await opens(club, "BIRTHDAY", {"starts_at": 1})
    with calendar("2026-05-12"):
        assert await job(club.shop) == 1
    assert await sources(club) == [("2026-05-10", "birthday:2026")]


async def test_the_anniversary_of_the_first_purchase(club: Club, calendar: Any) -> None:
    with calendar("2026-05-10"):
        ana = await club.till.customer()
        await opens(club, "ANNIVERSARY", daysBefore=3)
        first = await buys(club, ana)
        assert await job(club.shop) == 0
    with calendar("2026-08-01"):
        await buys(club, ana)
        assert await job(club.shop) == 0
    with calendar("2027-05-07"):
        assert await job(club.shop) == 1
        await club.voids(first)  # the second one was the first, after all
    with calendar("2027-07-29"):
        assert await job(club.shop) == 0  # once a year
    with calendar("2028-07-29"):
        assert await job(club.shop) == 1
    assert await sources(club) == [("2027-05-07", "anniversary:2027"), ("2028-07-29", "anniversary:2028")]


async def test_inactivity_counts_from_the_last_purchase(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        ana = await club.till.customer()
        await opens(club, "INACTIVITY", days=30, onceInDays=10)
        first = await buys(club, ana)
        await job(club.shop)
    with calendar("2026-05-31"):
        assert await job(club.shop) == 1
    with calendar("2026-06-12"):
        second = await buys(club, ana)  # on the 10th it was again, though nobody looked
        assert [await job(club.shop), await job(club.shop)] == [1, 0]
    with calendar("2026-07-11"):
        assert await job(club.shop) == 0
    with calendar("2026-07-12"):
        assert await job(club.shop) == 1
    one, two = key(first["id"]), key(second["id"])
    assert await sources(club) == [
        ("2026-05-31", f"inactivity:{one}:1"), ("2026-06-10", f"inactivity:{one}:2"), ("2026-07-12", f"inactivity:{two}:1"),
    ]  # fmt: skip
    assert await club.states(ana) == ["ISSUED"] * 3


async def test_who_buys_while_nobody_looks_was_not_there_before(club: Club, calendar: Any) -> None:
    """Late it gives what each day would have given by what had been bought before it."""
    with calendar("2026-05-01"):
        ana, bo = await club.till.customer(), await club.till.customer("Bo")
        await opens(club, "INACTIVITY", days=10)
        first = await buys(club, ana)
        await job(club.shop)
        await buys(club, bo)
    for day in ("2026-05-11T13:00:00Z", "2026-05-15", "2026-05-20"):
        with calendar(day):
            await buys(club, ana)
    with calendar("2026-05-09"):
        await buys(club, bo)
    with calendar("2026-05-22"):
        assert await job(club.shop) == 2
    assert [(day, source.endswith(":1")) for day, source in await sources(club)] == [
        ("2026-05-11", True), ("2026-05-19", True),
    ]  # fmt: skip
    assert (await sources(club))[0][1] == f"inactivity:{key(first['id'])}:1"


async def test_who_is_away_or_one_with_another_has_none(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        many = [await born(club, "1990-05-10", email=f"n{n}@example.com") for n in range(5)]
        await opens(club, "BIRTHDAY")
        office = club.till.office
        await office.done("customerDeactivate", "customer { id }", {"id": many[0]})
        await office.done("customerSuspend", "customer { id }", {"id": many[1]})
        merge = {"survivorId": many[2], "absorbedIds": [many[3]]}
        await office.done("customersMerge", "customersMerge { mergeId }", merge)
    with calendar("2026-05-10"):
        assert await job(club.shop) == 2
        await office.done("customerReactivate", "customer { id }", {"id": many[0]})
        assert await job(club.shop) == 0
    assert [await club.has(one) for one in many] == [(0, 0), (0, 0), (0, 1), (0, 0), (0, 1)]


async def test_only_whom_the_system_is_for_as_of_the_day(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        ana, bo = await born(club, "1990-05-10"), await born(club, "1990-05-10")
        await opens(club, "BIRTHDAY", {"audience": {"purchaseCount": {"gte": 1}}})
    with calendar("2026-05-08"):
        await buys(club, ana)
    with calendar("2026-05-11"):
        await buys(club, bo)
    with calendar("2026-05-12"):
        assert await job(club.shop) == 1
    assert (await club.has(ana), await club.has(bo)) == ((0, 1), (0, 0))


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "Africa/Cairo"])
async def test_clocks_that_change(open_club: OpenClub, calendar: Any, zone: str) -> None:
    """Each birthday once, on its day where the shop is, over both changes of the clock; in Cairo one is at midnight."""
    club = await open_club(timezone=zone)
    with calendar("2026-03-01"):
        for month in (3, 4, 9, 10, 11):
            for day in range(1, 29):
                await born(club, f"1990-{month:02}-{day:02}")
        await opens(club, "BIRTHDAY")
    with calendar("2026-12-01"):
        assert await job(club.shop) == 5 * 28 - (zone == "Pacific/Auckland")
    rows = await club.shop.database.rows("SELECT explanation FROM rewards_earning")
    days = sorted(row[0].split(" on ")[1][:10] for row in rows)
    assert len(set(days)) == len(days)
    assert days[0] == ("2026-03-02" if zone == "Pacific/Auckland" else "2026-03-01")
