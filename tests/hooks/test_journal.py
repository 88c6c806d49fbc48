"""Nothing is missed while a plugin is off."""

import asyncio
from typing import Any

import pytest

from regulars_core.contribution import CORE_APP, keep_journal
from regulars_core.customers.changes import add_tags, change
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.database import Database, migrations
from regulars_core.events import replay
from regulars_core.events.replay import catch_up, forget_old, give_positions, switch_on
from regulars_core.imports import ImportOptions, import_purchases
from regulars_core.plugins.host import Plugins
from regulars_core.purchases.refunds import refund, void
from regulars_core.shop.settings import Settings
from regulars_core.shop.shop import Shop
from regulars_core.start import opened, plugins_on
from tests.hooks.conftest import OpenWith
from tests.imports.conftest import Files, silent
from tests.support import stamps
from tests.support.stamps import told


async def bare(shop: Shop) -> Shop:
    """The same database in a process without plugins."""
    other = Shop(shop.database, shop.settings, plugins_on())
    await switch_on(other)
    return other


async def live(shop: Shop, files: Files, name: str) -> None:
    """A little of everything that can happen."""
    rows = "\n".join(f"{name}{n},2026-01-01,Tea,{n + 1}.00" for n in range(7))
    await import_purchases(shop, files.write(f"reference,purchased_at,name,total\n{rows}"), ImportOptions(), silent)
    ids = []
    for n in range(3):
        person = checked(shop.settings, NewCustomer(f"{name}{n}", "Li", email=f"{name}{n}@example.com"))
        ids.append((await find_or_register(shop, person, ("EMAIL",))).id)
    for id_ in (ids[0], ids[0], ids[1]):
        await change(shop, id_, {"first_name": f"A{len(ids)}"})
        await add_tags(shop, id_, [f"{name}{len(ids)}"])
        ids.append(id_)
    found = await shop.database.rows("SELECT id FROM purchase WHERE reference LIKE $1 ORDER BY reference", f"{name}%")
    purchases = [row[0] for row in found]
    await refund(shop, purchases[0], amount=50)
    await refund(shop, purchases[1], amount=50)
    await refund(shop, purchases[1], amount=150)
    await void(shop, purchases[2])


def _shape(found: dict[str, tuple[int, int]]) -> list[tuple[str, int, int]]:
    """What was written down, without ids, which no two runs share."""
    return sorted((key.partition(":")[0], *value) for key, value in found.items())


async def test_off_and_on_is_as_if_it_had_never_been_off(
    open_with: OpenWith, files: Files, on: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH_SIZE", 4)
    shop = await open_with(on)
    await switch_on(shop)
    await live(shop, files, "on")
    always = _shape(await told(shop))
    assert len(always) == 7 + 3 + 2 + 3 + 1
    off = await bare(shop)
    await live(off, files, "off")
    assert _shape(await told(shop)) == always
    again = Shop(shop.database, shop.settings, on)
    await switch_on(again)
    assert _shape(await told(shop)) == sorted(always * 2)
    await switch_on(again)
    await keep_journal(again)
    assert _shape(await told(shop)) == sorted(always * 2)
    assert list(await shop.database.rows("SELECT 1 FROM journal")) == []  # everybody was told
    await live(again, files, "end")
    await switch_on(again)
    assert _shape(await told(shop)) == sorted(always * 3)


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("after", [0, 1, 3])
async def test_killed_half_way_it_goes_on_where_it_was(
    open_with: OpenWith, files: Files, on: Plugins, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(replay, "BATCH_SIZE", 3)
    shop = await open_with(on)
    await switch_on(shop)
    await live(shop, files, "on")
    always = _shape(await told(shop))
    await live(await bare(shop), files, "off")
    tell, calls = replay.tell, 0

    async def mortal(*given: Any, **named: Any) -> None:
        nonlocal calls
        await tell(*given, **named)
        calls += 1
        if calls > after:
            raise Killed

    monkeypatch.setattr(replay, "tell", mortal)
    with pytest.raises(Killed):
        await switch_on(shop)
    monkeypatch.setattr(replay, "tell", tell)
    await switch_on(shop)
    assert _shape(await told(shop)) == sorted(always * 2)


async def test_two_that_catch_up_at_once_tell_each_event_once(
    open_with: OpenWith, files: Files, on: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH_SIZE", 2)
    shop = await open_with(on)
    await switch_on(shop)
    await live(await bare(shop), files, "off")
    await asyncio.gather(*(catch_up(shop, "stamps") for _ in range(3)))
    assert {key.partition(":")[0]: times for key, (_, times) in (await told(shop)).items()}["purchases_recorded"] == 1


async def test_a_plugin_that_was_never_on_begins_now(open_with: OpenWith, files: Files, on: Plugins) -> None:
    shop = await open_with(on)
    off = await bare(shop)
    await live(off, files, "off")
    assert list(await shop.database.rows("SELECT 1 FROM journal")) == []
    await switch_on(shop)
    assert await told(shop) == {}
    assert (await bare(shop)).keeps_journal


async def test_what_was_refused_too_late_is_passed_over(
    open_with: OpenWith, on: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    shop = await open_with(on)
    await switch_on(shop)
    off = await bare(shop)
    for name in ("Li", "Unlucky", "Ek"):
        await find_or_register(off, checked(shop.settings, NewCustomer("A", name)), ())
    await switch_on(shop)
    assert len(await told(shop)) == 2
    assert "the plugin 'stamps' missed customers_registered" in caplog.text


async def test_a_plugin_that_fails_stops_the_start_and_is_told_again(
    open_with: OpenWith, on: Plugins, monkeypatch: pytest.MonkeyPatch, files: Files
) -> None:
    shop = await open_with(on)
    await switch_on(shop)
    path = files.write("reference,purchased_at,name,total\nR1,2026-01-01,Tea,6.67")
    await import_purchases(await bare(shop), path, ImportOptions(), silent)
    with pytest.raises(RuntimeError) as raised:
        await switch_on(shop)
    assert raised.value.__notes__ == ["in purchases_recorded of the plugin 'stamps'"]
    monkeypatch.setattr(stamps, "BROKEN", 0)
    await switch_on(shop)
    assert len(await told(shop)) == 1


async def test_opening_the_shop_switches_on(database_url: str, on: Plugins, files: Files) -> None:
    settings = Settings(database_url=database_url)
    async with opened(settings, on, migrated=False) as shop:
        await migrations.migrate(shop.database)
        await switch_on(shop)
    async with opened(settings, plugins_on()) as shop:
        assert shop.keeps_journal
        await live(shop, files, "off")
    async with opened(settings, on) as shop:
        assert len(await told(shop)) == 16


async def test_many_writers_and_a_reader_miss_nothing(database_url: str, engine: str, open_with: OpenWith) -> None:
    """Transactions that commit in another order than they began, while somebody reads on."""
    on = plugins_on({"stamps": stamps})
    shop = await open_with(on)
    await switch_on(shop)
    writers, each = 8, 25
    database = await Database.open(database_url, [CORE_APP], pool_size=writers)
    off = Shop(database, shop.settings, plugins_on())
    off.keeps_journal = True

    async def write(writer: int) -> None:
        for n in range(each):

            async def work(n: int = n) -> None:
                person = checked(off.settings, NewCustomer("A", "B", code=f"W{writer}-{n}"))
                await find_or_register(off, person, ())
                await asyncio.sleep(0.001 * ((writer * 7 + n * 3) % 11))

            await database.transaction(work, attempts=20)

    async def read(done: asyncio.Event) -> None:
        while not done.is_set():
            await catch_up(shop, "stamps")

    try:
        done = asyncio.Event()
        readers = [asyncio.create_task(read(done)) for _ in range(2)]
        await asyncio.gather(*(write(writer) for writer in range(writers)))
        done.set()
        await asyncio.gather(*readers)
        await catch_up(shop, "stamps")
    finally:
        await database.close()
    found = await told(shop)
    assert len(found) == writers * each
    assert {times for _, times in found.values()} == {1}


async def test_positions_are_given_once_and_grow(open_with: OpenWith, on: Plugins, files: Files) -> None:
    shop = await open_with(on)
    await switch_on(shop)
    off = await bare(shop)
    await live(off, files, "a")
    assert await give_positions(shop) > 0
    assert await give_positions(shop) == 0
    await catch_up(shop, "stamps")
    assert await forget_old(shop) > 0
    await live(off, files, "b")
    await give_positions(shop)
    cursor = await shop.database.row("SELECT position FROM journal_cursor")
    lowest = await shop.database.row("SELECT min(position) FROM journal")
    assert cursor is not None
    assert lowest is not None
    assert lowest[0] > cursor[0]


async def test_however_much_has_gathered_it_is_numbered_and_forgotten(
    open_with: OpenWith, on: Plugins, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some at a time: one statement for all of it would not come to its end where a plugin was off for months."""
    monkeypatch.setattr(replay, "AT_ONCE", 3)
    shop = await open_with(on)
    await switch_on(shop)
    off = await bare(shop)
    await live(off, files, "a")
    written = "SELECT id FROM journal ORDER BY " + (
        "written, at, id" if shop.database.engine == "postgres" else "rowid"
    )
    entries = [row[0] for row in await shop.database.rows(written)]
    assert await give_positions(shop) == len(entries) > 2 * 3
    rows = await shop.database.rows("SELECT id, position FROM journal ORDER BY position")
    assert [tuple(row) for row in rows] == list(zip(entries, range(1, len(entries) + 1), strict=True))
    await catch_up(shop, "stamps")
    assert await forget_old(shop) == len(entries)
    assert await forget_old(shop) == 0


async def test_whoever_writes_all_the_time_does_not_keep_a_plugin_from_being_switched_on(
    database_url: str, engine: str, open_with: OpenWith, on: Plugins
) -> None:
    """What is written while it is told what it missed may wait until the next time."""
    shop = await open_with(on)
    await switch_on(shop)
    database = await Database.open(database_url, [CORE_APP], pool_size=4)
    off, done, written = await bare(Shop(database, shop.settings, on)), asyncio.Event(), 0

    async def write(writer: int) -> None:
        nonlocal written
        while not done.is_set():
            person = checked(shop.settings, NewCustomer("Ana", f"Of Writer {writer}"))
            await find_or_register(off, person, ())
            written += 1

    writing = [asyncio.create_task(write(writer)) for writer in range(4)]
    try:
        while written < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        async with asyncio.timeout(60):
            await switch_on(shop)
    finally:
        done.set()
        await asyncio.gather(*writing)
        await database.close()
    await switch_on(shop)
    assert len(await told(shop)) == written
