"""What is kept is what the history gives: with others at the same time, found wrong, made anew, and at what cost."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from regulars_core.testing import statements
from regulars_tiers import reassessment
from regulars_tiers.recalculation import ANEW
from tests.tiers.conftest import OpenTiers, Owner

Calendar = Callable[[str], Any]


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


async def test_a_batch_has_no_more_purchases_than_can_be_waited_for(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reassessment, "MAX_PURCHASES", 3)
    for name, purchases in (("Ana", 2), ("Bo", 2), ("Cy", 5), ("Di", 1)):
        customer = await owner.customer(name)
        for n in range(purchases):
            await owner.sells(customer, "90.00", f"2026-01-0{n + 1}")
    undoings = (["DELETE FROM tier_standing", "DELETE FROM tier_spell"], [f"UPDATE tier_standing SET policy = {ANEW}"])
    for undoing in (*undoings, ["UPDATE tier_standing SET next_at = 1"]):
        await owner.shop.database.transaction(
            lambda undoing=undoing: owner.shop.database.run_together([(one, ()) for one in undoing])  # type: ignore[misc]
        )
        assert [count async for count in reassessment.work_off(owner.shop)] == [2, 1, 1]
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
        assert (found["reassessedCount"], found["queuedCount"]) == (1, 0)
        assert await owner.job() == 0
        assert await owner.api.refused("tiersReassess", {"all": True, "customerId": other}) == ["REQUIRED"]
        assert await owner.api.refused("tiersReassess", {"customerId": "customer_" + "0" * 32}) == ["NOT_FOUND"]


STANDINGS = """query($n: Int) { customers(first: $n) { nodes { tier { code name benefits { text } }
    tierStanding { progress { criteria { missing until } } atRisk { on neededToKeep { missing } } } } } }"""
WITH_PURCHASES = """query($n: Int) { customers(first: $n) { nodes { tier { code }
    tierStanding { since explanation { criterion { description } purchases { reference } } }
    tierHistory(first: 3) { nodes { at purchase { reference } } } } } }"""


async def test_fifty_customers_by_a_constant_number_of_statements(owner: Owner, calendar: Calendar) -> None:
    """Customers, and of all of them: the policy and periods for tiers; policy, purchases and assignments for standings with
    progress and risk. Three more tell the purchases that explain, and the histories with the purchases behind them."""
    with calendar("2026-01-05"):
        for n in range(50):
            customer = await owner.customer(f"N{n}")
            await owner.sells(customer, f"{n * 20 + 10}.00", "2026-01-05")
        for document, number in ((STANDINGS, 6), (WITH_PURCHASES, 9)):
            for n in (1, 5, 50):
                with statements(owner.shop, number):
                    found = await owner.api.data(document, n=n)
                assert len(found["customers"]["nodes"]) == n


async def test_a_purchase_costs_a_constant_number_of_statements(owner: Owner) -> None:
    customer = await owner.customer()
    await owner.sells(customer, "10.00", "2026-01-01")
    counts = []
    for n in (2, 20):
        for day in range(n):
            await owner.sells(customer, "1.00", f"2026-02-{day + 1:02}")
        with owner.shop.database.counting() as counted:
            await owner.sells(customer, "1.00", "2026-03-01")
        counts.append(len([sql for sql in counted if "tier_" in sql or "purchase p" in sql]))
    # What is known of the customer and the purchases that count is asked with everything else; SQLite is asked each by itself.
    # Nobody moves, or that would be written with the audit.
    assert counts == ([1, 1] if owner.shop.database.engine == "postgres" else [4, 4])


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


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_d3_how_many_wait_is_counted_once_over_whoever_is_merged(owner: Owner) -> None:
    """Where the list of who is merged does not fit into memory, PostgreSQL would go through it for each standing: 5 s were not
    enough for a million standings and 300,000 merged records."""
    await owner.customer()
    database = owner.shop.database
    for counts in (reassessment.waiting, reassessment.failed_counts):
        with database.counting() as counted:
            await counts(owner.shop)
        [sql] = [one for one in counted if "merged_into_id" in one]
        plan = await database.rows(f"EXPLAIN {sql}", *([1] if "$1" in sql else []))
        assert "SubPlan" not in "\n".join(str(row[0]) for row in plan)
