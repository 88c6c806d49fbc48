"""Merges of customers whose accounts time moves, in the same millisecond, or told late."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import time_machine

import regulars_loyalty
from regulars_core.plugin import DAY_MS, LATEST, Instant, Plugins, Shop, new_id, now, plugins_on
from regulars_core.testing import Databases, Engine, OpenShop, misses_nothing, opened_shop
from regulars_loyalty.ledger.book import POINTS, Cause, Terms
from regulars_loyalty.ledger.storage import customer_ledger, write_ledger
from tests.loyalty.test_merges_of_the_ledger import have, holds, merged, spends, undone, welcomed
from tests.loyalty.test_purchases import Till, begin_program

pytestmark = pytest.mark.one_executor


@pytest.fixture
def plugins() -> Plugins:
    return plugins_on({"loyalty": regulars_loyalty})


@pytest.fixture
async def till(open_shop: OpenShop, plugins: Plugins) -> Till:
    shop = await open_shop(plugins=plugins)
    await begin_program(shop)
    return Till(shop)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(datetime.now(UTC), tick=False) as standing:
        yield standing


async def gives(till: Till, customer: str, amount: int, *, in_days: int = 0, until_days: int | None = None) -> None:
    """Points that can be spent after some days, and until some days from now."""

    async def work() -> None:
        ledger = await customer_ledger(till.shop, customer)
        ends = LATEST if until_days is None else Instant(now() + until_days * DAY_MS)
        terms = Terms(Instant(now() + in_days * DAY_MS), ends)
        ledger.account(customer, POINTS).give("ADJUST", amount, Cause(new_id(), "ADJUST", now()), terms)
        await write_ledger(ledger)

    await till.shop.database.transaction(work)


async def time_is_posted(till: Till, customer: str) -> None:
    """What time has brought about is written down, as the job does."""

    async def work() -> None:
        ledger = await customer_ledger(till.shop, customer)
        ledger.account(customer, POINTS).post_due()
        await write_ledger(ledger)

    await till.shop.database.transaction(work)


async def owes(till: Till, customer: str, amount: int) -> None:
    await spends(till, customer, amount, allow_debt=True)


async def codes(till: Till, merge: str) -> list[str]:
    return [one["code"] for one in (await undone(till, merge))["userErrors"]]


@pytest.mark.parametrize("is_posted", [True, False])
@pytest.mark.parametrize("who", ["survivor", "absorbed"])
async def test_what_is_owed_and_settled_by_time_is_owed_again(
    till: Till, clock: time_machine.Traveller, who: str, is_posted: bool
) -> None:
    """One has what can be spent in ten days, the other one owes; after the merge nothing but time settles it."""
    ana, ben = await till.customer(), await till.customer()
    has, lacks = (ana, ben) if who == "survivor" else (ben, ana)
    await gives(till, has, 100, in_days=10)
    await owes(till, lacks, 40)
    merge = await merged(till, ana, ben)
    clock.shift(timedelta(days=11))
    if is_posted:
        await time_is_posted(till, ana)
    assert await have(till, ana, ben) == [60, 0]
    document = "query($id: ID!) { customer(id: $id) { merges { obstacles { code } } } }"
    told = await till.api.data(document, id="customer_" + ana)
    assert told["customer"]["merges"] == [{"obstacles": []}]
    assert await codes(till, merge) == []
    assert await have(till, has, lacks) == [100, -40]
    await holds(till)


async def test_each_settles_with_their_own_before_it_ends(till: Till, clock: time_machine.Traveller) -> None:
    """Ben owes 40 and has 100 from the tenth to the twentieth day: of that 60 have ended, merged meanwhile or not."""
    ana, ben = await till.customer(), await till.customer()
    await owes(till, ben, 40)
    await gives(till, ben, 100, in_days=10, until_days=20)
    merge = await merged(till, ana, ben)
    clock.shift(timedelta(days=11))
    await time_is_posted(till, ana)
    clock.shift(timedelta(days=14))
    assert await codes(till, merge) == []
    assert await have(till, ana, ben) == [0, 0]
    await holds(till)


@pytest.mark.parametrize("is_posted", [True, False])
async def test_what_came_in_since_and_settled_once_it_could_be_spent_cannot_go_back(
    till: Till, clock: time_machine.Traveller, is_posted: bool
) -> None:
    """As little as what could be spent, and so settled, when it came."""
    ana, ben = await till.customer(), await till.customer()
    await welcomed(till, ana, ben)
    await spends(till, ana, 70)
    await spends(till, ben, 100)
    merge = await merged(till, ana, ben)
    await gives(till, ana, 10, in_days=1)
    clock.shift(timedelta(days=2))
    if is_posted:
        await time_is_posted(till, ana)
    assert await codes(till, merge) == ["LOT_CONSUMED"]
    assert await have(till, ana, ben) == [-60, 0]
    await holds(till)


async def test_what_was_settled_by_time_and_then_spent_cannot_go_back(
    till: Till, clock: time_machine.Traveller
) -> None:
    ana, ben = await till.customer(), await till.customer()
    await gives(till, ben, 100, in_days=10)
    await owes(till, ana, 40)
    merge = await merged(till, ana, ben)
    clock.shift(timedelta(days=11))
    await time_is_posted(till, ana)
    await spends(till, ana, 1)
    assert await codes(till, merge) == ["LOT_CONSUMED"]
    assert await have(till, ana, ben) == [59, 0]
    await holds(till)


async def test_what_time_has_settled_is_put_back_by_one_of_two_merges(
    till: Till, clock: time_machine.Traveller
) -> None:
    ana, ben, cleo = [await till.customer() for _ in range(3)]
    await gives(till, ana, 100, in_days=10)
    await owes(till, ben, 40)
    await owes(till, cleo, 25)
    merges = [await merged(till, ana, ben), await merged(till, ana, cleo)]
    clock.shift(timedelta(days=11))
    await time_is_posted(till, ana)
    assert await have(till, ana) == [35]
    assert await codes(till, merges[0]) == []
    assert await have(till, ana, ben, cleo) == [75, -40, 0]
    assert await codes(till, merges[1]) == []
    assert await have(till, ana, ben, cleo) == [100, -40, -25]
    await holds(till)


async def test_an_open_basket_keeps_what_time_has_settled_with(till: Till, clock: time_machine.Traveller) -> None:
    """Ana has nothing of her own; what the basket keeps came over with the merge, and so it cannot go back."""
    ana, ben = await till.customer(), await till.customer()
    await owes(till, ana, 40)
    await gives(till, ben, 100, in_days=10)
    merge = await merged(till, ana, ben)
    clock.shift(timedelta(days=11))

    async def keep() -> None:
        ledger = await customer_ledger(till.shop, ana)
        ledger.account(ana, POINTS).hold(50, "basket", Instant(now() + DAY_MS))
        await write_ledger(ledger)

    await till.shop.database.transaction(keep)
    assert await codes(till, merge) == ["OPEN_HOLD"]
    clock.shift(timedelta(days=2))
    assert await codes(till, merge) == []
    assert await have(till, ana, ben) == [-40, 100]
    await holds(till)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("way", ["chain", "star", "at once", "fork"])
async def test_of_three_who_were_each_given_it_once_one_keeps_it(till: Till, way: str, order: Sequence[int]) -> None:
    three = [await till.customer() for _ in range(3)]
    await welcomed(till, *three)
    first, second, third = (three[n] for n in order)
    if way == "chain":
        merges = [await merged(till, second, third), await merged(till, first, second)]
    elif way == "star":
        merges = [await merged(till, first, second), await merged(till, first, third)]
    elif way == "at once":
        merges = [await merged(till, first, second, third)]
    else:
        merges = [await merged(till, second, third), await merged(till, second, first)]
        first, second = second, first
    assert await have(till, first, second, third) == [100, 0, 0]
    await holds(till)
    for merge in reversed(merges):
        assert await codes(till, merge) == []
    assert await have(till, *three) == [100, 100, 100]
    await holds(till)


@pytest.mark.parametrize("spent", [0, 70])
async def test_who_loses_it_by_an_undo_has_that_of_another_merge(till: Till, spent: int) -> None:
    """Ana has none of her own; Ben's counts for her, so Cleo's is taken back, until Ben is somebody else again."""
    three = ana, ben, cleo = [await till.customer() for _ in range(3)]
    await welcomed(till, ben, cleo)
    if spent:
        await spends(till, cleo, spent)
    merges = [await merged(till, ana, ben), await merged(till, ana, cleo)]
    assert await have(till, *three) == [100 - spent, 0, 0]
    assert await codes(till, merges[0]) == ([] if not spent else ["LOT_CONSUMED"])
    if spent:
        return
    assert await have(till, *three) == [100, 100, 0]
    await till.sells(ana, "5.00")
    assert await have(till, *three) == [100, 100, 0]  # it was given already
    again = await merged(till, ana, ben)
    assert await have(till, *three) == [100, 0, 0]
    for merge in (merges[1], again):
        assert await codes(till, merge) == []
    assert await have(till, *three) == [0, 100, 100]
    await till.sells(ana, "5.00")
    assert await have(till, ana) == [100]
    await holds(till)


async def test_what_happened_in_the_same_millisecond_is_no_obstacle(till: Till, clock: time_machine.Traveller) -> None:
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ana, "30.00")
    given = {"purchaseIds": [sale["id"]], "customerId": "customer_" + ben}
    await till.api.done("purchasesReassign", "__typename", given)
    assert await have(till, ana, ben) == [0, 30]
    merge = await merged(till, ana, ben)
    assert await codes(till, merge) == []
    assert await have(till, ana, ben) == [0, 30]
    await holds(till)


async def test_what_happens_in_the_same_millisecond_after_the_merge_is_one(
    till: Till, clock: time_machine.Traveller
) -> None:
    ana, ben = await till.customer(), await till.customer()
    sale = await till.sells(ben, "30.00")
    merge = await merged(till, ana, ben)
    await till.refunds(sale, amount="10.00")
    assert set(await codes(till, merge)) == {"LOT_CONSUMED"}
    assert await have(till, ana, ben) == [20, 0]


@pytest.fixture
async def url(engine: Engine, databases: Databases, plugins: Plugins) -> AsyncIterator[str]:
    made = await databases.migrated(engine, plugins.apps)
    yield made
    databases.drop(made)


async def test_what_is_told_late_is_no_obstacle(url: str, plugins: Plugins) -> None:
    async with opened_shop(url, plugins) as shop:
        await begin_program(shop)
        till = Till(shop)
        ana, ben = await till.customer(), await till.customer()
    async with opened_shop(url, plugins.without("loyalty")) as shop:
        till = Till(shop)
        sale = await till.sells(ana, "30.00")
        given = {"purchaseIds": [sale["id"]], "customerId": "customer_" + ben}
        await till.api.done("purchasesReassign", "__typename", given)
        merge = await merged(till, ana, ben)
    async with opened_shop(url, plugins, loyalty_earn_missed=True) as shop:
        till = Till(shop)
        assert await have(till, ana, ben) == [30, 0]
        assert await codes(till, merge) == []
        assert await have(till, ana, ben) == [0, 30]
        await holds(till)


@pytest.mark.parametrize("ends", ["merged", "undone", "twice"])
async def test_purchases_told_late_are_of_who_had_them_then(
    databases: Databases, engine: Engine, plugins: Plugins, ends: str
) -> None:
    """Whatever becomes of them before a merge, between two, and after."""

    async def script(shop: Shop) -> None:
        with time_machine.travel(1_772_000_000, tick=False) as clock:
            await begin_program(shop)
            till = Till(shop)
            ana, ben, cleo = [await till.customer() for _ in range(3)]
            first, second, third = [await till.sells(ben, "10.00", "20.00") for _ in range(3)]

            async def goes_back(amount: str) -> None:
                clock.shift(timedelta(hours=1))
                for sale in (first, second, third):
                    await till.refunds(sale, amount=amount)

            await goes_back("3.00")
            merge = await merged(till, ana, ben)
            if ends != "undone":
                await goes_back("4.00")
                given = {"purchaseIds": [third["id"]], "customerId": "customer_" + cleo}
                await till.api.done("purchasesReassign", "__typename", given)
            if ends == "undone":
                clock.shift(timedelta(hours=1))
                assert await codes(till, merge) == []
                await goes_back("5.00")
            if ends == "twice":
                clock.shift(timedelta(hours=1))
                await merged(till, cleo, ana)
                await till.voids(second)
                await till.refunds(first, amount="2.00")

    await misses_nothing(databases, engine, plugins, "loyalty", script=script, apart_from=NOT_KEPT)


NOT_KEPT = {"actor"}
"""The journal does not say who did it."""
