"""D3: a plugin that was off for long is switched on while the shop goes on."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from regulars_core.customers.changes import change
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.database import Database
from regulars_core.events import behind, catching_up, replay
from regulars_core.events.events import announce
from regulars_core.events.replay import switch_on
from regulars_core.jobs.jobs import Job
from regulars_core.jobs.runner import Runner, running
from regulars_core.plugin import CustomerRow, PluginOrder, hookimpl
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import new_id
from regulars_core.queries.inserts import insert
from regulars_core.queries.pace import Pace
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import CatchingUp, Shop
from regulars_core.start import opened, opened_and_migrated, plugins_on
from regulars_schema.testing import Api
from regulars_server.app import create_app
from regulars_server.doctor import examine
from tests.support import stamps

MISSED = int(os.environ.get("MISSED_JOURNAL", "3000"))
LONG = MISSED > 100_000
_COLUMNS = ("id", "kind", "ids", "others", "took_part", "at", "written")


class Heard:
    """A plugin that remembers whom it has heard of, in the order in which it did."""

    def __init__(self) -> None:
        self.changed: list[str] = []

    @hookimpl
    async def customers_changed(self, shop: Shop, customers: Sequence[CustomerRow]) -> None:
        self.changed += [customer.id for customer in customers]


async def register(shop: Shop, name: str) -> str:
    return (await find_or_register(shop, checked(shop.settings, NewCustomer("Ana", name)), ())).id


async def miss(shop: Shop, ids: Sequence[str], number: int) -> None:
    """So many events about these customers, one after another, in which nobody took part."""
    at, written = now(), time.time_ns() // 1_000
    for start in range(0, number, 10_000):
        rows = [
            (new_id(), "customers_changed", orjson.dumps([ids[n % len(ids)]]).decode(), None, "", at, written + n)
            for n in range(start, min(number, start + 10_000))
        ]
        await shop.database.transaction(lambda rows=rows: insert(shop.database, "journal", _COLUMNS, rows))  # type: ignore[misc]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, database_pool=4, sqlite_readers=2)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that does not wait."""
    monkeypatch.setattr(catching_up, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(catching_up, "_LOOK_SECONDS", 0.05)


async def was_off(settings: Settings, plugin: object, number: int, name: str = "heard") -> list[str]:
    """A plugin that was on once has missed so many events; the customers whom they are about, in turn."""
    on = plugins_on({name: plugin})
    async with opened_and_migrated(settings, on):
        pass
    async with opened(settings, plugins_on()) as off:
        ids = [await register(off, f"Of {n}") for n in range(20)]
        await miss(off, ids, number)
    return ids


async def caught_up(shop: Shop, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while shop.behind:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.usefixtures("at_once")
async def test_d3_it_is_told_in_order_while_the_shop_goes_on(settings: Settings) -> None:
    heard = Heard()
    ids = await was_off(settings, heard, MISSED)
    async with opened(settings, plugins_on({"heard": heard}), serving=True) as shop:
        assert shop.behind == {"heard"}
        late = [await register(shop, f"Late {n}") for n in range(3)]
        await change_all(shop, late)
        started = time.monotonic()
        async with writer_beside(settings) as waits:
            await caught_up(shop, 3_600)
        if LONG:
            report(shop, time.monotonic() - started, waits)
        assert heard.changed == [ids[n % len(ids)] for n in range(MISSED)] + late
        assert list(await behind.progress(shop.database)) == []
        await change_all(shop, late[:1])
        assert heard.changed[-2:] == [late[2], late[0]]  # at once
        assert await shop.database.row("SELECT 1 FROM journal_ahead") is None


async def change_all(shop: Shop, ids: Sequence[str]) -> None:
    """Change each of these customers, as anybody does."""
    for id_ in ids:
        await change(shop, id_, {"first_name": f"B{time.monotonic_ns()}"})


@asynccontextmanager
async def writer_beside(settings: Settings) -> AsyncIterator[list[float]]:
    """Another process, as far as the database is concerned, that writes a little all the time; how long each writing took."""
    waits: list[float] = []
    async with opened(settings, plugins_on()) as other:

        async def write() -> None:
            while True:
                begun = time.monotonic()
                await other.database.transaction(
                    lambda: other.database.run("UPDATE customer_group SET updated_at = updated_at + 1")
                )
                waits.append(time.monotonic() - begun)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(write())
        try:
            yield waits
        finally:
            task.cancel()
            await asyncio.wait({task})


def report(shop: Shop, seconds: float, waits: Sequence[float]) -> None:
    ranked = sorted(waits)
    p99 = ranked[int(len(ranked) * 0.99)]
    print(f"{shop.database.engine}: {MISSED} events in {seconds:.0f} s")
    print(f"others waited {p99:.3f} s at the 99th of a hundred, {ranked[-1]:.3f} s at most")
    assert p99 < 0.5


async def test_d3_sqlite_is_left_to_others_between_many_short_steps_too(settings: Settings) -> None:
    """Nobody notices one of them, but all of them together: they were done without a pause."""
    async with opened_and_migrated(settings, plugins_on()) as shop:
        pace, times = Pace(shop.database, 1), []

        async def briefly() -> None:
            times.append(time.monotonic())
            await asyncio.sleep(0.01)
            times.append(time.monotonic())

        for _ in range(30):
            await pace.step(briefly)
        pauses = [
            begun - ended for ended, begun in zip(times[1::2], times[2::2], strict=False) if begun - ended >= 0.03
        ]
        if shop.database.engine == "sqlite":
            assert len(pauses) >= 4


@pytest.mark.usefixtures("at_once")
async def test_d3_what_depends_on_it_says_that_it_is_catching_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, tell = asyncio.Event(), replay.tell

    async def slow(*given: Any, **named: Any) -> None:
        await gate.wait()
        await tell(*given, **named)

    monkeypatch.setattr(replay, "tell", slow)
    await was_off(settings, stamps, 5, "stamps")
    on = plugins_on({"stamps": stamps})
    async with opened(settings, on, serving=True) as shop:
        api = Api.of(shop)
        query = "{ customers(first: 2) { nodes { firstName stamps } } }"
        answer = await api.ask(query)
        assert answer.data["customers"]["nodes"] == [{"firstName": "Ana", "stamps": None}] * 2
        assert {error["extensions"]["code"] for error in answer.errors} == {"UNAVAILABLE"}
        assert all(error["extensions"]["retryable"] for error in answer.errors)
        assert answer.errors[0]["extensions"]["plugin"] == "stamps"
        gate.set()
        await caught_up(shop)
        assert (await api.data(query))["customers"]["nodes"][0]["stamps"] == 1


async def test_d3_whoever_writes_in_another_process_is_overtaken_and_tells_it(settings: Settings) -> None:
    """One process finds out by its next event that another one has brought the plugin up to date."""
    heard = Heard()
    await was_off(settings, heard, 3)
    on = plugins_on({"heard": heard})
    async with opened_and_migrated(settings, plugins_on()) as bare:
        first = Shop(bare.database, settings, on)
        await behind.fall_behind(first)
        assert first.behind == {"heard"}
        id_ = await register(first, "Late")
        await change_all(first, [id_])
        assert len(heard.changed) == 0
        second = Shop(bare.database, settings, on)
        await switch_on(second)
        assert heard.changed[3:] == [id_]
        await change_all(first, [id_])
        assert not first.behind
        assert heard.changed[3:] == [id_, id_]
        await replay.catch_up(second)
        assert heard.changed[3:] == [id_, id_]


async def test_d3_those_who_ask_are_told_how_far_it_is(settings: Settings) -> None:
    heard = Heard()
    await was_off(settings, heard, 4)
    on = plugins_on({"heard": heard})
    async with opened(settings, plugins_on()) as bare:
        await behind.fall_behind(Shop(bare.database, settings, on))
        await replay.give_positions(bare)
    assert any("plugin heard: catching up, 0 of" in one.message for one in await examine(settings, on))


def test_d3_ready_says_so(settings: Settings, at_once: None) -> None:
    heard = Heard()

    async def prepare() -> None:
        await was_off(settings, heard, 4)

    asyncio.run(prepare())
    with TestClient(create_app(settings, plugins_on({"heard": heard}))) as client:
        answer = client.get("/ready").json()
    assert answer["status"] == "ready"
    assert [one["plugin"] for one in answer["catchingUp"]] == ["heard"]


async def test_d3_a_plugin_that_missed_nothing_is_not_behind(settings: Settings) -> None:
    heard = Heard()
    on = plugins_on({"heard": heard})
    async with opened_and_migrated(settings, on) as shop:
        await change_all(shop, [await register(shop, "A")])
    async with opened(settings, on, serving=True) as shop:
        assert not shop.behind
        assert isinstance(shop.database, Database)


class Follower(Heard):
    """A plugin that is told after the other one, and has missed nothing."""

    @hookimpl
    def regulars_order(self) -> PluginOrder:
        return PluginOrder(after=["heard"])


async def test_d3_those_who_are_told_after_it_are_behind_too_and_nothing_typed_for_them_is_lost(
    settings: Settings,
) -> None:
    heard, follower = Heard(), Follower()
    ids = await was_off(settings, heard, 3)
    both = plugins_on({"heard": heard, "follower": follower})
    async with opened(settings, plugins_on({"follower": follower})):
        pass  # it was on once
    async with opened(settings, plugins_on()) as bare:
        shop = Shop(bare.database, settings, both)
        await behind.fall_behind(shop)
        assert shop.behind == {"heard", "follower"}
        await change_all(shop, ids[:1])
        with pytest.raises(CatchingUp):
            await shop.database.transaction(
                lambda: announce(shop, "customers_changed", ids[:1], [{"heard": {"size": 42}}])
            )
        await replay.catch_up(shop, *shop.behind)
        assert not shop.behind
        assert heard.changed == [*ids[:3], ids[0]]
        assert follower.changed == [ids[0]]


async def test_d3_its_jobs_wait(settings: Settings) -> None:
    ran: list[str] = []

    async def run(_: Shop) -> None:
        ran.append("heard")

    async with opened_and_migrated(settings, plugins_on()) as shop:
        runner = Runner(shop, [Job("listen", "Listens.", 1, run, plugin="heard")])
        shop.behind = frozenset({"heard"})
        async with running(runner):
            await asyncio.sleep(0.2)
            assert ran == []
            shop.behind = frozenset()
            async with asyncio.timeout(10):
                while not ran:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
