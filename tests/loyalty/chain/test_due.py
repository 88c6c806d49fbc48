"""What time brings about is posted by the job as whoever moves anything would post it, however late it runs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

import regulars_loyalty
from regulars_core.plugin import DAY_MS, Instant, Shop, hookimpl, instant_of, plugins_on
from regulars_core.testing import OpenShop, statements
from regulars_loyalty.chain.due import post_due
from regulars_loyalty.chain.expiring import tell_expiring
from regulars_loyalty.hookspecs import ExpiringLot
from regulars_loyalty.ledger.book import Terms
from tests.loyalty.chain.conftest import Clerk, cause

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def on(day: float) -> Any:
    """The clock so many days after the start."""
    return time_machine.travel(START + timedelta(days=day), tick=False)


def at(day: float) -> Instant:
    return instant_of(START + timedelta(days=day))


async def entries(shop: Shop, customer: str, unit: str = "PTS") -> list[tuple[str, int, int, float]]:
    """(kind, amount, balance after, day) in the order of recording."""
    rows = await shop.database.rows(
        "SELECT kind, amount, balance_after, at FROM loyalty_transfer WHERE customer_id = $1 AND unit = $2 ORDER BY version",
        customer,
        unit,
    )
    return [(kind, amount, after, (when - at(0)) / DAY_MS) for kind, amount, after, when in rows]


async def test_expiries_are_dated_at_the_end_of_the_lot(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one = await clerk.customer()
        await clerk.gives(one, 100, ends=at(10))
        await clerk.gives(one, 50, ends=at(20.5))
        await clerk.gives(one, 30)
        assert await post_due(shop) == 0
    with on(40):  # late
        assert await post_due(shop) == 1
        assert await post_due(shop) == 0
    assert (await entries(shop, one))[3:] == [("EXPIRE", 100, 80, 10.0), ("EXPIRE", 50, 30, 20.5)]


async def test_what_is_held_expires_when_the_hold_has_run_out(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one = await clerk.customer()
        await clerk.gives(one, 100, ends=at(2))
        await clerk.does(one, lambda account: account.hold(40, "b", at(3)))
    with on(2.5):
        assert await post_due(shop) == 1
    assert (await entries(shop, one))[1:] == [("EXPIRE", 60, 40, 2.0)]
    with on(5):
        assert await post_due(shop) == 1
        assert await post_due(shop) == 0
    assert (await entries(shop, one))[2:] == [("EXPIRE", 40, 0, 3.0)]
    assert [tuple(row) for row in await shop.database.rows("SELECT held, next_at > 0 FROM loyalty_account")] == [
        (0, True)
    ]
    [(closed,)] = await shop.database.rows("SELECT closed_at FROM loyalty_hold")
    assert closed == at(3)


async def test_debt_is_settled_when_what_is_pending_becomes_available(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one = await clerk.customer()
        await clerk.spends(one, 30, debt=True)
        await clerk.gives(one, 100, starts=at(7))
    with on(6):
        assert await post_due(shop) == 0
    with on(8):
        assert await post_due(shop) == 1
        assert await post_due(shop) == 0
    assert [one[:3] for one in await entries(shop, one)] == [("DEBT", 30, -30), ("EARN", 100, 70), ("SETTLE", 30, 70)]


async def test_many_accounts_are_a_few_statements(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        for _ in range(12):
            await clerk.gives(await clerk.customer(), 10, ends=at(1))
    expected = {"postgres": 6, "sqlite": 13}[shop.database.engine]
    with on(2), statements(shop, expected):
        assert await post_due(shop) == 12


class Reminders:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []
        self.fails = False

    @hookimpl(optionalhook=True)
    async def loyalty_expiring(self, shop: Shop, lots: Sequence[ExpiringLot]) -> None:
        if self.fails:
            raise RuntimeError("The post office is closed.")
        self.told += [(lot.remaining, lot.days) for lot in lots]


@pytest.fixture
def reminders() -> Reminders:
    return Reminders()


@pytest.fixture
async def reminding(open_shop: OpenShop, reminders: Reminders) -> Shop:
    return await open_shop(plugins=plugins_on({"loyalty": regulars_loyalty, "reminders": reminders}))


async def test_what_expires_is_told_30_7_and_1_days_ahead_once(reminding: Shop, reminders: Reminders) -> None:
    clerk = Clerk(reminding)
    with on(0):
        await tell_expiring(reminding)
        one = await clerk.customer()
        await clerk.gives(one, 100, ends=at(40))
        await clerk.gives(one, 7)  # never
        await clerk.gives(await clerk.customer(), 5, ends=at(4), unit="USD")
    heard = []
    for day in range(1, 42):
        with on(day):
            before = len(reminders.told)
            await tell_expiring(reminding)
            await tell_expiring(reminding)
            heard += [(day, *told) for told in reminders.told[before:]]
            await post_due(reminding)
    assert heard == [(3, 5, 1), (10, 100, 30), (33, 100, 7), (39, 100, 1)]


async def test_who_is_told_late_hears_of_each_lot_once(reminding: Shop, reminders: Reminders) -> None:
    clerk = Clerk(reminding)
    with on(0):
        one = await clerk.customer()
        for day, amount in ((0.5, 1), (5, 2), (20, 3), (40, 4)):
            await clerk.gives(one, amount, ends=at(day))
        await tell_expiring(reminding)
    assert sorted(reminders.told) == [(1, 1), (2, 7), (3, 30)]


async def test_whoever_fails_is_told_again(reminding: Shop, reminders: Reminders) -> None:
    clerk = Clerk(reminding)
    with on(0):
        await clerk.gives(await clerk.customer(), 9, ends=at(5))
        reminders.fails = True
        with pytest.raises(RuntimeError):
            await tell_expiring(reminding)
    reminders.fails = False
    with on(0.001):
        assert await tell_expiring(reminding) == 1
    assert reminders.told == [(9, 7)]


async def test_ends_that_move_with_activity_are_told_where_they_are_now(reminding: Shop, reminders: Reminders) -> None:
    clerk = Clerk(reminding)

    def earn(account: Any, life: str = "P31D") -> None:
        account.is_active(account.present)
        account.give("EARN", 10, cause(account.present, "EARN"), Terms(account.present, life=life))

    with on(0):
        await tell_expiring(reminding)
        one = await clerk.customer()
        await clerk.does(one, earn)
    heard = []
    for day in (1, 22, 24):
        with on(day):
            await tell_expiring(reminding)
        if day == 22:
            with on(23):
                await clerk.does(one, earn)
        heard.append(sorted(reminders.told))
        reminders.told.clear()
    assert heard == [[(10, 30)], [], [(10, 30), (10, 30)]]
