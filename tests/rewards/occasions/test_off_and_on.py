"""Off for a week and on again, together and each alone: progress, rewards and what was taken back are those of a shop that was
never off."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import pytest
import time_machine

import regulars_loyalty
import regulars_rewards
import regulars_tiers
from regulars_core.plugin import Plugins, plugins_on
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_rewards.occasions import tier_changes
from regulars_tiers.reassessment import work_off
from tests.rewards.occasions.conftest import Club, job, opens
from tests.rewards.occasions.test_walk import Stopping
from tests.rewards.sales.conftest import Till
from tests.rewards.systems.conftest import bands

MODULES: Mapping[str, object] = {"tiers": regulars_tiers, "loyalty": regulars_loyalty, "rewards": regulars_rewards}
ALL = plugins_on(MODULES)
SYSTEMS: Sequence[tuple[str, Mapping[str, object]]] = (
    ("BIRTHDAY", {}),
    ("INACTIVITY", {"days": 4}),
    ("TIER_CHANGE", {"tier": "B"}),
    ("NTH_PURCHASE", {"n": 2}),
)


def without(names: Sequence[str]) -> Plugins:
    """Only the others are on."""
    return plugins_on({name: module for name, module in MODULES.items() if name not in names})


class Week:
    """What happens in a shop in a week, the same each time."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.customers: list[str] = []
        self.systems: list[str] = []
        self.sales: dict[str, dict[str, Any]] = {}

    def over(self, club: Club) -> Club:
        """Goes on in another opening of the shop."""
        club.till.numbers = self.numbers
        return club

    async def begins(self, club: Club) -> None:
        """Three customers and five systems."""
        names = {"Ana": "1990-05-05", "Bo": "1991-05-20", "Cy": "1992-05-20"}
        self.customers = [await club.till.customer(name, birthDate=day) for name, day in names.items()]
        for kind, settings in SYSTEMS:
            self.systems.append(await opens(club, kind, **settings))
        self.systems.append(await club.opens(target=150, bands=bands((0, 100_00, 50), (100_00, None, 100))))
        await self.sells(club, "first", 0, "150.00")
        await self.sells(club, "small", 1, "30.00")

    async def sells(self, club: Club, name: str, customer: int, amount: str) -> None:
        """A sale by a till that knows nothing of rewards."""
        n = next(self.numbers)
        lines = [{"name": "Tea", "unitPrice": amount}]
        given = {
            "reference": f"M{n}",
            "idempotencyKey": f"M{n}",
            "customerId": self.customers[customer],
            "lines": lines,
        }
        done = await club.till.office.done("purchaseRecord", "purchase { id lines { id } }", given)
        self.sales[name] = done["purchase"]

    async def day(self, club: Club, day: int) -> None:
        """What happens on each of the days from 2 to 6."""
        if day == 2:
            await self.sells(club, "lifts", 0, "60.00")
        elif day == 3:
            await self.sells(club, "much", 1, "220.00")
            await club.gives_back(self.sales["much"], "60.00")
        elif day == 4:
            await self.sells(club, "void", 2, "300.00")
            await club.voids(self.sales["void"])
            await self.sells(club, "again", 2, "20.00")
        elif day == 5:
            await club.moves(self.customers[1], self.sales["lifts"])
        elif day == 6:
            given = {"survivorId": self.customers[0], "absorbedIds": [self.customers[2]]}
            await club.till.office.done("customersMerge", "customersMerge { mergeId }", given)


async def told(club: Club, week: Week) -> dict[str, Any]:
    """What everybody has in each system, with what changed it; Cy is Ana by then."""
    assert await club.wrong() == []
    found: dict[str, Any] = {}
    ana, bo, cy = (one.partition("_")[2] for one in week.customers)
    for name, keys in (("Ana", [ana, cy]), ("Bo", [bo])):
        among = club.shop.database.dialect.among("customer_id", 1)
        for kind, system in zip((*(kind for kind, _ in SYSTEMS), "PURCHASE"), week.systems, strict=True):
            has = f"SELECT sum(progress), sum(issued) FROM rewards_progress WHERE {among} AND system_id = $2"
            changed = f"SELECT cause, delta FROM rewards_entry WHERE {among} AND system_id = $2 AND cause <> 'MERGE'"
            rows = await club.shop.database.rows(changed, keys, system)
            now = tuple(int(one or 0) for one in (await club.shop.database.rows(has, keys, system))[0])
            found[f"{name} {kind}"] = (now, sorted(tuple(row) for row in rows))
        coupons = f"SELECT customer_id, revoked_at IS NULL FROM rewards_coupon WHERE {among}"
        rows = await club.shop.database.rows(coupons, keys)
        found[f"{name} coupons"] = sorted((row[0] == keys[0], bool(row[1])) for row in rows)
    return found


async def work(club: Club) -> None:
    """The periodic work of what is on."""
    names = club.shop.plugins.names
    if "tiers" in names:
        async for _ in work_off(club.shop):
            pass
    if "rewards" in names:
        await job(club.shop)


async def lived(databases: Databases, engine: Engine, off: Sequence[str]) -> dict[str, Any]:
    """A week of a shop of which some plugins are off from the second day to the sixth."""
    url, week = await databases.migrated(engine, ALL.apps), Week()
    try:
        with time_machine.travel("2026-05-01T12:00:00Z") as clock:
            async with opened_shop(url, ALL) as shop:
                club = week.over(Club(Till(shop)))
                await week.begins(club)
                await work(club)
            async with opened_shop(url, without(off)) as shop:
                club = week.over(Club(Till(shop)))
                for day in range(2, 7):
                    clock.move_to(f"2026-05-0{day}T08:00:00Z")
                    await work(club)
                    clock.move_to(f"2026-05-0{day}T12:00:00Z")
                    await week.day(club, day)
            clock.move_to("2026-05-07T12:00:00Z")
            async with opened_shop(url, ALL) as shop:
                club = week.over(Club(Till(shop)))
                await work(club)
                await week.sells(club, "last", 1, "5.00")
                await work(club)
                return await told(club, week)
    finally:
        databases.drop(url)


@pytest.mark.parametrize("off", [("tiers", "loyalty", "rewards"), ("rewards",), ("tiers",), ("loyalty",)], ids=str)
async def test_a_week_off_is_as_if_it_had_not_been(databases: Databases, engine: Engine, off: Sequence[str]) -> None:
    always = await lived(databases, engine, ())
    assert always["Ana TIER_CHANGE"] == (
        (0, 0), [("ISSUE", -1)] * 2 + [("OCCASION", -1)] * 2 + [("OCCASION", 1)] * 2 + [("REVOKE", 1)] * 2,
    )  # fmt: skip
    assert always["Bo TIER_CHANGE"][0] == (0, 1)
    assert always["Ana BIRTHDAY"][0] == (0, 1)
    late = await lived(databases, engine, off)
    assert late == always


@pytest.mark.parametrize("off", [("rewards",), ("tiers", "loyalty", "rewards")], ids=str)
async def test_stopped_while_it_is_made_up_for(
    databases: Databases, engine: Engine, off: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty come to a tier meanwhile; whoever makes up for it is stopped again and again. Each has one coupon."""
    monkeypatch.setattr(tier_changes, "BATCH", 10)
    stopping = Stopping()
    on = plugins_on({**MODULES, "stopping": stopping})
    url, week = await databases.migrated(engine, on.apps), Week()
    try:
        async with opened_shop(url, ALL) as shop:
            club = week.over(Club(Till(shop)))
            week.customers = [await club.till.customer(f"N{n}", force=True) for n in range(30)]
            await opens(club, "TIER_CHANGE", tier="B")
        async with opened_shop(url, without(off)) as shop:
            club = week.over(Club(Till(shop)))
            for n in range(30):
                await week.sells(club, str(n), n, "200.00")
        stopping.is_on = off == ("rewards",)  # what core tells later is stopped by its own tests
        async with opened_shop(url, on) as shop:
            for _ in range(3):
                await asyncio.gather(asyncio.create_task(job(shop)), return_exceptions=True)
            stopping.is_on = False
            await job(shop)
            rows = await shop.database.rows(
                "SELECT count(*), count(DISTINCT customer_id), sum(CASE WHEN revoked_at IS NULL THEN 1 ELSE 0 END)"
                " FROM rewards_coupon"
            )
            assert tuple(rows[0]) == (30, 30, 30)
            assert await Club(Till(shop)).wrong() == []
    finally:
        databases.drop(url)
