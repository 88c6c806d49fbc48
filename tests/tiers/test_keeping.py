"""What is kept is what the history gives: in any order of arrival, at once or later, alone or with others."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

import regulars_tiers
from regulars_core.journal.replaying import switch_on
from regulars_core.plugins import Plugins
from regulars_core.shop import Shop
from tests.hooks import stamps
from tests.tiers.conftest import OpenTiers, Owner

Calendar = Callable[[str], Any]


async def spells(owner: Owner, customer: str) -> list[tuple[Any, ...]]:
    """What is kept of a customer."""
    sql = "SELECT begins, ends, tier FROM tier_spell WHERE customer_id = $1 ORDER BY begins"
    return [tuple(row) for row in await owner.shop.database.rows(sql, customer.removeprefix("customer_"))]


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_of_arrival_changes_nothing(owner: Owner, calendar: Calendar, seed: int) -> None:
    dice = random.Random(seed)
    days = [f"2025-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}" for _ in range(7)]
    sales = {n: (f"{dice.choice([20, 90, 210, 550, 2100])}.00", day) for n, day in enumerate(days)}
    after = {1: "refund", 3: "refund all", 5: "void"}
    kept = []
    for turn in range(3):
        with calendar(f"2026-01-1{turn}"):
            customer, made = await owner.customer(), {}
            steps = [("sell", n) for n in sales]
            dice.shuffle(steps)
            for n in after:
                steps.insert(dice.randint(steps.index(("sell", n)) + 1, len(steps)), ("undo", n))
            steps.insert(dice.randint(0, len(steps)), ("job", 0))
            for what, n in steps:
                total, day = sales[n]
                if what == "sell":
                    made[n] = await owner.sells(customer, total, day)
                elif what == "job":
                    await owner.job()
                elif after[n] == "void":
                    await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": made[n]})
                else:
                    await owner.refunds(made[n], "15.00" if after[n] == "refund" else total, "2026-01-09")
                assert await owner.wrong() == []
            kept.append(await spells(owner, customer))
    assert kept[0] == kept[1] == kept[2]
    assert len(kept[0]) > 1


async def test_purchases_of_one_customer_at_once_leave_nothing_stale(open_tiers: OpenTiers) -> None:
    owner = Owner(await open_tiers(database_pool=8))
    customer = await owner.customer()
    await asyncio.gather(*(owner.sells(customer, "90.00", f"2026-01-{n + 1:02}") for n in range(12)))
    assert await owner.wrong() == []
    assert await owner.tier(customer, "2026-01-12") == "A"


async def test_a_policy_changed_between_purchases(owner: Owner) -> None:
    """Purchases, and a new policy with its reassessment, at the same time: all standings know of it at the end."""
    customers = [await owner.customer(f"N{n}") for n in range(6)]
    strict = {"graceDays": 0, "tiers": [
        {"code": "A", "name": "A", "anyOf": [{"allOf": [{"metric": "ORDERS", "window": "LIFETIME", "threshold": "2"}]}]},
        {"code": "C", "name": "C"},
    ]}  # fmt: skip

    async def change() -> None:
        given = {"policy": strict, "effectiveAt": "2020-01-01T00:00:00Z"}
        await owner.api.done("tierPolicyUpdate", "tierPolicy { number }", given)
        await owner.job()

    sales = (owner.sells(customer, "300.00", f"2026-01-0{n}") for customer in customers for n in (1, 2))
    await asyncio.gather(*sales, change())
    await owner.job()
    assert await owner.wrong() == []
    found = await owner.api.data("{ tierPolicy { waitingCount } tierDistribution { tier { code } customerCount } }")
    assert found["tierPolicy"]["waitingCount"] == 0
    assert [share["customerCount"] for share in found["tierDistribution"]] == [6, 0]


async def a_week(owner: Owner, customers: list[str]) -> None:
    """A little of everything."""
    for n, customer in enumerate(customers):
        purchase = await owner.sells(customer, f"{300 + 100 * n}.00", "2026-01-05")
        await owner.sells(customer, "250.00", "2025-11-20")
        if n == 1:
            await owner.refunds(purchase, "250.00", "2026-01-06")
        if n == 2:
            await owner.api.done("purchaseVoid", "purchase { id }", {"purchaseId": purchase})


async def test_off_for_a_week_and_on_again(open_tiers: OpenTiers, calendar: Calendar) -> None:
    with calendar("2026-01-10"):
        shop = await open_tiers({"stamps": stamps})
        await switch_on(shop)
        owner = Owner(shop)
        always = [await owner.customer(f"On{n}") for n in range(4)]
        await a_week(owner, always)
        off = Shop(shop.database, shop.settings, Plugins({"stamps": stamps}))
        await switch_on(off)
        without = Owner(off)
        without._numbers = owner._numbers
        missed = [await without.customer(f"Off{n}") for n in range(4)]
        await a_week(without, missed)
        assert [await spells(owner, one) for one in missed] == [[]] * 4
        again = Shop(shop.database, shop.settings, Plugins({"tiers": regulars_tiers, "stamps": stamps}))
        await switch_on(again)
        assert [await spells(owner, one) for one in missed] == [await spells(owner, one) for one in always]
        assert await owner.wrong() == []


async def test_who_bought_before_the_plugin_was_ever_on(open_tiers: OpenTiers) -> None:
    shop = await open_tiers()
    bare = Owner(Shop(shop.database, shop.settings))
    customer = await bare.customer()
    await bare.sells(customer, "6000.00", "2026-01-05")
    owner = Owner(shop)
    assert await owner.job() == 1
    assert await owner.tier(customer) == "A"
    assert await owner.job() == 0
    assert await owner.wrong() == []


async def test_a_stale_figure_is_found_and_made_anew(owner: Owner, calendar: Calendar) -> None:
    with calendar("2026-01-10"):
        customer = await owner.customer()
        other = await owner.customer("Bo")
        await owner.sells(customer, "600.00", "2026-01-10")
        database = owner.shop.database
        await database.transaction(lambda: database.run("UPDATE tier_spell SET tier = 'B' WHERE tier = 'A'"))
        assert len(await owner.wrong()) == 1
        counts = "reassessedCount movedCount queuedCount"
        found = await owner.api.done("tiersReassess", counts, {"where": {"tier": {"in": ["A"]}}, "idempotencyKey": "k"})
        assert found["queuedCount"] == 0
        found = await owner.api.done("tiersReassess", counts, {"customerId": customer})
        assert (found["reassessedCount"], found["queuedCount"]) == (1, 0)
        assert await owner.wrong() == []
        assert await owner.tier(customer) == "A"
        found = await owner.api.done("tiersReassess", counts, {"all": True})
        assert found["queuedCount"] == 1
        assert await owner.job() == 1
        assert await owner.api.refused("tiersReassess", {"all": True, "customerId": other}) == ["REQUIRED"]
        assert await owner.api.refused("tiersReassess", {"customerId": "customer_" + "0" * 32}) == ["NOT_FOUND"]


async def test_fifty_customers_by_a_constant_number_of_statements(owner: Owner, calendar: Calendar) -> None:
    """Customers, and of all of them: the policy and spells for tiers; policy, purchases and assignments for standings;
    the purchases that explain; the histories with the purchases behind them."""
    document = """query($n: Int) { customers(first: $n) { nodes {
        tier { code name benefits { text } }
        tierStanding { since progress { criteria { missing until } } atRisk { on neededToKeep { missing } }
            explanation { criterion { description } purchases { reference } } }
        tierHistory(first: 3) { nodes { at purchase { reference } } } } } }"""
    counts = []
    with calendar("2026-01-05"):
        for n in range(50):
            customer = await owner.customer(f"N{n}")
            await owner.sells(customer, f"{n * 20 + 10}.00", "2026-01-05")
        for n in (5, 50):
            with owner.shop.database.counting() as statements:
                found = await owner.api.data(document, n=n)
            assert len(found["customers"]["nodes"]) == n
            counts.append(len(statements))
    assert counts == [9, 9]


async def test_a_purchase_costs_a_constant_number_of_statements(owner: Owner) -> None:
    customer = await owner.customer()
    await owner.sells(customer, "10.00", "2026-01-01")
    counts = []
    for n in (2, 20):
        for day in range(n):
            await owner.sells(customer, "1.00", f"2026-02-{day + 1:02}")
        with owner.shop.database.counting() as statements:
            await owner.sells(customer, "1.00", "2026-03-01")
        counts.append(len([sql for sql in statements if "tier_" in sql or "purchase p" in sql]))
    assert counts[0] == counts[1]


async def test_a_leaf_in_the_past(owner: Owner) -> None:
    customer = await owner.customer()
    await owner.sells(customer, "600.00", "2026-01-10")
    found = await owner.api.data(
        """{ then: customers(where: {tier: {in: ["A"], at: "2026-02-01T00:00:00Z"}}) { totalCount }
             no: customers(where: {tier: {in: ["A"], at: "2026-01-01T00:00:00Z"}}) { totalCount }
             none: customers(where: {tier: {in: []}}) { totalCount }
             other: customers(where: {tier: {in: ["Z"]}}) { totalCount } }"""
    )
    assert [found[name]["totalCount"] for name in ("then", "no", "none", "other")] == [1, 0, 0, 0]
