"""How it is looked: in pages, by one process or several, interrupted, and with triggers that fail or are away."""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import time_machine

import regulars_rewards
from regulars_core.plugin import NoSettings, Plugins, hookimpl, plugins_on
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_rewards.occasions import walk
from regulars_rewards.occasions.walk import look_at_days
from regulars_rewards.plugin import CustomerDates, Occasion, OccasionTrigger
from regulars_rewards.progress.failures import failures
from tests.rewards.occasions.conftest import Club, OpenClub, job, key, opens, sources
from tests.rewards.occasions.test_days import born, changes
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import rule_data

PEOPLE = 120
IDLE = 5
"""Statements of a system of which there is nothing to look at."""


async def many(club: Club, day: str, number: int = PEOPLE) -> None:
    """Customers who were born on a day."""
    for n in range(number):
        await born(club, day, lastName=f"N{n}")


async def test_pages_of_any_size_find_each_once(club: Club, calendar: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with calendar("2026-05-01"):
        await many(club, "1990-05-10", 45)
        await many(club, "1990-05-11", 5)
        await opens(club, "BIRTHDAY")
    monkeypatch.setattr(walk, "PAGE", 20)
    with calendar("2026-05-10"):
        assert [await job(club.shop), await job(club.shop)] == [45, 0]
    with calendar("2026-05-11"):
        assert [await job(club.shop), await job(club.shop)] == [5, 0]


async def test_two_at_the_same_time_give_each_once(
    databases: Databases, engine: Engine, plugins: Plugins, calendar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes that look in small pages."""
    monkeypatch.setattr(walk, "PAGE", 20)
    url = await databases.migrated(engine, plugins.apps)
    try:
        async with opened_shop(url, plugins) as one, opened_shop(url, plugins) as other:
            club = Club(Till(one))
            with calendar("2026-05-01"):
                await many(club, "1990-05-10")
                await opens(club, "BIRTHDAY")
            with calendar("2026-05-10"):
                brought = await asyncio.gather(*(look_at_days(shop) for shop in (one, other)))
            assert sum(brought) == PEOPLE
            rows = await one.database.rows("SELECT count(*), sum(issued) FROM rewards_progress")
            assert tuple(rows[0]) == (PEOPLE, PEOPLE)
            coupons = await one.database.rows("SELECT count(*), count(DISTINCT customer_id) FROM rewards_coupon")
            assert tuple(coupons[0]) == (PEOPLE, PEOPLE)
            assert await club.wrong() == []
    finally:
        databases.drop(url)


class Stopping:
    """A plugin that has whoever gives rewards stopped in the midst of each second page."""

    def __init__(self) -> None:
        self.pages, self.is_on = 0, True

    @hookimpl(optionalhook=True)
    async def rewards_given(self, rewards: Any) -> None:
        self.pages += 1
        if self.is_on and self.pages % 2 == 0:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)


async def test_who_is_stopped_goes_on_where_it_was(
    open_club: OpenClub, calendar: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again, and on another day at last."""
    stopping = Stopping()
    club = await open_club({"stopping": stopping})
    monkeypatch.setattr(walk, "PAGE", 20)
    with calendar("2026-05-01"):
        await many(club, "1990-05-10", 60)
        await many(club, "1990-05-11", 20)
        await opens(club, "BIRTHDAY")
        await job(club.shop)
    given = []
    for day in ("2026-05-10", "2026-05-10", "2026-05-11", "2026-05-11"):
        with calendar(day):
            await asyncio.gather(asyncio.create_task(look_at_days(club.shop)), return_exceptions=True)
        given.append((await club.shop.database.rows("SELECT count(*) FROM rewards_given"))[0][0])
    assert 0 < given[0] < 60
    assert given == sorted(given)
    stopping.is_on = False
    with calendar("2026-05-12"):
        await look_at_days(club.shop)
    assert [day for day, _ in await sources(club)] == ["2026-05-10"] * 60 + ["2026-05-11"] * 20
    rows = await club.shop.database.rows("SELECT count(*), sum(issued), sum(progress) FROM rewards_progress")
    assert tuple(rows[0]) == (80, 80, 0)


async def test_statements_of_a_page_do_not_depend_on_how_many_are_in_it(club: Club, calendar: Any) -> None:
    """From a few dozen on, which go by another way."""
    counts = []
    with calendar("2026-05-01"):
        await many(club, "1990-05-10", 3)
        await many(club, "1990-05-11", 50)
        await many(club, "1990-05-12", 90)
        await opens(club, "BIRTHDAY")
        await job(club.shop)
    for day, number in (("2026-05-10", 3), ("2026-05-11", 50), ("2026-05-12", 90)):
        with calendar(day):
            with club.shop.database.counting() as statements:
                assert await look_at_days(club.shop) == number
            with club.shop.database.counting() as idle:
                assert await look_at_days(club.shop) == 0
            counts.append((len(statements), len(idle)))
    (few, _), (some, _), (more, _) = counts
    assert few <= some <= more <= min(some + 1, 40)
    assert {idle for _, idle in counts} == {IDLE}


class Moody:
    """A plugin with a trigger by days that raises for some."""

    def __init__(self) -> None:
        self.raises = True

    def occasions(self, _: Any, customer: CustomerDates, since: date, until: date) -> Sequence[Occasion]:
        if self.raises and customer.birth_date is not None:
            raise KeyError(customer.birth_date)
        day = date(2026, 5, 10)
        return [Occasion("may", day)] if since <= day < until else []

    @hookimpl
    def regulars_rules(self) -> Sequence[OccasionTrigger]:
        return [OccasionTrigger("MOODY", NoSettings, "Moody", self.occasions, of=("birth_date",))]


async def test_a_trigger_that_raises_is_told_and_tried_again(open_club: OpenClub, calendar: Any, caplog: Any) -> None:
    moody = Moody()
    club = await open_club({"moody": moody})
    with calendar("2026-05-01"):
        ana, _ = await born(club, "1990-01-01"), await born(club, "1990-02-02")
        await opens(club, "BIRTHDAY")
        system = await opens(club, "MOODY")
    for day in ("2026-05-10", "2026-05-11"):
        with calendar(day):
            assert await job(club.shop) == 0
    assert "1990" not in caplog.text
    rows = await club.shop.database.rows("SELECT customer_id, source FROM rewards_failed ORDER BY customer_id")
    assert [row[1] for row in rows] == ["occasions:2026-05-01"] * 2
    assert rows[0][0] == key(ana)
    told = [one async for one in failures(club.shop)]
    assert [one.partition(":")[0] for one in told] == ["reward system MOODY"]
    assert "2 times" in told[0]
    moody.raises = False
    with calendar("2026-05-12"):
        assert [await job(club.shop), await job(club.shop)] == [2, 0]
    assert await club.has(ana, system) == (0, 1)
    assert [day for day, _ in await sources(club)] == ["2026-05-10"] * 2
    assert [one async for one in failures(club.shop)] == []


async def test_days_wait_for_a_plugin_that_is_off(databases: Databases, engine: Engine) -> None:
    moody = Moody()
    moody.raises = False
    on, off = plugins_on({"moody": moody, "rewards": regulars_rewards}), plugins_on({"rewards": regulars_rewards})
    url = await databases.migrated(engine, on.apps)
    try:
        with time_machine.travel("2026-05-01T12:00:00Z") as clock:
            async with opened_shop(url, on) as shop:
                club = Club(Till(shop))
                await born(club, "1990-01-01")
                await opens(club, "MOODY")
                await job(shop)
            clock.move_to("2026-05-12T12:00:00Z")
            async with opened_shop(url, off) as shop:
                assert await job(shop) == 0
                assert ["cannot be used" in one async for one in failures(shop)] == [True]
            clock.move_to("2026-05-20T12:00:00Z")
            async with opened_shop(url, on) as shop:
                assert await job(shop) == 1
    finally:
        databases.drop(url)


async def test_days_of_a_trigger_that_was_replaced_wait_no_more(databases: Databases, engine: Engine) -> None:
    on, off = plugins_on({"moody": Moody(), "rewards": regulars_rewards}), plugins_on({"rewards": regulars_rewards})
    url = await databases.migrated(engine, on.apps)
    try:
        with time_machine.travel("2026-05-01T12:00:00Z") as clock:
            async with opened_shop(url, on) as shop:
                club = Club(Till(shop))
                await born(club, "1990-05-12")
                await opens(club, "MOODY")
            clock.move_to("2026-05-11T12:00:00Z")
            async with opened_shop(url, off) as shop:
                other = Club(Till(shop))
                other.system = club.system

                await changes(other, trigger=rule_data("BIRTHDAY"))
                clock.move_to("2026-05-12T12:00:00Z")
                assert await job(shop) == 1
    finally:
        databases.drop(url)


async def test_a_shadow_collects_and_gives_nothing(club: Club, calendar: Any) -> None:
    with calendar("2026-05-01"):
        ana = await born(club, "1990-05-10")
        await opens(club, "BIRTHDAY", {"is_shadow": True})
    with calendar("2026-05-10"):
        assert await job(club.shop) == 1
    assert await club.coupons(ana) == []
    rows = await club.shop.database.rows("SELECT progress, issued FROM rewards_progress")
    assert [tuple(row) for row in rows] == [(0, 1)]
