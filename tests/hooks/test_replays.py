"""What is told later is what would have been told then: to all who missed it, event by event, by the clock of then."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.customers.changes import assign_group, change
from regulars_core.customers.registration import find_or_register
from regulars_core.customers.rules import NewCustomer
from regulars_core.customers.rules import checked as checked_customer
from regulars_core.events import ahead
from regulars_core.events.replay import catch_up, switch_on
from regulars_core.groups.service import create_group
from regulars_core.hookspecs import hookimpl
from regulars_core.plugin import Instant, PluginOrder, PurchaseFact, RecordedPurchase, RecordedRefund, instant_of
from regulars_core.primitives.clock import now
from regulars_core.primitives.errors import Problem, Refused
from regulars_core.primitives.ids import DEFAULT_GROUP_ID, MAIN_STORE_ID
from regulars_core.purchases.histories import lifetimes, purchase_facts
from regulars_core.purchases.refundable import WantedLine
from regulars_core.purchases.refunds import refund, void
from regulars_core.purchases.rules import NewLine, NewPurchase, NewReturn
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.shop.shop import Shop
from regulars_core.start import plugins_on
from tests.hooks.conftest import OpenWith
from tests.hooks.test_plugins import plugin
from tests.support import stamps
from tests.support.mixed_events import START

OpenAs = Callable[..., Awaitable[Shop]]


class Hears:
    """A plugin that remembers what it is told, and does `what` about it."""

    def __init__(self, name: str, heard: list[Any], order: PluginOrder | None = None, what: Any = None) -> None:
        self.name, self.heard, self.order, self.what = name, heard, order or PluginOrder(), what

    async def _hear(self, shop: Shop, event: str, rows: Sequence[Any]) -> None:
        if self.what is not None:
            await self.what(shop, event, rows)
        self.heard += [(self.name, event, row) for row in rows]

    @hookimpl
    def regulars_order(self) -> PluginOrder:
        return self.order

    @hookimpl
    async def customers_changed(self, shop: Shop, customers: Sequence[Any]) -> None:
        await self._hear(shop, "changed", customers)

    @hookimpl
    async def purchases_recorded(self, shop: Shop, purchases: Sequence[Any]) -> None:
        await self._hear(shop, "recorded", purchases)

    @hookimpl
    async def purchases_refunded(self, shop: Shop, refunds: Sequence[Any]) -> None:
        await self._hear(shop, "refunded", refunds)

    @hookimpl
    async def purchases_voided(self, shop: Shop, purchases: Sequence[Any]) -> None:
        await self._hear(shop, "voided", purchases)


async def comes(shop: Shop, name: str) -> str:
    person = NewCustomer(name, "Li", code=name)
    return (await find_or_register(shop, checked_customer(shop.settings, person), ())).id


async def buys(
    shop: Shop,
    customer: str | None,
    reference: str,
    *totals: int,
    at: Instant | None = None,
    returns: Sequence[NewReturn] = (),
) -> str:
    lines = [NewLine("Tea", 2_000_000, total=total) for total in totals or (500,)]
    basket = NewPurchase(
        reference, MAIN_STORE_ID, customer, now() if at is None else at, shop.currency, lines, returns=returns
    )
    [recorded] = await record(shop, [checked_purchase(basket, shop.currency)])
    assert recorded.id is not None
    return recorded.id


@pytest.fixture
def off(open_with: OpenWith) -> OpenAs:
    """The same database in a process without plugins, after those of a shop were on once."""

    async def open_one(once: Shop) -> Shop:
        await switch_on(once)
        bare = await open_with(plugins_on())
        await switch_on(bare)
        return bare

    return open_one


def told(heard: Sequence[Any]) -> list[tuple[str, str, str]]:
    """Who was told of what, by reference."""
    return [(name, event, getattr(row, "purchase", row).reference) for name, event, row in heard]


async def test_those_that_missed_the_same_are_told_event_by_event_in_their_order(
    open_with: OpenWith, off: OpenAs
) -> None:
    heard: list[Any] = []
    b, a = Hears("b", heard, PluginOrder(after=["a"])), Hears("a", heard)
    shop = await open_with(plugins_on({"b": b, "a": a}))
    bare = await off(shop)
    ana = await comes(bare, "Ana")
    for n in range(3):
        purchase = await buys(bare, ana, f"R{n}")
    await refund(bare, purchase, amount=100)
    await buys(bare, ana, "R3")
    assert await catch_up(shop) == 6  # and the registration, which nobody hears
    expected = [("recorded", "R0"), ("recorded", "R1"), ("recorded", "R2"), ("refunded", "R2"), ("recorded", "R3")]
    assert told(heard) == [(name, *what) for what in expected for name in ("a", "b")]
    assert await catch_up(shop) == 0


async def test_each_is_told_what_it_missed_itself(open_with: OpenWith, off: OpenAs) -> None:
    heard: list[Any] = []
    a, b = Hears("a", heard), Hears("b", heard)
    shop = await open_with(plugins_on({"a": a, "b": b}))
    bare = await off(shop)
    await buys(bare, None, "R0")
    only_b = await open_with(plugins_on({"b": b}))
    await buys(only_b, None, "R1")  # before it has caught up, which is done when a shop is opened
    await catch_up(only_b)
    await buys(await open_with(plugins_on({"a": a})), None, "R2")
    await buys(bare, None, "R3")
    assert told(heard) == [("b", "recorded", "R1"), ("b", "recorded", "R0"), ("a", "recorded", "R2")]
    heard.clear()
    await catch_up(shop)
    assert told(heard) == [
        (name, "recorded", reference)
        for name, reference in (("a", "R0"), ("a", "R1"), ("b", "R2"), ("a", "R3"), ("b", "R3"))
    ]


async def test_the_clock_is_that_of_the_event(open_with: OpenWith, off: OpenAs) -> None:
    clocks: list[tuple[Instant, Sequence[Instant]]] = []

    async def purchases_recorded(purchases: Any) -> None:
        clocks.append((now(), ()))

    async def purchases_voided(purchases: Any, moments: Sequence[Instant]) -> None:
        clocks.append((now(), moments))

    on = plugins_on({"a": plugin(purchases_recorded=purchases_recorded, purchases_voided=purchases_voided)})
    shop = await open_with(on)
    bare = await off(shop)
    happened: list[tuple[Instant, Sequence[Instant]]] = []
    with time_machine.travel(START, tick=False) as clock:
        for one in (shop, bare):
            bought = []
            for n in range(3):
                clock.shift(timedelta(days=3, milliseconds=7))
                happened.append((now(), ()))
                bought.append(await buys(one, None, f"R{id(one)}{n}"))
            clock.shift(timedelta(hours=5))
            happened.append((now(), [now()]))
            await void(one, bought[1])
    await catch_up(shop)
    assert clocks == happened
    assert now() > happened[-1][0]


async def test_a_task_that_outlives_an_event_is_back_in_the_present(open_with: OpenWith, off: OpenAs) -> None:
    later: list[asyncio.Task[Any]] = []
    go = asyncio.Event()

    async def think() -> tuple[Instant, bool]:
        await go.wait()
        return now(), ahead.told_later()

    async def purchases_recorded(purchases: Any) -> None:
        assert (now(), ahead.told_later()) == (instant_of(START), True)
        later.append(asyncio.create_task(think()))

    shop = await open_with(plugins_on({"a": plugin(purchases_recorded=purchases_recorded)}))
    bare = await off(shop)
    with time_machine.travel(START, tick=False):
        await buys(bare, None, "R0")
    await catch_up(shop)
    go.set()
    [task] = later
    at, told_later = await task
    assert at > instant_of(START)
    assert not told_later


async def test_a_purchase_is_told_for_whom_it_was_then(open_with: OpenWith, off: OpenAs) -> None:
    heard: list[Any] = []
    shop = await open_with(plugins_on({"a": Hears("a", heard)}))
    bare = await off(shop)
    ana, bo = await comes(bare, "Ana"), await comes(bare, "Bo")
    first, second, third = [await buys(bare, who, f"R{n}") for n, who in enumerate((ana, None, ana))]
    await refund(bare, first, amount=100)
    await void(bare, first)
    database = bare.database

    async def everything_is_bos() -> None:
        await database.run("UPDATE purchase SET customer_id = $1", bo)
        # As an earlier version has written it down.
        await database.run("UPDATE journal SET others = NULL WHERE ids LIKE $1", f"%{third}%")

    await database.transaction(everything_is_bos)
    await catch_up(shop)
    owners = [(event, getattr(row, "purchase", row).customer_id) for _, event, row in heard]
    assert owners == [
        ("recorded", ana), ("recorded", None), ("recorded", bo), ("refunded", ana), ("voided", ana),
    ]  # fmt: skip
    assert second in {row.id for _, _, row in heard}


async def test_a_refund_brings_its_purchase_as_it_was_since(open_with: OpenWith, off: OpenAs) -> None:
    heard: list[Any] = []
    shop = await open_with(plugins_on({"a": Hears("a", heard)}))
    bare = await off(shop)
    seen = []
    for one in (shop, bare):
        await catch_up(shop)
        ana = await comes(one, f"Ana{id(one)}")
        purchase = await buys(one, ana, f"R{id(one)}", 300, 200)
        lines = await one.database.rows(
            "SELECT id FROM purchase_line WHERE purchase_id = $1 ORDER BY position", purchase
        )
        await refund(one, purchase, amount=50)
        await refund(one, purchase, lines={lines[0][0]: WantedLine(1_000_000)})
        [[left]] = await one.database.rows("SELECT total - refunded FROM purchase WHERE id = $1", purchase)
        await refund(one, purchase, amount=left)
        nothing = await buys(one, ana, f"N{id(one)}", 0)
        free = await one.database.rows("SELECT id FROM purchase_line WHERE purchase_id = $1", nothing)
        await refund(one, nothing, lines={free[0][0]: WantedLine(1_000_000)})
        await refund(one, nothing, lines={free[0][0]: WantedLine(1_000_000)})
        await void(one, purchase)
        await void(one, nothing)
        await catch_up(shop)
        seen.append([(event, *_figures(row)) for _, event, row in heard])
        heard.clear()
    assert seen[0] == seen[1]
    statuses = [(event, status) for event, status, *_ in seen[1] if event != "recorded"]
    assert statuses == [
        ("refunded", "PARTIALLY_REFUNDED"), ("refunded", "PARTIALLY_REFUNDED"), ("refunded", "REFUNDED"),
        ("refunded", "PARTIALLY_REFUNDED"), ("refunded", "REFUNDED"), ("voided", "VOIDED"), ("voided", "VOIDED"),
    ]  # fmt: skip


def _figures(row: RecordedPurchase | RecordedRefund) -> tuple[Any, ...]:
    purchase = row.purchase if isinstance(row, RecordedRefund) else row
    given = (row.amount_minor, len(row.lines)) if isinstance(row, RecordedRefund) else ()
    returned = [line.refunded_millionths for line in purchase.lines]
    return purchase.status, purchase.refunded_minor, returned, *given


async def test_a_customer_is_told_in_the_group_of_then(open_with: OpenWith, off: OpenAs) -> None:
    heard: list[Any] = []
    shop = await open_with(plugins_on({"a": Hears("a", heard)}))
    bare = await off(shop)
    with time_machine.travel(START, tick=False) as clock:
        groups = [DEFAULT_GROUP_ID, *[await create_group(bare, name, None) for name in ("Staff", "Friends")]]
        ana = await comes(bare, "Ana")
        for n, group in enumerate((groups[0], groups[1], groups[2], groups[1])):
            clock.shift(timedelta(minutes=1))
            await assign_group(bare, [ana], group)
            clock.shift(timedelta(minutes=1))
            await change(bare, ana, {"first_name": f"Ana {n}"})
    await catch_up(shop)
    assert [groups.index(row.group_id) for _, _, row in heard] == [0, 1, 1, 2, 2, 1, 1]
    assert {row.first_name for _, _, row in heard} == {"Ana 3"}


async def test_histories_are_of_then(open_with: OpenWith, off: OpenAs) -> None:
    seen: list[Any] = []

    async def look(shop: Shop, event: str, rows: Sequence[Any]) -> None:
        customer = getattr(rows[0], "purchase", rows[0]).customer_id
        facts = await purchase_facts(shop, {customer: Instant(0)}, reads=("lines",))
        seen.append((event, [_fact(one) for one in facts[customer]], (await lifetimes(shop, [customer]))[customer]))

    shop = await open_with(plugins_on({"a": Hears("a", [], what=look)}))
    bare = await off(shop)
    for one in (shop, bare):
        ana = await comes(one, f"Ana{id(one)}")
        with time_machine.travel(START, tick=False) as clock:
            first = await buys(one, ana, f"A{id(one)}", 700)
            clock.shift(timedelta(days=1))
            second = await buys(one, ana, f"B{id(one)}", 600, 300)
            lines = await one.database.rows(
                "SELECT id FROM purchase_line WHERE purchase_id = $1 ORDER BY position", second
            )
            await refund(one, first, amount=700)
            await refund(one, second, lines={lines[0][0]: WantedLine(1_000_000)})
            clock.shift(timedelta(days=1))
            await buys(one, ana, f"C{id(one)}", 100, at=Instant(now() - 86_400_001 * 2))
            await void(one, first)
            await void(one, second)
    always, seen[:] = seen[:], []
    await catch_up(shop)
    assert seen == always
    assert [(life.spent, life.count) for _, _, life in seen] == [
        (700, 1), (1_600, 2), (900, 1), (600, 1), (700, 2), (700, 2), (100, 1),
    ]  # fmt: skip


def _fact(one: PurchaseFact) -> tuple[Any, ...]:
    return one.at, one.net, one.counted, [(line.returned, line.net) for line in one.lines]


class Fails:
    """Fails at a reference, until it is mended."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error

    async def __call__(self, shop: Shop, event: str, rows: Sequence[Any]) -> None:
        if self.error and any(getattr(row, "reference", "") == "R1" for row in rows):
            raise self.error


async def test_who_fails_is_left_behind_with_those_that_are_told_after_it(
    open_with: OpenWith, off: OpenAs, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []
    fails = Fails(RuntimeError("secret"))
    shop = await open_with(
        plugins_on(
            {
                "a": Hears("a", heard),
                "b": Hears("b", heard, what=fails),
                "c": Hears("c", heard, PluginOrder(after=["b"])),
                "d": Hears("d", heard, PluginOrder(requires=["c"])),
                "e": Hears("e", heard, PluginOrder(after=["a"])),
            }
        )
    )
    bare = await off(shop)
    for n in range(4):
        await buys(bare, None, f"R{n}")
    with pytest.raises(RuntimeError, match="secret") as raised:
        await switch_on(shop)
    assert set(raised.value.__notes__) == {"in purchases_recorded of the plugin 'b'"}
    assert "the plugin 'b' fails at what it missed and is left behind, with ['c', 'd']" in caplog.text
    places = {row[0]: row[1] for row in await shop.database.rows("SELECT plugin, position FROM journal_cursor")}
    assert places["a"] == places["e"] > places["b"] == places["c"] == places["d"]
    heard.clear()
    fails.error = None
    await switch_on(shop)
    assert told(heard) == [(name, "recorded", f"R{n}") for n in range(4) for name in "bcd"]
    assert list(await shop.database.rows("SELECT 1 FROM journal_ahead")) == []


async def test_what_one_refuses_others_are_told(
    open_with: OpenWith, off: OpenAs, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []
    fails = Fails(Refused(Problem("NO", "No.")))
    shop = await open_with(
        plugins_on({"a": Hears("a", heard, what=fails), "b": Hears("b", heard, PluginOrder(after=["a"]))})
    )
    bare = await off(shop)
    baskets = [NewPurchase(f"R{n}", MAIN_STORE_ID, None, now(), "USD", [NewLine("Tea", 1, total=1)]) for n in range(3)]
    await record(bare, [checked_purchase(basket, "USD") for basket in baskets])
    await buys(bare, None, "R3")
    await catch_up(shop)
    wanted = {("a", "recorded", f"R{n}") for n in (0, 2, 3)} | {("b", "recorded", f"R{n}") for n in range(4)}
    assert set(told(heard)) == wanted
    assert caplog.text.count("the plugin 'a' missed purchases_recorded of") == 1


async def test_who_goes_by_moments_is_told_of_different_customers_at_once(open_with: OpenWith, off: OpenAs) -> None:
    calls: list[tuple[list[str], list[Instant]]] = []

    async def purchases_recorded(purchases: Sequence[RecordedPurchase], moments: Sequence[Instant]) -> None:
        calls.append(([one.reference for one in purchases], list(moments)))

    quick = plugin(purchases_recorded=purchases_recorded)
    shop = await open_with(plugins_on({"quick": quick, "slow": Hears("slow", [])}))
    bare = await off(shop)
    at = []
    with time_machine.travel(START, tick=False) as clock:
        ana, bo, cy = [await comes(bare, name) for name in ("Ana", "Bo", "Cy")]
        for n, who in enumerate((ana, bo, None, ana, bo, cy, None, ana)):
            clock.shift(timedelta(minutes=1))
            at.append(now())
            await buys(bare, who, f"R{n}")
            if n in {4, 5}:
                await change(bare, cy, {"first_name": f"Cy {n}"})  # who is in it, or is not yet
    await catch_up(shop, "quick")
    assert calls == [(["R0", "R1", "R2"], at[:3]), (["R3", "R4", "R5"], at[3:6]), (["R6", "R7"], at[6:])]
    calls.clear()
    await shop.database.transaction(lambda: shop.database.run("UPDATE journal_cursor SET position = 0, ahead = 0"))
    await catch_up(shop)
    assert [len(references) for references, _ in calls] == [1] * 8  # with somebody who does not


async def test_what_has_no_position_yet_lies_ahead(open_with: OpenWith, off: OpenAs) -> None:
    shop = await open_with(plugins_on({"a": Hears("a", [])}))
    bare = await off(shop)
    ana = await comes(bare, "Ana")
    purchase = await buys(bare, ana, "R0")
    await refund(bare, purchase, amount=100)
    database = shop.database

    async def look() -> list[tuple[Any, ...]]:
        unnumbered = await ahead.complete(database, ["a"])
        assert unnumbered == {purchase}
        rows = await database.rows("SELECT kind, purchase_id, customer_id, amount FROM journal_ahead ORDER BY kind")
        await ahead.forget_unnumbered(database, ["a"], unnumbered)
        return [tuple(row) for row in rows]

    assert await database.transaction(look) == [
        ("purchases_recorded", purchase, ana, 0),
        ("purchases_refunded", purchase, ana, 100),
    ]
    assert list(await database.rows("SELECT 1 FROM journal_ahead")) == []
    await ahead.write_down(database, ["a"])
    assert list(await database.rows("SELECT 1 FROM journal_ahead")) == []


async def test_who_has_decided_by_a_customer_meanwhile_decides_again(open_with: OpenWith, off: OpenAs) -> None:
    """A purchase from a till, while the customer's missed one is told: each counts what the other has written."""
    inside, go = asyncio.Event(), asyncio.Event()

    async def purchases_recorded(shop: Shop, purchases: Sequence[Any], found: Sequence[Sequence[Any]]) -> None:
        if ahead.told_later():
            inside.set()
            await go.wait()
        known = found[0][0][0] if found[0] else 0
        put = "INSERT INTO stamps_told (key, amount, times) VALUES ('count', 0, $1)"
        await shop.database.defer([(f"{put} ON CONFLICT (key) DO UPDATE SET times = excluded.times", [known + 1])])

    def purchases_recorded_lookups(shop: Shop) -> Any:
        return [("SELECT times FROM stamps_told WHERE key = 'count'", [])]

    counts = plugin(purchases_recorded=purchases_recorded, purchases_recorded_lookups=purchases_recorded_lookups)
    shop = await open_with(plugins_on({"stamps": stamps, "counts": counts}))
    bare = await off(shop)
    ana = await comes(bare, "Ana")
    await buys(bare, ana, "R0")
    replaying = asyncio.create_task(catch_up(shop, "counts"))
    async with asyncio.timeout(30):
        await inside.wait()
        buying = asyncio.create_task(buys(shop, ana, "R1"))
        await asyncio.sleep(0.2)
        go.set()
        await asyncio.gather(replaying, buying)
    row = await shop.database.row("SELECT times FROM stamps_told WHERE key = 'count'")
    assert row is not None
    assert row[0] == 2
