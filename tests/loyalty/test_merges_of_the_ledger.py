"""Merging customers who have credit, points and debts, and undoing it."""

from typing import Any

import pytest

import regulars_loyalty
from regulars_core.plugin import Plugins, new_id, now, plugins_on
from regulars_core.testing import OpenShop
from regulars_loyalty.ledger.book import PAID, POINTS, Cause
from regulars_loyalty.ledger.storage import customer_ledger, write_ledger
from tests.loyalty.test_cases_points import on
from tests.loyalty.test_purchases import Till, begin_program, paid


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    shop = await open_shop(plugins=plugins)
    await begin_program(shop)
    return Till(shop)


async def merged(till: Till, survivor: str, *absorbed: str) -> str:
    given = {"survivorId": "customer_" + survivor, "absorbedIds": ["customer_" + one for one in absorbed]}
    return str(
        (await till.api.done("customersMerge", "customersMerge { mergeId }", given))["customersMerge"]["mergeId"]
    )


async def undone(till: Till, merge: str) -> Any:
    return await till.api.do("customersUnmerge", "__typename", {"mergeId": merge})


async def spends(till: Till, customer: str, amount: int, *, unit: str = POINTS, allow_debt: bool = False) -> None:
    async def work() -> None:
        ledger = await customer_ledger(till.shop, customer)
        cause = Cause(new_id(), "ADJUST", now())
        ledger.account(customer, unit).spend("ADJUST", amount, cause, PAID, allow_debt=allow_debt)
        await write_ledger(ledger)

    await till.shop.database.transaction(work)


async def test_lot_by_lot_and_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 100, POINTS)
    await till.given(ben, 150, POINTS)
    await till.given(ben, 50, POINTS)
    merge = await merged(till, ana, ben)
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (300, 0)
    assert [one[0] for one in await till.posted(ben, POINTS)][-2:] == ["MERGE_OUT", "MERGE_OUT"]
    assert (await undone(till, merge))["userErrors"] == []
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (100, 200)


async def test_what_came_over_and_was_spent_cannot_go_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ben, 200, POINTS)
    merge = await merged(till, ana, ben)
    await spends(till, ana, 10)
    assert [one["code"] for one in (await undone(till, merge))["userErrors"]] == ["LOT_CONSUMED"]
    assert await till.has(ana, POINTS) == 190


async def test_debt_goes_over_is_settled_at_once_and_comes_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 100, POINTS)
    await spends(till, ben, 40, allow_debt=True)
    assert await till.has(ben, POINTS) == -40
    merge = await merged(till, ana, ben)
    assert await till.has(ana, POINTS) == 60
    assert (await undone(till, merge))["userErrors"] == []
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (100, -40)


async def test_an_open_basket_is_in_the_way(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ben, 200, POINTS)

    async def hold() -> None:
        ledger = await customer_ledger(till.shop, ben)
        ledger.account(ben, POINTS).hold(10, "basket", now() + 3_600_000)  # type: ignore[arg-type]
        await write_ledger(ledger)

    await till.shop.database.transaction(hold)
    given = {"survivorId": "customer_" + ana, "absorbedIds": ["customer_" + ben]}
    assert await till.api.refused("customersMerge", given) == ["OPEN_HOLD"]


async def test_a_refund_after_the_merge_goes_to_the_survivor(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ben, 3_000)
    sale = await till.sells(ben, "30.00", **paid(("STORE_CREDIT", "30.00")))
    await merged(till, ana, ben)
    await till.refunds(sale, amount="30.00")
    assert (await till.has(ana), await till.has(ben)) == (3_000, 0)
    assert (await till.has(ana, POINTS), await till.has(ben, POINTS)) == (0, 0)


async def test_the_other_way_about_with_several(till: Till) -> None:
    ana, ben, cleo = [await till.customer() for _ in range(3)]
    await till.given(ben, 10, POINTS)
    await till.given(cleo, 20, POINTS)
    await till.given(cleo, 500)
    merge = await merged(till, ana, ben, cleo)
    assert (await till.has(ana, POINTS), await till.has(ana)) == (30, 500)
    assert (await undone(till, merge))["userErrors"] == []
    assert [await till.has(one, POINTS) for one in (ana, ben, cleo)] == [0, 10, 20]
    assert await till.has(cleo) == 500


async def test_what_comes_back_after_the_merge_and_its_end_has_a_grace(till: Till) -> None:
    """As it would have without the merge: 30 days, though the lot that paid was the other's and has ended."""
    with on("2026-05-01"):
        ana, ben = await till.customer(), await till.customer()
        adds = {"customerId": f"customer_{ben}", "amount": {"amount": "30.00"}, "reason": "GIFT"}
        await till.api.done("creditAdd", "entry { id }", {**adds, "expiresAt": "2026-05-20T00:00:00Z"})
        sale = await till.sells(ben, "30.00", **paid(("STORE_CREDIT", "30.00")))
        await merged(till, ana, ben)
    with on("2026-06-01"):
        await till.refunds(sale, amount="30.00")
        assert await till.has(ana) == 3_000
    with on("2026-06-30"):
        assert await till.has(ana) == 3_000
    with on("2026-07-02"):
        assert await till.has(ana) == 0


async def test_a_debt_beside_what_is_pending_is_settled_by_the_merge_and_owed_again(till: Till) -> None:
    """Ben owes 40 and has 100 that cannot be spent yet, Ana has 100: the merge settles at once, and its undoing gives back."""
    await begin_program(till.shop, pending_days=10, begins=1_000_000_000_000)
    with on("2026-05-01"):
        ana, ben = await till.customer(), await till.customer()
        await till.given(ana, 100, POINTS)
        await spends(till, ben, 40, allow_debt=True)
        await till.sells(ben, "100.00")
        merge = await merged(till, ana, ben)
        assert await till.has(ana, POINTS) == 160
        assert (await undone(till, merge))["userErrors"] == []
        assert [await till.has(one, POINTS) for one in (ana, ben)] == [100, 60]
