"""Merging customers who have credit, points and debts, and undoing it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

import regulars_loyalty
from regulars_core.plugin import Instant, Plugins, new_id, now, plugins_on
from regulars_core.shop.actors import Actor, Binding
from regulars_core.testing import OpenShop
from regulars_loyalty.chain.chaining import chain
from regulars_loyalty.chain.verification import differences
from regulars_loyalty.ledger.book import PAID, POINTS, Cause, Terms
from regulars_loyalty.ledger.storage import customer_ledger, read_ledger, write_ledger
from regulars_loyalty.points.program import ExpiryStart
from regulars_schema.testing import Api
from tests.loyalty.test_cases_points import on
from tests.loyalty.test_purchases import PER_AMOUNT, Till, begin_program, paid
from tests.support.sales import rule

WELCOME = rule("PER_PURCHASE", "WELCOME", points=100, oncePerCustomer=True)


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


async def given_later(till: Till, customer: str, amount: int) -> None:
    """Points that can be spent in an hour."""

    async def work() -> None:
        ledger = await customer_ledger(till.shop, customer)
        terms = Terms(Instant(now() + 3_600_000))
        ledger.account(customer, POINTS).give("ADJUST", amount, Cause(new_id(), "ADJUST", now()), terms)
        await write_ledger(ledger)

    await till.shop.database.transaction(work)


async def holds(till: Till) -> None:
    """The whole ledger is as it must be."""
    await chain(till.shop)
    assert [one async for one in differences(till.shop)] == []


async def have(till: Till, *customers: str, unit: str = POINTS) -> list[int]:
    return [await till.has(one, unit) for one in customers]


async def welcomed(till: Till, *customers: str) -> None:
    """Each has bought something and was given the 100 points of a welcome for it."""
    await begin_program(till.shop, WELCOME, begins=1)
    for one in customers:
        await till.sells(one, "5.00")


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
        again = await till.sells(ana, "10.00", **paid(("STORE_CREDIT", "10.00")))
    with on("2026-07-02"):
        assert await till.has(ana) == 0
        await till.refunds(again, amount="10.00")
        assert await till.has(ana) == 0  # once


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


async def test_what_was_given_once_and_taken_back_is_there_again(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await welcomed(till, ana, ben)
    await spends(till, ben, 50)
    merge = await merged(till, ana, ben)
    assert await have(till, ana, ben) == [50, 0]
    assert (await undone(till, merge))["userErrors"] == []
    assert await have(till, ana, ben) == [100, 50]
    await holds(till)


async def test_what_was_taken_back_of_the_survivors_own_goes_back_to_the_survivor(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await welcomed(till, ana, ben)
    await till.given(ana, 500, POINTS)
    await spends(till, ben, 100)
    merge = await merged(till, ana, ben)
    assert await have(till, ana, ben) == [500, 0]
    assert (await undone(till, merge))["userErrors"] == []
    assert await have(till, ana, ben) == [600, 0]
    await holds(till)
    assert await have(till, ana, ben) == [600, 0]
    again = await merged(till, ana, ben)
    assert await have(till, ana, ben) == [500, 0]
    assert (await undone(till, again))["userErrors"] == []
    assert await have(till, ana, ben) == [600, 0]
    await holds(till)


async def test_what_was_taken_back_and_owed_is_owed_no_more(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await welcomed(till, ana, ben)
    await spends(till, ana, 70)
    await spends(till, ben, 100)
    merge = await merged(till, ana, ben)
    assert await have(till, ana, ben) == [-70, 0]
    assert (await undone(till, merge))["userErrors"] == []
    assert await have(till, ana, ben) == [30, 0]
    await holds(till)


async def test_what_was_owed_for_it_and_settled_since_cannot_go_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await welcomed(till, ana, ben)
    await spends(till, ana, 70)
    await spends(till, ben, 100)
    merge = await merged(till, ana, ben)
    await till.given(ana, 10, POINTS)
    assert [one["code"] for one in (await undone(till, merge))["userErrors"]] == ["LOT_CONSUMED"]
    assert await have(till, ana, ben) == [-60, 0]
    await holds(till)


async def test_in_a_chain_of_merges_what_was_given_once_comes_back(till: Till) -> None:
    ana, ben, cleo = [await till.customer() for _ in range(3)]
    await welcomed(till, ana, cleo)
    await merged(till, ben, ana)
    second = await merged(till, cleo, ben)
    assert await have(till, ana, ben, cleo) == [0, 0, 100]
    assert (await undone(till, second))["userErrors"] == []
    assert await have(till, ana, ben, cleo) == [0, 100, 100]
    await holds(till)


async def test_after_a_refund_to_credit_of_a_purchase_that_came_over_nothing_goes_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ben, 3_000)
    sale = await till.sells(ben, "30.00", **paid(("STORE_CREDIT", "30.00")))
    merge = await merged(till, ana, ben)
    await till.refunds(sale, amount="10.00")
    assert [one["code"] for one in (await undone(till, merge))["userErrors"]] == ["LOT_CONSUMED"]
    assert await have(till, ana, ben, unit="USD") == [1_000, 0]
    await holds(till)


async def test_after_a_void_of_a_purchase_that_came_over_nothing_goes_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 100, POINTS)
    sale = await till.sells(ben, "30.00")
    await spends(till, ben, 30)
    merge = await merged(till, ana, ben)
    await till.voids(sale)
    assert await have(till, ana, ben) == [70, 0]
    assert [one["code"] for one in (await undone(till, merge))["userErrors"]] == ["LOT_CONSUMED"]
    assert await have(till, ana, ben) == [70, 0]
    await holds(till)


async def test_what_the_survivors_own_purchases_do_is_no_obstacle(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    own = await till.sells(ana, "20.00")
    sale = await till.sells(ben, "30.00")
    await till.refunds(sale, amount="10.00")  # before the merge
    merge = await merged(till, ana, ben)
    await till.voids(own)
    await till.sells(ana, "7.00")
    assert await have(till, ana, ben) == [27, 0]
    assert (await undone(till, merge))["userErrors"] == []
    assert await have(till, ana, ben) == [7, 20]
    await holds(till)


async def test_a_debt_beside_what_is_pending_goes_over_and_comes_back(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ana, 100, POINTS)
    await spends(till, ben, 40, allow_debt=True)
    await given_later(till, ben, 25)
    await given_later(till, ben, 35)
    assert await have(till, ana, ben) == [100, 20]
    merge = await merged(till, ana, ben)
    assert await have(till, ana, ben) == [120, 0]
    assert [one for one in await till.posted(ana, POINTS) if one[0] == "SETTLE"] == [("SETTLE", 0)]
    assert (await undone(till, merge))["userErrors"] == []
    assert await have(till, ana, ben) == [100, 20]
    account = (await read_ledger(till.shop, [ben])).account(ben, POINTS)
    assert (account.debt, account.pending) == (40, 60)
    await holds(till)


@pytest.mark.one_executor
async def test_each_gets_back_the_own_last_activity(till: Till) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        await begin_program(
            till.shop, PER_AMOUNT, begins=1, expire_after="P30D", expiry_start=ExpiryStart.LAST_ACTIVITY
        )
        ana, ben, cleo, dan = [await till.customer() for _ in range(4)]
        await till.sells(ana, "10.00")
        await till.sells(ben, "20.00")
        clock.shift(timedelta(days=20))
        await till.sells(cleo, "30.00")
        await till.sells(dan, "40.00")
        merges = [await merged(till, ana, cleo), await merged(till, dan, ben)]
        clock.shift(timedelta(days=5))
        for merge in merges:
            assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, ana, ben, cleo, dan) == [10, 20, 30, 40]
        clock.shift(timedelta(days=6))
        assert await have(till, ana, ben, cleo, dan) == [0, 0, 30, 40]
        await holds(till)


@pytest.mark.one_executor
async def test_what_would_have_ended_without_the_merge_ends_with_its_undoing(till: Till) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        await begin_program(
            till.shop, PER_AMOUNT, begins=1, expire_after="P30D", expiry_start=ExpiryStart.LAST_ACTIVITY
        )
        ana, ben = [await till.customer() for _ in range(2)]
        await till.sells(ana, "10.00")
        clock.shift(timedelta(days=20))
        await till.sells(ben, "30.00")
        merge = await merged(till, ana, ben)
        clock.shift(timedelta(days=15))
        assert await have(till, ana, ben) == [40, 0]
        assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, ana, ben) == [0, 30]
        await holds(till)


async def test_what_goes_over_is_told_to_who_may_see_it(till: Till) -> None:
    ana, ben = await till.customer(), await till.customer()
    await till.given(ben, 12_345)
    await till.given(ben, 40, POINTS)
    may = frozenset({"customers.view", "customers.merge"})
    asked = {"survivorId": "customer_" + ana, "absorbedIds": ["customer_" + ben]}

    def seer(*more: str) -> Api:
        return Api(till.api.schema, till.shop, Actor("key", "till", (Binding("own", may | {*more}, None),)))

    async def previewed(api: Api) -> Any:
        document = """query($input: CustomersMergePreviewInput!) {
          customersMergePreview(input: $input) { fingerprint effects { kind message } } }"""
        return (await api.data(document, input=asked))["customersMergePreview"]

    async def kinds(api: Api) -> list[str]:
        return [one["kind"] for one in (await previewed(api))["effects"]]

    assert await kinds(seer()) == []
    assert await kinds(seer("credit.view")) == ["CREDIT"]
    assert await kinds(seer("points.view")) == ["POINTS"]
    assert sorted(await kinds(till.api)) == ["CREDIT", "POINTS"]
    fingerprint = (await previewed(seer()))["fingerprint"]
    done = await till.api.done(
        "customersMerge", "customersMerge { effects { kind } }", {**asked, "fingerprint": fingerprint}
    )
    assert len(done["customersMerge"]["effects"]) == 2
    document = "query($id: ID!) { customer(id: $id) { merges { effects { kind } } } }"
    told = (await seer("points.view").data(document, id="customer_" + ana))["customer"]["merges"]
    assert told == [{"effects": [{"kind": "POINTS"}]}]


async def test_what_a_merge_took_back_is_not_given_again_by_what_becomes_of_the_purchase(till: Till) -> None:
    await begin_program(till.shop, WELCOME)
    ana, ben = await till.customer(), await till.customer()
    await till.sells(ana, "10.00")
    sale = await till.sells(ben, "10.00", "30.00")
    assert await have(till, ana, ben) == [100, 100]
    merge = await merged(till, ana, ben)
    assert await have(till, ana) == [100]
    await till.api.done("purchaseUpdate", "purchase { id }", {"id": sale["id"], "note": "Gift"})
    await till.refunds(sale, lines=[{"lineId": sale["lines"][0]["id"], "quantity": "1"}])
    assert await have(till, ana) == [100]
    assert merge
    await holds(till)


@pytest.mark.one_executor
async def test_a_chain_of_merges_is_undone_from_its_end(till: Till) -> None:
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        await begin_program(till.shop, PER_AMOUNT, begins=1, expire_after="P30D")
        ana, ben, cleo = [await till.customer() for _ in range(3)]
        await till.given(ben, 7, POINTS)
        await till.sells(ana, "10.00")
        clock.shift(timedelta(days=20))
        await till.sells(ana, "30.00")
        await till.sells(cleo, "50.00")
        first = await merged(till, ben, ana)
        clock.shift(timedelta(days=1))
        second = await merged(till, cleo, ben)
        assert await have(till, ana, ben, cleo) == [0, 0, 97]
        clock.shift(timedelta(days=10))
        for merge in (second, first):
            assert (await undone(till, merge))["userErrors"] == []
        assert await have(till, ana, ben, cleo) == [30, 7, 50]
        await holds(till)
