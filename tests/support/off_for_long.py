"""Two shops to which the same happens: one that was never off, and one that is to be switched on again."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import time_machine

import regulars_tiers
from regulars_core.plugin import Shop, plugins_on
from regulars_core.purchases.statistics import differences as recounted
from regulars_core.testing import Databases, Engine, opened_shop
from regulars_core.testing.off_and_on import tables_of
from regulars_tiers.reassessment import differences, work_off
from tests.support import tally
from tests.support.mixed_events import START, Mixed

ON, OFF = plugins_on({"tally": tally, "tiers": regulars_tiers}), plugins_on()
TIERS = plugins_on({"tiers": regulars_tiers})
BEFORE, AFTERWARDS = 60, 30
_DAYS = 500
Kept = Mapping[str, list[str]]


@dataclass(frozen=True)
class Shops:
    """What a shop keeps that was never off, and the database of one in which the same has happened without plugins. `clock`
    stands where both have come to."""

    always: Kept
    url: str
    events: Mixed


async def kept(shop: Shop) -> Kept:
    """Everything in the tables of both plugins, apart from ids, once the job has seen what time has done."""
    await job(shop)
    return {
        **await tables_of(shop, "tiers", apart_from={"number"}),
        **await tables_of(shop, "tally"),
    }


async def job(shop: Shop) -> None:
    """Tiers' periodic work."""
    async for _ in work_off(shop):
        pass


@asynccontextmanager
async def two_shops(databases: Databases, engine: Engine, events: int) -> AsyncIterator[Shops]:
    """So many events while the plugins of one are off, after some and before some while they are on."""
    step = timedelta(days=_DAYS) / events
    live, late = [await databases.migrated(engine, ON.apps) for _ in range(2)]
    try:
        with time_machine.travel(START, tick=False) as clock:
            there, again = Mixed(clock, step), Mixed(clock, step)
            async with opened_shop(live, ON) as shop:
                await there.begin(shop)
                await there.go_on(shop, BEFORE, job)
                await there.go_on(shop, events, job)
                await there.go_on(shop, AFTERWARDS, job)
                always = await kept(shop)
                assert [one async for one in differences(shop)] == []
                assert [one async for one in recounted(shop.database)] == []
            async with opened_shop(late, ON) as shop:
                await again.begin(shop)
                await again.go_on(shop, BEFORE, job)
            async with opened_shop(late, OFF) as shop:
                await again.go_on(shop, events)
            yield Shops(always, late, again)
    finally:
        for url in (live, late):
            databases.drop(url)


async def refuse_differences(shops: Shops) -> None:
    """Raise AssertionError unless the shop that was off keeps the same, once the rest has happened to it too."""
    async with opened_shop(shops.url, ON) as shop:
        assert list(await shop.database.rows("SELECT 1 FROM journal_ahead LIMIT 1")) == []
        await shops.events.go_on(shop, AFTERWARDS, job)
        found = await kept(shop)
        assert [one async for one in differences(shop)] == []
    assert found.keys() == shops.always.keys()
    for table, rows in shops.always.items():
        assert found[table] == rows, _first_differences(table, rows, found[table])


def _first_differences(table: str, always: list[str], found: list[str]) -> str:
    lacks, more = sorted(set(always) - set(found)), sorted(set(found) - set(always))
    return "\n".join(
        [f"{table}: {len(lacks)} rows lack and {len(more)} are too many", *(f"- {row}" for row in lacks[:12]),
         *(f"+ {row}" for row in more[:12])]
    )  # fmt: skip
