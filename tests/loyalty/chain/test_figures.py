"""What the shop owes and what became of what was given: kept figures that equal a recount, before and after each job."""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from regulars_core.plugin import DAY_MS, BadInput, Instant, Shop, hold, instant_of, now
from regulars_core.testing import OpenShop, statements
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.checks import HOUSE
from regulars_loyalty.chain.current import current
from regulars_loyalty.chain.due import post_due
from regulars_loyalty.chain.figures import _FATES
from regulars_loyalty.chain.liability import Liability, cohorts, liabilities
from regulars_loyalty.ledger.book import ISSUED, MERGED, PAID, POINTS, REDEEMED, Account, Lot, Terms
from regulars_loyalty.ledger.storage import read_ledger, write_ledger
from tests.loyalty.chain.conftest import Clerk, cause

START = datetime(2026, 3, 10, 12, tzinfo=UTC)


def on(day: float) -> Any:
    """The clock so many days after 10 March 2026, noon."""
    return time_machine.travel(START + timedelta(days=day), tick=False)


def at(day: float) -> Instant:
    return instant_of(START + timedelta(days=day))


async def owed(shop: Shop, unit: str = POINTS, when: Instant | None = None) -> Liability:
    """What is owed in a unit."""
    [found] = [one for one in await liabilities(shop, when) if one.unit == unit]
    return found


async def recounted(shop: Shop, unit: str) -> tuple[int, int, int, int, int]:
    """Outstanding, pending, held, debt and how many, from every account as it is shown."""
    rows = await shop.database.rows("SELECT DISTINCT customer_id FROM loyalty_account")
    ledger = await read_ledger(shop, [row[0] for row in rows])
    sums = [0] * 5
    for account in ledger.accounts.values():
        if account.unit == unit:
            account.post_due()
            values = account.amount, account.pending, account.held, account.debt
            for n, value in enumerate((*values, int(bool(account.amount or account.debt)))):
                sums[n] += value
    return tuple(sums)  # type: ignore[return-value]


async def month_of(shop: Shop, month: date, unit: str = POINTS) -> Mapping[str, int]:
    """What has become of what was given in a month."""
    found = [one for one in await cohorts(shop, month, month) if one.unit == unit]
    if not found:
        return {}
    figure = found[0].figure
    names = ("given", "spent", "expired", "reversed", "open")
    return {name: value for name in names if (value := getattr(figure, name))}


async def test_what_is_given_is_followed_to_its_end(shop: Shop, clerk: Clerk) -> None:
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    with on(0):
        one = await clerk.customer()
        await clerk.gives(one, 100, ends=at(50))
    with on(30):
        await clerk.gives(one, 50)
        await clerk.spends(one, 30)
        await clerk.takes_back(one, 10)
        assert await month_of(shop, march) == {"given": 100, "spent": 30, "reversed": 10, "open": 60}
        await chain(shop)
        assert await month_of(shop, march) == {"given": 100, "spent": 30, "reversed": 10, "open": 60}
        assert (await owed(shop)).expiring[0] == (april, 60)
        assert (await owed(shop)).expiring[1] == (date(2026, 5, 1), 0)
        assert (await owed(shop)).outstanding == 110
    with on(60):  # nobody has posted it yet, and yet it is gone
        for _ in range(3):
            assert await month_of(shop, march) == {"given": 100, "spent": 30, "reversed": 10, "expired": 60}
            assert await month_of(shop, april) == {"given": 50, "open": 50}
            assert (await owed(shop)).outstanding == 50
            await post_due(shop)
            await chain(shop)


async def test_what_comes_back_after_its_end_belongs_to_its_first_month(shop: Shop, clerk: Clerk) -> None:
    march = date(2026, 3, 1)
    with on(0):
        one = await clerk.customer()
        await clerk.gives(one, 100, ends=at(10))
        await clerk.spends(one, 100)

    def restore(account: Account) -> None:
        row = rows[0]
        lot = Lot(row[0], row[1], row[0], None, 100, 0, row[2], row[3], row[4])
        account.put_back("RESTORE", [(lot, 40)], cause(account.present, "RESTORE"), REDEEMED, at(60))

    rows = await shop.database.rows("SELECT id, transfer_id, opened_at, available_at, expires_at FROM loyalty_lot")
    with on(30):
        await clerk.does(one, restore)
        assert await month_of(shop, march) == {"given": 100, "spent": 60, "open": 40}
        assert await month_of(shop, date(2026, 4, 1)) == {}
        assert ("2026-05", 40) in [(f"{month:%Y-%m}", amount) for month, amount in (await owed(shop)).expiring]
    with on(61):
        assert await month_of(shop, march) == {"given": 100, "spent": 60, "expired": 40}


async def test_what_is_merged_stays_in_its_month(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one, other = await clerk.customer(), await clerk.customer()
        await clerk.gives(one, 100, ends=at(100))
    with on(40):

        async def merge() -> None:
            await hold(shop.database, [one, other])
            ledger = await read_ledger(shop, [one, other])
            lost, gets = ledger.account(one, POINTS), ledger.account(other, POINTS)
            [lot] = lost.lots or []
            why = cause(lost.present, "MERGE")
            lost._take("MERGE_OUT", MERGED, why, [(lot, 100)])
            gets.give("MERGE_IN", 100, why, Terms(lot.available_at, lot.expires_at, origin_id=lot.origin_id), MERGED)
            await write_ledger(ledger)

        await shop.database.transaction(merge)
        for _ in range(2):
            assert await month_of(shop, date(2026, 3, 1)) == {"given": 100, "open": 100}
            assert await month_of(shop, date(2026, 4, 1)) == {}
            assert (await owed(shop)).outstanding == 100
            await chain(shop)


async def test_ends_that_move_with_activity_are_told_as_they_are_now(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one = await clerk.customer()

        def earn(account: Account) -> None:
            account.is_active(account.present)
            account.give("EARN", 100, cause(account.present, "EARN"), Terms(account.present, life="P2M"))

        await clerk.does(one, earn)
        await chain(shop)
        assert dict((await owed(shop)).expiring)[date(2026, 5, 1)] == 100
    with on(40):
        await clerk.spends(one, 30)  # moves the end to June
        told = dict((await owed(shop)).expiring)
        assert (told[date(2026, 5, 1)], told[date(2026, 6, 1)]) == (0, 70)


@pytest.mark.parametrize("rows", [1, 2, 50_000])
async def test_figures_equal_a_recount_whatever_is_done(
    shop: Shop, clerk: Clerk, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows are read at once."""
    for limit in ("_ROWS", "_AT_ONCE"):
        monkeypatch.setattr(f"regulars_loyalty.chain.current.{limit}", rows)
    chosen, people = random.Random(7), [await clerk.customer() for _ in range(5)]
    for day in range(0, 90, 3):
        with on(day):
            for _ in range(2):
                person, unit = chosen.choice(people), chosen.choice([POINTS, "USD"])
                await clerk.does(person, lambda account, day=day: something(chosen, account, day), unit)
            match day % 4:
                case 0:
                    await chain(shop)
                case 1:
                    await post_due(shop)
            for unit in (POINTS, "USD"):
                one = await owed(shop, unit)
                assert (one.outstanding, one.pending, one.held, one.debt, one.count) == await recounted(shop, unit)
    with on(91):
        await post_due(shop)
        await chain(shop)
        present = await owed(shop)
        before = await owed(shop, when=Instant(now() - 1))
    assert (before.outstanding, before.pending, before.held, before.debt, before.count) == (
        present.outstanding, present.pending, present.held, present.debt, present.count
    )  # fmt: skip
    assert before.expiring == present.expiring


def something(chosen: random.Random, account: Account, day: int) -> None:
    """Anything that may be done to an account."""
    amount, present = chosen.randint(1, 60), account.present
    match chosen.randint(0, 5):
        case 0 | 1:
            starts, ends = at(day + chosen.choice([0, 0, 10])), at(day + chosen.choice([5, 20, 200, 800]))
            account.give("EARN", amount, cause(present, "EARN"), Terms(starts, ends))
        case 2:
            account.spend("REDEEM", amount, cause(present, "REDEEM"), PAID, allow_debt=True)
        case 3:
            account.take_back("REVERSE", amount, cause(present, "REVERSE"), account.lots or [], ISSUED)
        case 4 if account.available >= amount:
            account.hold(amount, "b", Instant(present + 4 * DAY_MS))
        case _:
            account.give("EARN", amount, cause(present, "EARN"), Terms(present))


async def test_a_past_instant_is_told_by_what_is_known_now(shop: Shop, clerk: Clerk) -> None:
    with on(0):
        one, other = await clerk.customer(), await clerk.customer()
        await clerk.gives(one, 100, ends=at(40))
        await clerk.gives(one, 30, starts=at(20))
    with on(5):
        await clerk.does(one, lambda account: account.hold(20, "b", at(7)))
    with on(10):
        await clerk.spends(one, 30)
        await clerk.spends(other, 5, debt=True)
    with on(50):
        await post_due(shop)
        told = {day: await owed(shop, when=at(day)) for day in (-1, 1, 6, 15, 25, 45)}
    assert {day: (one.outstanding, one.pending, one.held, one.debt, one.count) for day, one in told.items()} == {
        -1: (0, 0, 0, 0, 0),
        1: (130, 30, 0, 0, 1),
        6: (130, 30, 20, 0, 1),
        15: (100, 30, 0, 5, 2),
        25: (100, 0, 0, 5, 2),
        45: (30, 0, 0, 5, 2),
    }
    assert told[15].expiring[:2] == [(date(2026, 3, 1), 0), (date(2026, 4, 1), 70)]
    assert len(told[15].expiring) == 12


async def test_months_begin_where_the_shop_is(open_shop: OpenShop) -> None:
    shop = await open_shop(timezone="Pacific/Auckland")
    clerk = Clerk(shop)
    with time_machine.travel(datetime(2026, 3, 31, 12, tzinfo=UTC), tick=False):  # 1 April, 01:00
        await clerk.gives(await clerk.customer(), 10)
    assert await month_of(shop, date(2026, 4, 7)) == {"given": 10, "open": 10}


async def test_as_many_statements_however_many_entries(shop: Shop, clerk: Clerk) -> None:
    for _ in range(5):
        await clerk.gives(await clerk.customer(), 10)
    await chain(shop)
    with statements(shop, {"postgres": 2, "sqlite": 5}[shop.database.engine]):
        await current(shop)


async def test_what_is_posted_meanwhile_is_not_counted_by_halves(
    shop: Shop, clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody gives, spends and chains while it is read in parts of one: what it tells is of one moment, in which nobody has
    more
    or less than the 100 that each was given at once with the 60 that were spent."""
    for limit in ("_ROWS", "_AT_ONCE"):
        monkeypatch.setattr(f"regulars_loyalty.chain.current.{limit}", 1)
    people = [await clerk.customer() for _ in range(6)]

    def both(account: Account) -> None:
        account.give("EARN", 100, cause(account.present, "EARN"), Terms(account.present))
        account.spend("REDEEM", 60, cause(account.present, "REDEEM"), PAID)

    async def posts(customer: str) -> None:
        for _ in range(4):
            await clerk.does(customer, both)
            await chain(shop)

    async def reads() -> None:
        for _ in range(8):
            known = await current(shop)
            assert sum(figure.open for figure in known.figures.cells.values()) % 40 == 0

    await asyncio.gather(*(posts(one) for one in people), reads())
    assert (await owed(shop)).outstanding == 40 * 4 * len(people)


async def test_months_are_one_to_sixty(shop: Shop) -> None:
    assert await cohorts(shop, date(2026, 1, 31), date(2030, 12, 1)) == []
    for first, last in ((date(2026, 1, 1), date(2031, 1, 1)), (date(2026, 2, 1), date(2026, 1, 31))):
        with pytest.raises(BadInput):
            await cohorts(shop, first, last)


def test_every_account_of_the_house_has_its_fate() -> None:
    assert HOUSE | {"DEBT"} == _FATES.keys()
