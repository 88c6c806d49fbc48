"""A ledger that was posted by what posts on it holds, whatever was done."""

import random
from contextlib import suppress
from typing import Any

import pytest

from regulars_core.plugin import DAY_MS, Instant, Shop, now
from regulars_loyalty.chain import seals, verification
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.checks import CHECKS
from regulars_loyalty.chain.verification import Verification, last_report, verify_all, verify_customer
from regulars_loyalty.ledger.book import PAID, Account, Short, Terms
from tests.loyalty.chain.conftest import Clerk, cause


async def lived(clerk: Clerk, seed: int = 1, people: int = 6, steps: int = 60) -> list[str]:
    """Customers who have been through a bit of everything."""
    chosen = random.Random(seed)
    customers = [await clerk.customer() for _ in range(people)]
    for step in range(steps):
        one, unit = chosen.choice(customers), chosen.choice(["PTS", "USD"])

        def some(account: Account, step: int = step) -> None:
            amount, at = chosen.randint(1, 50), account.present
            match step % 5:
                case 0 | 1:
                    ends = Instant(at + chosen.choice([1, 40, 400]) * DAY_MS)
                    account.give("EARN", amount, cause(at, "EARN"), Terms(at, ends))
                case 2:
                    account.spend("REDEEM", amount, cause(at, "REDEEM"), PAID, allow_debt=True)
                case 3:
                    account.take_back("REVERSE", amount, cause(at, "REVERSE"), [])
                case 4:
                    with suppress(Short):
                        account.hold(amount, "b", Instant(at + DAY_MS))

        await clerk.does(one, some, unit)
    return customers


async def test_a_ledger_holds(shop: Shop, clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "PART", 4)
    monkeypatch.setattr(verification, "PART", 4)
    customers = await lived(clerk)
    assert [str(one) async for one in Verification(shop).differences()] == []  # nothing is chained
    await chain(shop)
    await seals.seal(shop)
    await lived(clerk, 2)
    await chain(shop)
    await lived(clerk, 3, 2, 20)
    assert await last_report(shop) is None
    report = await verify_all(shop)
    assert {code: result.differences for code, result in report.results.items() if result.differences} == {}
    assert [code for code, _ in report.in_order] == [code for code in CHECKS if code != "MERGES_EVEN"]
    kept = await last_report(shop)
    assert kept is not None
    assert (kept.holds, kept.results) == (True, report.results)
    for one in customers:
        own = await verify_customer(shop, one)
        assert own.holds
        assert own.results["SEAL_HOLDS"].checked == own.results["ACCOUNT_IS_LAST_ENTRY"].checked > 0


async def test_an_empty_ledger_holds(shop: Shop) -> None:
    assert [one async for one in Verification(shop).differences()] == []
    assert (await verify_customer(shop, "0" * 32)).holds


async def test_holds_that_nobody_ended_are_told_after_an_hour(shop: Shop, clerk: Clerk) -> None:
    one = await clerk.customer()
    await clerk.gives(one, 10)
    made = await clerk.does(one, lambda account: account.hold(5, "b", Instant(now() + 10)))
    report = await verify_customer(shop, one)
    assert report.holds

    async def age() -> None:
        await shop.database.run("UPDATE loyalty_hold SET held_until = held_until - 3700000")
        await shop.database.run("UPDATE loyalty_account SET next_at = next_at - 3700000")

    await shop.database.transaction(age)
    report = await verify_customer(shop, one)
    assert report.results["HOLDS_END"].samples == [f"pointshold_{made.id}"]


async def test_how_far_it_is_is_told(shop: Shop, clerk: Clerk, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    for _ in range(3):
        await clerk.gives(await clerk.customer(), 10)
    await chain(shop)
    monkeypatch.setattr(verification, "_EVERY_SECONDS", 0)
    with caplog.at_level("INFO", "regulars.verification"):
        assert [one async for one in Verification(shop).differences()] == []
    assert caplog.messages == ["loyalty-ledger: 3 of 3"]
