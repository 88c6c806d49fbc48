"""Consumers are told after the commit: of every event once they are there, in order, and again of what was not noted."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.customers.changes import change
from regulars_core.customers.registration import give_codes, register
from regulars_core.customers.rules import NewCustomer, checked
from regulars_core.events import replay
from regulars_core.events.consumers import consumer
from regulars_core.events.journal import JournalEntry
from regulars_core.events.replay import forget_old
from regulars_core.jobs import leases
from regulars_core.jobs.runner import Runner, running
from regulars_core.plugins.host import Plugins
from regulars_core.primitives.clock import now
from regulars_core.primitives.ids import MAIN_STORE_ID
from regulars_core.purchases.refunds import refund
from regulars_core.purchases.rules import NewLine, NewPurchase
from regulars_core.purchases.rules import checked as checked_purchase
from regulars_core.purchases.service import record
from regulars_core.shop.shop import Shop
from regulars_core.testing import little_of_everything
from tests.hooks.conftest import OpenWith
from tests.support import stamps


class Mail:
    """Remembers what it was told, and breaks when it is bid."""

    def __init__(self, breaks_at: int = -1) -> None:
        self.told: list[JournalEntry] = []
        self.breaks_at = breaks_at

    async def __call__(self, shop: Shop, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            if len(self.told) == self.breaks_at:
                self.breaks_at = -1
                raise RuntimeError("the post office is closed")
            self.told.append(entry)


EVENTS = ("customers_registered", "customers_changed", "purchases_recorded", "purchases_refunded", "purchases_voided")


async def test_every_event_is_told_once_it_is_there_and_in_order(
    stamped: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH_SIZE", 3)
    mail = Mail()
    job = consumer("mail", "Writes.", [*EVENTS, "purchases_reassigned"], mail)
    await job.run(stamped)  # begins with the present
    await little_of_everything(stamped)
    await job.run(stamped)
    positions = [entry.position for entry in mail.told]
    assert positions == sorted(set(positions))
    kinds = [entry.event for entry in mail.told]
    assert (kinds.count("customers_registered"), kinds.count("purchases_recorded")) == (3, 9)
    assert (kinds.count("purchases_refunded"), kinds.count("purchases_voided")) == (4, 2)
    recorded = [entry for entry in mail.told if entry.event == "purchases_recorded"]
    owners = {row[0]: row[1] for row in await stamped.database.rows("SELECT id, customer_id FROM purchase")}
    for moved in reversed([entry for entry in mail.told if entry.event == "purchases_reassigned"]):
        owners.update(zip(moved.ids, moved.others[: len(moved.ids)], strict=True))
    assert {entry.ids[0]: entry.others[0] for entry in recorded} == owners
    await job.run(stamped)
    assert len(mail.told) == len(positions)


async def test_what_was_not_noted_is_told_again_and_nothing_behind_it_before(stamped: Shop) -> None:
    mail = Mail(breaks_at=2)
    job = consumer("mail", "Writes.", ["customers_changed"], mail)
    await job.run(stamped)
    [ana] = await register(stamped, await give_codes(stamped, [checked(stamped.settings, NewCustomer("Ana", "Li"))]))
    for n in range(4):
        await change(stamped, ana, {"first_name": f"Ana {n}"})
    with pytest.raises(RuntimeError, match="closed"):
        await job.run(stamped)
    assert len(mail.told) == 2
    await job.run(stamped)
    assert len(mail.told) == 6  # the first two again
    assert [entry.position for entry in mail.told[2:]] == sorted({entry.position for entry in mail.told})


async def test_what_comes_before_something_that_always_fails_is_told_twice_at_most(stamped: Shop) -> None:
    told: list[int] = []
    for_ever: set[int] = set()

    async def fails_at_one(_: Shop, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            if entry.position in for_ever:
                raise RuntimeError("there is no such address")
            told.append(entry.position)

    job = consumer("mail", "Writes.", ["customers_changed"], fails_at_one)
    await job.run(stamped)
    [ana] = await register(stamped, await give_codes(stamped, [checked(stamped.settings, NewCustomer("Ana", "Li"))]))
    for n in range(5):
        await change(stamped, ana, {"first_name": f"Ana {n}"})
    await replay.give_positions(stamped)
    changes = await stamped.database.rows(
        "SELECT position FROM journal WHERE kind = 'customers_changed' ORDER BY position"
    )
    places = [row[0] for row in changes]
    for_ever.add(places[3])
    for _ in range(5):
        with pytest.raises(RuntimeError, match="no such address"):
            await job.run(stamped)
    assert told == places[:3] * 2
    for_ever.clear()
    await job.run(stamped)
    assert told == [*places[:3], *places]


async def test_two_at_once_lose_nothing(stamped: Shop) -> None:
    mail = Mail()
    job = consumer("mail", "Writes.", EVENTS, mail)
    await job.run(stamped)
    await little_of_everything(stamped)
    await asyncio.gather(job.run(stamped), job.run(stamped))
    assert {entry.event for entry in mail.told} == set(EVENTS)


async def test_the_journal_is_kept_for_who_has_not_been_told(stamped: Shop, open_with: OpenWith, on: Plugins) -> None:
    mail = Mail()
    job = consumer("mail", "Writes.", EVENTS, mail)
    await job.run(stamped)
    await little_of_everything(stamped)
    await replay.catch_up(stamped, stamps.NAME if hasattr(stamps, "NAME") else "stamps")
    await forget_old(stamped)
    await job.run(stamped)
    assert len(mail.told) > 10
    assert await forget_old(stamped) > 0


async def test_a_consumer_may_be_called_like_its_plugin(stamped: Shop) -> None:
    """What the plugin itself has been told is another matter."""
    mail = Mail()
    job = consumer("stamps", "Writes.", EVENTS, mail)
    await replay.switch_on(stamped)
    await job.run(stamped)
    await little_of_everything(stamped)
    await replay.switch_on(stamped)
    await job.run(stamped)
    assert {entry.event for entry in mail.told} == set(EVENTS)


async def test_what_follows_from_something_is_told_after_it_whatever_the_clocks_say(stamped: Shop) -> None:
    """One process sells, and another one, whose clock is half a minute behind, gives back; both before anybody looks."""
    mail, present = Mail(), datetime.now(UTC)
    job = consumer("mail", "Writes.", EVENTS, mail)
    await job.run(stamped)
    for n in range(5):
        with time_machine.travel(present + timedelta(seconds=30 + n)):
            new = NewPurchase(
                f"R{n}", MAIN_STORE_ID, None, now(), stamped.currency, [NewLine("Tea", 1_000_000, unit_price=500)]
            )
            [recorded] = await record(stamped, [checked_purchase(new, stamped.currency)])
            assert recorded.id is not None
        with time_machine.travel(present + timedelta(seconds=n)):
            await refund(stamped, recorded.id, amount=100)
    await job.run(stamped)
    assert [entry.event for entry in mail.told] == ["purchases_recorded", "purchases_refunded"] * 5


async def test_consumers_do_not_hold_each_other_back(stamped: Shop) -> None:
    """One never comes to its end, one always fails; a third is told of everything meanwhile."""
    told, failing, stuck = Mail(), Mail(), asyncio.Event()

    async def fails(shop: Shop, entries: Sequence[JournalEntry]) -> None:
        failing.told += entries[:1]
        raise RuntimeError("the post office is closed")

    async def waits(_: Shop, __: Sequence[JournalEntry]) -> None:
        stuck.set()
        await asyncio.Event().wait()

    jobs = [consumer(name, "", EVENTS, consume) for name, consume in (("a", waits), ("b", fails), ("c", told))]
    for job in jobs:
        await job.run(stamped)
    await little_of_everything(stamped)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leases, "FIRST_RETRY_MS", 10)
        async with running(Runner(stamped, jobs)), asyncio.timeout(20):
            await stuck.wait()
            while len(told.told) < 16 or len(failing.told) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    first = told.told[0].position
    assert [entry.position for entry in told.told] == sorted(entry.position for entry in told.told)
    assert {entry.position for entry in failing.told} == {first}  # nothing behind what it has not taken
    behind = await stamped.database.rows("SELECT 1 FROM journal_cursor WHERE position < $1", first)
    assert len(behind) == 2
    assert await forget_old(stamped) == 0


def test_a_name_that_is_too_long_is_refused() -> None:
    async def nothing(*_: Any) -> None: ...

    with pytest.raises(ValueError, match="at most 36"):
        consumer("x" * 37, "", [], nothing)
